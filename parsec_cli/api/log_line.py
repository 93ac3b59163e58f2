"""What is written down of a call: a line of the request log, an outcome in the history."""

from __future__ import annotations

from parsec_cli.api.answer import Answer
from parsec_cli.api.call import Attempted, Call
from parsec_cli.models import JsonObject
from parsec_cli.outcomes import Applied, NotApplied, Outcome, Unknown


def described(outcome: Outcome) -> JsonObject:
    """What the history keeps of an outcome: its name, HTTP status, attempts and error text."""
    match outcome:
        case Applied():
            return {
                "outcome": "applied",
                "http_status": outcome.http_status,
                "attempts": outcome.attempts,
                "after": outcome.after,
            }
        case NotApplied() | Unknown():
            return {
                "outcome": "unknown" if isinstance(outcome, Unknown) else "not_applied",
                "http_status": outcome.error.http_status,
                "attempts": outcome.attempts,
                "error": outcome.error.message,
            }


def log_line(call: Call, attempted: Attempted, number: int, elapsed: float) -> str:
    if isinstance(attempted, Answer):
        outcome = str(attempted.status)
        rates = " ".join(
            f"{name}={value}"
            for name, value in attempted.headers.items()
            if name.startswith("x-ratelimit-") or name in ("retry-after", "x-parsec-tier")
        )
    else:
        outcome, rates = attempted.reason, ""
    line = f"{call.method} {call.path} -> {outcome} in {elapsed:.0f} ms, attempt {number}"
    return f"{line} {rates}".rstrip()
