"""The result of a row, by the outcome of its change."""

from __future__ import annotations

from typing import assert_never

from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, SetQps
from parsec_cli.bulk.run.row_results import ResultName, RowResult
from parsec_cli.models import Applied, Outcome, Unknown, User


def row_result(action: Action, outcome: Outcome) -> RowResult:
    if not isinstance(outcome, Applied):
        error, unsure = outcome.error, isinstance(outcome, Unknown)
        name: ResultName = "unknown" if unsure else "failed"
        return RowResult(name, error.message, error.http_status, outcome.attempts)
    why, after = "", outcome.after or {}
    match action:
        case Create(qps_limit=asked):
            name, why = _creation(asked, outcome)
        case SetQps():
            name = "changed"
        case Deactivate():
            name = "deactivated"
        case _:
            assert_never(action)
    return RowResult(name, why, outcome.http_status, outcome.attempts, after.get("customer_id"))


def _creation(asked: int | None, applied: Applied) -> tuple[ResultName, str]:
    """Name the result of a create, which returns an existing user without changing its limit."""
    user = User(applied.after or {})
    # the documented response to a new user lacks the limit, and null may stand for that
    unsaid = applied.created and user.raw.get("qps_limit") is None
    fits = asked is None or (None if unsaid else user.has_limit(asked))
    existed = "already existed" if applied.created is False else "exists"
    if asked is not None and fits is False:
        why = f"{existed}, with qps_limit {user.limit_text} instead of {asked:,}"
        return "failed", f"{why}; a new plan would change it"
    if applied.created is False:
        return "unchanged", "" if fits else f"{existed}; its qps_limit is unknown"
    if applied.created is None and applied.evidence == "response":
        return "created", f"{existed}; the response does not say whether it is new"
    return "created", ""
