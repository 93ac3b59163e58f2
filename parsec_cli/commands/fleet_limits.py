"""`users set-qps` with several limits: one plan, guarded by its net sum, sent as a run."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.commands import columns
from parsec_cli.commands.changing import Limits
from parsec_cli.commands.fleet_reads import Survey
from parsec_cli.commands.fleet_run import Bounds, run_listing
from parsec_cli.errors import UsageFault
from parsec_cli.fleet import guards
from parsec_cli.fleet import plan_file as plans
from parsec_cli.fleet.census import Census
from parsec_cli.fleet.journal import Journal, open_journal
from parsec_cli.fleet.plan import Entry, Keep, SetQps, arranged
from parsec_cli.fleet.ready import prepare
from parsec_cli.models import User
from parsec_cli.records import changed
from parsec_cli.results import Listing
from parsec_cli.runtime import Runtime

_COMMAND = "users set-qps"


def set_limits(
    runtime: Runtime, limits: Limits, *, allow_overcommit: bool, dry_run: bool, reason: str
) -> Listing:
    """Set the limits of several users, with a journal and a row of results for each."""
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    with open_journal(
        runtime.places.runs_dir, host, key, command=_COMMAND, wall=runtime.world.clock
    ) as journal:
        return _set(runtime, limits, journal, allow_overcommit, dry_run, reason)


def _set(
    runtime: Runtime,
    limits: Limits,
    journal: Journal,
    allow_overcommit: bool,
    dry_run: bool,
    reason: str,
) -> Listing:
    survey = Survey(runtime)
    users = runtime.resolver.several([name for name, _ in limits.pairs], to_change=True)
    _check_each_once(users)
    census = Census()
    for user in users:
        census.add(user)
    entries = [
        _entry(row, user, qps)
        for row, (user, (_, qps)) in enumerate(zip(users, limits.pairs, strict=True), 1)
    ]
    ready = prepare(arranged(entries), census)
    pool = survey.pool()
    ahead = survey.forecast(ready.send, pool, census)
    guards.check_pool(ahead, allow_overcommit=allow_overcommit)
    guards.check_quota(ahead)
    runtime.screen.notice(
        f"pool {ahead.allocated_before:,} -> {ahead.allocated_after:,} of {ahead.qps_pool:,}"
    )
    if dry_run:
        return Listing("actions", columns.NEW_LIMIT, [[plans.as_json(one) for one in ready.send]])
    bounds = Bounds(pool=None if allow_overcommit else pool, reason=reason)
    listing = run_listing(runtime, _COMMAND, ready, journal, survey, bounds)
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
