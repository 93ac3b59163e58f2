"""The journal of a run: what is about to be sent, then what became of it.

One file a run, JSON Lines: a header, `{"n", "intent", ...}` durable before the change leaves,
`{"n", "done", ...}` after its answer. No secrets.
"""

from __future__ import annotations

import datetime
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Deactivate
from parsec_cli.bulk.plan.saved_plan import as_json
from parsec_cli.bulk.run.earlier_runs import IRREVERSIBLE, VERSION, Past, binding, read_past
from parsec_cli.bulk.run.ports import Clock
from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.files.append import Disk, Lines, RealDisk
from parsec_cli.files.lock import only_run
from parsec_cli.models import JsonObject


class Journal:
    """Open by `open_journal`, which holds the lock; nothing is written before the first intent."""

    def __init__(
        self,
        runs_dir: Path,
        host: str,
        key_fingerprint: str,
        *,
        command: str,
        past: Past,
        disk: Disk,
        wall: Clock,
    ) -> None:
        self.past = past
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
        """Make the file, so that a journal that cannot be written stops the run before it starts.

        Only for runs that send something; `irreversible` when deactivations are among it.
        """
        now = datetime.datetime.fromtimestamp(self._wall(), datetime.UTC)
        stem = f"{self._bound}-{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        stem += f"-{IRREVERSIBLE}" if irreversible else ""
        path = self._runs_dir / f"{stem}.jsonl"
        self._lines = Lines(path, "journal", self._disk, flags=os.O_EXCL)
        save.sync_directory(self._runs_dir)
        self._write({"run": VERSION, **self._header, "time": self._time(), "pid": os.getpid()})

    def intend(self, actions: Sequence[Action], records: Sequence[JsonObject | None]) -> list[int]:
        """Make it durable that `actions` are about to leave; return their numbers.

        `records` are the users as they were, for what cannot be undone. One fsync serves all.
        """
        numbers = [next(self._numbers) for _ in actions]
        lines = []
        for number, action, record in zip(numbers, actions, records, strict=True):
            told = as_json(action)
            told["intent"] = told.pop("action")
            if record is not None:
                told["record"] = record
            lines.append({"n": number, **told, "time": self._time()})
        written = self._write(*lines)
        if self._lines is not None:
            self._lines.commit(written)
        return numbers

    def done(self, number: int, action: Action, outcome: str, customer_id: str | None) -> None:
        """Note what became of it; durable at once where it cannot be undone, else with the next."""
        line = {"n": number, "done": outcome, "of": as_json(action)["action"]}
        written = self._write({**line, "customer_id": customer_id, "time": self._time()})
        if self._lines is not None and isinstance(action, Deactivate):
            self._lines.commit(written)

    def withdraw(self, intents: Sequence[tuple[int, Action]]) -> None:
        """Note that these intents were not followed by a request."""
        told = ((number, as_json(action)["action"]) for number, action in intents)
        if intents:
            self._write(*({"n": number, "done": "not_sent", "of": of} for number, of in told))

    def close(self) -> None:
        """Make everything durable; a fault at this point loses nothing that was promised."""
        if self._lines is not None:
            try:
                self._lines.commit()
            finally:
                self._lines.close()

    def _write(self, *lines: JsonObject) -> int:
        if self._lines is None:
            raise LocalFault("the journal was not begun")
        return self._lines.append(
            "".join(f"{exact_json.dumps(x)}\n" for x in lines).encode("ascii")
        )

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
    wall: Clock = time.time,
) -> Iterator[Journal]:
    """Take the lock of this host and key, read what older runs left, lend the journal.

    GuardRefused while another run goes on; LocalFault when the directory cannot be written.
    """
    try:
        save.make_private_directory(runs_dir)
    except OSError as fault:
        raise save.fault("make", runs_dir, fault, "the directory ") from None
    with only_run(runs_dir / f"{binding(host, key_fingerprint)}.lock", wall):
        journal = Journal(
            runs_dir,
            host,
            key_fingerprint,
            command=command,
            past=read_past(runs_dir, host, key_fingerprint),
            disk=disk or RealDisk(),
            wall=wall,
        )
        try:
            yield journal
        finally:
            journal.close()
