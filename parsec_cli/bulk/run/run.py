"""Send a checked plan: workers take from one queue, and each change is journalled before it.

Three phases in this order: decreases, deactivations one at a time, creates and increases. A run
that stops waits for the requests in flight. Every row gets a result in any case.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import inf
from typing import Protocol

from parsec_cli.bulk.plan.plan import Action, Deactivate, delta, phase
from parsec_cli.bulk.plan.snapshot import CheckedPlan
from parsec_cli.bulk.run import row_results as rows
from parsec_cli.bulk.run.journal import Journal, Numbered
from parsec_cli.bulk.run.rate_limiter import Pacer
from parsec_cli.bulk.run.row_of_outcome import row_result
from parsec_cli.bulk.run.row_results import ResultName, Results, RowResult
from parsec_cli.bulk.run.time_left import TimeLeft
from parsec_cli.errors import LocalFault, OutcomeUnknown, ParsecError, QuotaUsedUp, Stopped
from parsec_cli.interrupts import DRAIN_SECONDS, start_thread
from parsec_cli.models import Applied, JsonObject, NotApplied, Outcome, Pool, Unknown
from parsec_cli.records import changed

# actions journalled in advance: one fsync of a slow disk (5 ms) for 64 requests of 20 ms. A kill
# leaves as many intents open, which is harmless: the next listing shows their outcome
AHEAD = 64
_POLL = 0.1  # how soon a second signal is noticed by the thread that waits

Spawn = Callable[[Callable[[], None]], threading.Thread]


class Changes(Protocol):
    """Sends a change of a run, retries and classifies it; provided by a higher room."""

    def send(self, action: Action) -> Outcome: ...

    def quota_used_up(self) -> QuotaUsedUp | None:
        """Return an error if the last response said that no request is left this month."""
        ...


class Run:
    """One run; `pool` None allows increases that exceed the pool."""

    def __init__(
        self,
        checked: CheckedPlan,
        results: Results,
        journal: Journal,
        *,
        changes: Changes,
        pacer: Pacer,
        advance: Callable[[ResultName], None],
        concurrency: int = 8,
        max_failures: int | None = None,
        pool: Pool | None = None,
        clock: Callable[[], float] = time.monotonic,
        spawn: Spawn = start_thread,
    ) -> None:
        self._checked = checked
        self._results = results
        self._journal = journal
        self._changes = changes
        self._pacer = pacer
        self._advance = advance
        self._clock = clock
        self._spawn = spawn
        self._stop_rules = rows.StopRules(max_failures)
        self._phases = _phases(checked.send, concurrency)
        sizes = [(len(actions), workers) for actions, workers in self._phases]
        self.time_left = TimeLeft(sizes, pacer, clock)
        # an overcommitted pool may stay so; an increase takes its part before it is sent
        self._free = inf if pool is None else max(0, pool.free)
        # re-entrant: a signal handler runs in the main thread, which may hold it
        self._lock = threading.RLock()
        self._in_flight: dict[int, Action] = {}
        self._unwritten = 0  # results that workers are about to write
        self._written = threading.Condition(self._lock)
        self._stop: ParsecError | None = None
        self._crash: BaseException | None = None
        self._drain_until = inf
        self._abandoned = False
        self._ended = False

    def request_stop(self, stop: Stopped) -> None:
        """Send no new rows; wait ten seconds for those in flight, unless called a second time."""
        if isinstance(self._stop, Stopped):
            self._abandoned = True
            return
        self._stop = stop
        self._drain_until = self._clock() + DRAIN_SECONDS
        self._pacer.close()

    def execute(self) -> rows.RunResult:
        """Send what is to be sent and return the result; raises only for faults of the tool."""
        try:
            self._write(lambda: self._results.settle(self._checked.settled))
            # a run that only refuses rows is recorded, too
            if self._checked.send or any(error for _, error in self._checked.settled):
                self._write(lambda: self._journal.begin(self._checked))
                self._send_all()
        except Stopped as stop:
            self._halt(stop)
        with self._written:
            self._written.wait_for(lambda: not self._unwritten)
            left, self._in_flight, self._ended = self._in_flight, {}, True
        for number, action in left.items():
            self._end_row(number, action, RowResult("unknown", rows.CUT_OFF))
        self._write(self._results.finish)
        ended = rows.RunResult(self._results, self._stop)
        self._write(lambda: self._journal.end(ended.state, ended.results.counts))
        if self._crash is not None:
            raise self._crash
        return changed(ended, stop=self._stop)

    def _send_all(self) -> None:
        for actions, workers in self._phases:
            if self._stop is not None:
                break
            ahead = 1 if isinstance(actions[0], Deactivate) else AHEAD
            queue = Queue(actions, self._journal, self._checked.record, ahead=ahead)
            work = partial(self._work, queue)
            try:
                for worker in [self._spawn(work) for _ in range(workers)]:
                    while worker.is_alive() and not self._abandoned:
                        worker.join(_POLL)
                        self._abandoned = self._abandoned or self._clock() > self._drain_until
            finally:  # a second signal raises Stopped here
                self._write(queue.close)

    def _work(self, queue: Queue) -> None:
        try:
            while self._step(queue):
                pass
        except LocalFault as fault:  # the journal cannot be written
            self._halt(fault)
        except BaseException as crash:  # noqa: BLE001 - raised by the thread that waits
            self._crash = self._crash or crash
            self._halt(LocalFault("the run was stopped by a fault of the tool"))

    def _step(self, queue: Queue) -> bool:
        """Do the next row; False if there is none, or if the run has stopped."""
        used_up = self._changes.quota_used_up()
        if used_up is not None:
            self._halt(used_up)
        # take the turn before journalling, so that a journalled change is sent at once
        if self._stop is not None or not queue.claim():
            return False
        self.time_left.claim()
        if not self._pacer.take_turn():
            return False
        if (taken := queue.take()) is None:
            return False
        number, action = taken
        self.time_left.start(number)
        raised = max(0, delta(action))
        with self._lock:
            fits = raised <= self._free
            self._free -= raised if fits else 0
        if fits:
            self._send(number, action)
        else:
            why = "skipped: an earlier decrease failed, so this increase would exceed the pool"
            self._end_row(number, action, RowResult("failed", why))
            self.time_left.end(number)
        return True

    def _send(self, number: int, action: Action) -> None:
        with self._lock:
            if self._ended:  # without this row, which was reported as not attempted
                return
            self._in_flight[number] = action
        outcome: Outcome | None
        try:
            outcome = self._changes.send(action)
        except LocalFault as fault:  # nothing was sent, as the history could not be written
            self._halt(fault)
            outcome = None
        except Stopped as fault:
            self._halt(fault)
            outcome = Unknown(OutcomeUnknown(rows.CUT_OFF), 0)
        except OutcomeUnknown as fault:
            outcome = Unknown(fault, 0)
        except ParsecError as fault:
            outcome = NotApplied(fault, 0)
        with self._lock:
            if self._in_flight.pop(number, None) is None:
                return  # the run did not wait for it: this row has a result already
            self._unwritten += 1
        try:
            self._record(number, action, outcome)
        finally:
            with self._written:
                self._unwritten -= 1
                self._written.notify_all()

    def _record(self, number: int, action: Action, outcome: Outcome | None) -> None:
        if outcome is None:
            self._write(lambda: self._journal.withdraw([(number, action)]))
            return
        result = row_result(action, outcome)
        self._write(lambda: self._journal.done(number, action, result))
        # an unknown outcome frees nothing
        freed = {Applied: -delta(action), NotApplied: delta(action)}.get(type(outcome), 0)
        with self._lock:
            self._free += max(0, freed)
            stop = self._stop_rules.count(action, outcome, failed=result.outcome == "failed")
        if stop is not None:
            self._halt(stop)
        self.time_left.end(number, outcome.attempts)
        self._add_result(action, result)

    def _end_row(self, number: int, action: Action, result: RowResult) -> None:
        self._write(lambda: self._journal.done(number, action, result))
        self._add_result(action, result)

    def _add_result(self, action: Action, result: RowResult) -> None:
        self._write(lambda: self._results.add(action, result))
        self._advance(result.outcome)

    def _write(self, write: Callable[[], object]) -> None:
        """Write to a file; a failure stops the run, and what is in flight still gets its result."""
        try:
            write()
        except LocalFault as fault:
            self._halt(fault)

    def _halt(self, why: ParsecError) -> None:
        with self._lock:
            if self._stop is None:
                self._stop = why
        self._pacer.close()


def _phases(send: Sequence[Action], concurrency: int) -> list[tuple[list[Action], int]]:
    """Return the phases that are not empty, and how many workers send each."""
    phases = [[action for action in send if phase(action) == part] for part in range(3)]
    return [
        (actions, 1 if isinstance(actions[0], Deactivate) else concurrency)
        for actions in phases
        if actions
    ]


class Queue:
    """The actions of one phase, each journalled before a worker gets it, `ahead` at a time."""

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
        self._lock = threading.Lock()

    def claim(self) -> bool:
        """Reserve one action for the caller, who then waits for its turn; False at the end."""
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def take(self) -> Numbered | None:
        """Return the next action and the number of its intent; None at the end. LocalFault."""
        with self._lock:
            if not self._intended:
                batch = list(itertools.islice(self._rest, self._ahead))
                if not batch:
                    return None
                numbers = self._journal.intend(batch, [self._record(action) for action in batch])
                self._intended.extend(zip(numbers, batch, strict=True))
            return self._intended.popleft()

    def close(self) -> None:
        """Withdraw the intents that will not be sent."""
        with self._lock:
            self._rest = iter(())
            left = list(self._intended)
            self._intended.clear()
            self._journal.withdraw(left)
