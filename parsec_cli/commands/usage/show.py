"""`parsec usage show`: tier, quota and rate limits of the key."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.results import Bar, Card, Record


@verb("show", formats=("prometheus",))
def command(ctx: typer.Context) -> Record:
    """Show the tier, the monthly quota, and the limits per second.

    Examples:
      parsec usage show
      parsec usage show --json | jq .usage.monthly_requests

    """
    from parsec_cli.api.error_of import reset_time
    from parsec_cli.api.reads import get_usage
    from parsec_cli.commands.shared.cards import shown
    from parsec_cli.commands.shared.checks import usage_gauges

    runtime = runtime_of(ctx)
    usage = get_usage(runtime.client)
    limit, used, left = usage.monthly_limit, usage.monthly_used, usage.monthly_left

    def per_second(qps: int | None) -> str:
        return "unlimited" if qps == 0 else shown(qps)

    pairs = (
        ("tier", shown(usage.tier)),
        ("requests used", "" if used is None else f"{used:,}"),
        ("requests left", "unlimited" if limit == 0 else "" if left is None else f"{left:,}"),
        ("resets", reset_time(usage.resets_at) or ""),
        ("per second", per_second(usage.rest_qps)),
        ("burst", per_second(usage.rest_qps_burst)),
    )
    bar = (Bar("monthly requests", used, limit),) if limit and used is not None else ()
    gauges = usage_gauges(runtime, usage)
    return Record(usage.raw, columns.USAGE, (*bar, Card(pairs)), gauges=gauges)
