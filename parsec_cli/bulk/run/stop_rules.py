"""Rules that limit a run: faults that would fail every row, too many failures, a full pool."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from parsec_cli.bulk.plan.plan import Action, Deactivate, delta
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
from parsec_cli.models import Pool
from parsec_cli.outcomes import Applied, NotApplied, Outcome, Unknown

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


class FreePool:
    """What is free in the pool during a run, so that a failed decrease lets no increase exceed it.

    `pool` None allows increases that exceed the pool.
    """

    def __init__(self, pool: Pool | None) -> None:
        self._lock = threading.Lock()
        # a pool that is overcommitted already may stay as full as it is
        self._free = None if pool is None else max(0, pool.free)

    def reserve(self, action: Action) -> bool:
        """Reserve for an increase before it is sent; False if not enough is free."""
        raised = delta(action)
        if self._free is None or raised <= 0:
            return True
        with self._lock:
            if raised > self._free:
                return False
            self._free -= raised
            return True

    def release(self, action: Action, outcome: Outcome) -> None:
        """Free what an increase reserved that was not applied, or what a decrease gave back."""
        raised = delta(action)
        lowered = isinstance(outcome, Applied) and raised < 0
        not_raised = isinstance(outcome, NotApplied) and raised > 0
        if self._free is not None and (lowered or not_raised):
            with self._lock:
                self._free += abs(raised)
