"""Link an end-user to an exchange, and check exchange credentials.

Finished steps are skipped: a repeat returns `already_linked` without steps, and a user with a
wallet but no link gets only the link. Credentials are checked, but not stored. There is no exchange
behind the sandbox, so every well-formed credential works. To rehearse a refusal, let `api_key_id`
or `clob_api_key` begin with `bad`.
"""

from __future__ import annotations

import base64
import json
import re

from parsec_cli.models import JsonObject
from parsec_cli.records import record
from parsec_cli.sandbox.calls import NOT_OWNED, Call, Fields
from parsec_cli.sandbox.end_users import external_wallet, new_address, timestamp
from parsec_cli.sandbox.responses import Answer, Refusal, bad_request, forbidden, of_json

HEADER = "X-Exchange-Credentials"
EXCHANGES = ("polymarket", "kalshi")
_POLYGON = 137
_CLOB = ("clob_api_key", "clob_api_secret", "clob_api_passphrase")
_HEX_KEY = re.compile(r"0x[0-9a-fA-F]{64}")
_PEM_KEY = re.compile(
    r"\s*-----BEGIN (RSA )?PRIVATE KEY-----\s.*-----END (RSA )?PRIVATE KEY-----\s*", re.DOTALL
)


@record
class Wish:
    """A valid onboarding request."""

    customer_id: str
    exchange: str
    mode: str
    wallet_type: str
    eoa_address: str
    chain_id: int


def onboard(call: Call) -> Answer:
    wish = _wish(call.request.fields())
    # this endpoint documents no 404, so an unknown user is a 403 as well
    user = call.state.user(wish.customer_id)
    if user is None:
        raise Refusal(403, NOT_OWNED, "forbidden")
    if wish.exchange in user["linked_exchanges"]:
        return of_json(200, _result(user, wish, "already_linked", []))
    steps = ["credentials_validated", "credentials_stored"]
    if wish.mode == "managed":
        steps = _make_wallet(call, user, wish)
    user["linked_exchanges"].append(wish.exchange)
    call.state.save(user)
    return of_json(200, _result(user, wish, "complete", [*steps, "exchange_linked"]))


def _wish(fields: Fields) -> Wish:
    """Check all fields by the rules of the mode; raises Refusal 400."""
    customer_id = fields.text("customer_id", required=True) or ""
    exchange = fields.one_of("exchange", EXCHANGES)
    mode = fields.one_of("mode", ("managed", "self"))
    wallet_type, eoa_address, chain_id = "", "", _POLYGON
    if mode == "managed":
        if exchange == "kalshi":
            fields.problem("mode", "managed is for polymarket only")
        wallet_type = fields.one_of("wallet_type", ("eoa", "safe"), default="eoa")
        eoa_address = fields.address("eoa_address", required=wallet_type == "safe") or ""
        if wallet_type == "eoa" and eoa_address:
            fields.problem("eoa_address", "must not be given with wallet_type eoa")
        chain_id = fields.positive("chain_id") or _POLYGON
    elif mode == "self" and exchange == "polymarket":
        for name in _CLOB:
            fields.text(name, required=True)
        _hex_key(fields)
    elif mode == "self" and exchange == "kalshi":
        _check_kalshi(fields)
    fields.done()
    if mode == "self":
        _check_accepted(fields)
    return Wish(customer_id.lower(), exchange, mode, wallet_type, eoa_address, chain_id)


def _make_wallet(call: Call, user: JsonObject, wish: Wish) -> list[str]:
    """Create the wallet that the user lacks; return the steps taken."""
    steps, now = [], timestamp(call.now)
    if wish.wallet_type == "eoa":
        if user["wallet"] is None:
            made = external_wallet(new_address(call.random), now)
            privy_id = f"privy_{call.random.getrandbits(64):016x}"
            user["wallet"] = {**made, "privy_wallet_id": privy_id}
            steps.append("wallet_eoa_created")
        return steps
    if user["wallet"] is None:
        user["wallet"] = external_wallet(wish.eoa_address, now)
        steps.append("external_eoa_provided")
    wallet = user["wallet"]
    if wallet["eoa_address"].lower() != wish.eoa_address.lower():
        raise bad_request("the end-user has a wallet with another eoa_address")
    if wallet["safe_address"] is None:
        safe_address = new_address(call.random)
        wallet |= {"wallet_type": "safe", "safe_address": safe_address, "chain_id": wish.chain_id}
        steps.append("wallet_safe_created")
    return steps


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


def check_header(value: str, exchange: str) -> None:
    """Accept the value of X-Exchange-Credentials for the exchange; raises Refusal 400 or 403."""
    try:
        credentials = json.loads(base64.b64decode(value, validate=True))
    except (ValueError, RecursionError):
        raise bad_request(f"{HEADER} is not base64 of JSON") from None
    if not isinstance(credentials, dict):
        raise bad_request(f"{HEADER} is not base64 of a JSON object")
    fields = Fields(credentials)
    if exchange == "kalshi":
        _check_kalshi(fields)
    else:
        # a signing key, the three API credentials, or both: the documents disagree
        key = _hex_key(fields)
        given = [name for name in _CLOB if fields.text(name) is not None]
        for name in _CLOB:
            if given and name not in given:
                fields.problem(name, "is required with the other clob fields")
        if key is None and not given:
            fields.problem("private_key", "is required")
    fields.done()
    _check_accepted(fields)


def _check_kalshi(fields: Fields) -> None:
    fields.text("api_key_id", required=True)
    fields.matching("private_key", _PEM_KEY, "an RSA private key in PEM format", required=True)


def _hex_key(fields: Fields) -> str | None:
    return fields.matching("private_key", _HEX_KEY, "0x and 64 hex digits")


def _check_accepted(fields: Fields) -> None:
    """Refuse credentials that begin with `bad`, as an exchange would; raises Refusal 403."""
    if any(str(fields.body.get(name)).startswith("bad") for name in ("api_key_id", _CLOB[0])):
        raise forbidden("the exchange refused the credentials", "authentication_failed")
