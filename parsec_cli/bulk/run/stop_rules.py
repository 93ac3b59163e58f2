"""When a run must stop by itself: a fault that every row would meet, or too many failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
from parsec_cli.outcomes import Applied, NotApplied, Outcome, Unknown

MAX_FAILURES = 20
MAX_FAILURES_DEACTIVATING = 1
# one row that meets these tells enough about all the others
_AT_ONCE = (KeyFault, QuotaUsedUp, NameNotFound, TlsFailed, Redirected, LocalFault)
_IN_A_ROW: Mapping[type[ParsecError], int] = {
    ConnectFailed: 3,
    NotFound: 3,
    ForeignNotFound: 3,
    Unreadable: 3,
    ServerFault: 5,
}


@dataclass(slots=True)
class Brakes:
    """Counts what rows end like; not thread-safe. `max_failures` None is 20, deactivating 1."""

    max_failures: int | None = None
    failures: int = 0
    _kind: type[ParsecError] | None = None
    _streak: int = 0

    def note(self, action: Action, outcome: Outcome) -> ParsecError | None:
        """Take account of a row; return why the run must stop, if it must."""
        if isinstance(outcome, Applied):
            self._kind, self._streak = None, 0
            return None
        error = outcome.error
        if isinstance(error, _AT_ONCE):
            return error
        if error.retry_after is not None:  # longer than `--max-wait`, and for every row
            return RateLimited(error.message, retry_after=error.retry_after)
        kind = kind_of(outcome)
        self._streak = self._streak + 1 if kind is self._kind else 1
        self._kind = kind
        if kind is not None and self._streak >= _IN_A_ROW[kind]:
            return RowsFailed(
                f"stopped after {self._streak} rows in a row ended alike: {error.message}",
                hint=error.hint,
                command=error.command,
                http_status=error.http_status,
            )
        return self.failed(action) if isinstance(outcome, NotApplied) else None

    def failed(self, action: Action) -> ParsecError | None:
        """Count a failed row against `--max-failures`."""
        self.failures += 1
        limit = self.max_failures
        if limit is None:
            deactivating = isinstance(action, Deactivate)
            limit = MAX_FAILURES_DEACTIVATING if deactivating else MAX_FAILURES
        if self.failures < limit:
            return None
        # no hint of its own: not every run can be told to bear more, each can be gone on with
        return RowsFailed(f"stopped after {counted(self.failures, 'failed row')}")


def kind_of(outcome: NotApplied | Unknown) -> type[ParsecError] | None:
    """The class of fault that counts in a row; of an unknown outcome its HTTP status tells."""
    for kind in _IN_A_ROW:
        if isinstance(outcome.error, kind):
            return kind
    status = outcome.error.http_status
    if isinstance(outcome, Unknown) and status is not None:
        if status >= 500:  # noqa: PLR2004
            return ServerFault
        if status < 300:  # noqa: PLR2004
            return Unreadable
    return None
