"""The queue of one phase: hands out actions whose intent is durable, many with one fsync."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from parsec_cli.bulk.plan.plan import Action
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.models import JsonObject

# rows ahead: one fsync of a slow disk (5 ms) for 64 requests of 20 ms is lost in the noise. A
# kill leaves as many intents open, which costs nothing: the next listing tells their fate
AHEAD = 64
Numbered = tuple[int, Action]


class Queue:
    """Thread-safe. `ahead` 1 makes each intent durable by itself, right before its request."""

    def __init__(
        self,
        actions: Sequence[Action],
        journal: Journal,
        record: Callable[[Action], JsonObject | None],
        *,
        ahead: int = AHEAD,
    ) -> None:
        self._rest: Iterator[Action] = iter(actions)
        self._left = len(actions)
        self._journal = journal
        self._record = record
        self._ahead = ahead
        self._intended: deque[Numbered] = deque()
        self._refilling = threading.Lock()
        self._claiming = threading.Lock()

    def take(self) -> Numbered | None:
        """Give the next action and the number of its intent; None at the end. LocalFault."""
        while True:
            # whoever finds it a quarter full refills, the others go on with what is there
            if len(self._intended) <= self._ahead // 4 and self._refilling.acquire(blocking=False):
                try:
                    self._refill()
                finally:
                    self._refilling.release()
            with suppress(IndexError):
                return self._intended.popleft()
            with self._refilling:  # another thread is at it, or there is no more
                if not self._intended and not self._refill():
                    return None

    def claim(self) -> bool:
        """Set one action aside for the caller, who then waits for its turn; False at the end."""
        with self._claiming:
            self._left -= 1
            return self._left >= 0

    def close(self) -> None:
        """Withdraw what was intended and is not sent any more."""
        with self._refilling:
            self._rest = iter(())
            left = list(self._intended)
            self._intended.clear()
            self._journal.withdraw(left)

    def _refill(self) -> bool:
        batch = list(islice(self._rest, self._ahead))
        if batch:
            records = [self._record(action) for action in batch]
            numbers = self._journal.intend(batch, records)
            self._intended.extend(zip(numbers, batch, strict=True))
        return bool(batch)
