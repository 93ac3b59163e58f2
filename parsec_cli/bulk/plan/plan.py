"""The plan as a value, the JSON form of its entries, and what it costs. Pure: no request or file.

A new kind of action is one class here and one branch in every `match` that `assert_never` closes.
A plan has up to 100,000 entries, so these are dataclasses with slots, the smallest objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import TypeVar, assert_never

from parsec_cli.errors import GuardRefused, counted
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject
from parsec_cli.next_command import run
from parsec_cli.records import record

_NAMED = 3  # increases that a refusal names


@dataclass(frozen=True, slots=True)
class Create:
    """A new user; a field that is None is not sent."""

    kind = "create"
    customer_id = None
    row: int
    external_id: str
    qps_limit: int | None = None
    email: str | None = None
    eoa_address: str | None = None


@dataclass(frozen=True, slots=True)
class SetQps:
    """A new limit; `old` is the one that the plan saw. None is unset."""

    kind = "set-qps"
    row: int
    external_id: str | None
    customer_id: str
    old: int | None
    new: int


@dataclass(frozen=True, slots=True)
class Deactivate:
    """`facts` must not have changed when it is sent; `row` is None for a pruned user."""

    kind = "deactivate"
    row: int | None
    external_id: str | None
    customer_id: str
    facts: JsonObject
    holdings: Holdings | None = None  # without a wallet, and until they are read


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing to do: the user is as wanted, is `gone`, or never existed (no customer_id)."""

    kind = "none"
    row: int
    external_id: str | None
    customer_id: str | None = None
    qps_limit: int | None = None
    gone: bool = False


Action = Create | SetQps | Deactivate
Entry = Action | Keep
AnEntry = TypeVar("AnEntry", bound=Entry)


@dataclass(frozen=True, slots=True)
class Plan:
    """`actions` are in the order of sending; `notes` are sentences for people."""

    actions: tuple[Action, ...]
    keeps: tuple[Keep, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        """All rows in the order of the file, pruned users last."""
        return in_order((*self.actions, *self.keeps))

    @property
    def deactivations(self) -> tuple[Deactivate, ...]:
        return tuple(action for action in self.actions if isinstance(action, Deactivate))


def arranged(entries: Iterable[Entry], notes: Sequence[str] = ()) -> Plan:
    """Order the entries for sending."""
    keeps: list[Keep] = []
    actions: list[Action] = []
    for entry in entries:
        if isinstance(entry, Keep):
            keeps.append(entry)
        else:
            actions.append(entry)
    actions.sort(key=lambda action: (phase(action), _position(action)))
    return Plan(tuple(actions), tuple(keeps), tuple(notes))


def in_order(entries: Iterable[AnEntry]) -> list[AnEntry]:
    """Return entries in the order of the file, pruned users last."""
    return sorted(entries, key=_position)


def _position(entry: Entry) -> tuple[bool, int, str]:
    return (entry.row is None, entry.row or 0, entry.customer_id or "")


def delta(action: Action) -> int:
    """Return the change of the sum of all limits; an unset limit counts 0."""
    match action:
        case Create():
            return action.qps_limit or 0
        case SetQps():
            return action.new - (action.old or 0)
        case Deactivate():
            return -(action.facts.get("qps_limit") or 0)
        case _:
            assert_never(action)


def increases(actions: Iterable[Action]) -> list[str]:
    """Name the largest increases, and how many there are besides."""
    rises = [action for action in actions if delta(action) > 0]
    largest = nlargest(_NAMED, rises, key=delta)
    named = [f"`{one.external_id}` +{delta(one):,} QPS" for one in largest]
    more = len(rises) - len(named)
    return [*named, f"and {counted(more, 'smaller increase')}"] if more else named


def phase(action: Action) -> int:
    """Return 0 for decreases, 1 for deactivations, 2 for creates and increases.

    In this order, the sum of all limits never exceeds both its start and its end.
    """
    match action:
        case SetQps():
            return 0 if delta(action) < 0 else 2
        case Deactivate():
            return 1
        case Create():
            return 2
        case _:
            assert_never(action)


def plan_counts(plan: Plan) -> dict[str, int]:
    """Return the number of rows by action, and of `holders` among the users to deactivate."""
    counts = {"create": 0, "set_qps": 0, "deactivate": 0, "unchanged": len(plan.keeps)}
    for action in plan.actions:
        counts[action.kind.replace("-", "_")] += 1
    held = (action.holdings for action in plan.deactivations)
    return counts | {"holders": sum(1 for one in held if one is not None and one.is_holder)}


def as_json(entry: Entry) -> JsonObject:
    """`{row, external_id, customer_id, action, before, after}`, and a deactivation's `holdings`."""
    before: JsonObject | None = None
    after: JsonObject | None = None
    more: JsonObject = {}
    match entry:
        case Create():
            values = {name: getattr(entry, name) for name in ("qps_limit", "email", "eoa_address")}
            after = {name: value for name, value in values.items() if value is not None}
        case SetQps():
            before, after = {"qps_limit": entry.old}, {"qps_limit": entry.new}
        case Deactivate():
            before = entry.facts
            more = {"holdings": entry.holdings.as_json() if entry.holdings else None}
        case Keep():
            known = entry.customer_id and not entry.gone
            before = after = {"qps_limit": entry.qps_limit} if known else None
        case _:
            assert_never(entry)
    return {
        "row": entry.row,
        "external_id": entry.external_id,
        "customer_id": entry.customer_id,
        "action": entry.kind,
        "before": before,
        "after": after,
        **more,
    }


def from_json(record: JsonObject) -> Entry:
    """Read what `as_json` wrote; ValueError, TypeError or LookupError for anything else."""
    row, external_id, customer_id = record["row"], record["external_id"], record["customer_id"]
    before, after = record["before"], record["after"]
    match record["action"]:
        case "create":
            return Create(row, external_id, **after)
        case "set-qps":
            return SetQps(row, external_id, customer_id, before["qps_limit"], after["qps_limit"])
        case "deactivate":
            held = record["holdings"]
            holdings = None if held is None else Holdings.parse(held)
            return Deactivate(row, external_id, customer_id, before, holdings)
        case "none" if before is None:
            return Keep(row, external_id, customer_id, gone=customer_id is not None)
        case "none":
            return Keep(row, external_id, customer_id, before["qps_limit"])
        case _:
            raise ValueError(record["action"])


@record
class Forecast:
    """The cost of a run; `seconds` is None if unpaced, `quota_left` and `quota` if unlimited."""

    qps_pool: int
    allocated_before: int
    allocated_after: int
    requests: int
    seconds: float | None
    quota_left: int | None
    quota: int | None = None


def check_quota(requests: int, quota_left: int | None, *, reading: bool = False) -> None:
    """Refuse a run, or the `reading` before it, that the month's requests cannot finish."""
    if quota_left is None or requests <= quota_left:
        return
    are = "is" if quota_left == 1 else "are"
    needed = f"{counted(requests, 'request')}, and {quota_left:,} {are} left this month"
    if reading:
        raise GuardRefused(
            f"reading the holdings needs {needed}: nothing was sent",
            hint="`--balances-only` needs fewer; or split the file",
        )
    raise GuardRefused(
        f"the command needs {needed}: nothing was sent",
        hint=f"{'' if requests == 1 else 'split the file, or '}see the reset time with",
        command=run("usage", "show"),
    )
