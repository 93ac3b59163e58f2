"""`parsec users check`: test a user's exchange credentials."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.api import credentials
from parsec_cli.api.reads import get_balance
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import (
    ApiKeyId,
    Credentials,
    UserName,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.exchange_keys import keys_from
from parsec_cli.errors import UsageFault
from parsec_cli.results import Line, Record
from parsec_cli.runtime import Runtime


@verb("check")
def command(
    ctx: typer.Context,
    user: UserName,
    *,
    exchange: Annotated[str, typer.Option(metavar="polymarket|kalshi", help="The exchange.")],
    credentials: Credentials = None,
    api_key_id: ApiKeyId = None,
) -> Record:
    """Test a user's exchange credentials with one balance request.

    Examples:
      parsec users check user_001 --exchange polymarket
      parsec users check user_001 --exchange kalshi --credentials keys.json

    """
    return check_user(runtime_of(ctx), user, exchange, credentials, api_key_id)


def check_user(
    runtime: Runtime, name: str, exchange: str, path: str | None, api_key_id: str | None
) -> Record:
    """Read the user's balance on the user's behalf: proof that its credentials work."""
    header = None
    credentials.exchange_name(exchange)
    if path is None and api_key_id is not None:
        raise UsageFault("`--api-key-id` goes with `--credentials FILE`")
    if path is not None:
        keys = keys_from(runtime, path, exchange, api_key_id, "per-request")
        header = credentials.encode(keys)
        runtime.keep_secret(header)
    user = runtime.resolver.one(name)
    balance = get_balance(runtime.client, user.customer_id, exchange, header)
    value = {"ok": True, "exchange": exchange, "http_status": 200, "balance": balance}
    which = "the credentials given" if header else "the stored or managed credentials"
    line = Line(f"{which} of `{user.name}` work on {exchange}", "good")
    return Record(value, columns.CREDENTIALS_CHECKED, (line,))
