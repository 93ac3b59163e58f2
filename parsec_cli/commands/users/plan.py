"""`parsec users plan`: compare a file with all users, show the changes, and save them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.plan import Keep, Plan, as_json, plan_counts
from parsec_cli.bulk.plan.snapshot import Snapshot, left_out, recheck, take_snapshot
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import argument, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.checks import FOUND
from parsec_cli.commands.shared.input_file import check_output, name_of, path_of, read_bytes
from parsec_cli.commands.users.course import BuilderState
from parsec_cli.commands.users.plan_screen import ShownPlan, left_out_text
from parsec_cli.errors import GuardRefused, OddIds
from parsec_cli.files.save import save
from parsec_cli.holdings import summary
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import NextCommand, again, run
from parsec_cli.records import changed, record
from parsec_cli.results import Listing, paged
from parsec_cli.runtime import Runtime

_WHOLE_PLAN = again(output="csv", out=None, exit_code=None)


@verb("plan", shows_target=True, formats=("markdown",))
def command(
    ctx: typer.Context,
    file: str = argument("FILE|-", "csv, tsv, JSON Lines or JSON."),
    *,
    prune: bool = common.PRUNE,
    allow_overcommit: bool = common.OVERCOMMIT,
    balances_only: bool = common.BALANCES_ONLY,
    allow_odd_ids: bool = common.ODD_IDS,
    mapped: list[str] | None = common.MAPPED,
    out: str | None = option("--out PLAN", "Save the plan, bound to host and key."),
    exit_code: bool = option("--exit-code", "Exit with 11 if anything would change."),
) -> Listing:
    """Show the changes that would make the users match FILE.

    Sends no change. Columns: external_id, customer_id, qps_limit, email, eoa_address, state (active
    or absent). Any export of `users list` is a valid FILE.

    Examples:
      parsec users plan users.csv --out plan.json
      parsec users list -o csv | parsec users plan - --exit-code

    """
    runtime = runtime_of(ctx)
    options = PlanOptions(file, prune, allow_overcommit, allow_odd_ids, balances_only, mapped or ())
    check_output(runtime, file, out, "--out")
    made = make_plan(runtime, options, read_bytes(runtime, file))
    shown = _checked(made, options, out)
    code = FOUND if exit_code and shown.plan.actions else 0
    return plan_listing(runtime, shown, code)


def _checked(made: MadePlan, options: PlanOptions, out: str | None) -> ShownPlan:
    """Read what the users hold, and save the plan unless it is refused."""
    builder, runtime, refusal = made.builder, made.builder.runtime, made.refusal
    pool, odd = get_pool(builder.client), options.allow_odd_ids or refusal is not None
    checked = recheck(made.saved.plan, made.snapshot, allow_odd_ids=odd)
    try:
        checked, _ = builder.with_holdings(checked)
        builder.within_limits(checked, pool, allow_overcommit=options.allow_overcommit, sends=False)
    except GuardRefused as fault:
        refusal = refusal or fault
    saved = changed(made.saved, plan=checked.plan)
    if out is None or refusal is not None:
        digest, proposal = saved.digest, _proposal(options.file)
    else:
        content, digest = plans.dump(saved)
        save(path_of(out), content, keep_owner=False)
        words = ["--balances-only"] if options.balances_only else []
        command = run("users", "apply", *words, names=[out])
        proposal = (f"Saved to {out}. Apply it with", command)
        if not runtime.screen.for_people:  # which show it below the plan
            runtime.screen.notice("saved; apply it with", command)
    return ShownPlan(
        saved.plan,
        builder.forecast(checked, pool),
        left_out(saved.plan, made.snapshot),
        digest,
        _WHOLE_PLAN,
        refusal,
        None if refusal or not saved.plan.actions else proposal,
    )


def _proposal(file: str) -> tuple[str, NextCommand]:
    """Say how to apply the plan of a file."""
    if file == "-":  # a question needs stdin
        return "Save it with", again(out="PLAN", exit_code=None)
    return "Apply it with", again("users", "apply", exit_code=None, out=None)


@record
class PlanOptions:
    """The file and the options that decide what is planned."""

    file: str
    prune: bool
    allow_overcommit: bool
    allow_odd_ids: bool
    balances_only: bool
    mapped: Sequence[str]


@record
class MadePlan:
    """The plan of a file of users; `refusal` is set if its new ids look like a mistake."""

    saved: plans.SavedPlan
    snapshot: Snapshot
    builder: BuilderState
    refusal: GuardRefused | None = None


def make_plan(runtime: Runtime, options: PlanOptions, data: bytes) -> MadePlan:
    """Check the whole file before the first request, then compare it with all users."""
    from parsec_cli.bulk.files.read_file import Columns
    from parsec_cli.bulk.files.roster import read_roster
    from parsec_cli.bulk.plan.diff import FixedColumns, diff, needed_by_roster

    columns, name = Columns.parse(options.mapped), name_of(options.file)
    wanted = read_roster(data, name, columns, prune=options.prune)
    if ignored := columns.notice():
        runtime.screen.notice(ignored)
    builder = BuilderState(runtime, balances_only=options.balances_only)
    fixed = FixedColumns(wanted)
    needed = needed_by_roster(wanted, prune=options.prune)

    def keep(user: User) -> bool:
        fixed.compare(user)
        return needed(user)

    snapshot = take_snapshot(builder.all_users(), keep)
    compare = partial(diff, wanted, snapshot, prune=options.prune, name=name, header=columns.only)
    refusal = None
    try:
        plan = compare(allow_odd_ids=options.allow_odd_ids)
    except OddIds as fault:
        refusal = fault
        plan = compare(allow_odd_ids=True)
    now = datetime.datetime.fromtimestamp(runtime.world.clock(), datetime.UTC)
    saved = plans.SavedPlan(
        replace(plan, notes=(*plan.notes, *fixed.notes)),
        runtime.profile.base_url.display,
        runtime.fingerprint,
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        **{name: getattr(options, name) for name in plans.FLAGS},
    )
    return MadePlan(saved, snapshot, builder, refusal)


def plan_listing(runtime: Runtime, shown: ShownPlan, code: int = 0) -> Listing:
    """List the actions in the order of the file, and their sum below them."""
    plan, ahead, screen = shown.plan, shown.ahead, runtime.screen
    if screen.format_name != "table":  # a table has them below
        held = summary([action.holdings for action in plan.deactivations])
        for note in (*plan.notes, *([held] if held else [])):
            screen.warning(note)
        if screen.format_name != "json":
            screen.notice(shown.in_one_line)
        elif shown.left_out:
            screen.notice(left_out_text(shown.left_out))
    pool = ("qps_pool", "allocated_before", "allocated_after")
    footer = {
        "summary": plan_counts(plan),
        "pool": {name: getattr(ahead, name) for name in pool},
        "requests": ahead.requests,
        "seconds": ahead.seconds,
        "digest": shown.digest,
    }
    return Listing(
        "actions",
        columns.ACTION,
        _pages(plan),
        lambda: footer,
        lambda: tuple(shown.sum_blocks()),
        lambda: shown.refusal,
        exit_code=code,
        summary=lambda: shown.in_one_line,
        for_people=lambda: shown.listing(runtime),
    )


def _pages(plan: Plan) -> Iterator[list[JsonObject]]:
    for page in paged(entry for entry in plan.entries if not isinstance(entry, Keep)):
        yield [as_json(action) for action in page]
