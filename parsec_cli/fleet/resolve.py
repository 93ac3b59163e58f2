"""Names in a file of deactivations -> a plan; anything unknown or ambiguous refuses the whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from parsec_cli.errors import AmbiguousUser, GuardRefused, NotFound, counted
from parsec_cli.fleet.census import Census, Seen
from parsec_cli.fleet.intake import SHOWN
from parsec_cli.fleet.past import Past
from parsec_cli.fleet.plan import Entry, Keep, Plan, arranged, deactivation
from parsec_cli.fleet.targets import Target
from parsec_cli.models import User
from parsec_cli.next_command import run

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def plan_deactivations(targets: Sequence[Target], census: Census, past: Past) -> Plan:
    """Resolve each target, or raise NotFound, AmbiguousUser or GuardRefused listing all that fail.

    Whom an older run deactivated is a row with nothing to do, and so is a second mention.
    """
    entries: list[Entry] = []
    unknown: list[Target] = []
    claimed: set[str] = set()
    named = [_as_id(target) for target in targets]
    names = past.names()
    _check_ambiguous(named, census)
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
    _check_contradictions(named, census)
    return arranged(entries)


def keep_for_targets(targets: Sequence[Target]) -> Callable[[User], bool]:
    """Whose record the census must keep: whoever may be named."""
    named = [_as_id(target) for target in targets]
    customers = {target.text for target in named if target.kind == "customer_id"}
    names = {target.text for target in named if target.kind == "external_id"}
    return lambda user: user.customer_id.lower() in customers or user.external_id in names


def _as_id(target: Target) -> Target:
    """A USER by the rules of the command line: for a change, a UUID is a customer_id only."""
    if target.kind != "user":
        return target
    prefix, colon, rest = target.text.partition(":")
    if colon and prefix == "ext":
        return Target(target.row, "external_id", rest)
    if colon and prefix == "id":
        return Target(target.row, "customer_id", rest.lower())
    if _UUID.fullmatch(target.text):
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
    """A row with both ids must name one user by both."""
    wrong = [
        (target, seen)
        for target in named
        if target.external_id is not None
        and (seen := _find(target, census)) is not None
        and seen.external_id != target.external_id
    ]
    if wrong:
        raise GuardRefused(
            f"another external_id than the customer_id has, in {counted(len(wrong), 'row')}: "
            "nothing was sent",
            details=[
                f"row {target.row}: `{target.external_id}`, but the user is `{seen.external_id}`"
                for target, seen in wrong[:SHOWN]
            ],
            hint="correct the file, or leave one of the two columns out",
        )
