"""`parsec usage check`: compare the monthly quota with limits, for cron."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.api.error_of import reset_time
from parsec_cli.api.reads import get_usage
from parsec_cli.cells import time_text
from parsec_cli.cli.common_options import number, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.checks import DEFAULT_MAX_USED, checked, usage_gauges
from parsec_cli.errors import Unreadable
from parsec_cli.models import JsonObject, Usage
from parsec_cli.results import Line, Record, percent
from parsec_cli.runtime import Runtime


@verb("check", formats=("prometheus",))
def command(
    ctx: typer.Context,
    max_used: int | None = number("--max-used PCT", 0, 1000, "Max percent used [default 90]."),
    min_left: int | None = number("--min-left N", 0, 2**31, "Min requests that must be left."),
) -> Record | None:
    """Check the monthly quota for cron: exit 0 below the limits, else 11.

    With --quiet, it prints only what is over.

    Examples:
      parsec usage check --max-used 80
      parsec usage check --min-left 100000 --json

    """
    runtime = runtime_of(ctx)
    usage = get_usage(runtime.client)
    limit, used, left = _known(runtime, usage), usage.monthly_used, usage.monthly_left
    if max_used is None and min_left is None:
        max_used = DEFAULT_MAX_USED
    share = percent(used or 0, limit or 0)
    found, part, rest = [], f" ({share})", f", {left or 0:,} left"
    # exactly, not by the rounded percentage that is shown
    if max_used is not None and limit and used is not None and 100 * used >= max_used * limit:
        found.append(f"is {share} used, at or above the limit of {max_used}%")
        part = ""
    if min_left is not None and left is not None and left < min_left:
        found.append(f"has {left:,} requests left, below the minimum of {min_left:,}")
        rest = ""
    resets_at = reset_time(usage.resets_at) or None
    value: JsonObject = {
        "status": "over" if found else "ok",
        "used": used,
        "limit": limit,
        "left": left,
        "used_percent": round(100 * used / limit, 1) if limit and used is not None else None,
        "resets_at": resets_at,
    }
    # without the numbers that the sentence on stderr contains
    text = f"{used:,} of {limit:,} requests used{part}{rest}" if limit else "unlimited"
    lines = [Line(f"monthly quota {value['status']}: {text}", "bad" if found else "good")]
    lines += [Line(f"it resets at {time_text(resets_at)}", "dim")] if resets_at else []
    record = Record(value, columns.USAGE_CHECKED, (*lines,), gauges=usage_gauges(runtime, usage))
    return checked(runtime, record, f"the monthly quota {', and '.join(found)}" if found else "")


def _known(runtime: Runtime, usage: Usage) -> int | None:
    """Return the monthly limit, None if it is unlimited; raise Unreadable if a number is missing.

    Without them, nothing can be checked.
    """
    if usage.monthly_limit is None or (usage.monthly_limit and usage.monthly_used is None):
        what = "limit" if usage.monthly_limit is None else "use"
        raise Unreadable(f"{runtime.client.host} did not report the monthly {what} of requests")
    return usage.monthly_limit or None
