"""The rate of all requests of a run: one limit for every worker, lowered by the server's 429s.

GCRA: a lock, the theoretical arrival time of the next request, and a hold. The first 429 reports
the permitted rate and delays all workers once; a later one delays its own worker, and a second one
within ten seconds halves the rate, which then recovers. So an app that shares the key keeps its
part, and one late response costs nothing.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

SHARE = 0.8  # of `rest_qps`: the app that serves end-users with the same key needs the rest
DEFAULT_RATE = 4.0  # requests a second when `GET /usage` fails: below the smallest tier's five
DEFAULT_HOLD = 1.0  # seconds; what the API documents as its `Retry-After`
RECOVERY = 10.0  # seconds from half the rate back to all of it
# at exactly the permitted rate every jitter of the network would cause a 429
MARGIN = 0.99
_SLOWEST = 0.25  # requests a second: no 429 slows a run down further
_NOTICED_WITHIN = 0.1  # seconds until a waiting thread notices `close`


class _Worker(threading.local):
    """The state of the calling thread."""

    in_turn = False
    sent_at = float("-inf")
    held_until = float("-inf")


class Pacer:
    """Lets `rate` requests a second through, all if None; `share` is its part of a 429's limit.

    `expected` is the server's limit as far as it is known, for forecasts until a rate is known.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        share: float = MARGIN,
        expected: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.expected = expected
        self._clock = clock
        # a plain flag: `close` runs in a signal handler, which may have interrupted a thread
        # that holds a lock, even that of a threading.Event
        self._closed = False
        self._sleep = sleep or time.sleep
        self._share = share
        self._lock = threading.Lock()
        self._worker = _Worker()
        self._ceiling = rate or None
        self._low = rate or 0.0  # the rate just after the last halving, recovering since `_low_at`
        self._low_at = float("-inf")
        self._arrival = float("-inf")
        self._hold = float("-inf")
        self._limited_at = float("-inf")
        self._news_at = float("-inf")  # the last 429 that was new, but did not lower the limit
        self._first_at: float | None = None
        self._granted = 0

    @property
    def rate(self) -> float | None:
        """Requests a second at this moment; None while unpaced."""
        with self._lock:
            return self._rate_at(self._clock())

    def seconds_for(self, turns: int) -> float:
        """Return the seconds until that many more turns are given, if no further 429 arrives.

        For 0, it is the time until the last turn that was given begins.
        """
        with self._lock:
            now = self._clock()
            start = max(now, self._hold)
            rate = self._rate_at(start)
            if not rate:
                return start - now
            ready = max(start, self._arrival) - self._tolerance(rate)
            return max(start, ready + self._seconds_between(turns - 1, start)) - now

    def take_turn(self) -> bool:
        """Wait for the turn of the next `acquire`, ahead of journalling; False once closed."""
        if not self._worker.in_turn:
            # its own hold first: a turn after it would make the others wait for this worker
            self._wait_until(self._worker.held_until)
            self._wait_until(self._next_turn())
            self._worker.in_turn = not self._closed
        return self._worker.in_turn

    def acquire(self) -> None:
        """Wait for this thread's turn to send one request; once closed, do not wait."""
        self.take_turn()
        self._worker.in_turn = False
        self._worker.sent_at = self._clock()

    def limited(self, limit_qps: float | None = None, retry_after: float | None = None) -> None:
        """Slow down after a 429 to this thread's last request; `retry_after` in seconds."""
        wait = DEFAULT_HOLD if retry_after is None else max(0.0, retry_after)
        with self._lock:
            now = self._clock()
            self._worker.held_until = now + wait
            # a request that was sent before an earlier 429 arrived says nothing new about the rate
            news = self._worker.sent_at > self._limited_at
            lowered = self._lower_ceiling(limit_qps, now)
            if lowered:
                self._hold = max(self._hold, now + wait)
            elif news:
                at_limit = limit_qps and (self._ceiling or 0) >= limit_qps * self._share
                # one 429 at exactly the reported limit is jitter, unless another follows soon
                if not at_limit or now - self._news_at <= RECOVERY:
                    self._halve(now, limit_known=limit_qps is not None)
                self._news_at = now
            if lowered or news:
                self._limited_at = now
            # the server allows no burst now, so the unused part of ours is void
            rate = self._rate_at(now)
            if rate:
                self._arrival = max(self._arrival, now + self._tolerance(rate) + 1 / rate)

    def pause(self, seconds: float) -> None:
        """Sleep between attempts, but not longer than until closed."""
        self._wait_until(self._clock() + seconds, common=False)

    def close(self) -> None:
        """Give no more turns; waiting threads notice it soon. Safe in a signal handler."""
        self._closed = True

    def _next_turn(self) -> float:
        with self._lock:
            now = self._clock()
            turn = max(now, self._hold)
            rate = self._rate_at(turn)
            if rate:
                turn = max(turn, self._arrival - self._tolerance(rate))
                self._arrival = max(self._arrival, turn) + 1 / rate
            self._first_at = now if self._first_at is None else self._first_at
            self._granted += 1
            return turn

    def _wait_until(self, turn: float, *, common: bool = True) -> None:
        while not self._closed:
            # a hold that starts while a thread sleeps also delays that thread
            until = max(turn, self._hold) if common else turn
            wait = until - self._clock()
            if wait <= 0:
                return
            self._sleep(min(wait, _NOTICED_WITHIN))

    def _tolerance(self, rate: float) -> float:
        # a burst of one second, which every known tier allows
        return max(0.0, 1 - 1 / rate)

    def _rate_at(self, now: float) -> float | None:
        if self._ceiling is None:
            return None
        recovered = (now - self._low_at) / RECOVERY * self._ceiling / 2
        return min(self._ceiling, self._low + recovered)

    def _seconds_between(self, turns: int, now: float) -> float:
        """Return the seconds that this many turns take while the rate recovers."""
        rate, ceiling = self._rate_at(now) or 1.0, self._ceiling or 1.0
        growth = ceiling / 2 / RECOVERY
        recovery = (ceiling - rate) / growth
        meanwhile = recovery * (rate + ceiling) / 2
        if turns > meanwhile:
            return recovery + (turns - meanwhile) / ceiling
        if turns <= 0 or recovery <= 0:
            return turns / rate
        return (math.sqrt(rate * rate + 2 * growth * turns) - rate) / growth

    def _lower_ceiling(self, limit_qps: float | None, now: float) -> bool:
        """Lower it to the limit that the server reports, or the first time to half of our rate."""
        ceiling = None
        if limit_qps is not None and limit_qps > 0:
            ceiling = max(limit_qps * self._share, _SLOWEST)
        if ceiling is None and self._ceiling is None:
            seen = max(1.0, now - (self._first_at if self._first_at is not None else now))
            ceiling = max(1.0, self._granted / seen / 2)
        if ceiling is None or (self._ceiling is not None and ceiling >= self._ceiling):
            return False
        self._ceiling = self._low = ceiling
        self._low_at = now
        return True

    def _halve(self, now: float, *, limit_known: bool) -> None:
        if self._ceiling is None:
            return
        half = (self._rate_at(now) or self._ceiling) / 2
        if not limit_known:  # do not return to the rate that was too high
            self._ceiling = max(self._ceiling * 0.75, min(self._ceiling, _SLOWEST))
        self._low = max(half, min(1.0, self._ceiling) / 4)
        self._low_at = now


def pacer_for(
    asked: str | None,
    rest_qps: int | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] | None = None,
) -> Pacer:
    """Build the pacer of a run from `--rate`, a valid setting, and the usage's `rest_qps`."""
    if asked == "max":
        expected = rest_qps if rest_qps is not None and rest_qps > 0 else None
        return Pacer(None, expected=expected, clock=clock, sleep=sleep)
    if asked is not None:
        return Pacer(float(asked), clock=clock, sleep=sleep)
    # 0 is no limit, and a number below it is ignored
    rate = DEFAULT_RATE if rest_qps is None or rest_qps < 0 else rest_qps * SHARE
    return Pacer(rate, share=SHARE, clock=clock, sleep=sleep)
