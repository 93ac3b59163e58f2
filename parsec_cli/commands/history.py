"""`parsec history`: what was changed from this machine, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.commands.nouns import Noun
from parsec_cli.commands.parsers import whole
from parsec_cli.commands.shared import runtime_of
from parsec_cli.results import Listing, Record

noun = Noun("history", "Look up the changes that were made from here.")


@noun.command("list")
def list_entries(
    ctx: typer.Context,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", metavar="USER", help="Only this external_id or customer_id, in full."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="Not older: 2h, 3d, a date or an RFC 3339 time (UTC)."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(parser=whole(1, 10**9, "--limit"), metavar="N", help="The newest N only."),
    ] = None,
) -> Listing:
    """List the changes sent from this machine, newest first.

    Examples:
      parsec history list --since 2h
      parsec history list --user alice --json

    """
    from parsec_cli.commands.recalling import list_history

    return list_history(runtime_of(ctx), user, since, limit)


@noun.command("show")
def show(
    ctx: typer.Context,
    entry: Annotated[str, typer.Argument(metavar="ID", help="The id of an entry, or its start.")],
) -> Record:
    """Show one change in full: what was before, asked for, and became of it.

    Examples:
      parsec history show 1m88e5fh1h8wgx
      parsec history show 01m3 --json | jq .before

    """
    from parsec_cli.commands.recalling import show_entry

    return show_entry(runtime_of(ctx), entry)
