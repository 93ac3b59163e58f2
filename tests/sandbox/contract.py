"""What the Builder API promises, stated once more, to compare the sandbox's responses with it.

Written from the API's documentation and apart from the sandbox's own code: `breaches` compares
one exchange with it; `shapes.py` has the objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from jsonschema import Draft202012Validator
from sandbox.shapes import COUNT, FLAG, SUCCESS, TEXT, Schema, exactly, several

CODES = {
    400: {"bad_request", "validation_error", "missing_parameter"},
    401: {"unauthorized"},
    402: {"insufficient_funds"},
    403: {"forbidden", "authentication_failed", "credentials_required"},
    404: {"not_found", "exchange_not_found"},
    # the API documents neither; what it says of a bad request is nearest
    405: {"bad_request"},
    413: {"bad_request"},
    429: {"rate_limit_exceeded", "monthly_limit_exceeded"},
    500: {"internal_error"},
    501: {"not_supported"},
    503: {"service_unavailable"},
}
RETRYABLE = {"rate_limit_exceeded", "service_unavailable"}


def breaches(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
) -> list[str]:
    """Return how a response departs from the API; `path` is below `/api/v1`, headers lower case."""
    found = _header_breaches(status, headers, body)
    if status >= 400:
        return found + _error_breaches(status, headers, body)
    operation = f"{method} {template(path)}"
    if operation not in SUCCESS or status not in SUCCESS[operation]:
        return [*found, f"{operation} never responds with {status}"]
    schema = SUCCESS[operation][status]
    if schema is None:
        return found if body == b"" else [*found, f"{status} with a body"]
    value = json.loads(body)
    if operation == "GET /builder/users" and value["count"] != len(value["users"]):
        found.append("`count` is not the number of users in the page")
    return found + schema_breaches(schema, value)


def template(path: str) -> str:
    return re.sub(r"^/builder/users/[^/]+$", "/builder/users/{customer_id}", path)


def schema_breaches(schema: Schema, value: object) -> list[str]:
    errors = Draft202012Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in errors]


def _header_breaches(status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    found, counts = [], []
    if body and headers.get("content-type") != "application/json":
        found.append(f"content type {headers.get('content-type')}")
    if status not in {401, 404, 413, 400} or "x-parsec-tier" in headers:
        found += [] if "x-parsec-tier" in headers else ["no x-parsec-tier"]
        counts += ["monthly-limit", "monthly-remaining", "monthly-reset"]
    if "x-ratelimit-user-limit" in headers:
        counts += ["user-limit", "user-remaining", "pool-limit", "pool-remaining"]
    wrong = [name for name in counts if not headers.get(f"x-ratelimit-{name}", "").isdigit()]
    return found + [f"x-ratelimit-{name} is not a number" for name in wrong]


def _error_breaches(status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    value = json.loads(body)
    optional = {"code": TEXT, "retryable": FLAG, "validation_errors": several(TEXT), "tier": TEXT}
    schema = exactly({"error": TEXT}, **optional, limit_qps=COUNT)
    found = schema_breaches(schema, value)
    if set(value) == {"error"} and status == 403:
        return found  # the documented responses to a wrong impersonation
    code = value.get("code")
    if code not in CODES.get(status, set()):
        found.append(f"{status} with code {code}")
    if value.get("retryable") is not (code in RETRYABLE):
        found.append(f"{code} with retryable {value.get('retryable')}")
    if (code == "validation_error") != ("validation_errors" in value):
        found.append("validation_errors and validation_error go together")
    if code == "rate_limit_exceeded":
        found += [f"no {name}" for name in ("tier", "limit_qps") if name not in value]
        if not re.fullmatch(r"[1-9]\d*", headers.get("retry-after", "")):
            found.append("no Retry-After")
    elif "retry-after" in headers:
        found.append("a Retry-After that is not documented")
    return found
