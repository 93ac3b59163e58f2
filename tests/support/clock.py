"""Time that only passes when the tool sleeps."""

from __future__ import annotations

import threading

from support.wire import PATIENCE

START = 1_790_000_000.0  # 2026-09-21T14:13:20Z


class VirtualClock:
    """`clock()` reads it; `sleep` advances it at once and remembers the wait."""

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._lock = threading.Condition()
        self._looks = 0
        self.waits: list[float] = []

    def __call__(self) -> float:
        with self._lock:
            self._looks += 1
            self._lock.notify_all()
            return self._now

    def wait_for_looks(self, number: int) -> None:
        """Wait in real time until the tool has read the clock that many times more."""
        with self._lock:
            enough = self._looks + number
            assert self._lock.wait_for(lambda: self._looks >= enough, PATIENCE)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0, seconds
        with self._lock:
            self.waits.append(seconds)
            self._now += seconds

    @property
    def waited(self) -> float:
        return sum(self.waits)
