"""The plan as a value: what differs between the wanted users and those there are, in order.

Pure: no request, no clock, no file. A new kind of action is one dataclass here and one branch in
every `match` that `assert_never` closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from parsec_cli.bulk.files.decode import SHOWN, Faults
from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.identity import check_ids, check_new_ids
from parsec_cli.bulk.plan.snapshot import Census, Seen
from parsec_cli.errors import AmbiguousUser, GuardRefused, counted
from parsec_cli.field_rules import new_id_fault
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import again, run

_WALLET_FACTS = ("eoa_address", "safe_address", "wallet_type")


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
    wanted: Sequence[Wanted],
    census: Census,
    *,
    prune: bool = False,
    allow_odd_ids: bool = False,
    name: str = "FILE",
) -> Plan:
    """Compare; `prune` deactivates who is not named. Refuses rows that may mean someone else."""
    if prune and not wanted:
        raise GuardRefused(
            f"`{name}` names no user: `--prune` would deactivate everyone",
            hint="without that option, run",
            command=again(prune=None),
        )
    _check_ambiguous(wanted, census)
    check_ids(wanted, census)
    faults = Faults(name)
    entries: list[Entry] = []
    claimed: dict[str, int] = {}
    new: list[Wanted] = []
    for one in wanted:
        seen = find(one, census)
        if seen is not None:
            before = claimed.setdefault(seen.customer_id.lower(), one.row)
            if before != one.row:
                faults.add(one.row, f"names the same user as row {before}")
        elif not one.absent:
            new.append(one)
        entries.append(_entry(one, seen, faults))
    faults.check()
    if not allow_odd_ids:
        check_new_ids(new, wanted, census)
    if prune:
        entries += [
            deactivation(None, seen) for key, seen in census.users.items() if key not in claimed
        ]
    others = 0 if prune else len(census.users) - len(claimed)
    return arranged(entries, notes(new, others))


def keep_for_roster(wanted: Sequence[Wanted], *, prune: bool) -> Callable[[User], bool]:
    """Whose record the census must keep: whoever the roster may deactivate."""
    if not prune:
        gone = {name for one in wanted if one.absent for name in (one.external_id, one.customer_id)}
        return lambda user: user.external_id in gone or user.customer_id.lower() in gone
    # users may share an external_id: a row with a customer_id keeps nobody else
    staying = {one.customer_id or one.external_id for one in wanted if not one.absent}
    return lambda user: user.customer_id.lower() not in staying and user.external_id not in staying


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


def find(one: Wanted, census: Census) -> Seen | None:
    """Return the user that a row names; its two ids are known to agree."""
    if one.customer_id and (seen := census.by_customer_id(one.customer_id)):
        return seen
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
        if one.customer_id and not one.external_id:
            fault = f"there is no user of customer_id `{one.customer_id}`"
        if fault:
            faults.add(one.row, fault)
        return Create(one.row, one.external_id, one.qps_limit, one.email, one.eoa_address)
    return Keep(one.row, one.external_id or None, one.customer_id)


def _check_ambiguous(wanted: Sequence[Wanted], census: Census) -> None:
    shared = [one for one in wanted if one.external_id in census.twice and not one.customer_id]
    if shared:
        raise AmbiguousUser(
            f"several users share an external id, in {counted(len(shared), 'row')} of the file",
            details=[f"row {one.row}: `{one.external_id}`" for one in shared[:SHOWN]],
            hint="name them by customer_id; see them with",
            command=run("users", "list", "--match", "TEXT"),
        )


def notes(new: Sequence[Wanted], others: int) -> list[str]:
    """Return what people should know of a plan; `others` are users that the file leaves out."""
    unset = sum(one.qps_limit is None for one in new)
    stale = sum(one.customer_id is not None for one in new)
    counts = {
        "created without `qps_limit`; the server's default is unknown and counts 0": unset,
        "created although the file has a customer_id, which no user has": stale,
        "users that are not in the file, and stay as they are": others,
    }
    return [f"{text}: {count:,}" for text, count in counts.items() if count]
