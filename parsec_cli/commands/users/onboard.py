"""`users onboard` and `users check`: the three credential strategies, checked before sending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.api import changes, credentials
from parsec_cli.api.client import Change
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import (
    ApiKeyId,
    Credentials,
    DryRun,
    Reason,
    UserName,
    whole,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.exchange_keys import keys_from
from parsec_cli.commands.shared.pool_guard import not_sent
from parsec_cli.commands.shared.user_card import shown
from parsec_cli.commands.users.create import address
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.models import JsonObject, User
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Card, Record
from parsec_cli.runtime import Runtime


@verb("onboard", changes=True)
def command(
    ctx: typer.Context,
    user: UserName,
    *,
    exchange: Annotated[str, typer.Option(metavar="polymarket|kalshi", help="The exchange.")],
    mode: Annotated[
        str,
        typer.Option(
            metavar="managed|self", help="Let Parsec make a wallet, or store the user's keys."
        ),
    ],
    wallet_type: Annotated[
        str | None, typer.Option(metavar="eoa|safe", help="Wallet of a managed user [default eoa].")
    ] = None,
    eoa_address: Annotated[
        str | None, typer.Option(metavar="0x..", help="Owner of a safe wallet.")
    ] = None,
    chain_id: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 2**53, "--chain-id"),
            metavar="N",
            help="Chain of a safe wallet [default 137].",
        ),
    ] = None,
    credentials: Credentials = None,
    api_key_id: ApiKeyId = None,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Record:
    """Link a user to an exchange with a managed wallet or with keys.

    Keys are read from a file or stdin: a JSON object, or a PEM file with --api-key-id.

    Examples:
      parsec users onboard user_001 --exchange polymarket --mode managed
      parsec users onboard user_001 --exchange kalshi --mode self --credentials keys.json

    """
    wish = Wish(exchange, mode, wallet_type, eoa_address, chain_id, credentials, api_key_id)
    return onboard_user(runtime_of(ctx), user, wish, dry_run=dry_run, reason=reason)


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
