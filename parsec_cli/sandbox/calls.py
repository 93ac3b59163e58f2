"""What a handler is given: the request as read, who calls, and the state it may change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from parsec_cli.sandbox.responses import Refusal, bad_request, not_found, too_large, unauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from parsec_cli.models import JsonObject
    from parsec_cli.sandbox.metering import RateLimit, Window
    from parsec_cli.sandbox.state import State

PREFIX = "/api/v1"
BUILDER_KEY = "pk_live_sandbox"
BUILDER_TIER = "pro"

# the largest valid body, an onboarding with an RSA key, has a few kilobytes
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path` is decoded and begins after `/api/v1`."""

    method: str
    path: str
    query: Mapping[str, str]
    raw_body: bytes
    _environ: Mapping[str, Any]

    @classmethod
    def read(cls, environ: Mapping[str, Any]) -> Request:
        """Read it from a WSGI environment; raises Refusal 400, 404 or 413."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(f"{PREFIX}/"):
            raise not_found("no such endpoint")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        method = environ["REQUEST_METHOD"]
        return cls(method, path.removeprefix(PREFIX), query, _body(environ), environ)

    def header(self, name: str) -> str:
        value: str = self._environ.get("HTTP_" + name.upper().replace("-", "_"), "")
        return value.strip()

    def json(self) -> JsonObject:
        """Return the body, which must be one JSON object; raises Refusal 400."""
        try:
            value = json.loads(self.raw_body, parse_constant=_refuse_constant)
        # a number of 5,000 digits is a ValueError, a hundred thousand brackets a RecursionError
        except (ValueError, RecursionError):
            raise bad_request("the body is not valid JSON") from None
        if not isinstance(value, dict):
            raise bad_request("the body is not a JSON object")
        return value


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _body(environ: Mapping[str, Any]) -> bytes:
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared and not (declared.isascii() and declared.isdigit()):
        raise bad_request("the Content-Length is not a number")
    if declared and (len(declared) > 9 or int(declared) > MAX_BODY):  # noqa: PLR2004  # a gigabyte
        raise too_large(MAX_BODY)
    if not declared and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    body: bytes = environ["wsgi.input"].read(int(declared) if declared else MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise too_large(MAX_BODY)
    return body


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of the key: the builder, or one of its end-users."""

    user: JsonObject | None = None

    @property
    def is_builder(self) -> bool:
        return self.user is None

    @property
    def name(self) -> str:
        return self.user["customer_id"] if self.user else ""

    @property
    def tier(self) -> str:
        return self.user["tier"] if self.user else BUILDER_TIER


def authenticate(request: Request, state: State) -> Caller:
    """Return the owner of `X-API-Key`; raises Refusal 401."""
    key = request.header("X-API-Key")
    if not key:
        raise unauthorized("missing X-API-Key header")
    if key == BUILDER_KEY:
        return Caller()
    user = state.user_by_key(key)
    if user is None:
        raise unauthorized("invalid API key")
    return Caller(user)


@dataclass(frozen=True, slots=True)
class Call:
    """An accepted request inside its transaction; `customer_id` comes from the path, if it has one.

    `now` is in Unix seconds; `used` counts the caller's requests of this month, this one included.
    """

    request: Request
    state: State
    caller: Caller
    now: float
    random: Random
    used: int
    monthly_limit: int
    rate_limit: RateLimit | None
    window: Window
    customer_id: str = ""


NOT_OWNED = "end-user not found or not owned by this builder"

# a user of another builder: every call about it gets a 403, to rehearse that response
OTHER_BUILDERS_USER = "0b5e55ed-0000-4000-8000-000000000000"


def addressed_user(call: Call, customer_id: str) -> JsonObject:
    """Return the user; raises Refusal 404, or 403 for another builder's."""
    wanted = customer_id.lower()
    if wanted == OTHER_BUILDERS_USER:
        raise Refusal(403, NOT_OWNED, "forbidden")
    user = call.state.user(wanted)
    if user is None:
        raise not_found("end-user not found")
    return user
