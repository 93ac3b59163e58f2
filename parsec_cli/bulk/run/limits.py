"""What a run keeps to: how many workers, how many failures, how much room in the pool."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from parsec_cli.bulk.plan.plan import Action, delta
from parsec_cli.errors import UsageFault
from parsec_cli.models import Pool
from parsec_cli.outcomes import Applied, NotApplied, Outcome

CONCURRENCY = 8
CONCURRENCY_MAX = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """`pool` None allows to pass the pool; `max_failures` None is 20, and 1 for deactivations."""

    concurrency: int = CONCURRENCY
    max_failures: int | None = None
    pool: Pool | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.concurrency <= CONCURRENCY_MAX:
            raise UsageFault(
                f"`--concurrency {self.concurrency}` is not from 1 to {CONCURRENCY_MAX}"
            )


class Room:
    """Room in the pool while a run goes on: a decrease that failed must not let others pass it."""

    def __init__(self, pool: Pool | None) -> None:
        self._lock = threading.Lock()
        # a pool that is overcommitted already may stay as full as it is
        self._free = None if pool is None else max(0, pool.free)

    def reserve(self, action: Action) -> bool:
        """Take room for an increase before it is sent; False when there is not enough."""
        raised = delta(action)
        if self._free is None or raised <= 0:
            return True
        with self._lock:
            if raised > self._free:
                return False
            self._free -= raised
            return True

    def settle(self, action: Action, outcome: Outcome) -> None:
        """Give room back: of an increase that was not applied, of a decrease that was."""
        raised = delta(action)
        lowered = isinstance(outcome, Applied) and raised < 0
        not_raised = isinstance(outcome, NotApplied) and raised > 0
        if self._free is not None and (lowered or not_raised):
            with self._lock:
                self._free += abs(raised)
