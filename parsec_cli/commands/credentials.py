"""`parsec credentials`: exchange keys that stay with the user."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import ApiKeyId
from parsec_cli.cli.tree import Noun
from parsec_cli.results import Text

noun = Noun("credentials", "Prepare a user's exchange keys.")


@noun.command("encode")
def encode(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A JSON object, or a PEM file for Kalshi.")
    ],
    *,
    exchange: Annotated[str, typer.Option(metavar="polymarket|kalshi", help="The exchange.")],
    api_key_id: ApiKeyId = None,
) -> Text:
    """Check exchange keys and print the value for X-Exchange-Credentials.

    Examples:
      parsec credentials encode --exchange kalshi keys.json
      parsec credentials encode --exchange kalshi --api-key-id abc123 key.pem | pbcopy

    """
    from parsec_cli.commands.shared.exchange_keys import encode_keys

    return Text(encode_keys(runtime_of(ctx), file, exchange, api_key_id) + "\n")
