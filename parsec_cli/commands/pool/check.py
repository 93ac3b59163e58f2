"""`parsec pool check`: compare the pool with limits, for cron."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool
from parsec_cli.cli.common_options import number, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.checks import DEFAULT_MAX_USED, checked, pool_gauges
from parsec_cli.models import JsonObject
from parsec_cli.results import Line, Record, percent


@verb("check", formats=("prometheus",))
def command(
    ctx: typer.Context,
    max_used: int | None = number("--max-used PCT", 0, 1000, "Max percent allocated [default 90]."),
    min_free: int | None = number(
        "--min-free N", 0, 2**31, "Min requests per second that must be free."
    ),
) -> Record | None:
    """Check the pool for cron: exit 0 below the limits, else 11.

    With --quiet, it prints only what is over.

    Examples:
      parsec pool check --max-used 85
      parsec pool check --min-free 200 --json

    """
    runtime = runtime_of(ctx)
    pool = get_pool(runtime.client)
    if max_used is None and min_free is None:
        max_used = DEFAULT_MAX_USED
    share = percent(pool.total_allocated_qps, pool.qps_pool)
    found, used, free = [], f" ({share})", f", {pool.free:,} free"
    if pool.qps_pool <= 0:
        found.append("has no QPS")
    # exactly, not by the rounded percentage that is shown
    elif max_used is not None and 100 * pool.total_allocated_qps >= max_used * pool.qps_pool:
        found.append(f"is {share} allocated, at or above the limit of {max_used}%")
        used = ""
    if min_free is not None and pool.free < min_free:
        found.append(f"has {pool.free:,} QPS free, below the minimum of {min_free:,}")
        free = ""
    value: JsonObject = {
        "status": "over" if found else "ok",
        "qps_pool": pool.qps_pool,
        "total_allocated_qps": pool.total_allocated_qps,
        "used_percent": pool.used_percent,
        "free": pool.free,
    }
    # without the numbers that the sentence on stderr contains
    allocated = f"{pool.total_allocated_qps:,} of {pool.qps_pool:,} QPS allocated"
    text = f"pool {value['status']}: {allocated}{used}{free}"
    line = Line(text, "bad" if found else "good")
    record = Record(value, columns.POOL_CHECKED, (line,), gauges=pool_gauges(runtime, pool))
    return checked(runtime, record, f"the pool {', and '.join(found)}" if found else "")
