"""What a handler is given: the request as read, its checked fields, the caller and the state."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from parsec_cli.exact_json import is_unicode
from parsec_cli.field_rules import ADDRESS, QPS_MAX
from parsec_cli.models import JsonObject
from parsec_cli.records import record
from parsec_cli.sandbox.metering import Limits
from parsec_cli.sandbox.responses import Refusal, bad_request, invalid, not_found
from parsec_cli.sandbox.store import State

PREFIX = "/api/v1"
BUILDER_TIER = "pro"
# the largest valid body, an onboarding with an RSA key, has a few kilobytes
MAX_BODY = 64 * 1024


@record
class Request:
    """One HTTP request; `path` is decoded and begins after `/api/v1`."""

    method: str
    path: str
    query: Mapping[str, str]
    raw_body: bytes
    environ: Mapping[str, Any]

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
        value: str = self.environ.get("HTTP_" + name.upper().replace("-", "_"), "")
        return value.strip()

    def fields(self) -> Fields:
        """Return the members of the body, which must be one JSON object; raises Refusal 400."""

        def refuse(constant: str) -> float:
            raise ValueError(constant)

        try:
            value = json.loads(self.raw_body, parse_constant=refuse)
        # a number of 5,000 digits is a ValueError, a hundred thousand brackets a RecursionError
        except (ValueError, RecursionError):
            raise bad_request("the body is not valid JSON") from None
        if not isinstance(value, dict):
            raise bad_request("the body is not a JSON object")
        return Fields(value)


def _body(environ: Mapping[str, Any]) -> bytes:
    too_large = Refusal(413, f"the body is larger than {MAX_BODY} bytes", "bad_request")
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared and not re.fullmatch("[0-9]+", declared):
        raise bad_request("the Content-Length is not a number")
    if len(declared) > 9 or int(declared or 0) > MAX_BODY:  # noqa: PLR2004  # a gigabyte
        raise too_large
    if not declared and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    body: bytes = environ["wsgi.input"].read(int(declared or MAX_BODY + 1))
    if len(body) > MAX_BODY:
        raise too_large
    return body


class Fields:
    """An object whose members are read one by one; `done()` refuses it if any has a problem.

    An optional member that is null counts as absent.
    """

    def __init__(self, body: JsonObject) -> None:
        self.body = body
        self._problems: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str | None:
        value = self.body.get(name)
        if value is None:
            if required:
                self.problem(name, "is required")
            return None
        if not isinstance(value, str):
            self.problem(name, "must be a string")
        elif not value:
            self.problem(name, "must not be empty")
        elif not is_unicode(value):
            self.problem(name, "must be valid Unicode")
        else:
            return value
        return None

    def matching(
        self, name: str, pattern: re.Pattern[str], shape: str, *, required: bool = False
    ) -> str | None:
        value = self.text(name, required=required)
        if value is not None and not pattern.fullmatch(value):
            self.problem(name, f"must be {shape}")
        return value

    def address(self, name: str, *, required: bool = False) -> str | None:
        return self.matching(name, ADDRESS, "0x and 40 hex digits", required=required)

    def one_of(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.text(name, required=default is None)
        if value is not None and value not in choices:
            self.problem(name, f"must be one of {', '.join(choices)}")
        return value or default or ""

    def positive(self, name: str) -> int | None:
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.problem(name, "must be an integer")
        elif value < 1:
            self.problem(name, "must be at least 1")
        elif value > QPS_MAX:
            self.problem(name, f"must be at most {QPS_MAX}")
        else:
            return value
        return None

    def problem(self, name: str, what: str) -> None:
        self._problems.append(f"{name} {what}")

    def done(self) -> None:
        """Raise Refusal 400 with every problem, if there is any."""
        if self._problems:
            raise invalid(self._problems)


def whole_number(text: str, name: str, lowest: int, highest: int) -> int:
    """Read a query parameter of plain ASCII digits within bounds; raises Refusal 400."""
    if re.fullmatch("[0-9]{1,10}", text) and lowest <= int(text) <= highest:
        return int(text)
    raise invalid([f"{name} must be an integer from {lowest} to {highest}"])


@record
class Caller:
    """The owner of the key: the builder, or one of its end-users."""

    user: JsonObject | None = None

    @property
    def name(self) -> str:
        return self.user["customer_id"] if self.user else ""

    @property
    def tier(self) -> str:
        return self.user["tier"] if self.user else BUILDER_TIER


@record
class Call:
    """An accepted request inside its transaction; `customer_id` comes from the path, if it has one.

    `now` is in Unix seconds; `used` counts the caller's requests of this month, this one included.
    """

    request: Request
    state: State
    caller: Caller
    now: float
    random: Random
    limits: Limits
    used: int
    customer_id: str


NOT_OWNED = "end-user not found or not owned by this builder"
# a user of another builder: every call about it gets a 403, to rehearse that response
OTHER_BUILDERS_USER = "0b5e55ed-0000-4000-8000-000000000000"


def addressed_user(call: Call) -> JsonObject:
    """Return the user whom the path names; raises Refusal 404, or 403 for another builder's."""
    wanted = call.customer_id.lower()
    if wanted == OTHER_BUILDERS_USER:
        raise Refusal(403, NOT_OWNED, "forbidden")
    user = call.state.user(wanted)
    if user is None:
        raise not_found("end-user not found")
    return user
