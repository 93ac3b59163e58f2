"""One deadline for a whole request, and whether a byte of it was sent.

HTTP libraries limit only the time between two bytes, and their exceptions do not distinguish
"nothing was sent" from "sent, no response". The code at the sockets knows both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from parsec_cli.records import state

Done = TypeVar("Done")
# seconds after which a blocking call looks at the deadline again: a signal may have moved it
SLICE = 1.0


@state
class Attempt:
    """The request that a thread is making: when it must end, and whether a byte was sent.

    `sent` is about this attempt, `touched` about all attempts of the call.
    """

    deadline: float | None = None
    sent: bool = False
    touched: bool = False


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.attempt = Attempt()


class Deadline:
    """The deadline that all connections of one client share.

    `clock` returns monotonic seconds; `drain_at` may bring every deadline forward (see Interrupts).
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        drain_at: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.clock = clock
        self._drain_at = drain_at
        self._own = _PerThread()

    def call(self) -> Attempt:
        """Start a call of this thread; it may take several attempts."""
        self._own.attempt = Attempt()
        return self._own.attempt

    def begin(self, seconds: float) -> None:
        """Start the deadline of this thread's next request."""
        self._own.attempt.deadline = self.clock() + seconds
        self._own.attempt.sent = False

    def leave(self) -> None:
        """Note that a byte of this thread's request is about to be sent."""
        attempt = self._own.attempt
        attempt.sent = attempt.touched = True

    @property
    def sent(self) -> bool:
        """True once a byte of this thread's request was sent."""
        return self._own.attempt.sent

    def left(self, fault: type[Exception]) -> float:
        """Return the seconds left for this thread's request; raise `fault` when there are none."""
        ends = [t for t in (self._own.attempt.deadline, self._drain_at()) if t is not None]
        remaining = min(ends) - self.clock() if ends else SLICE
        if remaining <= 0:
            raise fault("the deadline of the request has passed")
        return remaining

    def within(self, job: Callable[[], Done], late: Exception) -> Done:
        """Run a job that has no time-out or ignores signals; raise `late` at the deadline.

        The job runs in a thread of its own, and a result after the deadline is dropped.
        """
        done: list[Done] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                done.append(job())
            except Exception as fault:  # noqa: BLE001 - raised by the thread that waits
                failed.append(fault)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            try:
                thread.join(min(self.left(TimeoutError), SLICE))
            except TimeoutError:
                raise late from None
        if failed:
            raise failed[0]
        return done[0]
