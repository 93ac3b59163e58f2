"""The plan as a value: what differs between the wanted users and those there are, in order.

Pure: no request, no clock, no file. A new kind of action is one dataclass here and one branch in
every `match` that `assert_never` closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from parsec_cli.errors import AmbiguousUser, counted
from parsec_cli.fleet.census import Census, Seen
from parsec_cli.fleet.fields import new_id_fault
from parsec_cli.fleet.intake import SHOWN, Faults
from parsec_cli.fleet.roster import Wanted
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import run

_WALLET_FACTS = ("eoa_address", "safe_address", "wallet_type")
_NOTED = 5  # rows named one by one in the notes; more are counted


@dataclass(frozen=True, slots=True)
class Create:
    row: int
    external_id: str
    qps_limit: int | None = None
    email: str | None = None
    eoa_address: str | None = None


@dataclass(frozen=True, slots=True)
class SetQps:
    row: int
    external_id: str | None
    customer_id: str
    old: int | None
    new: int


@dataclass(frozen=True, slots=True)
class Deactivate:
    """`facts` are what must not have changed when it is sent; `row` None was pruned.

    `holdings` are None for a user without a wallet, and until they are read.
    """

    row: int | None
    external_id: str | None
    customer_id: str
    facts: JsonObject
    holdings: Holdings | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """A row with nothing to do: the user is as wanted, or `gone` by an older run.

    Without a customer_id there never was such a user, as wanted.
    """

    row: int
    external_id: str | None
    customer_id: str | None = None
    qps_limit: int | None = None
    gone: bool = False


Action = Create | SetQps | Deactivate
Entry = Action | Keep


@dataclass(frozen=True, slots=True)
class Plan:
    """`actions` are in the order of sending; `notes` are sentences for people."""

    actions: tuple[Action, ...]
    keeps: tuple[Keep, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        """Actions and rows without one, in the order of the file, pruned users last."""
        return sorted((*self.actions, *self.keeps), key=place)

    @property
    def deactivations(self) -> tuple[Deactivate, ...]:
        return tuple(action for action in self.actions if isinstance(action, Deactivate))

    def holding(self, holdings: Mapping[str, Holdings | None]) -> Plan:
        """Return the plan with the holdings of these customers in their deactivations."""
        return replace(self, actions=tuple(holding(a, holdings) for a in self.actions))

    @property
    def raise_by(self) -> int:
        """How much the sum of all limits changes."""
        return sum(map(delta, self.actions))


def holding(action: Action, holdings: Mapping[str, Holdings | None]) -> Action:
    """Return the action with its user's holdings; one whose user is not there stays the same."""
    if not isinstance(action, Deactivate) or action.customer_id not in holdings:
        return action
    return replace(action, holdings=holdings[action.customer_id])


def place(entry: Entry) -> tuple[bool, int, str]:
    row = entry.row
    named = "" if isinstance(entry, Create) else entry.customer_id or ""
    return (row is None, row or 0, named)


def delta(action: Action) -> int:
    """How much an action changes the sum of all limits; an unset limit counts 0."""
    match action:
        case Create():
            return action.qps_limit or 0
        case SetQps():
            return action.new - (action.old or 0)
        case Deactivate():
            return -(action.facts.get("qps_limit") or 0)
        case _:
            assert_never(action)


def phase(action: Action) -> int:
    """0 decreases, 1 deactivations, 2 creates and increases: the sum never passes its end."""
    match action:
        case SetQps():
            return 0 if delta(action) < 0 else 2
        case Deactivate():
            return 1
        case Create():
            return 2
        case _:
            assert_never(action)


def facts_of(record: JsonObject) -> JsonObject:
    """What of a user's record counts as a change: not balances, which move by themselves."""
    wallet = record.get("wallet")
    return {
        "external_id": record.get("external_id"),
        "qps_limit": record.get("qps_limit"),
        "linked_exchanges": record.get("linked_exchanges") or [],
        "wallet": {name: wallet.get(name) for name in _WALLET_FACTS}
        if isinstance(wallet, dict)
        else None,
    }


def diff(
    wanted: Sequence[Wanted], census: Census, *, prune: bool = False, name: str = "FILE"
) -> Plan:
    """Compare; `prune` deactivates who is not named. UsageFault for ids unfit for creation."""
    _check_ambiguous(wanted, census)
    faults = Faults(name)
    entries: list[Entry] = []
    claimed: set[str] = set()
    for one in wanted:
        seen = _find(one, census)
        if seen is not None:
            claimed.add(seen.customer_id.lower())
        entries.append(_entry(one, seen, faults))
    faults.check()
    if prune:
        entries += [
            deactivation(None, seen) for key, seen in census.users.items() if key not in claimed
        ]
    return arranged(entries, notes(wanted, census))


def keep_for_roster(wanted: Sequence[Wanted], *, prune: bool) -> Callable[[User], bool]:
    """Whose record the census must keep: whoever the roster may deactivate."""
    if not prune:
        gone = {one.external_id or one.customer_id for one in wanted if one.absent}
        return lambda user: user.external_id in gone or user.customer_id.lower() in gone
    staying = {one.external_id for one in wanted if not one.absent}
    return lambda user: user.external_id not in staying


def arranged(entries: Iterable[Entry], said: Sequence[str] = ()) -> Plan:
    """Order the entries for sending."""
    keeps: list[Keep] = []
    actions: list[Action] = []
    for entry in entries:
        if isinstance(entry, Keep):
            keeps.append(entry)
        else:
            actions.append(entry)
    actions.sort(key=lambda action: (phase(action), place(action)))
    return Plan(tuple(actions), tuple(keeps), tuple(said))


def deactivation(row: int | None, seen: Seen) -> Deactivate:
    record = seen.record or {"external_id": seen.external_id, "qps_limit": seen.qps_limit}
    return Deactivate(row, seen.external_id, seen.customer_id, facts_of(record))


def _find(one: Wanted, census: Census) -> Seen | None:
    if one.customer_id:
        return census.by_customer_id(one.customer_id)
    return census.by_external_id(one.external_id)


def _entry(one: Wanted, seen: Seen | None, faults: Faults) -> Entry:
    if seen is None:
        return _newcomer(one, faults)
    if one.absent:
        return deactivation(one.row, seen)
    if one.qps_limit is None or one.qps_limit == seen.qps_limit:
        return Keep(one.row, seen.external_id, seen.customer_id, seen.qps_limit)
    return SetQps(one.row, seen.external_id, seen.customer_id, seen.qps_limit, one.qps_limit)


def _newcomer(one: Wanted, faults: Faults) -> Entry:
    if not one.absent:
        fault = new_id_fault(one.external_id) if one.external_id else ""
        if one.customer_id:
            fault = f"there is no user of customer_id `{one.customer_id}`"
        if fault:
            faults.add(one.row, fault)
        return Create(one.row, one.external_id, one.qps_limit, one.email, one.eoa_address)
    return Keep(one.row, one.external_id or None, one.customer_id)


def _check_ambiguous(wanted: Sequence[Wanted], census: Census) -> None:
    shared = [one for one in wanted if one.external_id in census.twice]
    if shared:
        raise AmbiguousUser(
            f"several users share an external id, in {counted(len(shared), 'row')} of the file",
            details=[f"row {one.row}: `{one.external_id}`" for one in shared[:SHOWN]],
            hint="name them by customer_id; see them with",
            command=run("users", "list", "--match", "TEXT"),
        )


def notes(wanted: Sequence[Wanted], census: Census) -> list[str]:
    """What a plan cannot do or know, for people."""
    said = []
    active = [(one, _find(one, census)) for one in wanted if not one.absent]
    unset = sum(1 for one, seen in active if seen is None and one.qps_limit is None)
    if unset:
        said.append(
            f"created without `qps_limit`: {unset:,}; the server's default is unknown and counts 0"
        )
    emails = sum(1 for one, seen in active if seen is not None and one.email)
    if emails:
        said.append(
            f"`email` of existing users is neither compared nor changed by the API: {emails:,} rows"
        )
    other = [
        one
        for one, seen in active
        if seen is not None
        and one.eoa_address
        and one.eoa_address.lower() != (seen.eoa_address or "").lower()
    ]
    said += [
        f"row {one.row}: `eoa_address` of `{one.external_id}` differs and cannot be changed"
        for one in other[:_NOTED]
    ]
    if len(other) > _NOTED:
        said.append(f"and `eoa_address` of {len(other) - _NOTED:,} more")
    return said
