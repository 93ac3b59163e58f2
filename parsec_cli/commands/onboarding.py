"""`users onboard` and `users check`: the three credential strategies, checked before sending."""

from __future__ import annotations

from dataclasses import dataclass

from parsec_cli.api import changes, credentials
from parsec_cli.api.client import Change
from parsec_cli.api.reads import get_balance
from parsec_cli.commands import columns
from parsec_cli.commands.cards import shown
from parsec_cli.commands.changing import address
from parsec_cli.commands.guards import not_sent
from parsec_cli.commands.reading import read_secrets
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.models import JsonObject, User
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Card, Line, Record
from parsec_cli.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of `users onboard` as given."""

    exchange: str
    mode: str
    wallet_type: str | None
    eoa_address: str | None
    chain_id: int | None
    credentials: str | None
    api_key_id: str | None


def onboard_user(runtime: Runtime, name: str, wish: Wish, *, dry_run: bool, reason: str) -> Record:
    """Link the user as wished; the fields are checked before anything is sent."""
    fields = _fields(runtime, wish)
    user = runtime.resolver.one(name, to_change=True)
    body: JsonObject = {"customer_id": user.customer_id, **fields}
    if dry_run:
        return not_sent("POST", "/builder/onboard", body)
    after = {"exchange": wish.exchange, "mode": wish.mode}
    change = Change("users onboard", user.customer_id, user.external_id, user.raw, after, reason)
    applied = or_raise(changes.onboard(runtime.client, user, body, change))
    return _onboarded(runtime, user, wish, applied)


def _onboarded(runtime: Runtime, user: User, wish: Wish, applied: Applied) -> Record:
    raw = applied.after or {}
    if applied.learned == "read_again":
        runtime.screen.notice(
            f"the answer was lost; read again, `{user.name}` is linked to {wish.exchange}"
        )
        raw = {**raw, "exchange": wish.exchange, "mode": wish.mode, "status": None}
    pairs = [
        (column.path, shown(raw.get(column.path)))
        for column in columns.ONBOARDED
        if column.shown or raw.get(column.path)
    ]
    return Record(
        raw, columns.ONBOARDED, (Card((("external_id", shown(user.external_id)), *pairs)),)
    )


def _fields(runtime: Runtime, wish: Wish) -> JsonObject:
    exchange = credentials.exchange_name(wish.exchange)
    if wish.mode == "managed":
        return _managed(exchange, wish)
    if wish.mode == "self":
        return _self(runtime, exchange, wish)
    raise unknown("mode", wish.mode, ("managed", "self"))


def _managed(exchange: str, wish: Wish) -> JsonObject:
    if exchange != "polymarket":
        raise UsageFault("managed wallets are Polymarket only", hint="use `--mode self`")
    if wish.credentials is not None or wish.api_key_id is not None:
        raise UsageFault("a managed user brings no credentials", hint="use `--mode self`")
    wallet_type = wish.wallet_type or "eoa"
    fields: JsonObject = {"exchange": exchange, "mode": "managed", "wallet_type": wallet_type}
    if wallet_type == "safe":
        if wish.eoa_address is None:
            raise UsageFault("a safe wallet needs `--eoa-address`: it becomes the owner")
        fields["eoa_address"] = address(wish.eoa_address)
        fields["chain_id"] = wish.chain_id or 137
    elif wallet_type != "eoa":
        raise unknown("wallet type", wallet_type, ("eoa", "safe"))
    elif wish.eoa_address is not None:
        raise UsageFault("a managed eoa wallet is made by Parsec: leave `--eoa-address` out")
    elif wish.chain_id is not None:
        raise UsageFault("`--chain-id` is for safe wallets")
    return fields


def _self(runtime: Runtime, exchange: str, wish: Wish) -> JsonObject:
    for given, option in (
        (wish.wallet_type, "--wallet-type"),
        (wish.eoa_address, "--eoa-address"),
        (wish.chain_id, "--chain-id"),
    ):
        if given is not None:
            raise UsageFault(f"`{option}` is for `--mode managed`")
    if wish.credentials is None:
        raise UsageFault("`--mode self` needs `--credentials FILE`, or `-` for stdin")
    keys = keys_from(runtime, wish.credentials, exchange, wish.api_key_id, "stored")
    return {"exchange": exchange, "mode": "self", **keys}


def keys_from(
    runtime: Runtime,
    path: str,
    exchange: str,
    api_key_id: str | None,
    purpose: credentials.Purpose,
) -> credentials.Keys:
    """Read exchange keys from a file or stdin; from then on they are redacted everywhere."""
    if api_key_id is not None and exchange != "kalshi":
        raise UsageFault(f"`--api-key-id` is for kalshi: {exchange} has no such field")
    keys = credentials.parse(read_secrets(runtime, path), exchange, api_key_id, purpose)
    for name, value in keys.items():
        if name != "api_key_id":
            # a server may give back a PEM key without its line ends, or one line of it
            runtime.keep_secret(value, *(s for s in value.splitlines() if "-----" not in s))
    return keys


def encode_keys(runtime: Runtime, path: str, exchange: str, api_key_id: str | None) -> str:
    """Read exchange keys and give the value for `X-Exchange-Credentials`; nothing is sent."""
    name = credentials.exchange_name(exchange)
    return credentials.encode(keys_from(runtime, path, name, api_key_id, "per-request"))


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
