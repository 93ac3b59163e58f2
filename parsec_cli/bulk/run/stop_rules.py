"""Rules that stop a run: too many failures, or a fault that would fail every row."""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli.bulk.plan.plan import Action, Deactivate
from parsec_cli.errors import (
    ConnectFailed,
    ForeignNotFound,
    KeyFault,
    LocalFault,
    NameNotFound,
    NotFound,
    ParsecError,
    QuotaUsedUp,
    RateLimited,
    Redirected,
    RowsFailed,
    ServerFault,
    TlsFailed,
    Unreadable,
    counted,
)
from parsec_cli.outcomes import Applied, Outcome, Unknown

MAX_FAILURES = 20
MAX_FAILURES_DEACTIVATING = 1
# these would fail every row
_AT_ONCE = (KeyFault, QuotaUsedUp, NameNotFound, TlsFailed, Redirected, LocalFault)
_IN_A_ROW: Mapping[type[ParsecError], int] = {
    ConnectFailed: 3,
    NotFound: 3,
    ForeignNotFound: 3,
    Unreadable: 3,
    ServerFault: 5,
}


class StopRules:
    """Counts how rows end; not thread-safe. `max_failures` None is 20, or 1 for deactivations."""

    def __init__(self, max_failures: int | None = None) -> None:
        self._max_failures = max_failures
        self._failures = 0
        self._kind: type[ParsecError] | None = None
        self._streak = 0

    def count(self, action: Action, outcome: Outcome, *, failed: bool) -> ParsecError | None:
        """Count a row; return why the run must stop, if it must.

        A row may have `failed` although its change was applied.
        """
        if isinstance(outcome, Applied):
            self._kind, self._streak = None, 0
        else:
            error, status = outcome.error, outcome.error.http_status or 0
            kind = next((kind for kind in _IN_A_ROW if isinstance(error, kind)), None)
            if isinstance(outcome, Unknown) and (status >= 500 or 0 < status < 300):  # noqa: PLR2004
                kind = ServerFault if status >= 500 else Unreadable  # noqa: PLR2004
            if isinstance(error, _AT_ONCE):
                return error
            if error.retry_after is not None:  # longer than `--max-wait`, and for every row
                return RateLimited(error.message, retry_after=error.retry_after)
            self._streak = self._streak + 1 if kind is self._kind else 1
            self._kind = kind
            if kind is not None and self._streak >= _IN_A_ROW[kind]:
                return RowsFailed(
                    f"stopped after {self._streak} rows in a row ended alike: {error.message}",
                    hint=error.hint,
                    command=error.command,
                    http_status=error.http_status,
                )
        limit = self._max_failures
        if limit is None:
            limit = MAX_FAILURES_DEACTIVATING if isinstance(action, Deactivate) else MAX_FAILURES
        self._failures += failed
        if not failed or self._failures < limit:
            return None
        # no hint: not every command has `--max-failures`, and each run can be continued
        return RowsFailed(f"stopped after {counted(self._failures, 'failed row')}")
