"""`parsec usage`: show tier, quota and rate limits of the key."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.results import Record

noun = Noun("usage", "Show tier, quota and limits of the key.")


@noun.command("show")
def show(ctx: typer.Context) -> Record:
    """Show the tier, the monthly quota, and the limits per second.

    Examples:
      parsec usage show
      parsec usage show --json | jq .usage.monthly_requests

    """
    from parsec_cli.api.error_of import reset_time
    from parsec_cli.api.reads import get_usage
    from parsec_cli.commands.shared.cards import usage_blocks

    usage = get_usage(runtime_of(ctx).client)
    return Record(usage.raw, columns.USAGE, usage_blocks(usage, reset_time(usage.resets_at)))
