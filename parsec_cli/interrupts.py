"""Ctrl-C, SIGTERM, SIGHUP: at once while nothing is in flight, else after a short drain.

A change that has left cannot be called back. Until its fate is known the first signal only sets
a time by which it must be; the second one ends the command where it stands.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from parsec_cli.errors import Interrupted, Stopped, Terminated

DRAIN_SECONDS = 10.0
_NOTICED_WITHIN = 0.1
ENDING = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # the terminal is gone; Windows has no such signal
    ENDING.append(signal.SIGHUP)


def until_installed() -> None:
    """Let Ctrl-C end the process without a word while it still starts, as SIGTERM does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


class Interrupts:
    """What signals came in, and what must not be torn apart by one.

    `clock` is monotonic seconds. `drain_at` is None, or the time on that clock by which whatever
    is in flight has to be over.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # appended to and removed from by several threads, read by the handler: no lock, because
        # the handler may interrupt the very thread that holds one
        self._holding: list[Callable[[], bool]] = []
        self._leaving = False
        self.pending: Stopped | None = None
        self.drain_at: float | None = None
        self.on_first: Callable[[], None] | None = None

    def install(self) -> None:
        """Take the signals over; one that is ignored (nohup, a pipeline) stays so."""
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._arrive)

    def leave(self) -> None:
        """Let the next signal end the process without a word: the command has said all it had."""
        self._leaving = True

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        del frame
        interrupted = number == signal.SIGINT
        stop = Interrupted("interrupted") if interrupted else Terminated("terminated")
        if self._leaving:
            # the command only tidies up since the last one: nobody is left to catch this one
            os._exit(stop.exit_code)
        try:
            self.arrive(stop)
        except Stopped:
            self._leaving = True
            raise

    def arrive(self, stop: Stopped) -> None:
        """Raise `stop`, unless something is in flight and this is the first signal."""
        held = any(holds() for holds in tuple(self._holding))
        if not held or self.pending is not None:
            raise stop
        self.pending = stop
        self.drain_at = self._clock() + DRAIN_SECONDS
        if self.on_first is not None:
            self.on_first()

    @contextmanager
    def shield(self, holds: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Hold the first signal back while the body runs and `holds()`; nests, in any thread."""
        self._holding.append(holds)
        try:
            yield
        finally:
            self._holding.remove(holds)

    def pause(self, seconds: float) -> None:
        """Sleep, but hardly longer than until a signal arrives."""
        # no threading.Event: its lock may be held by the very thread that the handler interrupts
        until = self._clock() + seconds
        while self.pending is None and (left := until - self._clock()) > 0:
            time.sleep(min(left, _NOTICED_WITHIN))
