"""Compare the users that a file names with the actual ones, and make the plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from parsec_cli import errors, field_rules
from parsec_cli.bulk.files.csv_rows import Faults, normal
from parsec_cli.bulk.files.read_file import as_cell
from parsec_cli.bulk.files.roster import Target, Wanted
from parsec_cli.bulk.plan.plan import Create, Entry, Keep, Plan, SetQps, arranged
from parsec_cli.bulk.plan.snapshot import ListedUser, Snapshot, named_in, slips
from parsec_cli.bulk.run.journal import EarlierDeactivations
from parsec_cli.models import User
from parsec_cli.next_command import again, run
from parsec_cli.spreadsheets import NumberForms

# what a typing slip leads to
_CREATED, _MISSED = ("new id", "created by mistake"), ("deactivation", "missed")


def diff(
    wanted: Sequence[Wanted],
    snapshot: Snapshot,
    *,
    prune: bool = False,
    allow_odd_ids: bool = False,
    name: str = "FILE",
    header: str = "",
) -> Plan:
    """Compare; `prune` deactivates all other users. `header` is the only column, "" for several."""
    if prune and all(one.absent for one in wanted):
        raise errors.GuardRefused(
            f"`{name}` contains no user to keep: `--prune` would deactivate everyone",
            hint="without that option, run",
            command=again(prune=None),
        )
    check_header(header, {one.external_id for one in wanted}, snapshot)
    check_ids(wanted, snapshot, errors.GuardRefused)
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
        _check_slips(wanted, new, snapshot, prune=prune)
    if prune:
        others = (user for customer, user in snapshot.users.items() if customer not in claimed)
        entries += [user.deactivation(None) for user in others]
    return arranged(entries, _notes(new))


def _check_slips(
    wanted: Sequence[Wanted], new: Sequence[Wanted], snapshot: Snapshot, *, prune: bool
) -> None:
    """Refuse ids of `new` and of absent users that are probably typing slips."""
    named, created = ([(one.row, one.external_id) for one in group] for group in (wanted, new))
    slipped = slips(created, named, snapshot, pruned=prune)
    for details, what, whose in (
        ([f"row {row}: {why}" for row, why in slipped.items()], _CREATED, "ids are intended"),
        (_near_misses(wanted, snapshot), _MISSED, "users are gone"),
    ):
        if details:
            noun, mistake = what
            raise errors.OddIds(
                f"{errors.counted(len(details), noun)} would be {mistake}: nothing was sent",
                details=details[: errors.MAX_DETAILS],
                hint=f"correct the file; or, if these {whose}, run",
                command=again(allow_odd_ids=True),
            )


def _near_misses(wanted: Sequence[Wanted], snapshot: Snapshot) -> list[str]:
    """Describe the absent users who do not exist, but look like users whom no row names."""
    absent = [one for one in wanted if one.absent and one.external_id]
    missing = [one for one in absent if not snapshot.find(one.customer_id, one.external_id)]
    if not missing:
        return []
    others = snapshot.named.keys() - {one.external_id for one in wanted}
    similar = {field_rules.look_alike_key(name): name for name in others}
    numbers = NumberForms(others, [one.external_id or "" for one in missing])
    details = []
    for one in missing:
        name = one.external_id or ""
        other = field_rules.left_out_as(name, others, numbers)
        why = field_rules.alike(name, similar) or field_rules.quotes_fault(name)
        if why := why or (field_rules.slip(name, other) if other else ""):
            details.append(f"row {one.row}: {why}")
    return details


def needed_by_roster(wanted: Sequence[Wanted], *, prune: bool) -> Callable[[User], bool]:
    """Select the users that the roster may deactivate: their records are needed."""
    if not prune:
        gone = {name for one in wanted if one.absent for name in (one.external_id, one.customer_id)}
        return named_in(gone)
    # users may share an external_id: a row with a customer_id keeps only that one
    staying = {one.customer_id or one.external_id for one in wanted if not one.absent}
    return lambda user: user.customer_id.lower() not in staying and user.external_id not in staying


def _entry(one: Wanted, listed: ListedUser | None, faults: Faults) -> Entry:
    if listed is None:
        if one.absent:
            return Keep(one.row, one.external_id or None, one.customer_id)
        fault = field_rules.new_id_fault(one.external_id) if one.external_id else ""
        if one.customer_id and not one.external_id:
            fault = f"customer_id `{one.customer_id}` not found"
        faults.add(one.row, fault)
        return Create(one.row, one.external_id, one.qps_limit, one.email, one.eoa_address)
    if one.absent:
        return listed.deactivation(one.row)
    ids, old = (one.row, listed.external_id, listed.customer_id), listed.qps_limit
    if one.qps_limit is None or one.qps_limit == old:
        return Keep(*ids, old)
    return SetQps(*ids, old, one.qps_limit)


def _notes(new: Sequence[Wanted]) -> list[str]:
    """Return the notes on the users that a plan creates."""
    unset = [one.external_id for one in new if one.qps_limit is None]
    stale = sum(one.customer_id is not None for one in new)
    exported = sum(not one.customer_id and bool(one.fixed.keys() - {"tier"}) for one in new)
    notes = []
    if unset:
        names = f"`{unset[0]}` has" if len(unset) == 1 else f"{len(unset):,} new users have"
        counts = "it counts" if len(unset) == 1 else "they count"
        notes.append(f"{names} no qps_limit: {counts} as 0 in the pool")
    counted = {
        "created, although no user has the customer_id in the file": stale,
        "created, although the file has columns that only existing users have": exported,
    }
    return notes + [f"{text}: {count:,}" for text, count in counted.items() if count]


def check_header(header: str, names: Iterable[str | None], snapshot: Snapshot) -> None:
    """Refuse the header of a file of one column that is a user's id, which no row names."""
    if header in snapshot.named and header not in names:
        raise errors.AmbiguousUser(
            f"row 1: `{header}` may be the header or the user of that name: nothing was sent",
            hint=f"for the header, add `--map {normal(header)}={header}`; "
            f"for the user, add a line `{normal(header)}` above it",
        )


def check_ids(
    rows: Sequence[Wanted | Target],
    snapshot: Snapshot,
    error: type[errors.ParsecError] = errors.AmbiguousUser,
) -> None:
    """Refuse rows that several users share, and rows whose two ids do not identify one user."""
    shared = [one for one in rows if not one.customer_id and one.external_id in snapshot.ambiguous]
    details = [f"row {one.row}: `{one.external_id}`" for one in shared]
    if details:
        raise errors.AmbiguousUser(
            f"several users share an external id, in {errors.counted(len(details), 'row')}: "
            "nothing was sent",
            details=details[: errors.MAX_DETAILS],
            hint="name them by customer_id; see them with",
            command=run("users", "list", "--match", "TEXT"),
        )
    details = [text for one in rows if (text := _disagreement(one, snapshot))]
    if details:
        raise error(
            f"the two ids disagree in {errors.counted(len(details), 'row')}: nothing was sent",
            details=details[: errors.MAX_DETAILS],
            hint="correct the file, or leave one of the two columns out",
        )


def _disagreement(one: Wanted | Target, snapshot: Snapshot) -> str:
    """Describe how the two ids disagree; "" if both identify one user, or both nobody."""
    row, customer_id, external_id = one.row, one.customer_id, one.external_id
    if not customer_id or not external_id:
        return ""
    user, other = snapshot.by_customer_id(customer_id), snapshot.named.get(external_id)
    if user is other is None or (user is not None and user.external_id == external_id):
        return ""
    means = "no user" if other is None else f"user {other.customer_id}"
    has = "no user" if user is None else f"user {user.external_id!a}"
    return (
        f"row {row}: external_id {external_id!a} matches {means}, "
        f"customer_id {customer_id} matches {has}"
    )


class FixedColumns:
    """Counts the rows that differ from the server in columns that no change reaches."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        rows = [one for one in wanted if one.fixed or one.email or one.eoa_address]
        self._rows = {one.customer_id or one.external_id: one for one in rows if not one.absent}
        self._differ: set[int] = set()
        self._names: dict[str, None] = {}

    def compare(self, user: User) -> None:
        """Note whether this record differs from the row of the user, if there is one."""
        row = self._rows.get(user.customer_id.lower()) or self._rows.get(user.external_id or "")
        if row is None:
            return
        for name, text in {**row.fixed, "email": row.email, "eoa_address": row.eoa_address}.items():
            value = _value(user, name)
            # an export writes Unix seconds as a date
            as_date = name == "created_at" and not isinstance(value, str)
            if text and not as_date and text.lower() != as_cell(value).lower():
                self._differ.add(row.row)
                hidden = name == "email" and value is None
                self._names[f"`{name}`{' (the API does not show it)' if hidden else ''}"] = None

    @property
    def notes(self) -> list[str]:
        """One note that counts the rows and names their columns, or none."""
        if not self._differ:
            return []
        rows, names = errors.counted(len(self._differ), "row"), ", ".join(self._names)
        return [f"columns that cannot be changed here differ from the server in {rows}: {names}"]


def _value(user: User, name: str) -> object:
    parent, _, child = ("wallet." * (name == "eoa_address") + name).partition(".")
    value = user.raw.get(parent)
    return value.get(child) if child and isinstance(value, dict) else value


def plan_deactivations(
    targets: Sequence[Target],
    snapshot: Snapshot,
    earlier: EarlierDeactivations,
    similar: Mapping[str, str] | None = None,
) -> Plan:
    """Find the user of each target; one error lists all that fail.

    `similar` are ids outside the snapshot that a row may have meant, by their look_alike_key.
    """
    entries: list[Entry] = []
    unknown: list[Target] = []
    claimed: set[str] = set()
    earlier_ids = earlier.by_external_id()
    check_ids(targets, snapshot)
    check_second_meanings(targets, snapshot)
    for target in targets:
        row, customer_id, external_id = target.row, target.customer_id, target.external_id
        user = snapshot.find(customer_id, external_id)
        if user is not None:
            again_named = user.customer_id in claimed
            claimed.add(user.customer_id)
            kept = Keep(row, user.external_id, user.customer_id, user.qps_limit)
            entries.append(kept if again_named else user.deactivation(row))
            continue
        gone = customer_id or earlier_ids.get(external_id or "", "")
        if gone in earlier.done or gone in earlier.unknown:
            entries.append(Keep(row, external_id, gone, gone=True))
        else:
            unknown.append(target)
    if unknown:
        existing = {
            **(similar or {}),
            **{field_rules.look_alike_key(name): name for name in snapshot.named},
        }
        details = []
        for target in unknown[: errors.MAX_DETAILS]:
            name = target.text if target.customer_id else target.external_id or ""
            note = field_rules.alike(name, existing)
            details.append(f"row {target.row}: `{target.text}`{note and '; '}{note}")
        rows = errors.counted(len(targets), "row")
        raise errors.NotFound(
            f"{len(unknown):,} of {rows} match{'es' if len(unknown) == 1 else ''} no user:"
            " nothing was sent",
            details=details,
            hint="list users with",
            command=run("users", "list", "--match", "TEXT"),
        )
    return arranged(entries)


def check_second_meanings(targets: Sequence[Target], snapshot: Snapshot) -> None:
    """Refuse a USER that names one user as it is read, and another by external_id."""
    details = [
        f"row {target.row}: "
        f"{field_rules.two_meanings(target.text, user.customer_id, other.customer_id)}"
        for target in targets
        if (text := target.second_meaning) is not None
        and (user := snapshot.find(target.customer_id, target.external_id)) is not None
        and (other := snapshot.named.get(text)) not in (None, user)
    ]
    if details:
        raise errors.AmbiguousUser(
            f"{errors.counted(len(details), 'row')} may mean two users: nothing was sent",
            details=details[: errors.MAX_DETAILS],
            hint=field_rules.ONE_MEANING,
        )
