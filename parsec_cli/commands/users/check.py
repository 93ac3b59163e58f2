"""`parsec users check`: test a user's exchange credentials."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.api.credentials import encode, exchange_name
from parsec_cli.api.reads import get_balance
from parsec_cli.cli.common_options import API_KEY_ID, CREDENTIALS, EXCHANGE, USER, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.credentials import read_keys
from parsec_cli.errors import UsageFault
from parsec_cli.results import Line, Record


@verb("check")
def command(
    ctx: typer.Context,
    user: str = USER,
    *,
    exchange: str = EXCHANGE,
    credentials: str | None = CREDENTIALS,
    api_key_id: str | None = API_KEY_ID,
) -> Record:
    """Test a user's exchange credentials with one balance request.

    Examples:
      parsec users check user_001 --exchange polymarket
      parsec users check user_001 --exchange kalshi --credentials keys.json

    """
    runtime, header = runtime_of(ctx), None
    exchange_name(exchange)
    if credentials is None and api_key_id is not None:
        raise UsageFault("`--api-key-id` needs `--credentials FILE`")
    if credentials is not None:
        header = encode(read_keys(runtime, credentials, exchange, api_key_id, "per-request"))
        runtime.keep_secret(header)
    found = runtime.resolver.one(user)
    balance = get_balance(runtime.client, found.customer_id, exchange, header)
    value = {"ok": True, "exchange": exchange, "http_status": 200, "balance": balance}
    which = "the given credentials" if header else "the stored or managed credentials"
    line = Line(f"{which} of `{found.name}` work on {exchange}", "good")
    return Record(value, columns.CREDENTIALS_CHECKED, (line,))
