"""The end-users of the builder: create, list, get, update, deactivate; and its pool and escrow."""

from __future__ import annotations

import base64
import calendar
import json
import time
from typing import TYPE_CHECKING

from parsec_cli.sandbox.calls import BUILDER_TIER, Call, addressed_user
from parsec_cli.sandbox.responses import JSON, Answer, bad_request, of_json
from parsec_cli.sandbox.validation import Fields, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from parsec_cli.models import JsonObject
    from parsec_cli.sandbox.state import State


FEE_BPS = 50


_RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"


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


def create(call: Call) -> Answer:
    """Create the user (201), or return the one with this external_id unchanged (200)."""
    fields = Fields(call.request.json())
    external_id = fields.text("external_id", required=True)
    fields.email("email")
    qps_limit = fields.positive("qps_limit")
    eoa_address = fields.address("eoa_address")
    fields.done()
    there = call.state.user_by_external_id(external_id or "")
    if there is not None:
        return of_json(200, as_created(there))
    user = new_user(str(external_id), call.random, timestamp(call.now), qps_limit=qps_limit)
    while _is_taken(call, user):  # a seeded random source repeats itself
        user = new_user(str(external_id), call.random, user["created_at"], qps_limit=qps_limit)
    if eoa_address is not None:
        user["wallet"] = external_wallet(eoa_address, user["created_at"])
    call.state.add([user])
    return of_json(201, as_created(user))


def _is_taken(call: Call, user: JsonObject) -> bool:
    same_id, same_key = (
        call.state.user(user["customer_id"]),
        call.state.user_by_key(user["api_key"]),
    )
    return same_id is not None or same_key is not None


def list_users(call: Call) -> Answer:
    return list_page(call.state, call.request.query)


def get(call: Call) -> Answer:
    return of_json(200, addressed_user(call, call.customer_id))


def update(call: Call) -> Answer:
    """Set `qps_limit`; the pool may be overcommitted, since no document forbids it."""
    fields = Fields(call.request.json())
    fields.not_null("qps_limit")
    qps_limit = fields.positive("qps_limit")
    user = addressed_user(call, call.customer_id)
    fields.done()
    if qps_limit is not None:
        user["qps_limit"] = qps_limit
        call.state.save(user)
    return of_json(200, user)


def deactivate(call: Call) -> Answer:
    """Remove the user and its key; its external_id is free for a new user."""
    user = addressed_user(call, call.customer_id)
    call.state.remove(user["customer_id"])
    return Answer(204)


def pool(call: Call) -> Answer:
    return of_json(200, call.state.pool())


def escrow_config(call: Call) -> Answer:
    del call  # the same for every caller
    return of_json(200, ESCROW)


def new_user(
    external_id: str, random: Random, created_at: str, *, qps_limit: int | None = None
) -> JsonObject:
    """Return a user without wallet or exchanges, with a fresh customer_id and key."""
    return {
        "customer_id": new_uuid(random),
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


def as_created(user: JsonObject) -> JsonObject:
    """Return the shape of the response to a create."""
    hidden = ("tier", "qps_limit", "created_at")
    shown = {name: value for name, value in user.items() if name not in hidden}
    return {**shown, "status": "complete"}


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


def new_uuid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[random.getrandbits(2)]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_address(random: Random) -> str:
    return f"0x{random.getrandbits(160):040x}"


def timestamp(unix_seconds: float) -> str:
    return time.strftime(_RFC_3339, time.gmtime(unix_seconds))


def seconds(timestamp: str) -> int:
    """Return the Unix seconds of a text that `timestamp` made."""
    return calendar.timegm(time.strptime(timestamp, _RFC_3339))


def usdc_amount(units: int) -> str:
    """Write base units (6 decimals) as dollars: `100500000` is `100.50`."""
    return f"{units // 1_000_000}.{units % 1_000_000 // 10_000:02}"


DEFAULT_LIMIT = 50


MAX_LIMIT = 100


_FIELD = "builder_external_id"


def list_page(state: State, query: Mapping[str, str]) -> Answer:
    """Return the page for `limit` and `cursor`; raises Refusal 400."""
    limit = whole_number(query.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)
    # one more row shows whether there is a next page
    rows = state.page(read_cursor(query.get("cursor", "")), limit + 1)
    page = rows[:limit]
    cursor = write_cursor(page[-1][0]) if len(rows) > limit else None
    users = ",".join(document for _, document in page)
    text = f'{{"users":[{users}],"next_cursor":{json.dumps(cursor)},"count":{len(page)}}}'
    return Answer(200, text.encode(), (JSON,))


def write_cursor(external_id: str) -> str:
    return base64.b64encode(json.dumps({_FIELD: external_id}).encode()).decode()


def read_cursor(cursor: str) -> str:
    """Return the external_id to continue after; without a cursor, start at the beginning."""
    if not cursor:
        return ""
    try:
        after = json.loads(base64.b64decode(cursor, validate=True))[_FIELD]
        after.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise bad_request("invalid cursor") from None
    return str(after)
