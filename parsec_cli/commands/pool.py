"""`parsec pool`: show and check the QPS pool that all end-users share."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool, pages
from parsec_cli.cli.common_options import number, option, runtime_of, seconds
from parsec_cli.cli.tree import Noun
from parsec_cli.errors import counted
from parsec_cli.models import JsonObject, User
from parsec_cli.results import Bar, Card, Frames, Grid, Line, Record
from parsec_cli.runtime import Runtime

DEFAULT_MAX_USED = 90
_OVER = 11  # exit code of a pool beyond a limit
noun = Noun()


@noun.command("show")
def show(
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
    if watch is not None:
        sleep = runtime.world.sleep or runtime.interrupts.pause

        def frames() -> Iterator[Record]:
            while True:
                yield _pool_record(runtime, top)
                sleep(watch)

        return Frames(frames())
    return _pool_record(runtime, top)


@noun.command("check")
def check(
    ctx: typer.Context,
    max_used: int | None = number("--max-used PCT", 0, 1000, "Max percent allocated [default 90]."),
    min_free: int | None = number(
        "--min-free N", 0, 2**31, "Min requests per second that must be free."
    ),
) -> Record:
    """Check the pool for cron: exit 0 below the limits, else 11.

    Examples:
      parsec pool check --max-used 85
      parsec pool check --min-free 200 --json

    """
    pool = get_pool(runtime_of(ctx).client)
    if max_used is None and min_free is None:
        max_used = DEFAULT_MAX_USED
    # exactly, not by the rounded percentage that is shown
    full = max_used is not None and 100 * pool.total_allocated_qps >= max_used * pool.qps_pool
    over = pool.qps_pool <= 0 or full or (min_free is not None and pool.free < min_free)
    value: JsonObject = {
        "status": "over" if over else "ok",
        "qps_pool": pool.qps_pool,
        "total_allocated_qps": pool.total_allocated_qps,
        "used_percent": pool.used_percent,
        "free": pool.free,
    }
    text = (
        f"pool {value['status']}: {pool.used_percent}% allocated, {pool.total_allocated_qps} of "
        f"{pool.qps_pool} QPS, {pool.free} free"
    )
    block = Line(text, "bad" if over else "good")
    return Record(value, columns.POOL_CHECKED, (block,), _OVER if over else 0)


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
        return Record(value, columns.POOL, blocks)
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
