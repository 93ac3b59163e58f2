"""Link an end-user to an exchange, and check exchange credentials.

Finished steps are skipped: a repeat returns `already_linked` without steps, and a user with a
wallet but no link gets only the link. Credentials are checked, but not stored. There is no exchange
behind the sandbox, so every well-formed credential works. To rehearse a refusal, let `api_key_id`
or `clob_api_key` begin with `bad`.
"""

from __future__ import annotations

import base64

from parsec_cli.models import EXCHANGES, JsonObject
from parsec_cli.sandbox.calls import NOT_OWNED, Call, Fields, address, matching, one_of, positive
from parsec_cli.sandbox.end_users import embedded_wallet, external_wallet, new_address, timestamp
from parsec_cli.sandbox.responses import Refusal

HEADER = "X-Exchange-Credentials"
_CLOB = ("clob_api_key", "clob_api_secret", "clob_api_passphrase")
_HEX_KEY = matching(r"0x[0-9a-fA-F]{64}", "0x and 64 hex digits")
_PEM_KEY = matching(
    r"(?s)\s*-----BEGIN (RSA )?PRIVATE KEY-----\s.*-----END (RSA )?PRIVATE KEY-----\s*",
    "an RSA private key in PEM format",
)


def onboard(call: Call) -> JsonObject:
    """Link a user to an exchange, and create a missing wallet; raises Refusal 400 or 403."""
    wish = _wish(call.fields())
    exchange, mode = wish["exchange"], wish["mode"]
    # this endpoint documents no 404, so an unknown user is also a 403
    user = call.state.user(wish["customer_id"].lower())
    if user is None:
        raise Refusal(403, NOT_OWNED)
    status, steps = "already_linked", []
    if exchange not in user["linked_exchanges"]:
        status, steps = "complete", ["credentials_validated", "credentials_stored"]
        if mode == "managed":
            steps = _make_wallet(call, user, wish)
        steps.append("exchange_linked")
        user["linked_exchanges"].append(exchange)
        call.state.save([user])
    wallet = user["wallet"] if mode == "managed" else None
    shown = ("linked_exchanges", "fee_escrow_enabled", "fee_bps", "affiliate_address")
    return {
        "customer_id": user["customer_id"],
        "exchange": exchange,
        "mode": mode,
        "status": status,
        "steps_completed": steps,
        "eoa_address": wallet["eoa_address"] if wallet else None,
        "safe_address": wallet["safe_address"] if wallet else None,
        "wallet": wallet,
        **{name: user[name] for name in shown},
    }


def _wish(fields: Fields) -> JsonObject:
    """Return the body with its defaults, checked by the rules of the mode; raises Refusal 400."""
    fields.read("customer_id", required=True)
    exchange = fields.read("exchange", one_of(*EXCHANGES), required=True)
    mode = fields.read("mode", one_of("managed", "self"), required=True)
    wish = {"wallet_type": "eoa", "chain_id": 137}
    if mode == "managed":
        if exchange == "kalshi":
            fields.problems.append("mode managed is for polymarket only")
        wallet_type = fields.read("wallet_type", one_of("eoa", "safe"), default="eoa")
        eoa_address = fields.read("eoa_address", address, required=wallet_type == "safe")
        if wallet_type == "eoa" and eoa_address:
            fields.problems.append("eoa_address must not be given with wallet_type eoa")
        fields.read("chain_id", positive)
    elif mode == "self" and exchange:
        _check_credentials(fields, exchange, stored=True)
    fields.done()
    return wish | {name: value for name, value in fields.body.items() if value is not None}


def _make_wallet(call: Call, user: JsonObject, wish: JsonObject) -> list[str]:
    """Create the wallet that the user lacks; return the steps taken."""
    steps, now = [], timestamp(call.now)
    if wish["wallet_type"] == "eoa":
        if user["wallet"] is None:
            user["wallet"] = embedded_wallet(call.random, now)
            steps.append("wallet_eoa_created")
        return steps
    if user["wallet"] is None:
        user["wallet"] = external_wallet(wish["eoa_address"], now)
        steps.append("external_eoa_provided")
    wallet = user["wallet"]
    if wallet["eoa_address"].lower() != wish["eoa_address"].lower():
        raise Refusal(400, "the end-user has a wallet with another eoa_address")
    if wallet["safe_address"] is None:
        safe_address = new_address(call.random)
        wallet |= {
            "wallet_type": "safe",
            "safe_address": safe_address,
            "chain_id": wish["chain_id"],
        }
        steps.append("wallet_safe_created")
    return steps


def check_header(value: str, exchange: str) -> None:
    """Accept the value of X-Exchange-Credentials for the exchange; raises Refusal 400 or 403."""
    try:
        document = base64.b64decode(value, validate=True)
    except ValueError:
        document = b""
    fields = Fields(document, f"{HEADER} is not base64 of a JSON object")
    _check_credentials(fields, exchange, stored=False)


def _check_credentials(fields: Fields, exchange: str, *, stored: bool) -> None:
    """Check the fields of an exchange; raises Refusal 400, or 403 if they begin with `bad`."""
    if exchange == "kalshi":
        fields.read("api_key_id", required=True)
        fields.read("private_key", _PEM_KEY, required=True)
    else:
        # unless stored: a signing key, the three API credentials, or both; the documents disagree
        clob = stored or any(fields.body.get(name) is not None for name in _CLOB)
        for name in _CLOB:
            fields.read(name, required=clob)
        fields.read("private_key", _HEX_KEY, required=not clob)
    fields.done()
    if any(str(fields.body.get(name)).startswith("bad") for name in ("api_key_id", _CLOB[0])):
        raise Refusal(403, "the exchange refused the credentials", "authentication_failed")
