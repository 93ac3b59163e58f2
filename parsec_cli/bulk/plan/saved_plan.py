"""The file of `--out`: a plan with its digest, bound to a host and a key.

Every byte counts: writing the plan again must give exactly the file that was read. It is written,
read and compared line by line, because 100,000 entries as JSON objects take 100 MiB.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import zip_longest
from typing import Any

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Keep, Plan, as_json, from_json
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
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=exact_json.marked)


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
        """SHA-256 over the canonical JSON of everything else."""
        digest = hashlib.sha256()
        for _ in _lines(self, digest.update):
            pass
        return digest.hexdigest()


def dump(saved: SavedPlan) -> tuple[bytearray, str]:
    """Return the content of the file and the plan's digest.

    Each action is a line, so that a plan can be read, searched and compared.
    """
    digest, content = hashlib.sha256(), bytearray()
    for line in _lines(saved, digest.update):
        content += line
    content[:0] = _first_line(saved, digest.hexdigest())
    return content, digest.hexdigest()


def _first_line(saved: SavedPlan, digest: str) -> bytes:
    head = {"parsec_plan": _VERSION, "digest": digest} | _header(saved)
    return _compact(head)[:-1] + b",\n"


def _lines(saved: SavedPlan, add: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield all lines but the first, and `add` the bytes that the digest covers."""
    add(_compact(_header(saved))[:-1])
    for name, entries, end in (
        (b"actions", saved.plan.actions, b","),
        (b"unchanged", saved.plan.keeps, b"}"),
    ):
        start, left = b'"%b":[' % name, len(entries)
        add(b"," + start)
        if entries:
            yield start + b"\n"
            start = b""
        for entry in entries:
            left -= 1
            line = _compact(as_json(entry)) + (b"," if left else b"")
            add(line)
            yield line + b"\n"
        add(b"]")
        yield start + b"]" + end + b"\n"
    add(b"}")


def is_saved_plan(data: bytes) -> bool:
    """Whether this is a saved plan, even a damaged one, and not a file of users."""
    return any(mark in data[:_HEAD] for mark in _MARKS)


def load(data: bytes, name: str) -> SavedPlan:
    """Read a saved plan; GuardRefused when it is not byte for byte as it was written."""
    with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        saved, digest, lines = _parsed(data), hashlib.sha256(), io.BytesIO(data)
        first = lines.readline()
        written = _lines(saved, digest.update)
        same = all(line == again for line, again in zip_longest(lines, written))
        if same and first == _first_line(saved, digest.hexdigest()):
            return saved
    raise _refused(f"the plan `{name}` {_difference(data)}")


def _parsed(data: bytes) -> SavedPlan:
    """Read the lines of a plan; what is not a line of a plan is left out, so that bytes differ."""
    lines = io.BytesIO(data)
    head = json.loads(lines.readline().removesuffix(b",\n") + b"}")
    actions: list[Action] = []
    keeps: list[Keep] = []
    for line in lines:
        if line.startswith(b"{"):
            entry = from_json(json.loads(line.rstrip(b",\n")))
            if isinstance(entry, Keep):
                keeps.append(entry)
            else:
                actions.append(entry)
    plan = Plan(tuple(actions), tuple(keeps), tuple(head["notes"]))
    return SavedPlan(plan, head["host"], head["key_fingerprint"], head["created"], **head["flags"])


def _difference(data: bytes) -> str:
    """Say why a plan is refused."""
    why = "was changed since it was saved"
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        return f"is damaged at line {getattr(error, 'lineno', 1)}: it {why}"
    return _other_version(document) or why


def _other_version(document: Any) -> str:
    """Say so if the content is that of a plan; "" if it was changed."""
    try:
        version = document["parsec_plan"]
        if type(version) is int and version > _VERSION:
            return "was made by a later version of parsec"
        body = {name: document[name] for name in (*_HEADER, "actions", "unchanged")}
        digest = hashlib.sha256(_compact(body)).hexdigest()
        whole = version == _VERSION and document["digest"] == digest
    except (TypeError, LookupError, RecursionError):
        return ""
    return "was reformatted, or made by another version of parsec" if whole else ""


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


def _header(saved: SavedPlan) -> JsonObject:
    return {
        "host": saved.host,
        "key_fingerprint": saved.key_fingerprint,
        "created": saved.created,
        "flags": {name: getattr(saved, name) for name in FLAGS},
        "notes": list(saved.plan.notes),
    }


def _compact(value: Any) -> bytes:
    return exact_json.unmarked(_ENCODER.encode(value)).encode("ascii")
