"""`users deactivate`: find, show, obtain consent, and only then send what cannot be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.holdings import read_holdings
from parsec_cli.api.reads import user_path
from parsec_cli.api.resolve import Reference
from parsec_cli.bulk.files.header import Columns
from parsec_cli.bulk.files.targets import Target, read_targets
from parsec_cli.bulk.plan import forecast
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.deactivations import (
    is_bare_uuid,
    keep_for_targets,
    plan_deactivations,
    second_meaning,
)
from parsec_cli.bulk.plan.recheck import prepare
from parsec_cli.bulk.plan.snapshot import Census, take_census
from parsec_cli.bulk.run.journal import Journal, open_journal
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import (
    DEFAULT_MAX,
    AllowHoldings,
    BalancesOnly,
    Confirm,
    DryRun,
    Mapped,
    Most,
    Reason,
    ResultsFile,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.consent import (
    Consent,
    Held,
    agree_to_one,
    agree_to_several,
    at_most,
    warn_of_holders,
    with_consent,
    word_for,
)
from parsec_cli.commands.shared.earlier_deactivations import (
    earlier_deactivations,
    explaining_absence,
    warn_of_unknown,
)
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.commands.shared.pool_guard import not_sent
from parsec_cli.commands.users.bulk_reads import Survey, held_by_all
from parsec_cli.commands.users.bulk_run import Bounds, run_listing
from parsec_cli.commands.users.plan import keep_apart
from parsec_cli.errors import UsageFault, counted
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import run
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Listing, Record
from parsec_cli.runtime import Runtime

# beyond so many names one listing of everyone costs less than one GET each
_LISTING_FROM = 50


@verb("deactivate", changes=True)
def command(
    ctx: typer.Context,
    user: Annotated[
        list[str] | None,
        typer.Argument(metavar="[USER...]", help="customer_ids or external_ids."),
    ] = None,
    *,
    from_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="One USER per line; or csv, tsv or JSON with a customer_id or external_id.",
        ),
    ] = None,
    mapped: Mapped = None,
    confirm: Confirm = None,
    most: Most = DEFAULT_MAX,
    allow_holdings: AllowHoldings = None,
    balances_only: BalancesOnly = False,
    results: ResultsFile = None,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Listing | Record:
    """Deactivate users, with their wallets, credentials and keys.

    This cannot be undone. One USER is confirmed by its external_id, several by their count. What
    they hold is shown first; a script also needs --allow-holdings if a user holds money.

    Examples:
      parsec users deactivate user_007
      parsec users deactivate --from-file leavers.csv --confirm 3 --reason "left in May"

    """
    order = Order(
        tuple(user or ()),
        from_file,
        Consent(confirm, allow_holdings),
        balances_only,
        most,
        results,
        dry_run,
        reason,
        tuple(mapped or ()),
    )
    return deactivate_users(runtime_of(ctx), order)


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments of `users deactivate` as given."""

    users: tuple[str, ...]
    from_file: str | None
    consent: Consent
    balances_only: bool
    most: int
    results: str | None
    dry_run: bool
    reason: str
    mapped: tuple[str, ...] = ()


def deactivate_users(runtime: Runtime, order: Order) -> Listing | Record:
    """Deactivate one user, or several as a run; see `consent.py` for what each needs."""
    if bool(order.users) == (order.from_file is not None):
        raise UsageFault(
            "name the users, or give a file of them: one of both",
            hint="give a file with `--from-file FILE`, or name one with",
            command=run("users", "deactivate", names=["USER"]),
        )
    if order.mapped and order.from_file is None:
        raise UsageFault("`--map` is for the columns of `--from-file`")
    if len(order.users) == 1 and order.results is None:
        return _one(runtime, order)
    return deactivate_several(runtime, order)


def _one(runtime: Runtime, order: Order) -> Listing | Record:
    with explaining_absence(runtime, order.users[0]):
        user = runtime.resolver.one(order.users[0], to_change=True)
    at_most(1, order.most)
    one = held_by(runtime, user, balances_only=order.balances_only)
    if order.dry_run:
        runtime.screen.notice(f"would deactivate `{user.name}` ({user.customer_id})")
        warn_of_holders(runtime, [one])
        return not_sent("DELETE", user_path(user.customer_id), None, holdings=one.json)
    agree_to_one(
        runtime, one, order.consent, with_consent([one], word_for(user), [user.customer_id])
    )
    change = Change(
        "users deactivate", user.customer_id, user.external_id, one.record, None, order.reason
    )
    applied = or_raise(changes.deactivate(runtime.client, user, change))
    runtime.index.forget(user.customer_id)
    runtime.screen.notice(deactivated(user, applied))
    return Listing("results", columns.DEACTIVATED, [[_result(one)]])


def held_by(runtime: Runtime, user: User, *, balances_only: bool) -> Held:
    """Read what a user holds that this command fetched, and what earlier commands know of it."""
    _, holdings = read_holdings(runtime.client, user, fetched=True, balances_only=balances_only)
    warn_of_unknown(runtime, earlier_deactivations(runtime), [user])
    return Held(user, holdings)


def deactivated(user: User, applied: Applied) -> str:
    """Say that it is done, and how that is known."""
    told = f"deactivated `{user.name}`"
    if applied.learned == "repeated":
        told += "; the first answer was lost, the repeat says that it is done"
    elif applied.learned == "read_again":
        told += "; the responses were lost, a read shows that the user is gone"
    return told


def _result(one: Held) -> JsonObject:
    return {
        "customer_id": one.user.customer_id,
        "external_id": one.user.external_id,
        "outcome": "deactivated",
        "error": None,
        "holdings": one.json,
    }


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
    forecast.check_max(ready.send, order.most)
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
