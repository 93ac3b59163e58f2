"""Compare the wanted users with the actual ones: the plan that brings them there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parsec_cli.bulk.files.decode import Faults
from parsec_cli.bulk.files.read_file import as_cell
from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.plan import Create, Entry, Keep, Plan, SetQps, arranged, deactivation
from parsec_cli.bulk.plan.snapshot import (
    ListedUser,
    NamedRow,
    Snapshot,
    check_header,
    check_ids_agree,
    check_unambiguous,
    slips,
)
from parsec_cli.errors import MAX_DETAILS, GuardRefused, counted
from parsec_cli.field_rules import new_id_fault
from parsec_cli.models import User
from parsec_cli.next_command import again


def diff(
    wanted: Sequence[Wanted],
    snapshot: Snapshot,
    *,
    prune: bool = False,
    allow_odd_ids: bool = False,
    name: str = "FILE",
    header: str = "",
) -> Plan:
    """Compare; `prune` deactivates all other users. Refuse rows that may identify another user.

    `header` is the one column of the file, which may be a user; "" for more columns.
    """
    if prune and not wanted:
        raise GuardRefused(
            f"`{name}` names no user: `--prune` would deactivate everyone",
            hint="without that option, run",
            command=again(prune=None),
        )
    ids = [(one.row, one.customer_id, one.external_id) for one in wanted]
    check_header(header, {one.external_id for one in wanted}, snapshot)
    check_unambiguous(ids, snapshot)
    check_ids_agree(ids, snapshot, GuardRefused)
    faults = Faults(name)
    entries: list[Entry] = []
    claimed: dict[str, int] = {}
    new: list[Wanted] = []
    for one in wanted:
        listed = snapshot.find(one.customer_id, one.external_id)
        if listed is not None:
            before = claimed.setdefault(listed.customer_id.lower(), one.row)
            if before != one.row:
                faults.add(one.row, f"identifies the same user as row {before}")
        elif not one.absent:
            new.append(one)
        entries.append(_entry(one, listed, faults))
    faults.check()
    if not allow_odd_ids:
        named = [(one.row, one.external_id) for one in wanted]
        _check_new_ids([(one.row, one.external_id) for one in new], named, snapshot)
    others = [user for customer, user in snapshot.users.items() if customer not in claimed]
    if prune:
        entries += [deactivation(None, user) for user in others]
    return arranged(entries, _notes(new, 0 if prune else len(others)))


def needed_by_roster(wanted: Sequence[Wanted], *, prune: bool) -> Callable[[User], bool]:
    """Select the users that the roster may deactivate: their records are needed."""
    if not prune:
        gone = {name for one in wanted if one.absent for name in (one.external_id, one.customer_id)}
        return lambda user: user.external_id in gone or user.customer_id.lower() in gone
    # users may share an external_id: a row with a customer_id keeps only that one
    staying = {one.customer_id or one.external_id for one in wanted if not one.absent}
    return lambda user: user.customer_id.lower() not in staying and user.external_id not in staying


def _entry(one: Wanted, listed: ListedUser | None, faults: Faults) -> Entry:
    if listed is None:
        return _entry_of_unlisted(one, faults)
    if one.absent:
        return deactivation(one.row, listed)
    ids, old = (one.row, listed.external_id, listed.customer_id), listed.qps_limit
    if one.qps_limit is None or one.qps_limit == old:
        return Keep(*ids, old)
    return SetQps(*ids, old, one.qps_limit)


def _entry_of_unlisted(one: Wanted, faults: Faults) -> Entry:
    if one.absent:
        return Keep(one.row, one.external_id or None, one.customer_id)
    fault = new_id_fault(one.external_id) if one.external_id else ""
    if one.customer_id and not one.external_id:
        fault = f"customer_id `{one.customer_id}` not found"
    if fault:
        faults.add(one.row, fault)
    return Create(one.row, one.external_id, one.qps_limit, one.email, one.eoa_address)


def _notes(new: Sequence[Wanted], others: int) -> list[str]:
    """Return what people should know of a plan; `others` are users that the file leaves out."""
    unset = sum(one.qps_limit is None for one in new)
    stale = sum(one.customer_id is not None for one in new)
    counts = {
        "created without `qps_limit`; the server's default is unknown and counts 0": unset,
        "created although the file has a customer_id, which no user has": stale,
        "users that are not in the file, and stay as they are": others,
    }
    return [f"{text}: {count:,}" for text, count in counts.items() if count]


def _check_new_ids(new: Sequence[NamedRow], rows: Sequence[NamedRow], snapshot: Snapshot) -> None:
    """Refuse ids of users to be created that are more likely slips than ids."""
    if details := [f"row {row}: {why}" for row, why in slips(new, rows, snapshot).items()]:
        raise GuardRefused(
            f"{counted(len(details), 'new id')} would be created by mistake: nothing was sent",
            details=details[:MAX_DETAILS],
            hint="correct the file; or, if these ids are intended, run",
            command=again(allow_odd_ids=True),
        )


class FixedColumns:
    """Counts the rows that differ from the server in columns that no change reaches."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        rows = [one for one in wanted if one.fixed or one.email or one.eoa_address]
        self._rows = {one.customer_id or one.external_id: one for one in rows if not one.absent}
        self._differ: set[int] = set()
        self._names: dict[str, None] = {}

    def compare(self, user: User) -> None:
        row = self._rows.get(user.customer_id.lower()) or self._rows.get(user.external_id or "")
        if row is None:
            return
        for name, text in {**row.fixed, "email": row.email, "eoa_address": row.eoa_address}.items():
            value = _value(user, name)
            if text and not _same(name, text, value):
                self._differ.add(row.row)
                hidden = name == "email" and value is None
                self._names[f"`{name}`{' (the API does not show it)' if hidden else ''}"] = None

    @property
    def notes(self) -> list[str]:
        if not self._differ:
            return []
        rows, names = counted(len(self._differ), "row"), ", ".join(self._names)
        return [f"columns that cannot be changed here differ from the server in {rows}: {names}"]


def _value(user: User, name: str) -> object:
    parent, _, child = ("wallet." * (name == "eoa_address") + name).partition(".")
    value = user.raw.get(parent)
    return value.get(child) if child and isinstance(value, dict) else value


def _same(name: str, text: str, value: object) -> bool:
    if name == "created_at" and not isinstance(value, str):
        return True  # an export writes Unix seconds as a date
    return text.lower() == as_cell(value).lower()
