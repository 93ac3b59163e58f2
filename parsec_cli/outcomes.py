"""The outcome of one change: applied, not applied, or unknown.

Every `match` over outcomes ends with `assert_never`, so that a new outcome cannot be forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from parsec_cli.records import record

if TYPE_CHECKING:
    from parsec_cli.errors import OutcomeUnknown, ParsecError
    from parsec_cli.models import JsonObject

Evidence = Literal["response", "repeat", "reread"]


@record
class Applied:
    """The change is in effect.

    `evidence` is the response to the first request, the response to a repeat after one was lost,
    or a later read of the user. `after` is the record as last seen, None after a deactivation.
    `created` is True for a first-attempt 201, False for a first-attempt 200, and None if a lost
    response hides which.
    """

    after: JsonObject | None
    http_status: int | None
    attempts: int
    evidence: Evidence = "response"
    created: bool | None = None


@record
class NotApplied:
    """Nothing was changed; `error` gives the reason."""

    error: ParsecError
    attempts: int


@record
class Unknown:
    """A change was sent, but its outcome is unknown; `error` explains how to check."""

    error: OutcomeUnknown
    attempts: int


Outcome = Applied | NotApplied | Unknown
