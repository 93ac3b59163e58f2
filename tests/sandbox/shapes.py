"""The objects of the Builder API as strict schemas: a field that is not listed is a breach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
ADDRESS: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
CUSTOMER: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
EXCHANGES: Schema = {"type": "array", "items": {"enum": ["polymarket", "kalshi"]}}
AMOUNT: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}


def exactly(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def several(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


BALANCE = exactly(
    {"token": TEXT, "balance": AMOUNT, "raw_balance": AMOUNT, "decimals": COUNT},
    contract_address=nullable(ADDRESS),
)
WALLET = exactly(
    {
        "eoa_address": ADDRESS,
        "privy_wallet_id": {"type": "string"},
        "wallet_type": {"enum": ["eoa", "safe"]},
    },
    safe_address=nullable(ADDRESS),
    chain_id=nullable(COUNT),
    created_at=nullable(TIME),
    balances=nullable(several(BALANCE)),
)
FEES = {
    "fee_bps": nullable(COUNT),
    "affiliate_address": nullable(ADDRESS),
}
IDENTITY = {
    "customer_id": CUSTOMER,
    "external_id": TEXT,
    "api_key": {"type": "string", "pattern": "^pk_live_.{8,}$"},
    "linked_exchanges": EXCHANGES,
    "fee_escrow_enabled": FLAG,
}
USER = exactly(
    {**IDENTITY, "tier": {"enum": ["free", "pro", "scale"]}},
    qps_limit=nullable({"type": "integer", "minimum": 1}),
    created_at=nullable(TIME),
    wallet=nullable(WALLET),
    **FEES,
)
CREATED = exactly(
    {**IDENTITY, "status": {"enum": ["complete", "active"]}}, wallet=nullable(WALLET), **FEES
)
PAGE = exactly({"users": several(USER), "count": COUNT}, next_cursor=nullable(TEXT))
STEPS = (
    "wallet_eoa_created",
    "external_eoa_provided",
    "wallet_safe_created",
    "exchange_linked",
    "credentials_validated",
    "credentials_stored",
)
ONBOARDED = exactly(
    {
        "customer_id": CUSTOMER,
        "exchange": {"enum": ["polymarket", "kalshi"]},
        "mode": {"enum": ["managed", "self"]},
        "status": {"enum": ["complete", "already_linked"]},
        "linked_exchanges": EXCHANGES,
        "steps_completed": several({"enum": list(STEPS)}),
        "fee_escrow_enabled": FLAG,
    },
    eoa_address=nullable(ADDRESS),
    safe_address=nullable(ADDRESS),
    wallet=nullable(WALLET),
    **FEES,
)
POOL = exactly({"qps_pool": COUNT, "end_user_count": COUNT, "total_allocated_qps": COUNT})
ESCROW = exactly(
    {
        "fee_escrow_enabled": FLAG,
        "escrow_contract_address": ADDRESS,
        "min_fee_usdc": {"type": "string", "pattern": r"^\d+$"},
        "min_fee_bps": COUNT,
        "treasury_address": ADDRESS,
        "affiliate_fee_bps": COUNT,
    },
    **FEES,
)
USAGE = exactly(
    {
        "tier": TEXT,
        "billing_period_start": COUNT,
        "billing_period_end": COUNT,
        "limits": exactly(
            dict.fromkeys(
                (
                    "monthly_requests",
                    "rest_qps",
                    "rest_qps_burst",
                    "ws_max_subscriptions",
                    "ws_max_depth",
                    "history_max_age_days",
                ),
                COUNT,
            )
        ),
        "usage": exactly(
            dict.fromkeys(
                ("monthly_requests", "ws_active_connections", "ws_active_subscriptions"), COUNT
            )
        ),
    }
)
PING = several(
    exactly({"exchange": TEXT, "has_credentials": FLAG, "authenticated": FLAG, "message": TEXT})
)
POSITION = exactly(
    {
        "market_id": TEXT,
        "outcome": TEXT,
        "size": NUMBER,
        "average_price": NUMBER,
        "current_price": NUMBER,
    }
)
SIDE: Schema = {"enum": ["buy", "sell"]}
TRADE = {"market_id": TEXT, "outcome": TEXT, "side": SIDE, "price": NUMBER, "size": NUMBER}
FILL = exactly(
    {
        **TRADE,
        "fill_id": TEXT,
        "order_id": TEXT,
        "is_taker": FLAG,
        "fee": NUMBER,
        "created_at": TIME,
    }
)
ORDER = exactly(
    {
        **TRADE,
        "id": TEXT,
        "filled": NUMBER,
        "status": {
            "enum": ["pending", "open", "filled", "partially_filled", "cancelled", "rejected"]
        },
        "created_at": TIME,
    },
    updated_at=nullable(TIME),
)
SESSION = exactly({"active": FLAG, "expires_at": nullable(TIME)}, signer_id=nullable(TEXT))
WALLETS = exactly(
    {
        "linked_exchanges": several(exactly({"exchange": TEXT, "has_credentials": FLAG})),
        "wallets": several(WALLET),
    },
    session_signer=nullable(SESSION),
    wallet=nullable(WALLET),
)
