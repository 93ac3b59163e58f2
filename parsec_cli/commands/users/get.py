"""`parsec users get`: show one user as a card, or several as a table."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import argument, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import balances_text, user_card
from parsec_cli.results import Listing, Record


@verb("get")
def command(
    ctx: typer.Context,
    user: list[str] = argument("USER...", "customer_ids or external_ids."),
) -> Record | Listing:
    """Show all fields of one user, or of several.

    Examples:
      parsec users get user_001
      parsec users get ext:user_001 id:0a1b2c3d-0000-4000-8000-000000000001 --json

    """
    users = runtime_of(ctx).resolver.several(user)
    if len(users) == 1:
        summary = balances_text(users[0])
        return Record(users[0].raw, columns.USER, user_card(users[0]), summary=summary)
    records = [found.raw for found in users]
    footer = {"count": len(records), "complete": True, "next_cursor": None, "filtered": True}
    return Listing("users", columns.USER, [records], lambda: footer)
