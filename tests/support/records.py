"""Objects as the Builder API sends them, with values that are the same in every run."""

from __future__ import annotations

import uuid
from typing import Any

END_USER_KEY = "pk_live_ENDUSER_CANARY_"
_NAMESPACE = uuid.UUID("6f1b1c1e-0000-4000-8000-000000000000")
JsonObject = dict[str, Any]


def customer_id(number: int) -> str:
    """Return the UUID that the nth user gets, the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, str(number)))


def wallet(wallet_type: str = "eoa", balance: str = "0") -> JsonObject:
    value: JsonObject = {
        "eoa_address": "0x" + "a1" * 20,
        "privy_wallet_id": "",
        "wallet_type": wallet_type,
        "chain_id": 137,
        "balances": [
            {
                "token": "USDC",
                "balance": balance,
                "raw_balance": str(round(float(balance) * 1_000_000)),
                "decimals": 6,
            }
        ],
    }
    if wallet_type == "safe":
        value["safe_address"] = "0x" + "b2" * 20
    return value


def new_user(external_id: str | None, number: int) -> JsonObject:
    return {
        "customer_id": customer_id(number),
        "external_id": external_id,
        "api_key": f"{END_USER_KEY}{number:04d}",
        "tier": "pro",
        "qps_limit": None,
        "created_at": "2026-03-01T08:00:00Z",
        "linked_exchanges": [],
        "wallet": None,
        "fee_escrow_enabled": False,
        "fee_bps": None,
        "affiliate_address": None,
    }


def escrow() -> JsonObject:
    return {
        "fee_escrow_enabled": True,
        "fee_bps": 25,
        "affiliate_address": None,
        "escrow_contract_address": "0x" + "c3" * 20,
        "min_fee_usdc": "100000",
        "min_fee_bps": 5,
        "treasury_address": "0x" + "d4" * 20,
        "affiliate_fee_bps": 0,
    }
