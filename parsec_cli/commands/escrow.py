"""`parsec escrow`: show the fee escrow that Parsec configures for a builder."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.commands.shared.cards import on_off, shown
from parsec_cli.holdings import Holdings
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
    pairs = {
        "fee escrow": _joined(on_off(escrow.get("fee_escrow_enabled")), _bps(escrow, "fee_bps")),
        "minimum fee": _joined(_min_fee(escrow), _bps(escrow, "min_fee_bps")),
        "contract": shown(escrow.get("escrow_contract_address")),
        "treasury": shown(escrow.get("treasury_address")),
        "affiliate": _joined(
            shown(escrow.get("affiliate_address")), _bps(escrow, "affiliate_fee_bps")
        ),
    }
    return Record(escrow, columns.ESCROW, (Card(tuple(pairs.items()), indent=True),))


def _bps(escrow: JsonObject, name: str) -> str:
    value = escrow.get(name)
    number = f"{value:,}" if type(value) is int else shown(value)
    return f"{number} bps" if number else ""


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _min_fee(escrow: JsonObject) -> str:
    """Show the raw value, and its meaning if it is in base units: sources disagree on that."""
    raw = shown(escrow.get("min_fee_usdc"))
    try:
        usdc = Decimal(raw) / 1_000_000
    except InvalidOperation:
        return raw
    if not usdc.is_finite():
        return raw
    amount = Holdings((("USDC", str(usdc)),)).text
    return f"{raw} ({amount} if in base units)"
