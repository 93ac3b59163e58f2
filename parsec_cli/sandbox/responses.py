"""The sandbox's responses: statuses, headers and the documented error bodies."""

from __future__ import annotations

import json
from http import HTTPStatus

REASONS = {status.value: status.phrase for status in HTTPStatus}
CODES = {
    400: "bad_request",
    401: "unauthorized",
    402: "insufficient_funds",
    403: "forbidden",
    404: "not_found",
    429: "rate_limit_exceeded",
    500: "internal_error",
    501: "not_supported",
    503: "service_unavailable",
}
INVALID_KEY = "invalid API key"


class Response:
    """One HTTP response; without a text it has no body."""

    def __init__(self, status: int, text: str = "", content_type: str = "application/json") -> None:
        self.status = f"{status} {REASONS.get(status, 'Unassigned')}"
        self.body = text.encode()
        self.headers: list[tuple[str, str]] = []
        if text:
            length = str(len(self.body))
            self.headers += [("Content-Type", content_type), ("Content-Length", length)]


def of_json(status: int, value: object) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")))


class Refusal(Exception):
    """A response that is not a success.

    Without a `code` it has the one of its status; with the code "", the body has only `error`.
    `more` are further members of the body.
    """

    def __init__(self, status: int, error: str, code: str | None = None, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.code = CODES[status] if code is None else code
        retryable = self.code in {"rate_limit_exceeded", "service_unavailable"}
        details = {"code": self.code, "retryable": retryable} if self.code else {}
        self.response = of_json(status, {"error": error, **details, **more})


def invalid(*problems: str) -> Refusal:
    """Refuse input; each line names a field and its problem."""
    return Refusal(400, "validation failed", "validation_error", validation_errors=problems)


def rate_limited(tier: str, limit_qps: int, wait_seconds: int = 1) -> Refusal:
    """Return the documented 429 for too many requests in a second."""
    refusal = Refusal(429, "rate limit exceeded", tier=tier, limit_qps=limit_qps)
    refusal.response.headers.append(("Retry-After", str(wait_seconds)))
    return refusal
