"""`parsec escrow`: show the fee escrow that Parsec configures for a builder."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.commands.shared.cards import shown
from parsec_cli.models import JsonObject
from parsec_cli.results import Card, Record

noun = Noun()


@noun.command("show")
def show(ctx: typer.Context) -> Record:
    """Show fees, contract and addresses, which Parsec's admins set.

    Examples:
      parsec escrow show
      parsec escrow show --json | jq .fee_bps

    """
    from parsec_cli.api.reads import get_escrow

    escrow = get_escrow(runtime_of(ctx).client)
    pairs = {column.path: shown(escrow.get(column.path)) for column in columns.ESCROW}
    pairs["min_fee_usdc"] = _min_fee(escrow)
    return Record(escrow, columns.ESCROW, (Card(tuple(pairs.items())),))


def _min_fee(escrow: JsonObject) -> str:
    """Show the raw value, and its meaning if it is in base units: sources disagree on that."""
    raw = shown(escrow.get("min_fee_usdc"))
    try:
        usdc = Decimal(raw) / 1_000_000
    except InvalidOperation:
        return raw
    return f"{raw} ({usdc:f} USDC, if in base units)" if usdc.is_finite() else raw
