"""What became of one change that was to be sent: applied, not applied, or unknown.

Closed by `assert_never` wherever they are told apart, so that a new outcome cannot be forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from parsec_cli.records import record

if TYPE_CHECKING:
    from parsec_cli.errors import OutcomeUnknown, ParsecError
    from parsec_cli.models import JsonObject

Learned = Literal["answered", "repeated", "read_again"]


@record
class Applied:
    """The change is in effect.

    `learned` says how that is known: by the answer to the first sending, by the answer to a
    repeat after one was lost, or by reading the user again. `after` is the record as last seen
    (None after a deactivation). `created` is the API's word on a create: True for a first-attempt
    201, False for a first-attempt 200, None where a lost answer hides which.
    """

    after: JsonObject | None
    http_status: int | None
    attempts: int
    learned: Learned = "answered"
    created: bool | None = None


@record
class NotApplied:
    """Nothing was changed; `error` says why."""

    error: ParsecError
    attempts: int


@record
class Unknown:
    """Something was sent and its fate could not be learned; `error` says how to check."""

    error: OutcomeUnknown
    attempts: int


Outcome = Applied | NotApplied | Unknown


def or_raise(outcome: Outcome) -> Applied:
    """Return what was applied; raise the error of the two other outcomes."""
    if isinstance(outcome, Applied):
        return outcome
    raise outcome.error
