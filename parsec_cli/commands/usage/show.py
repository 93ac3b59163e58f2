"""`parsec usage show`: tier, quota and rate limits of the key."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.cells import time_text
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.results import Bar, Block, Card, Record


@verb("show", formats=("prometheus",))
def command(ctx: typer.Context) -> Record:
    """Show the tier, the monthly quota, and the limits per second.

    Examples:
      parsec usage show
      parsec usage show --json | jq .usage.monthly_requests

    """
    from parsec_cli.api.reads import get_usage
    from parsec_cli.commands.shared.cards import shown
    from parsec_cli.commands.shared.checks import usage_gauges

    def per_second(qps: int | None) -> str:
        return "unlimited" if qps == 0 else "" if qps is None else f"{qps:,}"

    runtime = runtime_of(ctx)
    usage = get_usage(runtime.client)
    limit, used, left = usage.monthly_limit, usage.monthly_used, usage.monthly_left
    blocks: list[Block] = []
    pairs = [("tier", shown(usage.tier))]
    if limit and used is not None:
        figures = f"{used:,} of {limit:,} used, {left:,} left"
        blocks.append(Bar("Monthly requests", used, limit, text=f"{{percent}}   {figures}"))
    else:
        amount = "unknown" if used is None else f"{used:,}"
        quota = "unlimited" if limit == 0 else "quota unknown" if limit is None else f"of {limit:,}"
        pairs.append(("monthly requests", f"{amount} used, {quota}"))
    pairs += [
        ("resets", time_text(usage.resets_at)),
        ("per second", per_second(usage.rest_qps)),
        ("burst", per_second(usage.rest_qps_burst)),
    ]
    blocks.append(Card(tuple(pairs), indent=True))
    return Record(usage.raw, columns.USAGE, tuple(blocks), gauges=usage_gauges(runtime, usage))
