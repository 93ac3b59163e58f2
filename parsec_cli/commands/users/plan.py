"""From a file to a plan: read, compared with everyone there is, guarded, shown, saved."""

from __future__ import annotations

import datetime
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.bulk.files.header import Columns
from parsec_cli.bulk.files.roster import read_roster
from parsec_cli.bulk.plan import forecast as guards
from parsec_cli.bulk.plan import saved_plan as plans
from parsec_cli.bulk.plan.forecast import Forecast
from parsec_cli.bulk.plan.plan import Keep, Plan, diff, keep_for_roster
from parsec_cli.bulk.plan.saved_plan import SavedPlan
from parsec_cli.bulk.plan.snapshot import Census, take_census
from parsec_cli.bulk.plan.unchangeable import FixedColumns
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import (
    BalancesOnly,
    Mapped,
    OddIds,
    Overcommit,
    Prune,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.earlier_deactivations import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.shared.input_file import check_named, path_of, read_bytes
from parsec_cli.commands.users.bulk_reads import Survey
from parsec_cli.errors import UsageFault
from parsec_cli.holdings import summary
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.next_command import run
from parsec_cli.results import Bar, Block, Card, Line, Listing
from parsec_cli.runtime import Runtime

CHANGES = 11


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
    wish = Wish(file, prune, allow_overcommit, balances_only, allow_odd_ids, tuple(mapped or ()))
    return plan_file(runtime_of(ctx), wish, out, exit_code=exit_code)


@dataclass(frozen=True, slots=True)
class Wish:
    """The file and the flags that decide what it means."""

    file: str
    prune: bool
    allow_overcommit: bool
    balances_only: bool = False
    allow_odd_ids: bool = False
    mapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was compared with; `shown` and `forecast` are what would be sent."""

    saved: SavedPlan
    shown: Plan
    census: Census
    pool: Pool
    survey: Survey
    forecast: Forecast


def read_wish(runtime: Runtime, wish: Wish) -> bytes:
    return read_bytes(runtime, wish.file)


def shown_name(wish: Wish) -> str:
    return "stdin" if wish.file == "-" else wish.file


def make_plan(runtime: Runtime, wish: Wish, data: bytes) -> Planned:
    """Check the whole file before the first request, then compare it with everyone."""
    columns, name = Columns.parse(wish.mapped), shown_name(wish)
    wanted = read_roster(data, name, columns)
    if ignored := columns.notice():
        runtime.screen.notice(ignored)
    survey = Survey(runtime, balances_only=wish.balances_only)
    fixed = FixedColumns(wanted)
    needed = keep_for_roster(wanted, prune=wish.prune)

    def keep(user: User) -> bool:
        fixed.see(user)
        return needed(user)

    census = take_census(survey.everyone(), keep)
    plan = diff(wanted, census, prune=wish.prune, allow_odd_ids=wish.allow_odd_ids, name=name)
    plan = replace(plan, notes=(*plan.notes, *fixed.notes))
    return planned(runtime, wish, plan, census, survey)


def planned(runtime: Runtime, wish: Wish, plan: Plan, census: Census, survey: Survey) -> Planned:
    """Put the plan beside the pool and bind it to host and key."""
    pool = survey.pool()
    ahead = survey.forecast(plan.actions, pool, census)
    now = datetime.datetime.fromtimestamp(runtime.world.clock(), datetime.UTC)
    saved = SavedPlan(
        plan,
        runtime.profile.base_url.display,
        runtime.fingerprint,
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        prune=wish.prune,
        allow_overcommit=wish.allow_overcommit,
    )
    return Planned(saved, plan, census, pool, survey, ahead)


def plan_file(runtime: Runtime, wish: Wish, out: str | None, *, exit_code: bool) -> Listing:
    """Make the plan and show it; with `out` also save it."""
    keep_apart(wish.file, out, "--out")
    made = make_plan(runtime, wish, read_wish(runtime, wish))
    guards.check_pool(made.forecast, allow_overcommit=wish.allow_overcommit)
    made = _with_holdings(runtime, made)
    if out is not None:
        from parsec_cli.files import save

        save.save(path_of(out), plans.dump(made.saved), keep_owner=False)
        words = ["--balances-only"] if wish.balances_only else []
        runtime.screen.notice("saved; apply it with", run("users", "apply", *words, names=[out]))
    code = CHANGES if exit_code and made.saved.plan.actions else 0
    return plan_listing(runtime, made, code)


def _with_holdings(runtime: Runtime, made: Planned) -> Planned:
    """Read what those hold whom the plan deactivates, and what earlier commands know of them."""
    plan, census, survey = made.saved.plan, made.census, made.survey
    if not plan.deactivations:
        return made
    plan = plan.holding(survey.holdings(census, plan.deactivations))
    users = [census.user(action.customer_id) for action in plan.deactivations]
    warn_of_unknown(runtime, earlier_deactivations(runtime), users)
    ahead = survey.forecast(plan.actions, made.pool, census)
    return replace(made, saved=replace(made.saved, plan=plan), shown=plan, forecast=ahead)


def keep_apart(source: str, target: str | None, option: str) -> None:
    """Refuse to write over the file that is read, or to stdout, which has the data."""
    if target is None:
        return
    check_named(target)
    if target == "-":
        raise UsageFault(f"`{option}` takes a file, not `-`", hint="a file of that name is `./-`")
    path = path_of(target)
    with suppress(OSError):  # one of them is not there: then they differ
        if path.samefile(path_of(source)):
            raise UsageFault(f"`{option} {target}` is the file that is read: name another")
    if _is_output(path):
        raise UsageFault(
            f"`{option} {target}` is where the output of this command goes: name another file"
        )


def _is_output(path: Path) -> bool:
    """Whether `path` is stdout, or a file that stderr is redirected to and that would be replaced.

    stderr may be a pipe, for a log collector.
    """
    with suppress(OSError):
        file = path.stat()
        if path.samefile(os.devnull):
            return False
        if os.path.samestat(file, os.fstat(1)):
            return True
        return stat.S_ISREG(file.st_mode) and os.path.samestat(file, os.fstat(2))
    return False


def plan_listing(runtime: Runtime, made: Planned, code: int = 0) -> Listing:
    """The actions in the order of the file, and below them what they amount to."""
    plan = made.shown
    if runtime.screen.format_name != "table":  # which has them below
        for note in [*plan.notes, *_held(plan)]:
            runtime.screen.warning(note)
        if runtime.screen.format_name != "json":
            runtime.screen.notice(plan_sentence(made))
    rows = [plans.as_json(entry) for entry in plan.entries if not isinstance(entry, Keep)]
    return Listing(
        "actions",
        columns.ACTION,
        [rows],
        lambda: _footer(made),
        lambda: (*plan_blocks(made), *(Line(text, "bad") for text in _held(plan))),
        exit_code=code,
    )


def _held(plan: Plan) -> list[str]:
    text = summary([action.holdings for action in plan.deactivations])
    return [text] if text else []


def _footer(made: Planned) -> JsonObject:
    return {
        "summary": plans.summary(made.shown),
        "pool": made.forecast.pool,
        "requests": made.forecast.requests,
        "seconds": made.forecast.seconds,
        "digest": made.saved.digest,
    }


def plan_sentence(made: Planned) -> str:
    """The sum of a plan on one line."""
    ahead, counts = made.forecast, plans.summary(made.shown)
    kinds = {"create": "create", "set_qps": "change", "deactivate": "deactivate"}
    told = ", ".join(f"{counts[name]:,} to {kind}" for name, kind in kinds.items())
    costs = "; ".join(f"{name} {text}" for name, text in _costs(ahead))
    return f"plan: {told}, {counts['unchanged']:,} unchanged; {costs}"


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
    """The sum of a plan for people."""
    ahead, counts = made.forecast, plans.summary(made.shown)
    pairs = [(name.replace("_", "-"), f"{count:,}") for name, count in counts.items()]
    pairs += _costs(ahead)
    blocks: list[Block] = [
        Card(tuple(pairs), "plan"),
        Bar("pool after", ahead.allocated_after, ahead.qps_pool),
    ]
    blocks += [Line(note, "warning") for note in made.shown.notes]
    return tuple(blocks)
