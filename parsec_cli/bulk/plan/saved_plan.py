"""A plan as JSON: the shape that is printed, and the file of `--out` with its digest.

A saved plan is bound to a host and a key, and every byte of it counts: what is read must be
exactly what would be written again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, assert_never

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, Entry, Keep, Plan, SetQps
from parsec_cli.errors import GuardRefused
from parsec_cli.holdings import Holdings, json_of
from parsec_cli.models import JsonObject
from parsec_cli.next_command import run

_VERSION = 1
# two marks, so that one changed byte cannot make a plan look like a file of users
_MARKS = (b'"parsec_plan"', b'"key_fingerprint"')
_HEAD = 1024
_PLAN_AGAIN = "make a new plan with"
_PLAN = run("users", "plan", "FILE", "--out", "PLAN")


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """`host` is as shown to people, `created` RFC 3339 text; the flags are those of the plan."""

    plan: Plan
    host: str
    key_fingerprint: str
    created: str
    prune: bool = False
    allow_overcommit: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all the rest."""
        return _digest(_body(self))


def as_json(entry: Entry) -> JsonObject:
    """`{row, external_id, customer_id, action, before, after}`, and a deactivation's `holdings`."""
    more: JsonObject = {}
    before: JsonObject | None = None
    after: JsonObject | None = None
    customer_id: str | None = None
    match entry:
        case Create():
            action = "create"
            asked = (("qps_limit", entry.qps_limit), ("email", entry.email))
            pairs = (*asked, ("eoa_address", entry.eoa_address))
            after = {name: value for name, value in pairs if value is not None}
        case SetQps():
            action, customer_id = "set-qps", entry.customer_id
            before, after = {"qps_limit": entry.old}, {"qps_limit": entry.new}
        case Deactivate():
            action, customer_id, before = "deactivate", entry.customer_id, entry.facts
            more = {"holdings": json_of(entry.holdings)}
        case Keep():
            action, customer_id = "none", entry.customer_id
            if customer_id and not entry.gone:
                before = after = {"qps_limit": entry.qps_limit}
        case _:
            assert_never(entry)
    return {
        "row": entry.row,
        "external_id": entry.external_id,
        "customer_id": customer_id,
        "action": action,
        "before": before,
        "after": after,
        **more,
    }


def summary(plan: Plan) -> dict[str, int]:
    counts = {"create": 0, "set_qps": 0, "deactivate": 0, "unchanged": len(plan.keeps)}
    for action in plan.actions:
        counts[as_json(action)["action"].replace("-", "_")] += 1
    held = (action.holdings for action in plan.deactivations)
    return counts | {"holders": sum(1 for one in held if one is not None and one.is_holder)}


def dump(saved: SavedPlan) -> bytes:
    """Write one action a line, so that a plan can be read, searched and compared."""
    body = _body(saved)
    head = {"parsec_plan": _VERSION, "digest": saved.digest}
    head |= {name: body[name] for name in _HEADER}
    lines = [
        _compact(head)[:-1] + ",",
        '"actions":' + _array(body["actions"]) + ",",
        '"unchanged":' + _array(body["unchanged"]) + "}",
    ]
    return ("\n".join(lines) + "\n").encode("ascii")


def is_saved_plan(data: bytes) -> bool:
    return any(mark in data[:_HEAD] for mark in _MARKS)


def load(data: bytes, name: str) -> SavedPlan:
    """Read a saved plan; GuardRefused when it is not byte for byte as it was written."""
    told, document = "was changed since it was saved", None
    try:
        document = json.loads(data)
        saved = _parse(document)
        if document["digest"] == saved.digest and dump(saved) == data:
            return saved
    except (ValueError, RecursionError) as error:
        if document is None:
            told = f"is damaged at line {getattr(error, 'lineno', 1)}: it {told}"
    except (TypeError, LookupError, AttributeError):
        pass
    if other := _other_version(document):
        told = f"was made by {other} version of parsec"
    raise GuardRefused(
        f"the plan `{name}` {told}: nothing was sent", hint=_PLAN_AGAIN, command=_PLAN
    )


def _other_version(document: Any) -> str:
    """Tell a plan of another version from a changed one: its digest is right, by its own rules."""
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
        raise GuardRefused(
            f"the plan was made for {saved.host}, not for {host}: nothing was sent",
            hint=_PLAN_AGAIN,
            command=_PLAN,
        )
    if saved.key_fingerprint != key_fingerprint:
        raise GuardRefused(
            f"the plan was made with another key ({saved.key_fingerprint}, now "
            f"{key_fingerprint}): nothing was sent",
            hint=_PLAN_AGAIN,
            command=_PLAN,
        )


_HEADER = ("host", "key_fingerprint", "created", "flags", "notes")


def _body(saved: SavedPlan) -> JsonObject:
    return {
        "host": saved.host,
        "key_fingerprint": saved.key_fingerprint,
        "created": saved.created,
        "flags": {"prune": saved.prune, "allow_overcommit": saved.allow_overcommit},
        "notes": list(saved.plan.notes),
        "actions": [as_json(action) for action in saved.plan.actions],
        "unchanged": [as_json(keep) for keep in saved.plan.keeps],
    }


def _digest(body: JsonObject) -> str:
    return hashlib.sha256(_compact(body).encode("ascii")).hexdigest()


def _array(records: Iterable[JsonObject]) -> str:
    lines = ",\n".join(map(_compact, records))
    return f"[\n{lines}\n]" if lines else "[]"


def _compact(value: Any) -> str:
    return exact_json.dumps(value, separators=(",", ":"))


def _parse(document: JsonObject) -> SavedPlan:
    if document["parsec_plan"] != _VERSION:
        raise ValueError
    keeps = tuple(_keep(record) for record in document["unchanged"])
    actions = tuple(_action(record) for record in document["actions"])
    return SavedPlan(
        Plan(actions, keeps, tuple(document["notes"])),
        document["host"],
        document["key_fingerprint"],
        document["created"],
        prune=document["flags"]["prune"],
        allow_overcommit=document["flags"]["allow_overcommit"],
    )


def _action(record: JsonObject) -> Action:
    row, external_id, customer_id = record["row"], record["external_id"], record["customer_id"]
    match record["action"]:
        case "create":
            return Create(row, external_id, **record["after"])
        case "set-qps":
            old, new = record["before"]["qps_limit"], record["after"]["qps_limit"]
            return SetQps(row, external_id, customer_id, old, new)
        case "deactivate":
            held = record["holdings"]
            holdings = None if held is None else Holdings.parse(held)
            return Deactivate(row, external_id, customer_id, record["before"], holdings)
        case _:
            raise ValueError


def _keep(record: JsonObject) -> Keep:
    row, external_id, customer_id = record["row"], record["external_id"], record["customer_id"]
    if record["before"] is None:
        return Keep(row, external_id, customer_id, gone=customer_id is not None)
    return Keep(row, external_id, customer_id, record["before"]["qps_limit"])
