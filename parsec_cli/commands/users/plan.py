"""`parsec users plan`: compare a file with all users, show the changes, and save them."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.plan import Forecast, Keep, Plan, as_json, plan_counts
from parsec_cli.bulk.plan.saved_plan import SavedPlan
from parsec_cli.bulk.plan.snapshot import Snapshot, take_snapshot
from parsec_cli.cli.common_options import (
    BalancesOnly,
    Mapped,
    OddIds,
    Overcommit,
    Prune,
    runtime_of,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.consent import check_pool
from parsec_cli.commands.shared.earlier_deactivations import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.shared.input_file import check_output, path_of, read_bytes
from parsec_cli.commands.users.builder_state import BuilderState
from parsec_cli.holdings import summary
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.next_command import run
from parsec_cli.records import changed, record
from parsec_cli.results import Bar, Block, Card, Line, Listing
from parsec_cli.runtime import Runtime

_CHANGES = 11  # exit code of `--exit-code`


@verb("plan", changes=True)
def command(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="csv, tsv, JSON Lines or JSON.")],
    *,
    prune: Prune = False,
    allow_overcommit: Overcommit = False,
    balances_only: BalancesOnly = False,
    allow_odd_ids: OddIds = False,
    mapped: Mapped = None,
    out: Annotated[
        str | None, typer.Option(metavar="PLAN", help="Save the plan, bound to host and key.")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 11 if anything would change.")
    ] = False,
) -> Listing:
    """Show the changes that would make the users match FILE.

    Sends no change. Columns: external_id, customer_id, qps_limit, email, eoa_address, state (active
    or absent). Any export of `users list` is a valid FILE.

    Examples:
      parsec users plan users.csv --out plan.json
      parsec users list -o csv | parsec users plan - --exit-code

    """
    runtime = runtime_of(ctx)
    options = PlanOptions(
        file, prune, allow_overcommit, balances_only, allow_odd_ids, tuple(mapped or ())
    )
    check_output(file, out, "--out")
    made = make_plan(runtime, options, read_bytes(runtime, file))
    after = made.forecast.allocated_after
    check_pool(made.pool, after, allow_overcommit=allow_overcommit)
    made = _with_holdings(runtime, made)
    if out is not None:
        _save(runtime, made, out, balances_only=balances_only)
    return plan_listing(runtime, made, _CHANGES if exit_code and made.saved.plan.actions else 0)


@record
class PlanOptions:
    """The file and the options that decide what is planned."""

    file: str
    prune: bool
    allow_overcommit: bool
    balances_only: bool
    allow_odd_ids: bool
    mapped: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return "stdin" if self.file == "-" else self.file


@record
class Planned:
    """A plan and what it was compared with; `shown` and `forecast` are what would be sent."""

    saved: SavedPlan
    shown: Plan
    snapshot: Snapshot
    pool: Pool
    builder: BuilderState
    forecast: Forecast


def make_plan(runtime: Runtime, options: PlanOptions, data: bytes) -> Planned:
    """Check the whole file before the first request, then compare it with all users."""
    from parsec_cli.bulk.files.header import Columns
    from parsec_cli.bulk.files.roster import read_roster
    from parsec_cli.bulk.plan.diff import FixedColumns, diff, needed_by_roster

    columns, name = Columns.parse(options.mapped), options.file_name
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
    plan = diff(
        wanted,
        snapshot,
        prune=options.prune,
        allow_odd_ids=options.allow_odd_ids,
        name=name,
        header=columns.only,
    )
    plan = replace(plan, notes=(*plan.notes, *fixed.notes))
    return bind_plan(runtime, options, plan, snapshot, builder)


def bind_plan(
    runtime: Runtime, options: PlanOptions, plan: Plan, snapshot: Snapshot, builder: BuilderState
) -> Planned:
    """Read the pool, forecast the plan, and bind it to host and key."""
    pool = builder.pool()
    ahead = builder.forecast(plan.actions, pool, snapshot)
    now = datetime.datetime.fromtimestamp(runtime.world.clock(), datetime.UTC)
    saved = SavedPlan(
        plan,
        runtime.profile.base_url.display,
        runtime.fingerprint,
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        prune=options.prune,
        allow_overcommit=options.allow_overcommit,
        allow_odd_ids=options.allow_odd_ids,
    )
    return Planned(saved, plan, snapshot, pool, builder, ahead)


def _save(runtime: Runtime, made: Planned, out: str, *, balances_only: bool) -> None:
    from parsec_cli.files import save

    save.save(path_of(out), plans.dump(made.saved), keep_owner=False)
    words = ["--balances-only"] if balances_only else []
    runtime.screen.notice("saved; apply it with", run("users", "apply", *words, names=[out]))


def _with_holdings(runtime: Runtime, made: Planned) -> Planned:
    """Read what the users to be deactivated hold; warn of earlier deactivations of them."""
    plan, snapshot, builder = made.saved.plan, made.snapshot, made.builder
    if not plan.deactivations:
        return made
    plan = plan.with_holdings(builder.holdings(snapshot, plan.deactivations))
    users = [snapshot.user(action.customer_id) for action in plan.deactivations]
    warn_of_unknown(runtime, earlier_deactivations(runtime), users)
    ahead = builder.forecast(plan.actions, made.pool, snapshot)
    return changed(made, saved=changed(made.saved, plan=plan), shown=plan, forecast=ahead)


def plan_listing(runtime: Runtime, made: Planned, code: int = 0) -> Listing:
    """List the actions in the order of the file, and their sum below them."""
    plan = made.shown
    if runtime.screen.format_name != "table":  # which shows them below
        for note in [*plan.notes, *_holdings(plan)]:
            runtime.screen.warning(note)
        if runtime.screen.format_name != "json":
            runtime.screen.notice(_sentence(made))
    rows = [as_json(entry) for entry in plan.entries if not isinstance(entry, Keep)]
    return Listing(
        "actions",
        columns.ACTION,
        [rows],
        lambda: _footer(made),
        lambda: (*plan_blocks(made), *(Line(text, "bad") for text in _holdings(plan))),
        exit_code=code,
    )


def _holdings(plan: Plan) -> list[str]:
    text = summary([action.holdings for action in plan.deactivations])
    return [text] if text else []


def _footer(made: Planned) -> JsonObject:
    return {
        "summary": plan_counts(made.shown),
        "pool": made.forecast.pool,
        "requests": made.forecast.requests,
        "seconds": made.forecast.seconds,
        "digest": made.saved.digest,
    }


def _sentence(made: Planned) -> str:
    """Return the sum of a plan on one line."""
    ahead, counts = made.forecast, plan_counts(made.shown)
    kinds = {"create": "create", "set_qps": "change", "deactivate": "deactivate"}
    changes = ", ".join(f"{counts[name]:,} to {kind}" for name, kind in kinds.items())
    costs = "; ".join(f"{name} {text}" for name, text in _costs(ahead))
    return f"plan: {changes}, {counts['unchanged']:,} unchanged; {costs}"


def _costs(ahead: Forecast) -> list[tuple[str, str]]:
    share = ahead.quota_share
    pool = f"{ahead.allocated_before:,} -> {ahead.allocated_after:,} of {ahead.qps_pool:,}"
    return [
        ("pool", pool),
        ("requests", f"{ahead.requests:,}"),
        ("time", "as fast as permitted" if ahead.seconds is None else f"about {ahead.seconds:g} s"),
        ("monthly quota", "unlimited" if share is None else f"{share:.1%} of what is left"),
    ]


def plan_blocks(made: Planned) -> tuple[Block, ...]:
    """Show the sum of a plan to people."""
    ahead, counts = made.forecast, plan_counts(made.shown)
    pairs = [(name.replace("_", "-"), f"{count:,}") for name, count in counts.items()]
    pairs += _costs(ahead)
    blocks: list[Block] = [
        Card(tuple(pairs), "plan"),
        Bar("pool after", ahead.allocated_after, ahead.qps_pool),
    ]
    blocks += [Line(note, "warning") for note in made.shown.notes]
    return tuple(blocks)
