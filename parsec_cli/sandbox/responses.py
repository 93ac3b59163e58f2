"""The sandbox's responses: statuses, headers and the documented error bodies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus

from parsec_cli.models import JsonObject
from parsec_cli.records import changed, record, state

Headers = tuple[tuple[str, str], ...]


@record
class Answer:
    """One HTTP response; `body` is empty where the API sends none."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    @property
    def status_line(self) -> str:
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Unassigned"

    def with_headers(self, headers: Headers) -> Answer:
        return changed(self, headers=(*self.headers, *headers))


def of_json(status: int, value: object) -> Answer:
    return json_text(status, json.dumps(value, separators=(",", ":")))


def json_text(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), (("Content-Type", "application/json"),))


@state
class Refusal(Exception):
    """A response that is not a success; without `code`, its body contains only `error`."""

    status: int
    error: str
    code: str = ""
    retryable: bool = False
    more: JsonObject | None = None
    headers: Headers = ()

    def answer(self) -> Answer:
        details = {"code": self.code, "retryable": self.retryable} if self.code else {}
        body = {"error": self.error, **details, **(self.more or {})}
        return of_json(self.status, body).with_headers(self.headers)


def bad_request(error: str) -> Refusal:
    return Refusal(400, error, "bad_request")


def invalid(problems: Sequence[str]) -> Refusal:
    """Refuse input; each line names a field and its problem."""
    more = {"validation_errors": list(problems)}
    return Refusal(400, "validation failed", "validation_error", more=more)


def unauthorized(error: str) -> Refusal:
    return Refusal(401, error, "unauthorized")


def forbidden(error: str, code: str = "forbidden") -> Refusal:
    return Refusal(403, error, code)


def not_found(error: str, code: str = "not_found") -> Refusal:
    return Refusal(404, error, code)


def rate_limited(tier: str, limit_qps: int, wait_seconds: int = 1) -> Refusal:
    return Refusal(
        429,
        "rate limit exceeded",
        "rate_limit_exceeded",
        retryable=True,
        more={"tier": tier, "limit_qps": limit_qps},
        headers=(("Retry-After", str(wait_seconds)),),
    )


_BY_STATUS = {
    400: bad_request("bad request"),
    401: unauthorized("invalid API key"),
    402: Refusal(402, "insufficient funds", "insufficient_funds"),
    403: forbidden("forbidden"),
    404: not_found("not found"),
    429: rate_limited("pro", 60),
    500: Refusal(500, "internal error", "internal_error"),
    501: Refusal(501, "not supported", "not_supported"),
    503: Refusal(503, "service unavailable", "service_unavailable", retryable=True),
}


def injected(status: int) -> Answer:
    """Return the response for a fault: the API's own body, or a proxy's page for other statuses."""
    refusal = _BY_STATUS.get(status)
    if refusal is not None:
        return refusal.answer()
    title = Answer(status).status_line
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, page.encode(), (("Content-Type", "text/html"),))
