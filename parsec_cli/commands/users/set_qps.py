"""`parsec users set-qps`: set one limit, or several as one plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import typer

from parsec_cli import columns, field_rules
from parsec_cli.api import changes
from parsec_cli.api.reads import get_pool, user_path
from parsec_cli.api.resolve import Reference
from parsec_cli.bulk.plan.plan import Entry, Keep, SetQps, arranged
from parsec_cli.bulk.plan.snapshot import Snapshot, recheck
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.cli.common_options import DRY_RUN, OVERCOMMIT, REASON, Whole, argument, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import not_sent, reread_text
from parsec_cli.commands.shared.consent import check_pool
from parsec_cli.commands.shared.user_card import user_record
from parsec_cli.commands.users.course import BuilderState, RunOptions, journal_of, run_plan
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import again
from parsec_cli.records import changed
from parsec_cli.results import Listing, Record
from parsec_cli.runtime import Runtime

_COMMAND = "users set-qps"


@verb("set-qps", effect="change")
def command(
    ctx: typer.Context,
    limit: list[str] = argument(
        "USER QPS|USER=QPS...", "A user and its new limit, or several pairs."
    ),
    *,
    allow_overcommit: bool = OVERCOMMIT,
    dry_run: bool = DRY_RUN,
    reason: str = REASON,
) -> Record | Listing:
    """Set the limits of one user or several, in requests per second.

    Shows the old and the new limit and the pool before and after. Several limits are one plan:
    the pool must have room for their sum, and decreases are sent before increases.

    Examples:
      parsec users set-qps user_001 20
      parsec users set-qps user_001=5 user_002=5 user_003=40 --dry-run --reason "ticket 4711"

    """
    runtime, pairs = runtime_of(ctx), _pairs(limit)
    options = RunOptions(dry_run=dry_run, reason=reason, allow_overcommit=allow_overcommit)
    one = len(limit) > len(pairs)  # `USER QPS`, not `USER=QPS`
    if not dry_run:
        runtime.screen.check_fields(columns.USER if one else columns.LIMITED)
    if one:
        return _set_one(runtime, *pairs[0], options)
    with journal_of(runtime, _COMMAND) as journal:
        return _set_several(runtime, pairs, journal, options)


def _pairs(words: Sequence[str]) -> list[tuple[str, int]]:
    """Read `USER QPS`, or `USER=QPS` from each word; UsageFault for a mixture of both."""
    qps = Whole(1, field_rules.QPS_MAX, "QPS")
    two = 2
    if len(words) == two and ("=" not in words[1] or "=" not in words[0]):
        name, limit = words
        if re.fullmatch("[1-9][0-9]*", name) and re.match(r"[^\W\d]", limit):
            command = again("users", "set-qps", names=(limit, name))
            raise UsageFault(
                "the user comes before the limit", hint="did you mean", command=command
            )
        return [(name, qps(limit))]
    pairs = [word.rpartition("=") for word in words]
    if not all(name and limit for name, _, limit in pairs):
        raise UsageFault(
            "limits are given as `USER QPS` for one user, or as `USER=QPS` for each of several",
            hint="for example `user_001 20`, or `user_001=20 user_002=5`",
        )
    limits = [(name, qps(limit)) for name, _, limit in pairs]
    for name, times in Counter(name for name, _ in limits).items():
        Reference.parse(name)
        if times > 1:
            raise _two_limits(name)
    return limits


def _two_limits(name: str) -> UsageFault:
    return UsageFault(f"user `{name}` has two limits", hint="specify each user once")


def _set_one(runtime: Runtime, name: str, qps: int, options: RunOptions) -> Record:
    """Set the user's absolute limit; the pool is read only when the limit rises."""
    screen = runtime.screen
    user = runtime.resolver.one(name, to_change=True)
    if user.qps_limit == qps:
        text = f"qps_limit of `{user.name}` is {qps:,} already: nothing was sent"
        screen.notice(text, tone="dim")
        return user_record(runtime, user.raw)
    old = user.limit_text
    step = f"qps_limit of `{user.name}`: {old} → {qps:,}; "
    more = qps - (user.qps_limit or 0)
    if more > 0:
        pool = get_pool(runtime.client)
        before, after = pool.total_allocated_qps, pool.total_allocated_qps + more
        check_pool(pool, after, allow_overcommit=options.allow_overcommit)
        step += f"pool {before:,} → {after:,} of {pool.qps_pool:,}"
    else:
        step += f"this frees {-more:,} QPS of the pool"
    if old == "unknown":  # such as that of a record as in the guide: the whole new one is counted
        step += " at most"
    if options.dry_run:
        screen.notice(step, tone="warning")
        return not_sent("PATCH", user_path(user.customer_id), {"qps_limit": qps})
    outcome = changes.set_qps(runtime.client, user, qps, _COMMAND, options.reason)
    applied = changes.or_raise(outcome)
    screen.notice(step, tone="good")
    raw = applied.after or {}
    if applied.evidence == "reread":
        screen.notice(f"{reread_text(applied)} the user has the new limit")
    elif "qps_limit" not in raw:
        screen.notice(f"the response contains no qps_limit; {qps} was requested")
    return user_record(runtime, raw)


def _set_several(
    runtime: Runtime, pairs: Sequence[tuple[str, int]], journal: Journal, options: RunOptions
) -> Listing:
    """Set the limits of several users as a run, with a result row for each."""
    builder, snapshot, entries = BuilderState(runtime), Snapshot(), list[Entry]()
    users = runtime.resolver.several([name for name, _ in pairs], to_change=True)
    for row, (user, (_, qps)) in enumerate(zip(users, pairs, strict=True), 1):
        if snapshot.by_customer_id(user.customer_id):
            raise _two_limits(user.name)
        snapshot.add(user)
        ids = user.external_id, user.customer_id
        unchanged = user.qps_limit == qps
        entries.append(
            Keep(row, *ids, qps) if unchanged else SetQps(row, *ids, user.qps_limit, qps)
        )
    checked, pool = recheck(arranged(entries), snapshot), get_pool(builder.client)
    ahead = builder.within_limits(checked, pool, allow_overcommit=options.allow_overcommit)
    if not (options.dry_run and runtime.screen.for_people):  # who see it in the plan
        runtime.screen.notice(
            f"pool {ahead.allocated_before:,} → {ahead.allocated_after:,} of {ahead.qps_pool:,}"
        )
    if options.dry_run:
        from parsec_cli.commands.users.apply import dry_run_listing

        return dry_run_listing(builder, checked, "set-qps", columns.NEW_LIMIT)
    limit = None if options.allow_overcommit else pool
    listing = run_plan(_COMMAND, checked, journal, builder, options, limit)
    return changed(listing, columns=columns.LIMITED)
