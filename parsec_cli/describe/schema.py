"""The parts that JSON Schemas of the outputs are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parsec_cli.redaction import is_secret

Schema = dict[str, Any]

ANY: Schema = {}
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
YES_NO: Schema = {"type": "boolean"}


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


def maybe(schema: Schema) -> Schema:
    """Return `schema` with null."""
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def whole(properties: dict[str, Schema], **optional: Schema) -> Schema:
    """Return an object with all of the properties, perhaps the optional ones, and no others."""
    return {
        "type": "object",
        **_properties({**properties, **optional}),
        "required": list(properties),
        "additionalProperties": False,
    }


def narrowed(properties: dict[str, Schema], *, more: bool = False) -> Schema:
    """Return an object with at least one of the properties, as `--fields` selects them.

    `more` allows other properties: the server may add some.
    """
    return {
        "type": "object",
        **_properties(properties),
        "minProperties": 1,
        **({} if more else {"additionalProperties": False}),
    }


def _properties(properties: dict[str, Schema]) -> Schema:
    """Describe properties; one with the name of a secret by a pattern, as its value is masked."""
    secret = {f"^{name}$": schema for name, schema in properties.items() if is_secret(name)}
    plain = {name: schema for name, schema in properties.items() if not is_secret(name)}
    return {"properties": plain, **({"patternProperties": secret} if secret else {})}


def listing(name: str, items: Schema, footer: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the document of a listing, whose items `--fields` narrows."""
    return whole({name: array(items), **footer}, **optional)


def any_of(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def without(names: Iterable[str]) -> dict[str, Schema]:
    """Return properties that an object does not have, to tell it from another form."""
    return {name: {"not": {}} for name in names}


# numbers of the server, as it wrote them
AS_SENT: Schema = {"type": ["number", "string", "null"]}
IDS = {"external_id": maybe(TEXT), "customer_id": maybe(TEXT)}
BALANCE: Schema = {"type": "object", "required": ["token", "balance"]}
HOLDINGS: Schema = maybe(
    whole(
        {
            "balances": maybe(array(BALANCE)),
            "open_orders": maybe(COUNT),
            "positions": maybe(COUNT),
            "unknown": array(one_of("balances", "open_orders", "positions")),
        }
    )
)
WALLET: Schema = maybe({"type": "object"})
USER_FIELDS: dict[str, Schema] = {
    **IDS,
    "qps_limit": AS_SENT,
    "tier": maybe(TEXT),
    "linked_exchanges": maybe(array(TEXT)),
    "wallet": WALLET,
    "created_at": maybe(TEXT),
    "fee_escrow_enabled": maybe(YES_NO),
    "fee_bps": AS_SENT,
    "affiliate_address": maybe(TEXT),
    "api_key": maybe(TEXT),
}
# a field that the server never sent may have been selected, so a user may be empty here
USER: Schema = {"type": "object", **_properties(USER_FIELDS)}
COMPLETE = {"count": COUNT, "complete": YES_NO, "next_cursor": maybe(TEXT)}
USERS = listing("users", USER, COMPLETE, filtered={"const": True})
_OUTCOMES = ("created", "changed", "deactivated", "unchanged", "failed", "unknown", "not_attempted")
OUTCOME = one_of(*_OUTCOMES)
SUMMARY = whole(dict.fromkeys(_OUTCOMES, COUNT))
STATE: Schema = maybe({"type": "object"})
ACTION_FIELDS: dict[str, Schema] = {
    "row": maybe(COUNT),
    **IDS,
    "action": one_of("create", "set-qps", "deactivate", "none"),
    "before": STATE,
    "after": STATE,
    "holdings": HOLDINGS,
}
ACTIONS = listing("actions", narrowed(ACTION_FIELDS), {})
RESULT = narrowed(
    {
        **ACTION_FIELDS,
        "outcome": OUTCOME,
        "http_status": maybe(COUNT),
        "attempts": COUNT,
        "error": maybe(TEXT),
    }
)
RESULTS = listing("results", RESULT, {"summary": SUMMARY})
POOL_FIELDS: dict[str, Schema] = {
    "qps_pool": COUNT,
    "total_allocated_qps": COUNT,
    "free": {"type": "integer"},
    "used_percent": NUMBER,
}
REQUEST: dict[str, Schema] = {
    "dry_run": {"const": True},
    "method": one_of("POST", "PUT", "PATCH", "DELETE"),
    "path": TEXT,
    "body": STATE,
}
NOT_SENT = narrowed(REQUEST)
# members of other documents of the same command, which no record of the server has
_OTHER_FORMS = without((*REQUEST, "users", *COMPLETE, "results", "summary", "actions"))
ONE_USER = narrowed({**USER_FIELDS, **_OTHER_FORMS}, more=True)
CREATED = narrowed({**USER_FIELDS, "created": maybe(YES_NO), **_OTHER_FORMS}, more=True)
ONBOARDED = narrowed(
    {
        "customer_id": TEXT,
        "exchange": TEXT,
        "mode": maybe(TEXT),
        "status": maybe(TEXT),
        "linked_exchanges": maybe(array(TEXT)),
        "steps_completed": maybe(array(TEXT)),
        "eoa_address": maybe(TEXT),
        "safe_address": maybe(TEXT),
        "wallet": STATE,
        **_OTHER_FORMS,
    },
    more=True,
)
NOT_DEACTIVATED = narrowed({**REQUEST, "holdings": HOLDINGS})
STATUS = one_of("ok", "over")
# the last line of stderr, when a command fails and its output is json or jsonl
ERROR = whole(
    {
        "error": whole(
            {
                "code": TEXT,
                "message": TEXT,
                "http_status": maybe(COUNT),
                "retryable": YES_NO,
                "hint": maybe(TEXT),
                "exit_code": COUNT,
            },
            details=array(TEXT),
            retry_after=NUMBER,
        )
    }
)
