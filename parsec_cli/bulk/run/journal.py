"""The journal of a run: what is about to be sent, then its outcome; and the queue that writes it.

One file a run, JSON Lines: a header, `{"n", "intent", ...}` durable before the change is sent,
`{"n", "done", ...}` after its response. No secrets.
"""

from __future__ import annotations

import datetime
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Deactivate, as_json
from parsec_cli.bulk.run.earlier_runs import (
    IRREVERSIBLE,
    VERSION,
    EarlierDeactivations,
    binding,
    read_earlier_runs,
)
from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.files.append import Disk, Lines, RealDisk
from parsec_cli.files.lock import only_run
from parsec_cli.models import JsonObject

# actions journalled in advance: one fsync of a slow disk (5 ms) for 64 requests of 20 ms. A kill
# leaves as many intents open, which is harmless: the next listing shows their outcome
AHEAD = 64
Numbered = tuple[int, Action]


class Journal:
    """Open by `open_journal`, which holds the lock; nothing is written before `begin`."""

    def __init__(
        self,
        runs_dir: Path,
        host: str,
        key_fingerprint: str,
        *,
        command: str,
        earlier: EarlierDeactivations,
        disk: Disk,
        wall: Callable[[], float],
    ) -> None:
        self.earlier = earlier
        self._runs_dir = runs_dir
        self._bound = binding(host, key_fingerprint)
        self._header = {"host": host, "key": key_fingerprint, "command": command}
        self._disk = disk
        self._wall = wall
        self._lines: Lines | None = None
        self._numbers = itertools.count(1)

    @property
    def path(self) -> Path | None:
        return self._lines.path if self._lines else None

    def begin(self, *, irreversible: bool) -> None:
        """Create the file, so that a journal that cannot be written stops the run at its start.

        Only for runs that send something; `irreversible` if that includes deactivations.
        """
        now = datetime.datetime.fromtimestamp(self._wall(), datetime.UTC)
        stem = f"{self._bound}-{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        stem += f"-{IRREVERSIBLE}" if irreversible else ""
        path = self._runs_dir / f"{stem}.jsonl"
        self._lines = Lines(path, "journal", self._disk, flags=os.O_EXCL)
        save.sync_directory(self._runs_dir)
        self._write({"run": VERSION, **self._header, "time": self._time(), "pid": os.getpid()})

    def intend(self, actions: Sequence[Action], records: Sequence[JsonObject | None]) -> list[int]:
        """Make it durable that `actions` are about to be sent; return their numbers.

        `records` are the users as they were, for what cannot be undone. One fsync serves all.
        """
        numbers = [next(self._numbers) for _ in actions]
        lines = []
        for number, action, record in zip(numbers, actions, records, strict=True):
            intent = as_json(action)
            intent["intent"] = intent.pop("action")
            if record is not None:
                intent["record"] = record
            lines.append({"n": number, **intent, "time": self._time()})
        written = self._write(*lines)
        if self._lines is not None:
            self._lines.commit(written)
        return numbers

    def done(self, number: int, action: Action, outcome: str, customer_id: str | None) -> None:
        """Write an outcome; durable at once if it cannot be undone, else with the next commit."""
        line = {"n": number, "done": outcome, "of": action.kind, "customer_id": customer_id}
        written = self._write({**line, "time": self._time()})
        if self._lines is not None and isinstance(action, Deactivate):
            self._lines.commit(written)

    def withdraw(self, intents: Sequence[Numbered]) -> None:
        """Write that no request followed these intents."""
        if intents:
            self._write(*({"n": n, "done": "not_sent", "of": a.kind} for n, a in intents))

    def close(self) -> None:
        """Make everything durable; a fault at this point loses nothing that was promised."""
        if self._lines is not None:
            try:
                self._lines.commit()
            finally:
                self._lines.close()

    def _write(self, *lines: JsonObject) -> int:
        if self._lines is None:
            raise LocalFault("the journal has no file yet")
        text = "".join(f"{exact_json.dumps(line)}\n" for line in lines)
        return self._lines.append(text.encode("ascii"))

    def _time(self) -> str:
        now = datetime.datetime.fromtimestamp(self._wall(), datetime.UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def open_journal(
    runs_dir: Path,
    host: str,
    key_fingerprint: str,
    *,
    command: str,
    disk: Disk | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[Journal]:
    """Lock this host and key, read the journals of earlier runs, and open one.

    GuardRefused while another run holds the lock; LocalFault if the directory cannot be written.
    """
    try:
        save.make_private_directory(runs_dir)
    except OSError as fault:
        raise save.fault("make", runs_dir, fault, "the directory ") from None
    with only_run(runs_dir / f"{binding(host, key_fingerprint)}.lock", wall):
        earlier = read_earlier_runs(runs_dir, host, key_fingerprint)
        journal = Journal(
            runs_dir,
            host,
            key_fingerprint,
            command=command,
            earlier=earlier,
            disk=disk or RealDisk(),
            wall=wall,
        )
        try:
            yield journal
        finally:
            journal.close()


class Queue:
    """The actions of one phase, each journalled before a worker gets it. Thread-safe.

    `ahead` 1 makes each intent durable by itself, right before its request.
    """

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
        self._refilling = threading.Lock()
        self._claiming = threading.Lock()

    def take(self) -> Numbered | None:
        """Return the next action and the number of its intent; None at the end. LocalFault."""
        while True:
            # the thread that finds it a quarter full refills; the others continue with the rest
            if len(self._intended) <= self._ahead // 4 and self._refilling.acquire(blocking=False):
                try:
                    self._refill()
                finally:
                    self._refilling.release()
            with suppress(IndexError):
                return self._intended.popleft()
            with self._refilling:  # another thread refills, or there is no more
                if not self._intended and not self._refill():
                    return None

    def claim(self) -> bool:
        """Set one action aside for the caller, who then waits for its turn; False at the end."""
        with self._claiming:
            self._left -= 1
            return self._left >= 0

    def close(self) -> None:
        """Withdraw the intents that are not sent any more."""
        with self._refilling:
            self._rest = iter(())
            left = list(self._intended)
            self._intended.clear()
            self._journal.withdraw(left)

    def _refill(self) -> bool:
        batch = list(itertools.islice(self._rest, self._ahead))
        if batch:
            records = [self._record(action) for action in batch]
            numbers = self._journal.intend(batch, records)
            self._intended.extend(zip(numbers, batch, strict=True))
        return bool(batch)
