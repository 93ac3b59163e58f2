"""Link an end-user to an exchange, with a managed wallet or with the user's own credentials.

Finished steps are skipped: a repeat returns `already_linked` without steps, and a user with a
wallet but no link gets only the link. Credentials are checked, but not stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsec_cli.sandbox.calls import NOT_OWNED, Call
from parsec_cli.sandbox.end_users import external_wallet, new_address, timestamp
from parsec_cli.sandbox.header_credentials import check_accepted
from parsec_cli.sandbox.responses import Answer, Refusal, bad_request, of_json
from parsec_cli.sandbox.validation import HEX_KEY, PEM_KEY, Fields

if TYPE_CHECKING:
    from parsec_cli.models import JsonObject

EXCHANGES = ("polymarket", "kalshi")
MODES = ("managed", "self")
WALLET_TYPES = ("eoa", "safe")
POLYGON = 137


@dataclass(frozen=True, slots=True)
class Wish:
    """A valid onboarding request."""

    customer_id: str
    exchange: str
    mode: str
    wallet_type: str
    eoa_address: str
    chain_id: int


def onboard(call: Call) -> Answer:
    wish = read_wish(Fields(call.request.json()))
    # this endpoint documents no 404, so an unknown user is a 403 as well
    user = call.state.user(wish.customer_id)
    if user is None:
        raise Refusal(403, NOT_OWNED, "forbidden")
    if wish.exchange in user["linked_exchanges"]:
        return of_json(200, _result(user, wish, "already_linked", []))
    steps = _make_wallet(call, user, wish) if wish.mode == "managed" else _keep_keys()
    user["linked_exchanges"].append(wish.exchange)
    call.state.save(user)
    return of_json(200, _result(user, wish, "complete", [*steps, "exchange_linked"]))


def read_wish(fields: Fields) -> Wish:
    """Check all fields by the rules of the mode; raises Refusal 400."""
    customer_id = fields.text("customer_id", required=True) or ""
    exchange = fields.one_of("exchange", EXCHANGES)
    mode = fields.one_of("mode", MODES)
    wallet_type, eoa_address, chain_id = "", "", POLYGON
    if mode == "managed":
        if exchange == "kalshi":
            fields.problem("mode", "managed is for polymarket only")
        wallet_type = fields.one_of("wallet_type", WALLET_TYPES, default="eoa")
        eoa_address = fields.address("eoa_address", required=wallet_type == "safe") or ""
        if wallet_type == "eoa" and eoa_address:
            fields.problem("eoa_address", "must not be given with wallet_type eoa")
        chain_id = fields.positive("chain_id") or POLYGON
    elif mode == "self":
        _check_keys(fields, exchange)
    fields.done()
    if mode == "self":
        check_accepted(fields.body)
    return Wish(customer_id.lower(), exchange, mode, wallet_type, eoa_address, chain_id)


def _check_keys(fields: Fields, exchange: str) -> None:
    if exchange == "polymarket":
        for name in ("clob_api_key", "clob_api_secret", "clob_api_passphrase"):
            fields.text(name, required=True)
        fields.matching("private_key", HEX_KEY, "0x and 64 hex digits")
    elif exchange == "kalshi":
        fields.text("api_key_id", required=True)
        fields.matching("private_key", PEM_KEY, "an RSA private key in PEM format", required=True)


def _keep_keys() -> list[str]:
    return ["credentials_validated", "credentials_stored"]


def _make_wallet(call: Call, user: JsonObject, wish: Wish) -> list[str]:
    """Create the wallet that the user lacks; return the steps taken."""
    steps = []
    now = timestamp(call.now)
    if user["wallet"] is None and wish.wallet_type == "eoa":
        made = external_wallet(new_address(call.random), now)
        user["wallet"] = {**made, "privy_wallet_id": f"privy_{call.random.getrandbits(64):016x}"}
        steps.append("wallet_eoa_created")
    if wish.wallet_type == "safe":
        if user["wallet"] is None:
            user["wallet"] = external_wallet(wish.eoa_address, now)
            steps.append("external_eoa_provided")
        steps += _make_safe(call, user["wallet"], wish)
    return steps


def _make_safe(call: Call, wallet: JsonObject, wish: Wish) -> list[str]:
    if wallet["eoa_address"].lower() != wish.eoa_address.lower():
        raise bad_request("the end-user has a wallet with another eoa_address")
    if wallet["safe_address"] is not None:
        return []
    wallet["wallet_type"] = "safe"
    wallet["safe_address"] = new_address(call.random)
    wallet["chain_id"] = wish.chain_id
    return ["wallet_safe_created"]


def _result(user: JsonObject, wish: Wish, status: str, steps: list[str]) -> JsonObject:
    wallet = user["wallet"] if wish.mode == "managed" else None
    return {
        "customer_id": user["customer_id"],
        "exchange": wish.exchange,
        "mode": wish.mode,
        "status": status,
        "linked_exchanges": user["linked_exchanges"],
        "steps_completed": steps,
        "eoa_address": wallet["eoa_address"] if wallet else None,
        "safe_address": wallet["safe_address"] if wallet else None,
        "wallet": wallet,
        "fee_escrow_enabled": user["fee_escrow_enabled"],
        "fee_bps": user["fee_bps"],
        "affiliate_address": user["affiliate_address"],
    }
