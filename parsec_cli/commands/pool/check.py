"""`parsec pool check`: compare the pool with limits, for cron."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool
from parsec_cli.cli.common_options import number, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.models import JsonObject
from parsec_cli.results import Line, Record

DEFAULT_MAX_USED = 90
_OVER = 11  # exit code of a pool beyond a limit


@verb("check")
def command(
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
