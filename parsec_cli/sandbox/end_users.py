"""The end-users of the builder: create, list, update, deactivate."""

from __future__ import annotations

import base64
import calendar
import json
import time
from random import Random

from parsec_cli.field_rules import email_fault
from parsec_cli.models import JsonObject
from parsec_cli.sandbox.calls import BUILDER, Call, address, positive, text, whole_number
from parsec_cli.sandbox.responses import Refusal, Response, of_json

FEE_BPS = 50
_RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"
_CURSOR_FIELD = "builder_external_id"
ESCROW = {
    "fee_escrow_enabled": True,
    "fee_bps": FEE_BPS,
    "affiliate_address": "0xaff1000000000000000000000000000000000001",
    "escrow_contract_address": "0xe5c0000000000000000000000000000000000002",
    "min_fee_usdc": "100000",
    "min_fee_bps": 10,
    "treasury_address": "0x7ea5000000000000000000000000000000000003",
    "affiliate_fee_bps": 2000,
}


def create(call: Call) -> Response:
    """Create the user (201), or return the one with this external_id unchanged (200)."""
    fields = call.fields()
    external_id = fields.read("external_id", required=True)
    fields.read("email", _email)
    qps_limit = fields.read("qps_limit", positive)
    eoa_address = fields.read("eoa_address", address)
    fields.done()
    user, status = call.state.user(external_id, "external_id"), 200
    if user is None:
        status, created_at = 201, timestamp(call.now)
        user = new_user(external_id, call.random, created_at, qps_limit)
        if eoa_address is not None:
            user["wallet"] = external_wallet(eoa_address, created_at)
        call.state.save([user])
    hidden = ("tier", "qps_limit", "created_at")
    shown = {name: value for name, value in user.items() if name not in hidden}
    return of_json(status, {**shown, "status": "complete"})


def _email(value: str) -> str:
    return text(value) or ("must be an email address" if email_fault(value) else "")


def list_page(call: Call) -> Response:
    """List users in the order of their external_ids; raises Refusal 400."""
    query, after = call.query, ""
    limit = whole_number(query.get("limit", "50"), "limit", 1, 100)
    if cursor := query.get("cursor"):
        try:
            after = json.loads(base64.b64decode(cursor, validate=True))[_CURSOR_FIELD]
            after.encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Refusal(400, "invalid cursor") from None
    # one more row shows whether there is a next page
    rows = call.state.page(after, limit + 1)
    page, next_cursor = rows[:limit], None
    if len(rows) > limit:
        position = json.dumps({_CURSOR_FIELD: page[-1][0]})
        next_cursor = base64.b64encode(position.encode()).decode()
    users = ",".join(document for _, document in page)
    ending = f'"next_cursor":{json.dumps(next_cursor)},"count":{len(page)}'
    return Response(200, f'{{"users":[{users}],{ending}}}')


def update(call: Call) -> JsonObject:
    """Set `qps_limit`; the pool may be overcommitted, since no document forbids it."""
    fields = call.fields()
    if fields.body.get("qps_limit", 0) is None:
        fields.problems.append("qps_limit must be an integer")
    qps_limit = fields.read("qps_limit", positive)
    user = call.addressed_user()
    fields.done()
    if qps_limit is not None:
        user["qps_limit"] = qps_limit
        call.state.save([user])
    return user


def deactivate(call: Call) -> Response:
    """Remove the user and its key; its external_id is free for a new user."""
    call.state.remove(call.addressed_user()["customer_id"])
    return Response(204)


def new_user(
    external_id: str, random: Random, created_at: str, qps_limit: int | None
) -> JsonObject:
    """Return a user without wallet or exchanges, with a fresh customer_id and key."""
    bits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[random.getrandbits(2)]
    version_4 = f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{variant}{bits[17:20]}-{bits[20:]}"
    return {
        "customer_id": version_4,
        "external_id": external_id,
        "api_key": f"pk_live_{random.getrandbits(128):032x}",
        "tier": BUILDER["tier"],
        "qps_limit": qps_limit,
        "created_at": created_at,
        "linked_exchanges": [],
        "wallet": None,
        "fee_escrow_enabled": True,
        "fee_bps": FEE_BPS,
        "affiliate_address": None,
    }


def external_wallet(eoa_address: str, created_at: str) -> JsonObject:
    """Return the wallet of a user with an address of their own, without an embedded wallet."""
    return {
        "eoa_address": eoa_address,
        "privy_wallet_id": "",
        "safe_address": None,
        "wallet_type": "eoa",
        "chain_id": 137,
        "created_at": created_at,
        "balances": [],
    }


def embedded_wallet(random: Random, created_at: str) -> JsonObject:
    wallet = external_wallet(new_address(random), created_at)
    return {**wallet, "privy_wallet_id": f"privy_{random.getrandbits(64):016x}"}


def new_address(random: Random) -> str:
    return f"0x{random.getrandbits(160):040x}"


def timestamp(unix_seconds: float) -> str:
    """Return Unix seconds as RFC 3339 text, to the second."""
    return time.strftime(_RFC_3339, time.gmtime(unix_seconds))


def seconds(timestamp: str) -> int:
    """Return the Unix seconds of a text that `timestamp` made."""
    return calendar.timegm(time.strptime(timestamp, _RFC_3339))
