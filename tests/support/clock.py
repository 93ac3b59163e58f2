"""Time that only passes when the tool sleeps."""

from __future__ import annotations

import threading

START = 1_790_000_000.0  # 2026-09-21T14:13:20Z


class VirtualClock:
    """`clock()` reads it; `sleep` advances it at once and remembers the wait."""

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def __call__(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0, seconds
        with self._lock:
            self.waits.append(seconds)
            self._now += seconds

    @property
    def waited(self) -> float:
        return sum(self.waits)
