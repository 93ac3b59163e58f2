"""The file of `--out`: a plan with its digest, bound to a host and a key.

Every byte counts: writing the plan again must give exactly the file that was read.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Keep, Plan, as_json, from_json
from parsec_cli.errors import GuardRefused
from parsec_cli.models import JsonObject
from parsec_cli.next_command import run
from parsec_cli.records import record

_VERSION = 1
# two marks, so that one changed byte cannot make a plan look like a file of users
_MARKS = (b'"parsec_plan"', b'"key_fingerprint"')
_HEAD = 1024
_HEADER = ("host", "key_fingerprint", "created", "flags", "notes")
FLAGS = ("prune", "allow_overcommit", "allow_odd_ids")


@record
class SavedPlan:
    """`host` is as shown to people, `created` RFC 3339 text; the flags are those of the plan."""

    plan: Plan
    host: str
    key_fingerprint: str
    created: str
    prune: bool = False
    allow_overcommit: bool = False
    allow_odd_ids: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all the rest."""
        return _digest(_body(self))


def dump(saved: SavedPlan) -> bytes:
    """Write one action a line, so that a plan can be read, searched and compared."""
    body = _body(saved)
    head = {"parsec_plan": _VERSION, "digest": _digest(body)}
    text = _compact(head | {name: body[name] for name in _HEADER})[:-1]
    for name in ("actions", "unchanged"):
        records = ",\n".join(map(_compact, body[name]))
        text += f',\n"{name}":' + (f"[\n{records}\n]" if records else "[]")
    return f"{text}}}\n".encode("ascii")


def is_saved_plan(data: bytes) -> bool:
    return any(mark in data[:_HEAD] for mark in _MARKS)


def load(data: bytes, name: str) -> SavedPlan:
    """Read a saved plan; GuardRefused when it is not byte for byte as it was written."""
    why, document = "was changed since it was saved", None
    try:
        document = json.loads(data)
        # an entry in the wrong list is dropped, so that the bytes differ
        actions, unchanged = (map(from_json, document[name]) for name in ("actions", "unchanged"))
        plan = Plan(
            tuple(entry for entry in actions if not isinstance(entry, Keep)),
            tuple(entry for entry in unchanged if isinstance(entry, Keep)),
            tuple(document["notes"]),
        )
        header = (document[name] for name in ("host", "key_fingerprint", "created"))
        saved = SavedPlan(plan, *header, **document["flags"])
        if dump(saved) == data:  # the digest is in these bytes
            return saved
    except (ValueError, RecursionError) as error:
        if document is None:
            why = f"is damaged at line {getattr(error, 'lineno', 1)}: it {why}"
    except (TypeError, LookupError, AttributeError):
        pass
    if other := _other_version(document):
        why = f"was made by {other} version of parsec"
    raise _refused(f"the plan `{name}` {why}")


def _other_version(document: Any) -> str:
    """Distinguish a plan of another version, whose digest is right, from a changed one."""
    try:
        version = document["parsec_plan"]
        if type(version) is int and version > _VERSION:
            return "a later"
        body = {name: document[name] for name in (*_HEADER, "actions", "unchanged")}
        whole = version == _VERSION and document["digest"] == _digest(body)
    except (TypeError, LookupError, RecursionError):
        return ""
    return "another" if whole else ""


def check_binding(saved: SavedPlan, *, host: str, key_fingerprint: str) -> None:
    """Refuse a plan that was made for another host or with another key."""
    if saved.host != host:
        raise _refused(f"the plan was made for {saved.host}, not for {host}")
    if saved.key_fingerprint != key_fingerprint:
        keys = f"{saved.key_fingerprint}, now {key_fingerprint}"
        raise _refused(f"the plan was made with another key ({keys})")


def _refused(why: str) -> GuardRefused:
    return GuardRefused(
        f"{why}: nothing was sent",
        hint="make a new plan with",
        command=run("users", "plan", "FILE", "--out", "PLAN"),
    )


def _body(saved: SavedPlan) -> JsonObject:
    return {
        "host": saved.host,
        "key_fingerprint": saved.key_fingerprint,
        "created": saved.created,
        "flags": {name: getattr(saved, name) for name in FLAGS},
        "notes": list(saved.plan.notes),
        "actions": [as_json(action) for action in saved.plan.actions],
        "unchanged": [as_json(keep) for keep in saved.plan.keeps],
    }


def _digest(body: JsonObject) -> str:
    return hashlib.sha256(_compact(body).encode("ascii")).hexdigest()


def _compact(value: Any) -> str:
    return exact_json.dumps(value, separators=(",", ":"))
