"""Forecast when a run ends, from the rate limiter, the response times and the rows so far.

An average since the start would be wrong: the first rows are sent in a burst, and deactivations are
sent one at a time.
"""

from __future__ import annotations

import statistics
import threading
from collections import deque
from collections.abc import Callable, Sequence

from parsec_cli.bulk.run.rate_limiter import Pacer

_RECENT = 10.0  # seconds that the measured rate covers
_SLICE = 0.1  # seconds whose rows share one count
_SAMPLES = 32  # response times; their median ignores a few slow ones
_RATE_AFTER = 1.0  # seconds before a rate means anything


class TimeLeft:
    """The forecast of one run; `phases` are (rows, workers), in the order in which they run."""

    def __init__(
        self, phases: Sequence[tuple[int, int]], pacer: Pacer, clock: Callable[[], float]
    ) -> None:
        self._unclaimed = [rows for rows, _ in phases]
        self._workers = [workers for _, workers in phases]
        self._pacer = pacer
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._phase = 0
        self._rows = sum(self._unclaimed)
        self._waiting = 0  # claimed, but not yet started
        self._started: dict[int, float] = {}
        self._durations: deque[float] = deque(maxlen=_SAMPLES)
        self._ended: deque[tuple[float, int]] = deque(maxlen=round(_RECENT / _SLICE) + 1)

    def claim(self) -> None:
        """Note that a worker has reserved a row and waits for its turn."""
        with self._lock:
            while not self._unclaimed[self._phase]:
                self._phase += 1
            self._unclaimed[self._phase] -= 1
            self._waiting += 1

    def start(self, number: int) -> None:
        """Note that a row is being sent."""
        with self._lock:
            self._waiting -= 1
            self._started[number] = self._clock()

    def end(self, number: int, attempts: int = 1) -> None:
        """Note that a row has its result, after this many requests."""
        with self._lock:
            now = self._clock()
            duration = now - self._started.pop(number, now)
            # the rate limiter accounts for repeated requests
            if attempts == 1 or not self._durations:
                self._durations.append(duration)
            if self._ended and now - self._ended[-1][0] < _SLICE:
                self._ended[-1] = (self._ended[-1][0], self._ended[-1][1] + 1)
            else:
                self._ended.append((now, 1))

    @property
    def rate(self) -> float | None:
        """Rows a second in the last seconds; None before a rate means anything."""
        with self._lock:
            now = self._clock()
            since = max(self._began, now - _RECENT)
            rows = sum(count for moment, count in self._ended if moment >= since)
            return rows / (now - since) if rows and now - since >= _RATE_AFTER else None

    def seconds(self) -> float | None:
        """Return the seconds until the last row has its result; None before the first response."""
        with self._lock:
            if not self._durations:
                return None
            now = self._clock()
            response = statistics.median(self._durations)
            unclaimed = sum(self._unclaimed)
            turns = self._pacer.seconds_for(unclaimed)
            if self._pacer.rate is None and (limit := self._pacer.expected):
                # after a burst of one second, the server's limit will be reported by a 429
                turns = max(turns, self._rows / limit - 1 - (now - self._began))
            left = 0.0
            for phase in range(self._phase, len(self._workers)):
                rows = self._unclaimed[phase]
                current = phase == self._phase
                waiting = rows + self._waiting * current
                paced = turns * rows / unclaimed if unclaimed else turns * current
                ages = [now - moment for moment in self._started.values()] * current
                busy = _busy(waiting, self._workers[phase], response, ages)
                left += max(paced + response * (waiting > 0), busy)
            return left


def _busy(rows: int, workers: int, response: float, ages: Sequence[float]) -> float:
    """Return how long the workers take without a rate limit; `ages` are of the rows in flight."""
    free = sorted(max(0.0, response - age) for age in ages)
    free = [0.0] * (workers - len(free)) + free
    rounds, rest = divmod(rows, workers)
    last = free[rest - 1] + response if rest else 0.0
    return rounds * response + max(last, free[-1])
