"""Run exactly what is ready: workers over one queue, every change journalled before it leaves.

Three phases in this order: decreases, deactivations one at a time, creates and increases. A stop,
whoever asks for it, lets those in flight end; whatever happens, every row gets a result.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol, assert_never

from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, SetQps, phase
from parsec_cli.bulk.plan.recheck import Ready
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.bulk.run.limits import Limits, Room
from parsec_cli.bulk.run.ports import Changes, Clock, Gate, Progress
from parsec_cli.bulk.run.queue import AHEAD, Queue
from parsec_cli.bulk.run.row_results import Ended, Result, Tally, ended, told
from parsec_cli.bulk.run.stop_rules import Brakes
from parsec_cli.errors import LocalFault, OutcomeUnknown, ParsecError, Stopped
from parsec_cli.outcomes import Applied, NotApplied, Outcome, Unknown

DRAIN_SECONDS = 10.0
_CUT_OFF = "stopped while its answer was awaited"
_POLL = 0.1  # how soon a second signal is noticed by the thread that waits


class Hand(Protocol):
    """A worker that was started: a thread, as far as a run waits for it."""

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool: ...


Spawn = Callable[[Callable[[], None]], Hand]


def thread(job: Callable[[], None]) -> Hand:
    """Start a daemon thread: one that hangs in a request must not keep the process."""
    worker = threading.Thread(target=job, daemon=True)
    worker.start()
    return worker


class Run:
    """One run; `execute` once, `request_stop` from a signal handler at any time."""

    def __init__(
        self,
        ready: Ready,
        tally: Tally,
        journal: Journal,
        *,
        changes: Changes,
        gate: Gate,
        progress: Progress,
        limits: Limits | None = None,
        clock: Clock = time.monotonic,
        spawn: Spawn = thread,
    ) -> None:
        self._limits = limits or Limits()
        self._ready = ready
        self._tally = tally
        self._journal = journal
        self._changes = changes
        self._gate = gate
        self._progress = progress
        self._clock = clock
        self._spawn = spawn
        self._brakes = Brakes(self._limits.max_failures)
        self._room = Room(self._limits.pool)
        # re-entrant: a signal handler runs in the main thread, whatever that holds
        self._lock = threading.RLock()
        self._in_flight: dict[int, Action] = {}
        self._stop: ParsecError | None = None
        self._crash: BaseException | None = None
        self._drain_until: float | None = None
        self._abandoned = False

    def request_stop(self, stop: Stopped) -> None:
        """Send no new rows and give those in flight ten seconds; a second request: none."""
        if isinstance(self._stop, Stopped):
            self._abandoned = True
            return
        self._stop = stop
        self._drain_until = self._clock() + DRAIN_SECONDS
        self._gate.close()

    def execute(self) -> Ended:
        """Send what is to be sent and return how it ended; raises only for faults of the tool."""
        try:
            self._progress.advance(len(self._ready.settled))
            self._guarded(lambda: self._tally.settle(self._ready.settled))
            if self._ready.send:
                irreversible = bool(self._ready.deactivations)
                self._guarded(lambda: self._journal.begin(irreversible=irreversible))
                self._phases()
        except Stopped as stop:
            self._stop = stop if self._stop is None else self._stop
            self._gate.close()
        self._leave()
        if self._crash is not None:
            raise self._crash
        return ended(self._tally, self._stop)

    def _phases(self) -> None:
        for number in range(3):
            actions = [action for action in self._ready.send if phase(action) == number]
            if not actions or self._stop is not None:
                continue
            one_by_one = isinstance(actions[0], Deactivate)
            ahead = 1 if one_by_one else AHEAD
            queue = Queue(actions, self._journal, self._ready.record, ahead=ahead)
            self._phase(queue, 1 if one_by_one else self._limits.concurrency)
            self._guarded(queue.close)

    def _phase(self, queue: Queue, workers: int) -> None:
        def work() -> None:
            try:
                while self._step(queue):
                    pass
            except BaseException as crash:  # noqa: BLE001 - told by the thread that waits
                self._crash = self._crash or crash
                self._halt(LocalFault("the run broke off by a fault of the tool"))

        for hand in [self._spawn(work) for _ in range(workers)]:
            while hand.is_alive() and not self._overdue():
                hand.join(_POLL)

    def _overdue(self) -> bool:
        late = self._drain_until is not None and self._clock() > self._drain_until
        self._abandoned = self._abandoned or late
        return self._abandoned

    def _step(self, queue: Queue) -> bool:
        """Do the next row; False when there is none, or none may be sent any more."""
        used_up = self._changes.quota_used_up()
        if used_up is not None:
            self._halt(used_up)
        # the turn comes before the intent, so that what is written down leaves at once
        if self._stop is not None or not queue.claim() or not self._gate.take_turn():
            return False
        try:
            taken = queue.take()
        except LocalFault as fault:
            self._halt(fault)
            return False
        if taken is None:
            return False
        number, action = taken
        if self._room.reserve(action):
            self._send(number, action)
        else:
            why = "skipped: an earlier decrease failed, so this increase would exceed the pool"
            self._guarded(lambda: self._journal.withdraw([taken]))
            self._note(action, Result("failed", why))
        return True

    def _send(self, number: int, action: Action) -> None:
        with self._lock:
            self._in_flight[number] = action
        outcome = self._call(action)
        with self._lock:
            if self._in_flight.pop(number, None) is None:
                return  # the run was left: this row's result is told already
        if outcome is None:
            self._guarded(lambda: self._journal.withdraw([(number, action)]))
        else:
            self._conclude(number, action, outcome)

    def _call(self, action: Action) -> Outcome | None:
        """Send; None when nothing was, because it could not be written down elsewhere."""
        try:
            match action:
                case Create():
                    return self._changes.create(
                        action.external_id,
                        email=action.email,
                        qps_limit=action.qps_limit,
                        eoa_address=action.eoa_address,
                    )
                case SetQps():
                    return self._changes.set_qps(self._ready.user(action), action.new)
                case Deactivate():
                    return self._changes.deactivate(self._ready.user(action))
                case _:
                    assert_never(action)
        except LocalFault as fault:
            self._halt(fault)
            return None
        except Stopped as stop:
            self._halt(stop)
            return Unknown(OutcomeUnknown(_CUT_OFF), 0)
        except OutcomeUnknown as fault:
            return Unknown(fault, 0)
        except ParsecError as fault:
            return NotApplied(fault, 0)

    def _conclude(self, number: int, action: Action, outcome: Outcome) -> None:
        result = told(action, outcome)
        self._guarded(
            lambda: self._journal.done(number, action, result.outcome, result.customer_id)
        )
        self._room.settle(action, outcome)
        with self._lock:
            stop = self._brakes.note(action, outcome)
            if stop is None and result.outcome == "failed" and isinstance(outcome, Applied):
                stop = self._brakes.failed(action)
        if stop is not None:
            self._halt(stop)
        self._note(action, result)

    def _note(self, action: Action, result: Result) -> None:
        self._guarded(lambda: self._tally.add(action, result))
        self._progress.advance()

    def _guarded(self, write: Callable[[], object]) -> None:
        """A file that cannot be written stops the run; what is in flight still gets its result."""
        try:
            write()
        except LocalFault as fault:
            self._halt(fault)

    def _halt(self, why: ParsecError) -> None:
        with self._lock:
            if self._stop is None:
                self._stop = why
        self._gate.close()

    def _leave(self) -> None:
        """Give a result to what is still in flight and to what never was."""
        with self._lock:
            left, self._in_flight = self._in_flight, {}
        for action in left.values():
            self._note(action, Result("unknown", _CUT_OFF))
        self._guarded(self._tally.finish)
