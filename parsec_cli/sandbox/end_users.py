"""The end-users of the builder: create, list, get, update, deactivate; and its pool and escrow."""

from __future__ import annotations

import base64
import calendar
import json
import time
from random import Random

from parsec_cli.field_rules import email_fault
from parsec_cli.models import JsonObject
from parsec_cli.sandbox.calls import BUILDER_TIER, Call, addressed_user, whole_number
from parsec_cli.sandbox.responses import Answer, bad_request, json_text, of_json

FEE_BPS = 50
DEFAULT_LIMIT, MAX_LIMIT = 50, 100
_RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"
_CURSOR_FIELD = "builder_external_id"
_ESCROW = {
    "fee_escrow_enabled": True,
    "fee_bps": FEE_BPS,
    "affiliate_address": "0xaff1000000000000000000000000000000000001",
    "escrow_contract_address": "0xe5c0000000000000000000000000000000000002",
    "min_fee_usdc": "100000",
    "min_fee_bps": 10,
    "treasury_address": "0x7ea5000000000000000000000000000000000003",
    "affiliate_fee_bps": 2000,
}


def create(call: Call) -> Answer:
    """Create the user (201), or return the one with this external_id unchanged (200)."""
    fields = call.request.fields()
    external_id = fields.text("external_id", required=True) or ""
    email = fields.text("email")
    if email is not None and email_fault(email):
        fields.problem("email", "must be an email address")
    qps_limit = fields.positive("qps_limit")
    eoa_address = fields.address("eoa_address")
    fields.done()
    state, random = call.state, call.random
    there = state.user(external_id, "external_id")
    if there is not None:
        return of_json(200, _as_created(there))
    user = new_user(external_id, random, timestamp(call.now), qps_limit)
    # a seeded random source repeats itself
    while state.user(user["customer_id"]) or state.user(user["api_key"], "api_key"):
        user = new_user(external_id, random, user["created_at"], qps_limit)
    if eoa_address is not None:
        user["wallet"] = external_wallet(eoa_address, user["created_at"])
    state.add([user])
    return of_json(201, _as_created(user))


def _as_created(user: JsonObject) -> JsonObject:
    hidden = ("tier", "qps_limit", "created_at")
    shown = {name: value for name, value in user.items() if name not in hidden}
    return {**shown, "status": "complete"}


def list_page(call: Call) -> Answer:
    query = call.request.query
    limit = whole_number(query.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)
    # one more row shows whether there is a next page
    rows = call.state.page(_cursor_position(query.get("cursor", "")), limit + 1)
    page = rows[:limit]
    users = ",".join(document for _, document in page)
    cursor = None
    if len(rows) > limit:
        position = json.dumps({_CURSOR_FIELD: page[-1][0]})
        cursor = base64.b64encode(position.encode()).decode()
    text = f'{{"users":[{users}],"next_cursor":{json.dumps(cursor)},"count":{len(page)}}}'
    return json_text(200, text)


def _cursor_position(cursor: str) -> str:
    """Return the external_id to continue after; without a cursor, start at the beginning."""
    if not cursor:
        return ""
    try:
        after = json.loads(base64.b64decode(cursor, validate=True))[_CURSOR_FIELD]
        after.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise bad_request("invalid cursor") from None
    return str(after)


def get(call: Call) -> Answer:
    return of_json(200, addressed_user(call))


def update(call: Call) -> Answer:
    """Set `qps_limit`; the pool may be overcommitted, since no document forbids it."""
    fields = call.request.fields()
    if fields.body.get("qps_limit", 0) is None:
        fields.problem("qps_limit", "must be an integer")
    qps_limit = fields.positive("qps_limit")
    user = addressed_user(call)
    fields.done()
    if qps_limit is not None:
        user["qps_limit"] = qps_limit
        call.state.save(user)
    return of_json(200, user)


def deactivate(call: Call) -> Answer:
    """Remove the user and its key; its external_id is free for a new user."""
    call.state.remove(addressed_user(call)["customer_id"])
    return Answer(204)


def pool(call: Call) -> Answer:
    return of_json(200, call.state.pool())


def escrow_config(call: Call) -> Answer:
    del call  # the same for every caller
    return of_json(200, _ESCROW)


def new_user(
    external_id: str, random: Random, created_at: str, qps_limit: int | None
) -> JsonObject:
    """Return a user without wallet or exchanges, with a fresh customer_id and key."""
    digits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[random.getrandbits(2)]
    version_4 = (digits[:8], digits[8:12], f"4{digits[13:16]}", variant + digits[17:20])
    return {
        "customer_id": "-".join((*version_4, digits[20:])),
        "external_id": external_id,
        "api_key": f"pk_live_{random.getrandbits(128):032x}",
        "tier": BUILDER_TIER,
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


def new_address(random: Random) -> str:
    return f"0x{random.getrandbits(160):040x}"


def timestamp(unix_seconds: float) -> str:
    return time.strftime(_RFC_3339, time.gmtime(unix_seconds))


def seconds(timestamp: str) -> int:
    """Return the Unix seconds of a text that `timestamp` made."""
    return calendar.timegm(time.strptime(timestamp, _RFC_3339))
