"""Deactivating several: resolved first, shown, agreed to by their count, sent one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parsec_cli.api.resolve import Reference
from parsec_cli.commands import columns
from parsec_cli.commands.consent import (
    Held,
    agree_to_one,
    agree_to_several,
    warn_of_holders,
    with_consent,
    word_for,
)
from parsec_cli.commands.deactivating import Order
from parsec_cli.commands.earlier import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.fleet_plan import keep_apart
from parsec_cli.commands.fleet_reads import Survey, held_by_all
from parsec_cli.commands.fleet_run import Bounds, run_listing
from parsec_cli.commands.reading import read_bytes
from parsec_cli.errors import UsageFault, counted
from parsec_cli.fleet import guards
from parsec_cli.fleet import plan_file as plans
from parsec_cli.fleet.census import Census, take_census
from parsec_cli.fleet.header import Columns
from parsec_cli.fleet.journal import Journal, open_journal
from parsec_cli.fleet.ready import prepare
from parsec_cli.fleet.resolve import (
    is_bare_uuid,
    keep_for_targets,
    plan_deactivations,
    second_meaning,
)
from parsec_cli.fleet.targets import Target, read_targets
from parsec_cli.models import User
from parsec_cli.results import Listing
from parsec_cli.runtime import Runtime

# beyond so many names one listing of everyone costs less than one GET each
_LISTING_FROM = 50


def deactivate_several(runtime: Runtime, order: Order) -> Listing:
    """Deactivate the users of the arguments or of a file, as a run with journal and results."""
    keep_apart(order.from_file or "-", order.results, "--results")
    targets = _targets(runtime, order)
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    with open_journal(
        runtime.places.runs_dir, host, key, command="users deactivate", wall=runtime.world.clock
    ) as journal:
        return _deactivate(runtime, order, targets, journal)


def _targets(runtime: Runtime, order: Order) -> tuple[Target, ...]:
    if order.from_file is not None:
        name = "stdin" if order.from_file == "-" else order.from_file
        columns = Columns.parse(order.mapped)
        targets = read_targets(read_bytes(runtime, order.from_file), name, columns)
        if ignored := columns.notice():
            runtime.screen.notice(ignored)
        if uuids := sum(map(is_bare_uuid, targets)):
            runtime.screen.notice(f"read as customer_id: {counted(uuids, 'line')} with a UUID")
        return targets
    for text in order.users:
        Reference.parse(text)
    return tuple(Target(row, "user", text) for row, text in enumerate(order.users, 1))


def _deactivate(
    runtime: Runtime, order: Order, targets: tuple[Target, ...], journal: Journal
) -> Listing:
    survey = Survey(runtime, balances_only=order.balances_only)
    past = earlier_deactivations(runtime, journal.past)
    census = _census(runtime, survey, targets)
    plan = plan_deactivations(targets, census, past)
    ready = prepare(plan, census)
    if plan.keeps:
        runtime.screen.notice(f"already deactivated, or named twice: {len(plan.keeps)}")
    guards.check_max(ready.send, order.most)
    ready = ready.holding(survey.holdings(census, ready.deactivations))
    everyone = held_by_all(ready)
    warn_of_unknown(runtime, past, (one.user for one in everyone))
    if order.dry_run:
        warn_of_holders(runtime, everyone)
        rows = [plans.as_json(action) for action in ready.send]
        return Listing("actions", columns.ACTION, [rows])
    _agree(runtime, order, everyone)
    bounds = Bounds(results=order.results, reason=order.reason)
    return run_listing(runtime, "users deactivate", ready, journal, survey, bounds)


def _census(runtime: Runtime, survey: Survey, targets: tuple[Target, ...]) -> Census:
    """Fetch the users that are named, one by one or all in one listing."""
    prefix = {"user": "", "external_id": "ext:", "customer_id": "id:"}
    names = [f"{prefix[target.kind]}{target.text}" for target in targets]
    if len(targets) > _LISTING_FROM or not all(map(_can_be_asked_for, names)):
        return take_census(survey.everyone(), keep_for_targets(targets))
    census, survey.fetched = Census(), True
    found = runtime.resolver.find(names, to_change=True)
    for user in (*found.values(), *_others(runtime, targets, list(found.values()))):
        if user is not None:
            census.add(user, keep=True)
    return census


def _others(
    runtime: Runtime, targets: tuple[Target, ...], found: Sequence[User | None]
) -> Iterator[User | None]:
    """Fetch whom the rows may mean as well; it costs requests only where there is a doubt."""
    pairs = {(user.customer_id.lower(), user.external_id) for user in found if user is not None}
    for target in targets:
        if (text := second_meaning(target)) is not None:
            yield from runtime.resolver.remembered(text)
        name = f"ext:{target.external_id}"
        known = not target.external_id or (target.text, target.external_id) in pairs
        if not known and _can_be_asked_for(name):
            yield runtime.resolver.find([name], to_change=True)[name]


def _can_be_asked_for(name: str) -> bool:
    """Tell whether `name` may stand on a command line: a column may hold what may not."""
    try:
        Reference.parse(name)
    except UsageFault:
        return False
    return True


def _agree(runtime: Runtime, order: Order, everyone: Sequence[Held]) -> None:
    if not everyone:
        return
    if len(order.users) == 1:
        user = everyone[0].user
        command = with_consent(everyone, word_for(user), [user.customer_id])
        agree_to_one(runtime, everyone[0], order.consent, command)
    else:
        command = with_consent(everyone, len(everyone))
        agree_to_several(runtime, everyone, order.consent, command)
