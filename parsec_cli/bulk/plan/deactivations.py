"""Names in a file of deactivations -> a plan; anything unknown or ambiguous refuses the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from parsec_cli.bulk.files.decode import SHOWN
from parsec_cli.bulk.files.targets import Target
from parsec_cli.bulk.plan.identity import clash
from parsec_cli.bulk.plan.plan import Entry, Keep, Plan, arranged, deactivation
from parsec_cli.bulk.plan.snapshot import Census, Seen
from parsec_cli.bulk.run.earlier_runs import Past
from parsec_cli.errors import AmbiguousUser, NotFound, counted
from parsec_cli.field_rules import is_uuid
from parsec_cli.models import User
from parsec_cli.next_command import run


def plan_deactivations(targets: Sequence[Target], census: Census, past: Past) -> Plan:
    """Resolve each target, or raise NotFound or AmbiguousUser listing all that fail.

    Whom an older run deactivated is a row with nothing to do, and so is a second mention.
    """
    entries: list[Entry] = []
    unknown: list[Target] = []
    claimed: set[str] = set()
    named = [_as_id(target) for target in targets]
    names = past.names()
    _check_ambiguous(named, census)
    _check_contradictions(named, census)
    _check_second_meanings(targets, named, census)
    for target in named:
        seen = _find(target, census)
        if seen is None:
            before = _sent_before(target, past, names)
            if before is None:
                unknown.append(target)
            else:
                external_id = target.external_id or _external_id(target)
                entries.append(Keep(target.row, external_id, before, gone=True))
        elif seen.customer_id in claimed:
            entries.append(Keep(target.row, seen.external_id, seen.customer_id, seen.qps_limit))
        else:
            claimed.add(seen.customer_id)
            entries.append(deactivation(target.row, seen))
    if unknown:
        raise NotFound(
            f"{len(unknown):,} of {len(targets):,} rows name no user: nothing was sent",
            details=[f"row {target.row}: `{target.text}`" for target in unknown[:SHOWN]],
            hint="list users with",
            command=run("users", "list", "--match", "TEXT"),
        )
    return arranged(entries)


def keep_for_targets(targets: Sequence[Target]) -> Callable[[User], bool]:
    """Whose record the census must keep: whoever may be named."""
    named = [_as_id(target) for target in targets]
    customers = {target.text for target in named if target.kind == "customer_id"}
    names = {target.text for target in named if target.kind == "external_id"}
    return lambda user: user.customer_id.lower() in customers or user.external_id in names


def second_meaning(target: Target) -> str | None:
    """Return the external_id that the text of a USER is as well, though it is read otherwise."""
    read = _as_id(target)
    plain = (read.kind, read.text) == ("external_id", target.text)
    return None if plain or target.kind != "user" else target.text


def is_bare_uuid(target: Target) -> bool:
    return target.kind == "user" and is_uuid(target.text)


def _as_id(target: Target) -> Target:
    """A USER by the rules of the command line: for a change, a UUID is a customer_id only."""
    if target.kind != "user":
        return target
    prefix, colon, rest = target.text.partition(":")
    if colon and prefix == "ext":
        return Target(target.row, "external_id", rest)
    if colon and prefix == "id":
        return Target(target.row, "customer_id", rest.lower())
    if is_uuid(target.text):
        return Target(target.row, "customer_id", target.text.lower())
    return Target(target.row, "external_id", target.text)


def _external_id(target: Target) -> str | None:
    return target.text if target.kind == "external_id" else None


def _find(target: Target, census: Census) -> Seen | None:
    if target.kind == "customer_id":
        return census.by_customer_id(target.text)
    return census.by_external_id(target.text)


def _sent_before(target: Target, past: Past, names: Mapping[str, str]) -> str | None:
    """The customer_id of a user that an older run deactivated, or perhaps did."""
    if target.kind == "external_id":
        return names.get(target.text)
    known = target.text in past.done or target.text in past.unknown
    return target.text if known else None


def _check_ambiguous(named: Sequence[Target], census: Census) -> None:
    shared = [t for t in named if t.kind == "external_id" and t.text in census.twice]
    if shared:
        raise AmbiguousUser(
            f"several users share an external id, in {counted(len(shared), 'row')}: "
            "nothing was sent",
            details=[f"row {target.row}: `{target.text}`" for target in shared[:SHOWN]],
            hint="name them by customer_id",
        )


def _check_contradictions(named: Sequence[Target], census: Census) -> None:
    """Refuse a row whose two ids do not mean one user."""
    found = [clash(target.row, target.text, target.external_id, census) for target in named]
    details = [text for text in found if text]
    if details:
        raise AmbiguousUser(
            f"the two ids disagree in {counted(len(details), 'row')}: nothing was sent",
            details=details[:SHOWN],
            hint="correct the file, or leave one of the two columns out",
        )


def _check_second_meanings(
    targets: Sequence[Target], named: Sequence[Target], census: Census
) -> None:
    """Refuse a USER that names one user as it is read, and another by external_id."""
    details = [
        f"row {target.row}: {target.text!a} means user {seen.customer_id} and is the external_id "
        f"of user {other.customer_id}"
        for target, read in zip(targets, named, strict=True)
        if (text := second_meaning(target)) is not None
        and (seen := _find(read, census)) is not None
        and (other := census.by_external_id(text)) not in (None, seen)
    ]
    if details:
        raise AmbiguousUser(
            f"{counted(len(details), 'row')} may mean two users: nothing was sent",
            details=details[:SHOWN],
            hint="write `id:CUSTOMER_ID`, or `ext:` before the whole external_id",
        )
