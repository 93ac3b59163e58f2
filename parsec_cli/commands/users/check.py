"""`parsec users check`: test a user's exchange credentials, and show the live rate limits."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from parsec_cli import columns
from parsec_cli.api.credentials import encode, exchange_name
from parsec_cli.api.error_of import give_or_link
from parsec_cli.api.live_rates import LiveRates
from parsec_cli.api.reads import get_balance, get_ping
from parsec_cli.cli.common_options import API_KEY_ID, CREDENTIALS, USER, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.credentials import read_keys
from parsec_cli.errors import Refused, UsageFault
from parsec_cli.models import JsonObject, User
from parsec_cli.results import Line, Listing, Record
from parsec_cli.runtime import Runtime


@verb("check")
def command(
    ctx: typer.Context,
    user: str = USER,
    *,
    exchange: str | None = option(
        "--exchange polymarket|kalshi", "Read the balance on this exchange."
    ),
    credentials: str | None = CREDENTIALS,
    api_key_id: str | None = API_KEY_ID,
) -> Record | Listing:
    """Test a user's exchange credentials, and show its live rate limits.

    Without --exchange, one request reports on all exchanges. Exits with 5 if stored credentials do
    not work, or if there are none. The rate limits show how many requests the user and the pool
    have left in this second.

    Examples:
      parsec users check user_001
      parsec users check user_001 --exchange kalshi --credentials keys.json

    """
    runtime = runtime_of(ctx)
    if exchange is not None:
        header = _header(runtime, exchange_name(exchange), credentials, api_key_id)
        return _one_exchange(runtime, runtime.resolver.one(user), exchange, header)
    for name, value in (("--credentials", credentials), ("--api-key-id", api_key_id)):
        if value is not None:
            raise UsageFault(f"`{name}` needs `--exchange`")
    return _all_exchanges(runtime, runtime.resolver.one(user))


def _header(
    runtime: Runtime, exchange: str, credentials: str | None, api_key_id: str | None
) -> str | None:
    """Return the header with the given credentials, None if there are none."""
    if credentials is None:
        if api_key_id is not None:
            raise UsageFault("`--api-key-id` needs `--credentials FILE`")
        return None
    header = encode(read_keys(runtime, credentials, exchange, api_key_id, "per-request"))
    runtime.keep_secret(header)
    return header


def _one_exchange(runtime: Runtime, user: User, exchange: str, header: str | None) -> Record:
    balance, headers = get_balance(runtime.client, user.customer_id, exchange, header)
    rates = LiveRates.parse(headers)
    value = {
        "ok": True,
        "exchange": exchange,
        "http_status": 200,
        "balance": balance,
        "rate": rates.as_json(),
    }
    which = "the given credentials" if header else "the stored or managed credentials"
    line = Line(f"{which} of `{user.name}` work on {exchange}", "good")
    return Record(
        value, columns.CREDENTIALS_CHECKED, (line, _rate_line(rates)), summary=_rate_text(rates)
    )


def _all_exchanges(runtime: Runtime, user: User) -> Listing:
    rows, headers = get_ping(runtime.client, user.customer_id)
    rates = LiveRates.parse(headers)
    failure = _failure(user, rows)
    if runtime.screen.format_name in ("tsv", "csv", "jsonl"):
        runtime.screen.notice(_rate_text(rates))  # the others contain it
    return Listing(
        "exchanges",
        columns.EXCHANGES_CHECKED,
        [rows],
        lambda: {"ok": failure is None, "rate": rates.as_json()},
        lambda: (Line(""), _rate_line(rates)),
        lambda: failure,
    )


def _failure(user: User, rows: Sequence[JsonObject]) -> Refused | None:
    """Return an error if credentials do not work, or if there are none."""
    broken = [row for row in rows if row["has_credentials"] and not row["authenticated"]]
    exchange = broken[0]["exchange"] if len(broken) == 1 else "EXCHANGE"
    hint, command = give_or_link(user.customer_id, exchange)
    if broken:
        names = " and ".join(row["exchange"] for row in broken)
        text = f"the stored credentials of `{user.name}` do not work on {names}"
        texts = [(row["exchange"], row.get("message")) for row in broken]
        details = [f"{name}: {text}" for name, text in texts if text and isinstance(text, str)]
        return Refused(text, details=details, hint=hint, command=command)
    if not any(row["authenticated"] for row in rows):
        text = f"`{user.name}` has no stored credentials on any exchange"
        return Refused(text, hint=hint, command=command)
    return None


def _rate_text(rates: LiveRates) -> str:
    return f"this second: {rates.text}" if rates.text else "the API reported no live rate limits"


def _rate_line(rates: LiveRates) -> Line:
    return Line(_rate_text(rates), "bad" if rates.used_up else "dim" if not rates.text else "plain")
