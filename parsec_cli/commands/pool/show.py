"""`parsec pool show`: the QPS pool that all end-users share, once or repeatedly."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool, pages
from parsec_cli.cli.common_options import number, option, runtime_of, seconds
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.checks import pool_gauges
from parsec_cli.errors import UsageFault, counted
from parsec_cli.models import User
from parsec_cli.results import Bar, Card, Frames, Grid, Record
from parsec_cli.runtime import Runtime


@verb("show", formats=("prometheus",))
def command(
    ctx: typer.Context,
    top: int = number(
        "--top N", 0, 1000, "Also list the N users with the highest limits.", default=0
    ),
    watch: float | None = option("--watch SECONDS", "Repeat every SECONDS.", seconds),
) -> Record | Frames:
    """Show the pool, what is allocated and free, and the number of users.

    Examples:
      parsec pool show --top 10
      parsec pool show --watch 5

    """
    runtime = runtime_of(ctx)
    if runtime.options.output == "prometheus" and (top or watch is not None):
        name = "--top" if top else "--watch"
        raise UsageFault(f"`{name}` does not apply to `-o prometheus`", hint=f"omit `{name}`")
    if watch is not None:
        sleep = runtime.world.sleep or runtime.interrupts.pause

        def frames() -> Iterator[Record]:
            while True:
                yield _pool_record(runtime, top)
                sleep(watch)

        return Frames(frames())
    return _pool_record(runtime, top)


def _pool_record(runtime: Runtime, top: int) -> Record:
    """Read the pool and, with `top`, all users to find those with the largest limits."""
    pool = get_pool(runtime.client)
    value = {**pool.raw, "free": pool.free, "used_percent": pool.used_percent}
    pairs = (
        ("pool", f"{pool.qps_pool:,}"),
        ("allocated", f"{pool.total_allocated_qps:,}"),
        ("free", f"{pool.free:,}"),
        ("users", f"{pool.end_user_count:,}"),
    )
    blocks = (Bar("QPS pool", pool.total_allocated_qps, pool.qps_pool), Card(pairs))
    if not top:
        return Record(value, columns.POOL, blocks, gauges=pool_gauges(runtime, pool))
    # only as many users as are shown are in memory
    users = (user for page in pages(runtime.client) for user in page.users)
    first = heapq.nlargest(top, users, key=lambda raw: User(raw).qps_limit or 0)
    names = [column.path for column in columns.USER[:3]]
    rows = [{name: raw.get(name) for name in names} for raw in first if User(raw).qps_limit]
    largest = Grid(columns.USER[:3], rows, "largest limits")
    summary = (
        f"QPS pool: {pool.total_allocated_qps:,} of {pool.qps_pool:,} allocated, "
        f"{pool.free:,} free, {counted(pool.end_user_count, 'user')}"
    )
    value = {**value, "top": largest.rows}
    return Record(value, columns.POOL, (*blocks, largest), rows=largest, summary=summary)
