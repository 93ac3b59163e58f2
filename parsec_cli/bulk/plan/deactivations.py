"""Turn the users that a file names into a plan; refuse the whole if any is unknown or ambiguous."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from parsec_cli.bulk.files.targets import Target
from parsec_cli.bulk.plan.plan import Entry, Keep, Plan, arranged, deactivation
from parsec_cli.bulk.plan.snapshot import RowIds, Snapshot, check_ids_agree, check_unambiguous
from parsec_cli.bulk.run.earlier_runs import EarlierDeactivations
from parsec_cli.errors import MAX_DETAILS, AmbiguousUser, NotFound, counted
from parsec_cli.field_rules import is_uuid, look_alike_key
from parsec_cli.models import User
from parsec_cli.next_command import run


def plan_deactivations(
    targets: Sequence[Target],
    snapshot: Snapshot,
    earlier: EarlierDeactivations,
    similar: Iterable[str] = (),
) -> Plan:
    """Find the user of each target, or raise NotFound or AmbiguousUser listing all that fail.

    Users of an earlier deactivation and repeated users are rows with nothing to do. `similar` are
    external_ids outside the snapshot that a row may have meant.
    """
    entries: list[Entry] = []
    unknown: list[Target] = []
    claimed: set[str] = set()
    rows = [_row_ids(target) for target in targets]
    earlier_ids = earlier.by_external_id()
    check_unambiguous(rows, snapshot)
    check_ids_agree(rows, snapshot)
    _check_second_meanings(targets, snapshot)
    for target, (row, customer_id, external_id) in zip(targets, rows, strict=True):
        user = snapshot.find(customer_id, external_id)
        if user is not None:
            if user.customer_id in claimed:
                entries.append(Keep(row, user.external_id, user.customer_id, user.qps_limit))
            else:
                claimed.add(user.customer_id)
                entries.append(deactivation(row, user))
            continue
        gone = customer_id or earlier_ids.get(external_id or "", "")
        if gone in earlier.done or gone in earlier.unknown:
            entries.append(Keep(row, external_id, gone, gone=True))
        else:
            unknown.append(target)
    if unknown:
        existing = {look_alike_key(name): name for name in (*snapshot.named, *similar)}
        raise NotFound(
            f"{len(unknown):,} of {counted(len(targets), 'row')} match no user: nothing was sent",
            details=[_unknown_row(target, existing) for target in unknown[:MAX_DETAILS]],
            hint="list users with",
            command=run("users", "list", "--match", "TEXT"),
        )
    return arranged(entries)


def _unknown_row(target: Target, existing: Mapping[str, str]) -> str:
    """Name the row's user, and an existing one that looks the same."""
    name = target.text.removeprefix("ext:") if target.kind == "user" else target.text
    other = existing.get(look_alike_key(name))
    alike = f"; {name!a} looks like {other!a}, an existing user" if other else ""
    return f"row {target.row}: `{target.text}`{alike}"


def needed_by_targets(targets: Sequence[Target]) -> Callable[[User], bool]:
    """Select the users that the targets may identify: their records are needed."""
    rows = [_row_ids(target) for target in targets]
    customers = {customer_id for _, customer_id, _ in rows}
    names = {external_id for _, customer_id, external_id in rows if not customer_id}
    return lambda user: user.customer_id.lower() in customers or user.external_id in names


def second_meaning(target: Target) -> str | None:
    """Return the text of a USER that is not read as an external_id, but may be one, too."""
    plain = _row_ids(target)[2] == target.text
    return None if plain or target.kind != "user" else target.text


def is_bare_uuid(target: Target) -> bool:
    return target.kind == "user" and is_uuid(target.text)


def _row_ids(target: Target) -> RowIds:
    """Read a USER by the rules of the command line: for a change, a UUID is a customer_id only."""
    row, text = target.row, target.text
    if target.kind == "customer_id":
        return row, text, target.external_id
    prefix, colon, rest = text.partition(":")
    if target.kind == "user" and colon and prefix == "ext":
        return row, None, rest
    if target.kind == "user" and colon and prefix == "id":
        return row, rest.lower(), None
    return (row, text.lower(), None) if is_bare_uuid(target) else (row, None, text)


def _check_second_meanings(targets: Sequence[Target], snapshot: Snapshot) -> None:
    """Refuse a USER that names one user as it is read, and another by external_id."""
    details = [
        f"row {target.row}: {target.text!a} is read as user {user.customer_id} and is the "
        f"external_id of user {other.customer_id}"
        for target in targets
        if (text := second_meaning(target)) is not None
        and (user := snapshot.find(*_row_ids(target)[1:])) is not None
        and (other := snapshot.by_external_id(text)) not in (None, user)
    ]
    if details:
        raise AmbiguousUser(
            f"{counted(len(details), 'row')} may mean two users: nothing was sent",
            details=details[:MAX_DETAILS],
            hint="write `id:CUSTOMER_ID`, or `ext:` before the whole external_id",
        )
