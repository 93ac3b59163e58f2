"""What an outcome of the API means for a row: one of the names of results, and a reason."""

from __future__ import annotations

from typing import assert_never

from parsec_cli.fleet.plan import Action, Create, Deactivate, SetQps
from parsec_cli.fleet.tally import Result, ResultName
from parsec_cli.outcomes import Applied, NotApplied, Outcome, Unknown


def told(action: Action, outcome: Outcome) -> Result:
    """The row's result."""
    match outcome:
        case Unknown() | NotApplied():
            name: ResultName = "unknown" if isinstance(outcome, Unknown) else "failed"
            error = outcome.error
            return Result(name, error.message, error.http_status, outcome.attempts)
        case Applied():
            name, why = _effect(action, outcome)
            customer_id = (outcome.after or {}).get("customer_id")
            return Result(name, why, outcome.http_status, outcome.attempts, customer_id)
        case _:
            assert_never(outcome)


def _effect(action: Action, outcome: Applied) -> tuple[ResultName, str]:
    match action:
        case Create():
            return _created(action, outcome)
        case SetQps():
            return "changed", ""
        case Deactivate():
            return "deactivated", ""
        case _:
            assert_never(action)


def _created(action: Create, outcome: Applied) -> tuple[ResultName, str]:
    """An idempotent create gives an existing user back and changes nothing about it."""
    shown = (outcome.after or {}).get("qps_limit")
    differs = action.qps_limit is not None and shown is not None and shown != action.qps_limit
    if differs:
        return "failed", (
            f"already existed, with qps_limit {shown} instead of {action.qps_limit}: "
            "run the same command again to change it"
        )
    if outcome.created is False:
        unsure = action.qps_limit is not None and shown is None
        return "unchanged", "already existed; its qps_limit was not told" if unsure else ""
    return "created", ""
