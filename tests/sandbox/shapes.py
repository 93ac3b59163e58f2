"""The objects of the Builder API as strict schemas: a field that is not listed is a breach.

They are the models of the vendor's SDK, with what the documentation says about single fields.
"""

from __future__ import annotations

from typing import Any

from parsec_api import types
from parsec_api.types import builder
from pydantic import TypeAdapter

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
EXCHANGES = {"enum": ["polymarket", "kalshi"]}
ADDRESS = {"pattern": "^0x[0-9a-fA-F]{40}$"}
AMOUNT = {"pattern": r"^\d+(\.\d+)?$"}
STEPS = {
    "enum": [
        "wallet_eoa_created",
        "external_eoa_provided",
        "wallet_safe_created",
        "exchange_linked",
        "credentials_validated",
        "credentials_stored",
    ]
}
# what the documentation says about texts, by the name of the field
TEXTS = {
    "customer_id": {"pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    "api_key": {"pattern": "^pk_live_.{8,}$"},
    "tier": {"enum": ["free", "pro", "scale"]},
    "status": {"enum": ["complete", "active", "already_linked"]},
    "created_at": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    "exchange": EXCHANGES,
    "linked_exchanges": EXCHANGES,
    "steps_completed": STEPS,
    "mode": {"enum": ["managed", "self"]},
    "wallet_type": {"enum": ["eoa", "safe"]},
    "eoa_address": ADDRESS,
    "safe_address": ADDRESS,
    "contract_address": ADDRESS,
    "affiliate_address": ADDRESS,
    "escrow_contract_address": ADDRESS,
    "treasury_address": ADDRESS,
    "balance": AMOUNT,
    "raw_balance": AMOUNT,
    "min_fee_usdc": {"pattern": r"^\d+$"},
    "privy_wallet_id": {"minLength": 0},
}


def exactly(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def several(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def shape(model: Any) -> Schema:
    """Return the strict schema of a model of the SDK."""
    return _strict(TypeAdapter(model).json_schema(), "")


def _strict(schema: Any, name: str) -> Any:
    """Add the rules to a part of a schema, which describes a field of this name."""
    if isinstance(schema, list):
        return [_strict(part, name) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {}
    for key, part in schema.items():
        if key in ("properties", "$defs"):
            strict[key] = {field: _strict(value, field) for field, value in part.items()}
        else:
            strict[key] = _strict(part, name)
    if "properties" in strict:
        strict["additionalProperties"] = False
    if strict.get("type") == "string" and "enum" not in strict:
        strict = {"minLength": 1, **strict, **TEXTS.get(name, {})}
    if strict.get("type") == "integer":
        strict["minimum"] = 1 if name == "qps_limit" else 0
    return strict


USER = shape(builder.UserRetrieveResponse)
# None: the response has no body
SUCCESS: dict[str, dict[int, Schema | None]] = {
    "POST /builder/users": dict.fromkeys((201, 200), shape(builder.UserCreateResponse)),
    "GET /builder/users": {200: shape(builder.UserListResponse)},
    "GET /builder/users/{customer_id}": {200: USER},
    "PATCH /builder/users/{customer_id}": {200: shape(builder.UserUpdateResponse)},
    "DELETE /builder/users/{customer_id}": {204: None},
    "POST /builder/onboard": {200: shape(builder.OnboardCreateResponse)},
    "GET /builder/pool": {200: shape(types.BuilderPoolResponse)},
    "GET /builder/escrow/config": {200: shape(builder.EscrowConfigResponse)},
    "GET /usage": {200: shape(types.AccountUsageResponse)},
    "GET /ping": {200: shape(types.AccountPingResponse)},
    "GET /balance": {200: shape(types.AccountBalanceResponse)},
    "GET /positions": {200: shape(types.PositionListResponse)},
    "GET /fills": {200: shape(types.FillListResponse)},
    "GET /orders": {200: shape(types.OrderListResponse)},
    "GET /wallet": {200: shape(types.WalletRetrieveResponse)},
}
