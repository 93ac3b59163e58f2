"""`parsec users onboard`: check the options, then link a user to an exchange."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.api import changes
from parsec_cli.api.credentials import exchange_name
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import number, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.credentials import read_keys
from parsec_cli.commands.shared.cards import not_sent, reread_text, shown
from parsec_cli.commands.users.create import address
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.models import Applied, JsonObject, User
from parsec_cli.results import OUTCOMES, Card, Record, Words
from parsec_cli.runtime import Runtime


@verb("onboard", effect="change")
def command(
    ctx: typer.Context,
    user: str = common.USER,
    *,
    exchange: str = common.EXCHANGE,
    mode: str = option(
        "--mode managed|self", "Let Parsec make a wallet, or store the user's keys.", default=...
    ),
    wallet_type: str | None = option(
        "--wallet-type eoa|safe", "Wallet of a managed user [default eoa]."
    ),
    eoa_address: str | None = option("--eoa-address 0x..", "Owner of a safe wallet."),
    chain_id: int | None = number("--chain-id N", 1, 2**53, "Chain of the wallet [default 137]."),
    credentials: str | None = common.CREDENTIALS,
    api_key_id: str | None = common.API_KEY_ID,
    dry_run: bool = common.DRY_RUN,
    reason: str = common.REASON,
) -> Record:
    """Link a user to an exchange with a managed wallet or with keys.

    Keys are read from a file or stdin: a JSON object, or a PEM file with --api-key-id.

    Examples:
      parsec users onboard user_001 --exchange polymarket --mode managed
      parsec users onboard user_001 --exchange kalshi --mode self --credentials keys.json

    """
    runtime, exchange = runtime_of(ctx), exchange_name(exchange)
    if mode == "managed":
        if exchange != "polymarket":
            raise UsageFault("managed wallets are Polymarket only", hint="use `--mode self`")
        if credentials is not None or api_key_id is not None:
            raise UsageFault("`--mode managed` takes no credentials", hint="use `--mode self`")
        fields: JsonObject = _wallet_fields(wallet_type or "eoa", eoa_address, chain_id)
    elif mode != "self":
        raise unknown("mode", mode, ("managed", "self"))
    elif credentials is None:
        raise UsageFault("`--mode self` needs `--credentials FILE`, or `-` for stdin")
    else:
        given = {"wallet-type": wallet_type, "eoa-address": eoa_address, "chain-id": chain_id}
        for name in (name for name, value in given.items() if value is not None):
            raise UsageFault(f"`--{name}` is for `--mode managed`")
        fields = {**read_keys(runtime, credentials, exchange, api_key_id, "stored")}
    found = runtime.resolver.one(user, to_change=True)
    body = {"customer_id": found.customer_id, "exchange": exchange, "mode": mode, **fields}
    if dry_run:
        return not_sent("POST", "/builder/onboard", body)
    runtime.screen.check_fields(columns.ONBOARDED)
    outcome = changes.onboard(runtime.client, found, body, "users onboard", reason)
    return _linked(runtime, found, changes.or_raise(outcome), body)


def _wallet_fields(wallet_type: str, eoa_address: str | None, chain_id: int | None) -> JsonObject:
    if wallet_type == "safe":
        if eoa_address is None:
            raise UsageFault("a safe wallet needs `--eoa-address`, the address of its owner")
        owner = {"eoa_address": address(eoa_address), "chain_id": chain_id or 137}
        return {"wallet_type": "safe", **owner}
    if wallet_type != "eoa":
        raise unknown("wallet type", wallet_type, ("eoa", "safe"))
    if eoa_address is not None:
        raise UsageFault("Parsec creates a managed eoa wallet: leave out `--eoa-address`")
    if chain_id is not None:
        raise UsageFault("`--chain-id` is for safe wallets")
    return {"wallet_type": "eoa"}


def _linked(runtime: Runtime, user: User, applied: Applied, body: JsonObject) -> Record:
    raw = applied.after or {}
    if applied.evidence == "reread":
        runtime.screen.notice(
            f"{reread_text(applied)} `{user.name}` is linked to {body['exchange']}"
        )
        raw = {**raw, "exchange": body["exchange"], "mode": body["mode"], "status": None}
    status = shown(raw.get("status"))
    pairs: list[tuple[str, Words]] = [
        ("status", ((status, OUTCOMES.get(status, "plain")),) if status else ""),
        ("linked", shown(raw.get("linked_exchanges"))),
    ]
    names = "exchange", "mode", "steps_completed", "eoa_address", "safe_address"
    pairs += [(name.replace("_", " "), shown(raw[name])) for name in names if raw.get(name)]
    if user.external_id is not None:
        pairs.insert(0, ("customer_id", user.customer_id))
    return Record(raw, columns.ONBOARDED, (Card(tuple(pairs), title=user.name),))
