"""`parsec credentials`: read a user's exchange keys and encode them for one request."""

from __future__ import annotations

import typer

from parsec_cli.api import credentials
from parsec_cli.cli.common_options import API_KEY_ID, EXCHANGE, argument, runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.errors import UsageFault
from parsec_cli.results import Text
from parsec_cli.runtime import Runtime

noun = Noun()
_SHORT = 24  # characters


@noun.command("encode")
def encode(
    ctx: typer.Context,
    file: str = argument("FILE|-", "A JSON object, or a PEM file for Kalshi."),
    *,
    exchange: str = EXCHANGE,
    api_key_id: str | None = API_KEY_ID,
) -> Text:
    """Check exchange keys and print the value for X-Exchange-Credentials.

    Examples:
      parsec credentials encode --exchange kalshi keys.json
      parsec credentials encode --exchange kalshi --api-key-id abc123 key.pem | pbcopy

    """
    name = credentials.exchange_name(exchange)
    keys = read_keys(runtime_of(ctx), file, name, api_key_id, "per-request")
    return Text(credentials.encode(keys) + "\n")


def read_keys(
    runtime: Runtime, path: str, exchange: str, api_key_id: str | None, purpose: credentials.Purpose
) -> credentials.Keys:
    """Read exchange keys from a file or stdin; from then on all output masks them."""
    if api_key_id is not None and exchange != "kalshi":
        raise UsageFault(f"`--api-key-id` is for kalshi: {exchange} has no such field")
    keys = credentials.parse(
        read_bytes(runtime, path, "the credentials file"), exchange, api_key_id, purpose
    )
    for name, value in keys.items():
        if name != "api_key_id":
            # a short line of a PEM key is too short to be found as a part of it
            short = (s for s in value.splitlines() if len(s) < _SHORT and "-----" not in s)
            runtime.keep_secret(value, *short)
    return keys
