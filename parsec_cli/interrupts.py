"""End a request early: by a signal, or by the deadline that a signal moves forward.

Ctrl-C, SIGTERM and SIGHUP end the command at once, or wait for a change that is in flight.

A change that was sent cannot be called back. Until its outcome is known, the first signal only sets
a deadline for it; the second signal ends the command at once.

The interpreter runs a handler only between two steps of the main thread. A signal that arrives
just before a blocking call (reading a response, waiting for a program) would wait as long as that
call does. So the interpreter writes each signal to a wake-up descriptor, and a thread that reads
it interrupts the main thread until the handler has run.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import TypeVar

from parsec_cli.errors import Interrupted, Stopped, Terminated
from parsec_cli.records import state

Done = TypeVar("Done")
DRAIN_SECONDS = 10.0
# seconds after which a blocking call looks at the deadline again: a signal may have moved it
SLICE = 1.0
_NOTICED_WITHIN = 0.1
ENDING = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # the terminal is gone; Windows does not have this signal
    ENDING.append(signal.SIGHUP)
_WAKE_AGAIN = 0.01  # seconds between two attempts to interrupt a blocking call


def until_installed() -> None:
    """Let Ctrl-C end the process silently while it starts, as SIGTERM does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@functools.cache
def _wake_main_thread() -> None:
    """Prevent blocking calls of the main thread from delaying a signal's handler."""
    if not hasattr(signal, "pthread_kill"):  # Windows cannot interrupt another thread's call
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    main = threading.get_ident()
    passes = 0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal passes
        del number, frame
        passes += 1

    def watch() -> None:
        while arrived := os.read(reader, 1):
            # The main thread runs pending handlers in passes of ascending order, SIGURG's after
            # those of ENDING. A pass that was under way may have been past them; the next is not.
            seen = passes if arrived[0] == signal.SIGURG else passes + 2
            while passes < seen:
                signal.pthread_kill(main, signal.SIGURG)
                time.sleep(_WAKE_AGAIN)

    signal.signal(signal.SIGURG, note)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=watch, daemon=True).start()


_undo: list[Callable[[], None]] = []


@contextmanager
def undone_at_exit(undo: Callable[[], None]) -> Iterator[None]:
    """Call `undo` after the body, or when the process ends if a signal prevents that."""
    _undo.append(undo)
    try:
        yield
    finally:
        _undo_all()


def _undo_all() -> None:
    while _undo:
        _undo[-1]()
        _undo.pop()


_postponed: list[list[Callable[[], None]]] = []


@contextmanager
def signals_postponed() -> Iterator[None]:
    """Handle a signal that arrives while the body runs when the body has ended."""
    arrived: list[Callable[[], None]] = []
    _postponed.append(arrived)
    try:
        yield
    finally:
        _postponed.pop()
        if arrived:
            arrived[0]()


def start_thread(job: Callable[[], None]) -> threading.Thread:
    """Start a daemon thread: one that hangs in a request must not keep the process.

    `Thread.start` fails in its own way if a signal's exception comes while it waits.
    """
    thread = threading.Thread(target=job, daemon=True)
    # only the main thread handles signals
    main = threading.current_thread() is threading.main_thread()
    with signals_postponed() if main else nullcontext():
        thread.start()
    return thread


class Interrupts:
    """The signals that arrived, and the sections of code that a first signal must not interrupt.

    `clock` is monotonic seconds. `drain_at` is None, or when requests in flight must end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # changed by several threads and read by the handler, without a lock, because the handler
        # may interrupt the thread that holds it
        self._holding: list[Callable[[], bool]] = []
        self._leaving = False
        self.pending: Stopped | None = None
        self.drain_at: float | None = None
        # called by the handler, so it must not use a lock or a threading.Event
        self.on_first: Callable[[], None] | None = None

    def install(self) -> None:
        """Handle the signals, except those that are ignored (nohup, a pipeline)."""
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._arrive)
        _wake_main_thread()

    def leave(self) -> None:
        """Let the next signal end the process silently, since the command has finished."""
        self._leaving = True
        _undo_all()

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        del frame
        if _postponed:
            _postponed[-1].append(functools.partial(self._arrive, number, None))
            return
        interrupted = number == signal.SIGINT
        stop = Interrupted("interrupted") if interrupted else Terminated("terminated")
        if self._leaving:
            # the command is only cleaning up, so nothing would catch an exception
            _undo_all()
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
        """Defer the first signal while the body runs and `holds()`. May nest, in any thread."""
        self._holding.append(holds)
        try:
            yield
        finally:
            self._holding.remove(holds)

    def pause(self, seconds: float) -> None:
        """Sleep, but stop shortly after a signal arrives."""
        # without a threading.Event, as the handler may interrupt the thread that holds its lock
        until = self._clock() + seconds
        while self.pending is None and (left := until - self._clock()) > 0:
            time.sleep(min(left, _NOTICED_WITHIN))


@state
class Attempt:
    """The request that a thread is making: when it must end, and whether a byte was sent.

    `sent` is about this attempt, `touched` about all attempts of the call.
    """

    deadline: float | None = None
    sent: bool = False
    touched: bool = False


class Deadline(threading.local):
    """The deadline that all connections of one client share; `attempt` is this thread's own.

    HTTP libraries limit only the time between two bytes, and their exceptions do not distinguish
    "nothing was sent" from "sent, no response". The code at the sockets reports both here.

    `clock` returns monotonic seconds; `drain_at` may bring every deadline forward.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        drain_at: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._drain_at = drain_at
        self.attempt = Attempt()

    def call(self) -> Attempt:
        """Start a call of this thread; it may take several attempts."""
        self.attempt = Attempt()
        return self.attempt

    def begin(self, seconds: float) -> None:
        """Start the deadline of this thread's next request."""
        self.attempt.deadline = self._clock() + seconds
        self.attempt.sent = False

    def leave(self) -> None:
        """Note that a byte of this thread's request is about to be sent."""
        self.attempt.sent = self.attempt.touched = True

    def left(self, fault: type[Exception]) -> float:
        """Return the seconds left for this thread's request; raise `fault` when there are none."""
        ends = [t for t in (self.attempt.deadline, self._drain_at()) if t is not None]
        remaining = min(ends) - self._clock() if ends else SLICE
        if remaining <= 0:
            raise fault("the deadline of the request has passed")
        return remaining

    def within(self, job: Callable[[], Done], late: Exception) -> Done:
        """Run a job that has no time-out or ignores signals; raise `late` at the deadline.

        The job runs in a thread of its own. A connection made after the deadline is closed.
        """
        done: list[Done] = []
        failed: list[Exception] = []
        waiting, lock = True, threading.Lock()

        def work() -> None:
            try:
                result = job()
            except Exception as fault:  # noqa: BLE001 - raised by the thread that waits
                failed.append(fault)
                return
            with lock:
                if waiting:
                    done.append(result)
                    return
            getattr(result, "close", lambda: None)()

        thread = start_thread(work)
        try:
            while thread.is_alive():
                thread.join(min(self.left(TimeoutError), SLICE))
        except TimeoutError:
            pass
        finally:
            with lock:
                waiting = False
        if failed:
            raise failed[0]
        if not done:
            raise late
        return done[0]
