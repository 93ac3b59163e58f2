"""`users apply`: a plan, saved or made now, shown, agreed to, and run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.bulk.plan import forecast
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.plan import Deactivate, Keep, Plan
from parsec_cli.bulk.plan.recheck import Ready, keep_for_plan, prepare
from parsec_cli.bulk.plan.snapshot import take_census
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
    OddIds,
    Overcommit,
    Prune,
    Reason,
    ResultsFile,
    whole,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.consent import (
    Consent,
    Held,
    agree_to_several,
    check_holders,
    target_line,
    with_consent,
)
from parsec_cli.commands.shared.earlier_deactivations import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.users.bulk_reads import Survey, held_by_all
from parsec_cli.commands.users.bulk_run import Bounds, run_listing
from parsec_cli.commands.users.plan import (
    Planned,
    Wish,
    keep_apart,
    make_plan,
    plan_blocks,
    plan_listing,
    planned,
    read_wish,
    shown_name,
)
from parsec_cli.errors import ConsentMissing, UsageFault
from parsec_cli.next_command import NextCommand, again, run
from parsec_cli.results import Block, Grid, Line, Listing
from parsec_cli.runtime import Runtime

_YES = again(confirm=None, allow_holdings=None, yes=True)


_PLAN_OVERCOMMIT = run("users", "plan", "FILE", "--allow-overcommit", "--out", "PLAN")


_SHOWN = 20  # rows shown above the question, and refused rows named; more are counted


@verb("apply", changes=True)
def command(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE|PLAN|-", help="A file of users, or a saved plan.")
    ],
    *,
    prune: Prune = False,
    allow_overcommit: Overcommit = False,
    allow_odd_ids: OddIds = False,
    mapped: Mapped = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, unless users are deactivated.")
    ] = False,
    confirm: Confirm = None,
    most: Most = DEFAULT_MAX,
    allow_holdings: AllowHoldings = None,
    balances_only: BalancesOnly = False,
    max_failures: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 1_000_000, "--max-failures"),
            metavar="N",
            help="Stop after N failed rows [default 20; 1 for deactivations].",
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(
            parser=whole(1, 64, "--concurrency"), metavar="N", help="Max requests at the same time."
        ),
    ] = 8,
    results: ResultsFile = None,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Listing:
    """Apply FILE: show the plan, ask, then make the changes.

    To continue an interrupted run, run the same command again.

    Examples:
      parsec users apply plan.json --yes
      parsec users apply users.csv --confirm 2 --reason "quarterly limits"

    """
    consent = Consent(confirm, allow_holdings)
    orders = Orders(yes, consent, most, max_failures, concurrency, results, dry_run, reason)
    wish = Wish(file, prune, allow_overcommit, balances_only, allow_odd_ids, tuple(mapped or ()))
    return apply_file(runtime_of(ctx), wish, orders)


@dataclass(frozen=True, slots=True)
class Orders:
    """The options of `users apply` beside the file."""

    yes: bool
    consent: Consent
    most: int
    max_failures: int | None
    concurrency: int
    results: str | None
    dry_run: bool
    reason: str


def apply_file(runtime: Runtime, wish: Wish, orders: Orders) -> Listing:
    """Run a saved plan, or plan the file and run that; the lock is held from the first request."""
    keep_apart(wish.file, orders.results, "--results")
    data = read_wish(runtime, wish)
    saved = plans.load(data, shown_name(wish)) if plans.is_saved_plan(data) else None
    confirmed = orders.consent.confirm is not None
    if wish.file == "-" and not (orders.yes or confirmed or orders.dry_run):
        raise ConsentMissing(
            "stdin is the file, so nobody can be asked: nothing was sent",
            hint="add `--confirm COUNT` where it deactivates, else run",
            command=_YES,
        )
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    if saved is not None:
        plans.check_binding(saved, host=host, key_fingerprint=key)
        _check_flags(wish, prune=saved.prune, allow_overcommit=saved.allow_overcommit)
        wish = replace(wish, prune=saved.prune, allow_overcommit=saved.allow_overcommit)
    with open_journal(
        runtime.places.runs_dir, host, key, command="users apply", wall=runtime.world.clock
    ) as journal:
        if saved is None:
            made = make_plan(runtime, wish, data)
        else:
            survey = Survey(runtime, balances_only=wish.balances_only)
            census = take_census(survey.everyone(), keep_for_plan(saved.plan))
            made = planned(runtime, wish, saved.plan, census, survey)
        # a saved plan carries its own flags
        command = None if saved is None else _PLAN_OVERCOMMIT
        return _apply(runtime, wish, orders, made, journal, command)


def _check_flags(wish: Wish, *, prune: bool, allow_overcommit: bool) -> None:
    """Refuse what a saved plan was not made with: it could only be ignored."""
    added = ["--prune"] if wish.prune and not prune else []
    added += ["--map", "FIELD=COLUMN"] if wish.mapped else []
    added += ["--allow-overcommit"] if wish.allow_overcommit and not allow_overcommit else []
    if added:
        raise UsageFault(
            f"the plan was saved without `{' '.join(added)}` and carries its own flags",
            hint="make another with",
            command=run("users", "plan", "FILE", *added, "--out", "PLAN"),
        )


def _apply(
    runtime: Runtime,
    wish: Wish,
    orders: Orders,
    made: Planned,
    journal: Journal,
    overcommit: NextCommand | None,
) -> Listing:
    survey, census = made.survey, made.census
    ready = prepare(made.saved.plan, census)
    ahead = survey.forecast(ready.send, made.pool, census)
    forecast.check_pool(ahead, allow_overcommit=wish.allow_overcommit, command=overcommit)
    forecast.check_quota(ahead)
    forecast.check_max(ready.send, orders.most)
    ready = ready.holding(survey.holdings(census, ready.deactivations))
    everyone = held_by_all(ready)
    past = earlier_deactivations(runtime, journal.past) if everyone else journal.past
    warn_of_unknown(runtime, past, (one.user for one in everyone))
    ahead = survey.forecast(ready.send, made.pool, census)
    made = replace(made, shown=_left(made.saved.plan, ready), forecast=ahead)
    if orders.dry_run:
        return plan_listing(runtime, made)
    _agree(runtime, orders, made, ready, everyone)
    bounds = Bounds(
        orders.concurrency,
        orders.max_failures,
        None if wish.allow_overcommit else made.pool,
        orders.results,
        orders.reason,
    )
    return run_listing(runtime, "users apply", ready, journal, made.survey, bounds)


def _agree(
    runtime: Runtime, orders: Orders, made: Planned, ready: Ready, everyone: Sequence[Held]
) -> None:
    """Obtain consent: the count for deactivations, else `--yes` or a plain yes."""
    count, given = len(everyone), orders.consent
    if not ready.send:
        return
    if given.confirm is None and not (orders.yes and not count):
        shown = [target_line(runtime), *_first_rows(ready), *plan_blocks(made), Line("")]
        runtime.screen.show_people(shown)
    if count or given.confirm is not None:
        command = with_consent(everyone, count) if count else _YES
        agree_to_several(runtime, everyone, given, command)
        return
    check_holders(everyone, given, _YES)
    if not orders.yes:
        _ask(runtime, len(ready.send))


def _left(plan: Plan, ready: Ready) -> Plan:
    """The part of a plan that is still to be sent; its notes name the rows that are refused."""
    refused = [one for one in ready.settled if one.error]
    done = [one.entry for one in ready.settled if not one.error]
    keeps = (
        *plan.keeps,
        *(Keep(e.row or 0, e.external_id) for e in done if not isinstance(e, Keep)),
    )
    notes = [
        f"left out: {_where(one.entry.row)} `{one.entry.external_id}`, {one.error}"
        for one in refused[:_SHOWN]
    ]
    if len(refused) > _SHOWN:
        notes.append(f"and {len(refused) - _SHOWN:,} more rows are left out")
    return Plan(ready.send, keeps, (*plan.notes, *notes))


def _where(row: int | None) -> str:
    return "pruned user" if row is None else f"row {row}"


def _first_rows(ready: Ready) -> list[Block]:
    """Show what would be sent, but the deactivations, which are shown with more of each user."""
    actions = [action for action in ready.send if not isinstance(action, Deactivate)]
    if not actions:
        return []
    blocks: list[Block] = [
        Grid(columns.ACTION, [plans.as_json(action) for action in actions[:_SHOWN]])
    ]
    if len(actions) > _SHOWN:
        blocks.append(Line(f"and {len(actions) - _SHOWN:,} more", "dim"))
    return blocks


def _ask(runtime: Runtime, number: int) -> None:
    why = "nobody can be asked"
    if runtime.screen.interactive:
        why = "not confirmed"
        these = "this change" if number == 1 else f"these {number:,} changes"
        answer = runtime.screen.ask(f"apply {these}? [y/N] ")
        if (answer or "").strip().lower() in ("y", "yes"):
            return
    raise ConsentMissing(f"{why}: nothing was sent", hint="to run it from a script:", command=_YES)
