"""The JSON Schema of what each command writes as json; `--fields` narrows its records.

A command that writes text or nothing has `false`: no document is valid.
"""

from __future__ import annotations

from parsec_cli.describe.schema import (
    ACTION_FIELDS,
    ACTIONS,
    ANY,
    AS_SENT,
    COUNT,
    CREATED,
    HOLDINGS,
    IDS,
    NOT_DEACTIVATED,
    NOT_SENT,
    NUMBER,
    ONBOARDED,
    ONE_USER,
    OUTCOME,
    POOL_FIELDS,
    RESULT,
    RESULTS,
    STATE,
    STATUS,
    SUMMARY,
    TEXT,
    USERS,
    YES_NO,
    Schema,
    any_of,
    array,
    listing,
    maybe,
    narrowed,
    one_of,
    whole,
)

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
PLAN = listing(
    "actions",
    narrowed(ACTION_FIELDS),
    {
        "summary": whole(
            dict.fromkeys(("create", "set_qps", "deactivate", "unchanged", "holders"), COUNT)
        ),
        "pool": whole(dict.fromkeys(("qps_pool", "allocated_before", "allocated_after"), COUNT)),
        "requests": COUNT,
        "seconds": maybe(NUMBER),
        "digest": TEXT,
    },
)
_ONE_DEACTIVATED = listing(
    "results", narrowed({**IDS, "outcome": OUTCOME, "error": maybe(TEXT), "holdings": HOLDINGS}), {}
)
_SIDES = ("joined", "left", "changed")
_DIFF = listing(
    "changes",
    narrowed({"change": one_of(*_SIDES), **IDS, "field": maybe(TEXT), "old": ANY, "new": ANY}),
    {"summary": whole(dict.fromkeys(_SIDES, COUNT)), "complete": YES_NO},
)
_RULES = (
    *("not_linked", "no_limit", "large_share", "escrow_off", "shared_wallet", "look_alike"),
    "pool_mismatch",
)
_AUDIT = listing(
    "findings",
    narrowed({"rule": one_of(*_RULES), **IDS, "detail": TEXT}),
    {
        "summary": {
            "type": "object",
            "properties": dict.fromkeys(_RULES, COUNT),  # those that are not ignored
            "additionalProperties": False,
        },
        "users": COUNT,
        "complete": YES_NO,
    },
)
_POOL = narrowed(
    {
        **POOL_FIELDS,
        "end_user_count": COUNT,
        "top": array(narrowed({**IDS, "qps_limit": AS_SENT})),
    },
    more=True,
)
_SHARES = listing(
    "shares",
    narrowed({**IDS, "before": COUNT, "after": COUNT}),
    {
        "pool": whole(
            dict.fromkeys(("qps_pool", "target", "allocated_before", "allocated_after"), COUNT)
        )
    },
)
_RATE = whole(
    dict.fromkeys(("user_limit", "user_remaining", "pool_limit", "pool_remaining"), maybe(COUNT))
)
_CHECKED = narrowed(
    {
        "ok": YES_NO,
        "exchange": TEXT,
        "http_status": COUNT,
        "balance": {"type": "object"},
        "rate": _RATE,
    }
)
_ALL_CHECKED = listing(
    "exchanges",
    narrowed(
        {
            "exchange": TEXT,
            "has_credentials": YES_NO,
            "authenticated": YES_NO,
            "message": maybe(TEXT),
        }
    ),
    {"ok": YES_NO, "rate": _RATE},
)
_USAGE = narrowed({"tier": maybe(TEXT), "limits": STATE, "usage": STATE}, more=True)
_QUOTA = narrowed(
    {
        "status": STATUS,
        "used": maybe(COUNT),
        "limit": maybe(COUNT),
        "left": maybe(COUNT),
        "used_percent": maybe(NUMBER),
        "resets_at": maybe(TEXT),
    }
)
_ESCROW = narrowed(
    {
        "fee_escrow_enabled": maybe(YES_NO),
        "fee_bps": AS_SENT,
        "min_fee_usdc": ANY,
        "affiliate_address": maybe(TEXT),
    },
    more=True,
)
_SETTING = narrowed({"value": ANY, "source": TEXT})
_SETTINGS = narrowed(
    {
        "profile": TEXT,
        "values": narrowed(
            dict.fromkeys(("base_url", "api_key", "output", "rate", "protected"), _SETTING)
        ),
    }
)
_PROFILES = listing(
    "profiles",
    narrowed(
        {
            "name": TEXT,
            "base_url": maybe(TEXT),
            "key": maybe(TEXT),
            "protected": YES_NO,
            "default": YES_NO,
        }
    ),
    {},
)
_CHANGE = narrowed(
    {
        "id": TEXT,
        "time": maybe(TEXT),
        "finished": TEXT,
        "profile": maybe(TEXT),
        "host": maybe(TEXT),
        "key": maybe(TEXT),
        "command": maybe(TEXT),
        "target": narrowed(IDS),
        "before": STATE,
        "after": STATE,
        "outcome": one_of("applied", "not_applied", "unknown"),
        "http_status": maybe(COUNT),
        "attempts": maybe(COUNT),
        "error": maybe(TEXT),
        "reason": maybe(TEXT),
        "run": maybe(TEXT),
        "change": {
            "type": "object",
            "additionalProperties": {"type": "array", "minItems": 2, "maxItems": 2},
        },
    }
)
_RUN = narrowed(
    {
        "id": TEXT,
        "time": maybe(TEXT),
        "command": maybe(TEXT),
        "file": maybe(TEXT),
        "profile": maybe(TEXT),
        "state": one_of("running", "finished", "stopped", "interrupted"),
        "counts": SUMMARY,
    }
)
_CHECKS = listing(
    "checks",
    narrowed({"name": TEXT, "status": one_of("ok", "warning", "failed"), "detail": TEXT}),
    {},
)
_ARGUMENT: dict[str, Schema] = {
    "metavar": maybe(TEXT),
    "choices": maybe(array(TEXT)),
    "required": YES_NO,
    "repeatable": YES_NO,
    "help": TEXT,
}
_COMMAND = narrowed(
    {
        "path": TEXT,
        "summary": TEXT,
        "effect": one_of("read", "change", "irreversible", "local"),
        "arguments": array(narrowed(_ARGUMENT)),
        "options": array(
            narrowed(
                {
                    "names": array(TEXT),
                    **_ARGUMENT,
                    "default": {"type": ["string", "number", "boolean", "null"]},
                }
            )
        ),
        "consent": maybe(narrowed({"needed_for": TEXT, "terminal": TEXT, "script": TEXT})),
        "exit_codes": array(COUNT),
        "examples": array(TEXT),
        "output": {"type": ["object", "boolean"]},
    }
)
# any JSON value that the API sends, but not an empty object
_ANYTHING: Schema = {"not": {"const": {}}}

_UNDONE = {**IDS, "qps_limit": maybe(COUNT), "email": maybe(TEXT)}

# commands that write text, or nothing
_TEXT = (
    *("credentials encode", "completion", "config init", "config path", "config set"),
    *("config unset", "config use", "sandbox path", "sandbox reset", "sandbox seed"),
    "sandbox serve",
)
OUTPUTS: dict[str, Schema | bool] = {
    **dict.fromkeys(_TEXT, False),
    "users list": USERS,
    "users get": any_of(ONE_USER, USERS),
    "users create": any_of(CREATED, NOT_SENT),
    "users set-qps": any_of(ONE_USER, RESULTS, NOT_SENT, ACTIONS),
    "users onboard": any_of(ONBOARDED, NOT_SENT),
    "users check": any_of(_CHECKED, _ALL_CHECKED),
    "users deactivate": any_of(_ONE_DEACTIVATED, RESULTS, NOT_DEACTIVATED, ACTIONS),
    "users plan": PLAN,
    "users apply": any_of(RESULTS, PLAN),
    "users diff": _DIFF,
    "users audit": _AUDIT,
    "pool show": _POOL,
    "pool check": narrowed({"status": STATUS, **POOL_FIELDS}),
    "pool share": _SHARES,
    "escrow show": _ESCROW,
    "usage show": _USAGE,
    "usage check": _QUOTA,
    "config show": _SETTINGS,
    "config profiles": _PROFILES,
    "history list": listing("entries", _CHANGE, {}),
    "history show": _CHANGE,
    "history revert": listing("users", narrowed(_UNDONE), {"filtered": {"const": True}}),
    "runs list": listing("runs", _RUN, {}),
    "runs show": listing("results", RESULT, {"run": _RUN}),
    "api": _ANYTHING,
    "doctor": _CHECKS,
    "help": any_of(
        listing("commands", _COMMAND, {"error": {"type": "object"}}),
        {**_COMMAND, "not": {"required": ["commands"]}},
    ),
}


def output_of(path: str) -> Schema | bool:
    """Return the schema of a command's output, by its words after `parsec`."""
    schema = OUTPUTS.get(path, False)
    return schema if isinstance(schema, bool) else {"$schema": _DRAFT, **schema}
