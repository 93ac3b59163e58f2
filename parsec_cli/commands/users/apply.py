"""`parsec users apply`: make a plan or load a saved one, show it, obtain consent, run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.plan import Deactivate, Keep, Plan, as_json, check_quota
from parsec_cli.bulk.plan.saved_plan import SavedPlan
from parsec_cli.bulk.plan.snapshot import CheckedPlan, needed_by_plan, recheck, take_snapshot
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.cli.common_options import (
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
    runtime_of,
    whole,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.consent import (
    Consent,
    Held,
    agree_to_several,
    check_holders,
    check_max,
    check_pool,
    target_line,
    with_consent,
)
from parsec_cli.commands.shared.earlier_deactivations import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.shared.input_file import check_output, read_bytes
from parsec_cli.commands.users.builder_state import BuilderState, held_by_all
from parsec_cli.commands.users.bulk_run import RunOptions, journal_of, name_of_row, run_listing
from parsec_cli.commands.users.plan import (
    Planned,
    PlanOptions,
    bind_plan,
    make_plan,
    plan_blocks,
    plan_listing,
)
from parsec_cli.errors import ConsentMissing, UsageFault, shortened
from parsec_cli.next_command import NextCommand, again, run
from parsec_cli.records import changed, record
from parsec_cli.results import Block, Grid, Line, Listing
from parsec_cli.runtime import Runtime

_YES = again(confirm=None, allow_holdings=None, yes=True)
_PLAN_OVERCOMMIT = run("users", "plan", "FILE", "--allow-overcommit", "--out", "PLAN")
_SHOWN = 20  # rows shown above the question, and refused rows named


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
    runtime, consent = runtime_of(ctx), Consent(confirm, allow_holdings)
    plan_options = PlanOptions(
        file, prune, allow_overcommit, balances_only, allow_odd_ids, tuple(mapped or ())
    )
    run_options = RunOptions(concurrency, max_failures, results, reason)
    options = ApplyOptions(plan_options, run_options, consent, yes, most, dry_run)
    check_output(file, results, "--results")
    data = read_bytes(runtime, file)
    _check_can_ask(options)
    if plans.is_saved_plan(data):
        return _apply_saved(runtime, options, data)
    with journal_of(runtime, "users apply") as journal:
        return _apply(runtime, options, make_plan(runtime, plan_options, data), journal)


@record
class ApplyOptions:
    """The options of `users apply`."""

    plan: PlanOptions
    run: RunOptions
    consent: Consent
    yes: bool
    most: int
    dry_run: bool


def _check_can_ask(options: ApplyOptions) -> None:
    given = options.yes or options.consent.confirm is not None or options.dry_run
    if options.plan.file == "-" and not given:
        raise ConsentMissing(
            "stdin is the file, so nobody can be asked: nothing was sent",
            hint="add `--confirm COUNT` if it deactivates users, else run",
            command=_YES,
        )


def _apply_saved(runtime: Runtime, options: ApplyOptions, data: bytes) -> Listing:
    """Apply a saved plan, with the flags that it was made with."""
    saved = plans.load(data, options.plan.file_name)
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    plans.check_binding(saved, host=host, key_fingerprint=key)
    _check_flags(options.plan, saved)
    plan_options = changed(
        options.plan,
        prune=saved.prune,
        allow_overcommit=saved.allow_overcommit,
        allow_odd_ids=saved.allow_odd_ids,
    )
    options = changed(options, plan=plan_options)
    with journal_of(runtime, "users apply") as journal:
        builder = BuilderState(runtime, balances_only=plan_options.balances_only)
        snapshot = take_snapshot(builder.all_users(), needed_by_plan(saved.plan))
        made = bind_plan(runtime, plan_options, saved.plan, snapshot, builder)
        return _apply(runtime, options, made, journal, _PLAN_OVERCOMMIT)


def _check_flags(options: PlanOptions, saved: SavedPlan) -> None:
    """Refuse flags that the saved plan was made without: they would be ignored."""
    added = ["--prune"] if options.prune and not saved.prune else []
    added += ["--map", "FIELD=COLUMN"] if options.mapped else []
    if options.allow_overcommit and not saved.allow_overcommit:
        added.append("--allow-overcommit")
    if options.allow_odd_ids and not saved.allow_odd_ids:
        added.append("--allow-odd-ids")
    if added:
        raise UsageFault(
            f"the plan was saved without `{' '.join(added)}`, and its flags cannot be changed",
            hint="make another with",
            command=run("users", "plan", "FILE", *added, "--out", "PLAN"),
        )


def _apply(
    runtime: Runtime,
    options: ApplyOptions,
    made: Planned,
    journal: Journal,
    overcommit: NextCommand | None = None,
) -> Listing:
    """Apply a plan; `overcommit` is the command that allows it to exceed the pool."""
    builder, snapshot, allowed = made.builder, made.snapshot, options.plan.allow_overcommit
    checked = recheck(made.saved.plan, snapshot, allow_odd_ids=options.plan.allow_odd_ids)
    ahead = builder.forecast(checked.send, made.pool, snapshot)
    check_pool(made.pool, ahead.allocated_after, allow_overcommit=allowed, command=overcommit)
    check_quota(ahead)
    check_max(len(checked.deactivations), options.most)
    checked = checked.with_holdings(builder.holdings(snapshot, checked.deactivations))
    everyone = held_by_all(checked)
    earlier = earlier_deactivations(runtime, journal.earlier) if everyone else journal.earlier
    warn_of_unknown(runtime, earlier, (one.user for one in everyone))
    ahead = builder.forecast(checked.send, made.pool, snapshot)
    made = changed(made, shown=_unsent(made.saved.plan, checked), forecast=ahead)
    if options.dry_run:
        return plan_listing(runtime, made)
    _agree(runtime, options, made, checked, everyone)
    pool = None if allowed else made.pool
    return run_listing(runtime, "users apply", checked, journal, builder, options.run, pool)


def _agree(
    runtime: Runtime,
    options: ApplyOptions,
    made: Planned,
    checked: CheckedPlan,
    everyone: Sequence[Held],
) -> None:
    """Obtain consent: the count for deactivations, else `--yes` or a plain yes."""
    count, given = len(everyone), options.consent
    if not checked.send:
        return
    if given.confirm is None and not (options.yes and not count):
        shown = [target_line(runtime), *_first_rows(checked), *plan_blocks(made), Line("")]
        runtime.screen.show_people(shown)
    if count or given.confirm is not None:
        command = with_consent(everyone, count) if count else _YES
        agree_to_several(runtime, everyone, given, command)
        return
    check_holders(everyone, given, _YES)
    if not options.yes:
        _ask(runtime, len(checked.send))


def _unsent(plan: Plan, checked: CheckedPlan) -> Plan:
    """Return the part of a plan that is still to be sent; its notes name the refused rows."""
    refused = [one for one in checked.settled if one.error]
    done = [one.entry for one in checked.settled if not one.error]
    keeps = (Keep(e.row or 0, e.external_id) for e in done if not isinstance(e, Keep))
    notes = [
        f"skipped: {name_of_row(one.entry.row)} `{one.entry.external_id}`, {one.error}"
        for one in refused
    ]
    return Plan(checked.send, (*plan.keeps, *keeps), (*plan.notes, *shortened(notes, _SHOWN)))


def _first_rows(checked: CheckedPlan) -> list[Block]:
    """Show the first rows, without the deactivations: the consent shows those in more detail."""
    actions = [action for action in checked.send if not isinstance(action, Deactivate)]
    if not actions:
        return []
    blocks: list[Block] = [Grid(columns.ACTION, [as_json(action) for action in actions[:_SHOWN]])]
    if len(actions) > _SHOWN:
        blocks.append(Line(f"and {len(actions) - _SHOWN:,} more", "dim"))
    return blocks


def _ask(runtime: Runtime, number: int) -> None:
    why = "nobody can be asked"
    if runtime.screen.interactive:
        why = "not confirmed"
        changes = "this change" if number == 1 else f"these {number:,} changes"
        answer = runtime.screen.ask(f"apply {changes}? [y/N] ")
        if (answer or "").strip().lower() in ("y", "yes"):
            return
    raise ConsentMissing(f"{why}: nothing was sent", hint="to run it from a script:", command=_YES)
