"""`parsec pool show`: the QPS pool that all end-users share, once or repeatedly."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool, pages
from parsec_cli.cli.common_options import number, option, runtime_of, seconds
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.checks import pool_gauges
from parsec_cli.errors import RateLimited, Unreachable, UsageFault, counted
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.records import changed
from parsec_cli.results import Bar, Column, Frames, Grid, Line, Record
from parsec_cli.runtime import Runtime

_READINGS = 11  # the earlier readings that a watch shows
_LARGEST = (
    changed(columns.USER[0], title="LARGEST LIMITS"),
    *columns.USER[1:3],
    Column("share", "SHARE", "percent", rank=2),
    Column("bar", "", "bar", rank=3),
)


@verb("show", formats=("prometheus", "markdown"))
def command(
    ctx: typer.Context,
    top: int = number(
        "--top N", 0, 1000, "Also list the N users with the highest limits.", default=0
    ),
    watch: float | None = option("--watch SECONDS", "Repeat every SECONDS.", seconds),
) -> Record | Frames:
    """Show the pool, what is allocated and free, and the number of users.

    A watch continues until Ctrl-C. After the first reading, one that fails is only reported.

    Examples:
      parsec pool show --top 10
      parsec pool show --watch 5

    """
    runtime = runtime_of(ctx)
    if runtime.options.output == "prometheus" and (top or watch is not None):
        name = "--top" if top else "--watch"
        raise UsageFault(f"`{name}` does not apply to `-o prometheus`", hint=f"omit `{name}`")
    if watch is None:
        return _pool_record(runtime, get_pool(runtime.client), top)
    return Frames(_watch(runtime, watch, top))


def _watch(runtime: Runtime, every: float, top: int) -> Iterator[Record]:
    """Read the pool again and again; after the first reading, one that fails is only reported."""
    sleep = runtime.world.sleep or runtime.interrupts.pause
    readings: deque[int | None] = deque([None] * _READINGS, _READINGS)
    shown = Record({}, ())
    while True:
        clock = datetime.fromtimestamp(runtime.world.clock(), UTC).strftime("%H:%M:%S")
        try:
            pool = get_pool(runtime.client)
            shown = _pool_record(runtime, pool, top, tuple(readings))
            readings.append(pool.total_allocated_qps)
            first = Line(f"every {every:g} s · {clock} · Ctrl-C to stop", "dim")
            shown = changed(shown, blocks=(first, *shown.blocks))
            yield shown
        except (Unreachable, RateLimited) as fault:
            if not shown.blocks:
                raise
            text = f"{clock} no reading: {fault.message}; next attempt in {every:g} s"
            if runtime.screen.shows_table:
                yield changed(shown, blocks=(*shown.blocks, Line(text, "bad")))
            else:
                runtime.screen.warning(text)
        sleep(every)


def _pool_record(
    runtime: Runtime, pool: Pool, top: int, earlier: tuple[int | None, ...] = ()
) -> Record:
    """Show the pool and, with `top`, read all users to find those with the largest limits."""
    value = {**pool.raw, "free": pool.free, "used_percent": pool.used_percent}
    used, total, free = pool.total_allocated_qps, pool.qps_pool, pool.free
    left = f"{free:,} free" if free >= 0 else f"over by {-free:,}"
    figures = f"{used:,} of {total:,} allocated, {left}, {counted(pool.end_user_count, 'user')}"
    bar = Bar("QPS pool", used, total, text=f"{{percent}}   {figures}", earlier=earlier)
    summary = f"QPS pool: {figures}"
    if not top:
        gauges = pool_gauges(runtime, pool)
        # one row lacks nothing; markdown begins with the sentence
        summary = summary if runtime.screen.format_name == "markdown" else ""
        return Record(value, columns.POOL, (bar,), summary=summary, gauges=gauges)
    # only as many users as are shown are in memory
    users = (user for page in pages(runtime.client) for user in page.users)
    first = heapq.nlargest(top, users, key=lambda raw: User(raw).qps_limit or 0)
    names = [column.path for column in columns.USER[:3]]
    rows = [{name: raw.get(name) for name in names} for raw in first if User(raw).qps_limit]
    return Record(
        {**value, "top": rows},
        columns.POOL,
        (bar, *_largest(rows, total)),
        rows=Grid(columns.USER[:3], rows),
        summary=summary,
    )


def _largest(rows: list[JsonObject], total: int) -> tuple[Grid, ...]:
    """Return a table of the largest limits, each with its share of the pool."""
    limits = [User(row).qps_limit or 0 for row in rows]
    shares = [
        {**row, "share": 100 * limit / total if total else 100.0, "bar": limit / max(limits)}
        for row, limit in zip(rows, limits, strict=True)
    ]
    return (Grid(_LARGEST, shares),) if shares else ()
