"""`parsec users plan`: compare a file with all users, show the changes, and save them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.plan import Forecast, Keep, Plan, as_json, plan_counts
from parsec_cli.bulk.plan.snapshot import Snapshot, recheck, take_snapshot
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import argument, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.consent import check_pool
from parsec_cli.commands.shared.input_file import check_output, name_of, path_of, read_bytes
from parsec_cli.commands.users.course import BuilderState
from parsec_cli.files.save import save
from parsec_cli.holdings import summary
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import run
from parsec_cli.records import changed, record
from parsec_cli.results import Bar, Block, Card, Line, Listing
from parsec_cli.runtime import Runtime

_CHANGES = 11  # exit code of `--exit-code`
_PAGE = 1000  # rows that are shown at once, because each is 1 KB as JSON


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
    check_output(file, out, "--out")
    saved, snapshot, builder = make_plan(runtime, options, read_bytes(runtime, file))
    checked = recheck(saved.plan, snapshot, allow_odd_ids=allow_odd_ids)
    pool = get_pool(builder.client)
    after = builder.forecast(checked, pool).allocated_after
    check_pool(pool, after, allow_overcommit=allow_overcommit)
    checked, _ = builder.with_holdings(checked)
    saved = changed(saved, plan=checked.plan)
    if out is None:
        digest = saved.digest
    else:
        content, digest = plans.dump(saved)
        save(path_of(out), content, keep_owner=False)
        words = ["--balances-only"] if balances_only else []
        runtime.screen.notice("saved; apply it with", run("users", "apply", *words, names=[out]))
    code = _CHANGES if exit_code and saved.plan.actions else 0
    return plan_listing(runtime, saved.plan, builder.forecast(checked, pool), digest, code)


@record
class PlanOptions:
    """The file and the options that decide what is planned."""

    file: str
    prune: bool
    allow_overcommit: bool
    allow_odd_ids: bool
    balances_only: bool
    mapped: Sequence[str]


def make_plan(
    runtime: Runtime, options: PlanOptions, data: bytes
) -> tuple[plans.SavedPlan, Snapshot, BuilderState]:
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
    plan = diff(
        wanted,
        snapshot,
        prune=options.prune,
        allow_odd_ids=options.allow_odd_ids,
        name=name,
        header=columns.only,
    )
    now = datetime.datetime.fromtimestamp(runtime.world.clock(), datetime.UTC)
    saved = plans.SavedPlan(
        replace(plan, notes=(*plan.notes, *fixed.notes)),
        runtime.profile.base_url.display,
        runtime.fingerprint,
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        **{name: getattr(options, name) for name in plans.FLAGS},
    )
    return saved, snapshot, builder


def plan_listing(
    runtime: Runtime, plan: Plan, ahead: Forecast, digest: str, code: int = 0
) -> Listing:
    """List the actions in the order of the file, and their sum below them."""
    counts, screen = plan_counts(plan), runtime.screen
    held = summary([action.holdings for action in plan.deactivations])
    if screen.format_name != "table":  # a table has them below
        for note in (*plan.notes, *([held] if held else [])):
            screen.warning(note)
        if screen.format_name != "json":
            kinds = {"create": "create", "set_qps": "change", "deactivate": "deactivate"}
            sums = ", ".join(f"{counts[name]:,} to {kind}" for name, kind in kinds.items())
            costs = "; ".join(f"{name} {text}" for name, text in _costs(ahead))
            screen.notice(f"plan: {sums}, {counts['unchanged']:,} unchanged; {costs}")
    pool = ("qps_pool", "allocated_before", "allocated_after")
    footer = {
        "summary": counts,
        "pool": {name: getattr(ahead, name) for name in pool},
        "requests": ahead.requests,
        "seconds": ahead.seconds,
        "digest": digest,
    }
    return Listing(
        "actions",
        columns.ACTION,
        _pages(plan),
        lambda: footer,
        lambda: (*plan_blocks(plan, ahead), *([Line(held, "bad")] if held else [])),
        exit_code=code,
    )


def _pages(plan: Plan) -> Iterator[list[JsonObject]]:
    actions = [entry for entry in plan.entries if not isinstance(entry, Keep)]
    for start in range(0, len(actions), _PAGE):
        yield [as_json(action) for action in actions[start : start + _PAGE]]


def _costs(ahead: Forecast) -> list[tuple[str, str]]:
    quota, left = "unlimited", ahead.quota_left
    if left is not None:
        quota = f"{ahead.requests / left if left else ahead.requests > 0:.1%} of what is left"
    pool = f"{ahead.allocated_before:,} -> {ahead.allocated_after:,} of {ahead.qps_pool:,}"
    time = "as fast as permitted" if ahead.seconds is None else f"about {ahead.seconds:g} s"
    requests = f"{ahead.requests:,}"
    return [("pool", pool), ("requests", requests), ("time", time), ("monthly quota", quota)]


def plan_blocks(plan: Plan, ahead: Forecast) -> tuple[Block, ...]:
    """Show the sum of a plan to people."""
    pairs = [(name.replace("_", "-"), f"{count:,}") for name, count in plan_counts(plan).items()]
    return (
        Card((*pairs, *_costs(ahead)), "plan"),
        Bar("pool after", ahead.allocated_after, ahead.qps_pool),
        *(Line(note, "warning") for note in plan.notes),
    )
