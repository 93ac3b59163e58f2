"""Time for several threads that passes only while all of them sleep; one runs at a time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable


class StartedThread:
    """A started thread, as `threading.Thread` is joined."""

    def __init__(self, time: VirtualTime, thread: threading.Thread) -> None:
        self._time = time
        self._thread = thread

    def join(self, timeout: float | None = None) -> None:
        del timeout
        self._time.go()
        self._thread.join(60)
        assert not self._thread.is_alive(), "a worker hangs"

    def is_alive(self) -> bool:
        return self._thread.is_alive()


class VirtualTime:
    """`clock()` and `sleep` for threads made by `spawn`; deterministic."""

    def __init__(self, start: float = 1000.0) -> None:
        self.now = start
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._order = itertools.count()
        self._running = False
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def spawn(self, job: Callable[[], None]) -> StartedThread:
        turn = threading.Event()
        heapq.heappush(self._sleepers, (self.now, next(self._order), turn))

        def body() -> None:
            assert turn.wait(60)
            try:
                job()
            finally:
                self._next()

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        return StartedThread(self, thread)

    def sleep(self, seconds: float) -> None:
        turn = threading.Event()
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds), next(self._order), turn))
        self._next()
        assert turn.wait(60)

    def go(self) -> None:
        with self._lock:
            if not self._running:
                self._next()

    def _next(self) -> None:
        self._running = bool(self._sleepers)
        if self._sleepers:
            self.now, _, turn = heapq.heappop(self._sleepers)
            turn.set()
