"""`parsec users apply`: make a plan or load a saved one, show it, obtain consent, run it."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.plan import Keep, Plan, as_json
from parsec_cli.bulk.plan.snapshot import CheckedPlan, left_out, named_in, recheck, take_snapshot
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.bulk.run.row_results import LEFT, name_of_row
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import argument, number, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared import consent
from parsec_cli.commands.shared.consent import Held
from parsec_cli.commands.shared.input_file import check_output, name_of, read_bytes
from parsec_cli.commands.users.course import BuilderState, RunOptions, journal_of, run_plan
from parsec_cli.commands.users.plan import PlanOptions, make_plan, plan_listing
from parsec_cli.commands.users.plan_screen import ShownPlan
from parsec_cli.errors import ConsentMissing, GuardRefused, UsageFault, shortened
from parsec_cli.next_command import again, run
from parsec_cli.output.answers import is_yes
from parsec_cli.records import changed
from parsec_cli.results import Column, Line, Listing
from parsec_cli.runtime import Runtime

_COMMAND = "users apply"
_PLAN_OVERCOMMIT = run("users", "plan", "FILE", "--allow-overcommit", "--out", "PLAN")
_WHOLE_PLAN = again(dry_run=True, output="csv", yes=None, confirm=None, allow_holdings=None)
_SHOWN = 20  # refused rows that are named
_MAX_FAILURES = number(
    "--max-failures N",
    1,
    1_000_000,
    "Stop after N failed rows [default 20, or 1 for deactivations].",
)


@verb("apply", effect="irreversible", formats=("markdown",))
def command(
    ctx: typer.Context,
    file: str = argument("FILE|PLAN|-", "A file of users, or a saved plan."),
    *,
    prune: bool = common.PRUNE,
    allow_overcommit: bool = common.OVERCOMMIT,
    allow_odd_ids: bool = common.ODD_IDS,
    mapped: list[str] | None = common.MAPPED,
    yes: bool = option("--yes", "Do not ask, unless users are deactivated."),
    confirm: str | None = common.confirm("the number of users to be deactivated"),
    most: int = common.MOST,
    allow_holdings: int | None = common.ALLOW_HOLDINGS,
    balances_only: bool = common.BALANCES_ONLY,
    max_failures: int | None = _MAX_FAILURES,
    concurrency: int = number(
        "--concurrency N", 1, 64, "Max requests at the same time.", default=8
    ),
    results: str | None = common.RESULTS_FILE,
    all_rows: bool = option("--all-rows", "On a terminal, also show unchanged rows."),
    dry_run: bool = common.DRY_RUN,
    reason: str = common.REASON,
) -> Listing:
    """Apply FILE: show the plan, ask, then make the changes.

    To continue an interrupted run, run the same command again; `--confirm` then takes the number of
    deactivations that are left.

    Examples:
      parsec users apply plan.json --yes
      parsec users apply users.csv --confirm 2 --reason "quarterly limits"

    """
    runtime, given = runtime_of(ctx), consent.Consent(confirm, allow_holdings)
    what = PlanOptions(file, prune, allow_overcommit, allow_odd_ids, balances_only, mapped or ())
    options = RunOptions(
        given, most, dry_run, results, reason, yes, concurrency, max_failures, all_rows=all_rows
    )
    check_output(runtime, file, results, "--results")
    data = read_bytes(runtime, file)
    if file == "-" and not (yes or confirm is not None or dry_run):
        raise ConsentMissing(
            "stdin is the file, so no prompt is possible: nothing was sent",
            hint="add `--confirm COUNT` if it deactivates users, else run",
            command=consent.script_command(),
        )
    saved = _loaded(runtime, what, data) if plans.is_saved_plan(data) else None
    with journal_of(runtime, _COMMAND, name_of(file)) as journal:
        return _apply(runtime, what, options, saved, data, journal)


def _loaded(runtime: Runtime, what: PlanOptions, data: bytes) -> plans.SavedPlan:
    """Load a saved plan; refuse one for another host or key, or made with other options."""
    saved = plans.load(data, name_of(what.file))
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    plans.check_binding(saved, host=host, key_fingerprint=key)
    _check_flags(what, saved)
    return saved


def _check_flags(options: PlanOptions, saved: plans.SavedPlan) -> None:
    """Refuse flags that the saved plan was made without: they would be ignored."""
    names = [name for name in plans.FLAGS if getattr(options, name) and not getattr(saved, name)]
    added = [f"--{name.replace('_', '-')}" for name in names]
    added += ["--map", "FIELD=COLUMN"] if options.mapped else []
    if added:
        raise UsageFault(
            f"the plan was saved without `{' '.join(added)}`, and its flags cannot be changed",
            hint="make another with",
            command=run("users", "plan", "FILE", *added, "--out", "PLAN"),
        )


def _apply(
    runtime: Runtime,
    what: PlanOptions,
    options: RunOptions,
    saved: plans.SavedPlan | None,
    data: bytes,
    journal: Journal,
) -> Listing:
    """Apply a saved plan with the flags that it was made with, or the plan of a file of users."""
    if not options.dry_run:
        runtime.screen.check_fields(columns.RUN_ROW)
    overcommit, refusal = None, None
    if saved is None:
        made = make_plan(runtime, what, data)
        saved, snapshot, builder, refusal = made.saved, made.snapshot, made.builder, made.refusal
    else:
        overcommit = _PLAN_OVERCOMMIT
        builder = BuilderState(runtime, balances_only=what.balances_only)
        gone = {action.customer_id.lower() for action in saved.plan.deactivations}
        snapshot = take_snapshot(builder.all_users(), named_in(gone))
    odd = saved.allow_odd_ids or refusal is not None
    checked = recheck(saved.plan, snapshot, allow_odd_ids=odd)
    pool, allowed, everyone = get_pool(builder.client), saved.allow_overcommit, list[Held]()
    try:
        builder.within_limits(checked, pool, allow_overcommit=allowed, command=overcommit)
        consent.check_max(len(checked.deactivations), options.most)
        if refusal is None:
            checked, everyone = builder.with_holdings(checked, concurrency=options.concurrency)
    except GuardRefused as fault:
        refusal = refusal or fault
    shown = ShownPlan(
        _plan_to_send(checked),
        builder.forecast(checked, pool),
        left_out(saved.plan, snapshot),
        saved.digest,
        _WHOLE_PLAN,
        refusal,
    )
    if options.dry_run:
        return plan_listing(runtime, shown)
    if refusal is not None:
        if runtime.screen.for_people:
            runtime.screen.show_people(shown.blocks(runtime))
        raise refusal
    if checked.send:
        _obtain_consent(runtime, shown, everyone, options)
    rows = run_plan(_COMMAND, checked, journal, builder, options, None if allowed else pool)
    return _renewed(rows, checked, saved)


def _renewed(rows: Listing, checked: CheckedPlan, saved: plans.SavedPlan) -> Listing:
    """Propose another plan if every row that is left changed since this one was made."""
    changed_since = sum(bool(error) for _, error in checked.settled)
    failure, counts = rows.failure(), rows.footer()["summary"]
    if (
        failure is None
        or not changed_since
        or changed_since != sum(counts[outcome] for outcome in LEFT)
    ):
        return rows
    flags = [f"--{name.replace('_', '-')}" for name in plans.FLAGS if getattr(saved, name)]
    command = run("users", "plan", "FILE", *flags, "--out", "PLAN")
    hinted = failure.but(hint="the plan is outdated; make another with", command=command)
    return changed(rows, failure=lambda: hinted)


def _obtain_consent(
    runtime: Runtime, shown: ShownPlan, everyone: list[Held], options: RunOptions
) -> None:
    """Show the plan unless the command line confirms it, and ask."""
    typed = options.consent.confirm is None
    if typed and (everyone or not options.yes):
        lines = consent.target_lines(runtime)
        runtime.screen.show_people([*lines, *shown.blocks(runtime, asking=True), Line("")])
    if everyone or not typed:
        consent.agree(runtime, everyone, options.consent, listed=True)
    else:
        consent.check_holders(everyone, options.consent, consent.script_command)
        if not options.yes:
            _ask(runtime, len(shown.plan.actions))


def _plan_to_send(checked: CheckedPlan) -> Plan:
    """Return the part of a plan that is still to be sent; its notes name the refused rows."""
    done = [entry for entry, error in checked.settled if not error]
    keeps = (Keep(e.row or 0, e.external_id) for e in done if not isinstance(e, Keep))
    notes = [
        f"skipped: {name_of_row(entry.row)} `{entry.external_id}`, {error}"
        for entry, error in checked.settled
        if error
    ]
    plan = checked.plan
    notes = notes and shortened(notes, _SHOWN)
    return Plan(checked.send, (*plan.keeps, *keeps), (*plan.notes, *notes))


def _ask(runtime: Runtime, number: int) -> None:
    why = "no prompt is possible"
    if runtime.screen.interactive:
        why = "not confirmed"
        changes = "this change" if number == 1 else f"these {number:,} changes"
        answer = runtime.screen.ask(f"Apply {changes}? [y/N] ")
        if is_yes(answer):
            return
    raise ConsentMissing(
        f"{why}: nothing was sent",
        hint="to run it from a script:",
        command=consent.script_command(),
    )


def dry_run_listing(
    builder: BuilderState, checked: CheckedPlan, verb: str, shown: Sequence[Column]
) -> Listing:
    """Show what a run of some users would send: its rows, or for people its plan."""

    def for_people() -> Listing:
        ahead = builder.forecast(checked, get_pool(builder.client))
        plan = ShownPlan(_plan_to_send(checked), ahead, 0, "", _WHOLE_PLAN, verb=verb)
        return plan.listing(builder.runtime)

    rows = [as_json(action) for action in checked.send]
    return Listing("actions", tuple(shown), [rows], for_people=for_people)
