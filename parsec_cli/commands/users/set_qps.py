"""`parsec users set-qps`: set one limit, or several as one plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from parsec_cli import columns, field_rules
from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.reads import get_pool, user_path
from parsec_cli.bulk.plan.plan import Entry, Keep, SetQps, arranged, as_json, check_quota
from parsec_cli.bulk.plan.snapshot import Snapshot, recheck
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.cli.common_options import DryRun, Overcommit, Reason, runtime_of, whole
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import not_sent, user_record
from parsec_cli.commands.shared.consent import check_pool
from parsec_cli.commands.users.builder_state import BuilderState
from parsec_cli.commands.users.bulk_run import RunOptions, journal_of, run_listing
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject, User
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.records import changed, record
from parsec_cli.results import Listing, Record
from parsec_cli.runtime import Runtime

_COMMAND = "users set-qps"


@verb("set-qps", changes=True)
def command(
    ctx: typer.Context,
    limit: Annotated[
        list[str],
        typer.Argument(
            metavar="USER QPS|USER=QPS...", help="A user and its new limit, or several pairs."
        ),
    ],
    *,
    allow_overcommit: Overcommit = False,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Record | Listing:
    """Set the limits of one user or several, in requests per second.

    Shows the old and the new limit and the pool before and after. Several limits are one plan:
    the pool must have room for their sum, and decreases are sent before increases.

    Examples:
      parsec users set-qps user_001 20
      parsec users set-qps user_001=5 user_002=5 user_003=40 --dry-run --reason "ticket 4711"

    """
    runtime, limits = runtime_of(ctx), Limits.parse(limit)
    options = _Options(allow_overcommit, dry_run, reason)
    if not limits.several:
        return _set_one(runtime, *limits.pairs[0], options)
    with journal_of(runtime, _COMMAND) as journal:
        return _set_several(runtime, limits, journal, options)


@record
class _Options:
    allow_overcommit: bool
    dry_run: bool
    reason: str


@record
class Limits:
    """The new limits: pairs of USER and QPS in the order given."""

    pairs: tuple[tuple[str, int], ...]
    several: bool

    @classmethod
    def parse(cls, words: Sequence[str]) -> Limits:
        """Read `USER QPS`, or `USER=QPS` for each word; UsageFault for a mixture of both."""
        qps = whole(1, field_rules.QPS_MAX, "QPS")
        two = 2
        if len(words) == two and ("=" not in words[1] or "=" not in words[0]):
            return cls(((words[0], qps(words[1])),), several=False)
        pairs = [word.rpartition("=") for word in words]
        if not all(name and equals for name, equals, _ in pairs):
            raise UsageFault(
                "limits are given as `USER QPS` for one user, or as `USER=QPS` for each of several",
                hint="for example `user_001 20`, or `user_001=20 user_002=5`",
            )
        return cls(tuple((name, qps(limit)) for name, _, limit in pairs), several=True)


def _set_one(runtime: Runtime, name: str, qps: int, options: _Options) -> Record:
    """Set the user's absolute limit; the pool is read only when the limit rises."""
    client, screen = runtime.client, runtime.screen
    user = runtime.resolver.one(name, to_change=True)
    if user.qps_limit == qps:
        screen.notice(f"qps_limit of `{user.name}` is {qps} already: nothing was sent")
        return user_record(user.raw)
    step = f"qps_limit of `{user.name}`: {_limit(user)} -> {qps}; "
    step += _effect_on_pool(runtime, user, qps, allow_overcommit=options.allow_overcommit)
    body = {"qps_limit": qps}
    if options.dry_run:
        screen.notice(step)
        return not_sent("PATCH", user_path(user.customer_id), body)
    change = Change(_COMMAND, user.customer_id, user.external_id, user.raw, body, options.reason)
    applied = or_raise(changes.set_qps(client, user, qps, change))
    screen.notice(step)
    return user_record(_as_changed(runtime, applied, qps))


def _effect_on_pool(runtime: Runtime, user: User, qps: int, *, allow_overcommit: bool) -> str:
    more = qps - (user.qps_limit or 0)
    effect = f"{-more} QPS are freed in the pool"
    if more > 0:
        pool = get_pool(runtime.client)
        before, after = pool.total_allocated_qps, pool.total_allocated_qps + more
        check_pool(pool, after, allow_overcommit=allow_overcommit)
        effect = f"pool {before} -> {after} of {pool.qps_pool}"
    # a record without qps_limit, as in the guide: the whole new limit is counted
    return effect if "qps_limit" in user.raw else f"{effect} at most"


def _limit(user: User) -> str:
    if "qps_limit" not in user.raw:
        return "unknown"
    return "none" if user.qps_limit is None else str(user.qps_limit)


def _as_changed(runtime: Runtime, applied: Applied, qps: int) -> JsonObject:
    raw = applied.after or {}
    if applied.evidence == "reread":
        runtime.screen.notice("the response was lost; a read shows that the user has the new limit")
    elif "qps_limit" not in raw:
        runtime.screen.notice(f"the response contains no qps_limit; {qps} was requested")
    return raw


def _set_several(runtime: Runtime, limits: Limits, journal: Journal, options: _Options) -> Listing:
    """Set the limits of several users as a run, with a result row for each."""
    builder = BuilderState(runtime)
    users = runtime.resolver.several([name for name, _ in limits.pairs], to_change=True)
    _check_each_once(users)
    snapshot = Snapshot()
    for user in users:
        snapshot.add(user)
    entries = [
        _entry(row, user, qps)
        for row, (user, (_, qps)) in enumerate(zip(users, limits.pairs, strict=True), 1)
    ]
    checked = recheck(arranged(entries), snapshot)
    pool = builder.pool()
    ahead = builder.forecast(checked.send, pool, snapshot)
    check_pool(pool, ahead.allocated_after, allow_overcommit=options.allow_overcommit)
    check_quota(ahead)
    runtime.screen.notice(
        f"pool {ahead.allocated_before:,} -> {ahead.allocated_after:,} of {ahead.qps_pool:,}"
    )
    if options.dry_run:
        return Listing("actions", columns.NEW_LIMIT, [[as_json(one) for one in checked.send]])
    limit = None if options.allow_overcommit else pool
    run = RunOptions(reason=options.reason)
    listing = run_listing(runtime, _COMMAND, checked, journal, builder, run, limit)
    return changed(listing, columns=columns.LIMITED)


def _entry(row: int, user: User, qps: int) -> Entry:
    if user.qps_limit == qps:
        return Keep(row, user.external_id, user.customer_id, qps)
    return SetQps(row, user.external_id, user.customer_id, user.qps_limit, qps)


def _check_each_once(users: Sequence[User]) -> None:
    names: dict[str, str] = {}
    for user in users:
        if user.customer_id.lower() in names:
            raise UsageFault(f"user `{user.name}` is given two limits", hint="give each user once")
        names[user.customer_id.lower()] = user.name
