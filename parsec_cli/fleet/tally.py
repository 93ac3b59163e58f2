"""One result per row: counted, kept in the order of the file, durable in a file as the run goes."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from parsec_cli import exact_json
from parsec_cli.files import save
from parsec_cli.files.append import Disk, Lines, RealDisk
from parsec_cli.fleet.plan import Entry
from parsec_cli.fleet.plan_file import as_json
from parsec_cli.fleet.ports import Clock
from parsec_cli.fleet.ready import Settled
from parsec_cli.models import JsonObject

ResultName = Literal[
    "created", "changed", "deactivated", "unchanged", "failed", "unknown", "not_attempted"
]
RESULT_NAMES: tuple[ResultName, ...] = get_args(ResultName)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row; `customer_id` where the entry did not know it."""

    outcome: ResultName
    error: str = ""
    http_status: int | None = None
    attempts: int = 0
    customer_id: str | None = None


class Tally:
    """Results of `entries`, which are in the order of the file; `path` None keeps no file.

    A row is kept as its line of JSON: a tenth of the memory of the objects.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        path: Path | None = None,
        *,
        disk: Disk | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.counts: dict[ResultName, int] = dict.fromkeys(RESULT_NAMES, 0)
        self.path = path
        self._entries = entries
        self._place = {id(entry): at for at, entry in enumerate(entries)}
        self._rows: list[str | None] = [None] * len(entries)
        self._lock = threading.RLock()
        self._disk = disk or RealDisk()
        self._clock = clock
        self._lines: Lines | None = None
        if path is not None:
            self._target = _begun(path)
            self._lines = Lines(self._target, "results file", self._disk)

    def add(self, entry: Entry, result: Result) -> bool:
        """Note a result, once per row; False when there is one already. LocalFault: file failed."""
        row = as_json(entry)
        row["customer_id"] = row["customer_id"] or result.customer_id
        row["outcome"] = result.outcome
        row["http_status"] = result.http_status
        row["attempts"] = result.attempts
        row["error"] = result.error or None
        line = exact_json.dumps(row)
        with self._lock:
            at = self._place[id(entry)]
            if self._rows[at] is not None:
                return False
            self._rows[at] = line
            self.counts[result.outcome] += 1
        if self._lines is not None:
            self._lines.append((line + "\n").encode("ascii"))
            self._lines.commit_now_and_then(self._clock())
        return True

    def settle(self, settled: Iterable[Settled]) -> None:
        """Note the rows that need no request, with one write for all."""
        lines, self._lines = self._lines, None
        try:
            added = [
                one.entry for one in settled if self.add(one.entry, Result(one.outcome, one.error))
            ]
        finally:
            self._lines = lines
        if lines is not None and added:
            rows = (self._rows[self._place[id(entry)]] for entry in added)
            lines.commit(lines.append("".join(f"{row}\n" for row in rows).encode("ascii")))

    def finish(self) -> None:
        """Note the rest as not attempted and put the file in the order of the input."""
        lines, self._lines = self._lines, None
        for entry in self._entries:
            self.add(entry, Result("not_attempted"))
        if lines is not None:
            lines.close()
            self._rewrite()

    def pages(self) -> Iterator[list[JsonObject]]:
        """The results in the order of the file, in batches."""
        for start in range(0, len(self._rows), _BATCH):
            yield [json.loads(row) for row in self._rows[start : start + _BATCH] if row]

    def _rewrite(self) -> None:
        """Replace the file at once; a pipe or a device has got every line already."""
        if save.is_stream(self._target):
            return
        data = "".join(f"{row}\n" for row in self._rows).encode("ascii")
        try:
            save.replace(self._target, data)
        except OSError as fault:
            raise save.fault("write", self._target, fault) from None


def _begun(path: Path) -> Path:
    """Return the file behind `path`: a new and empty one of the caller, or a stream of theirs.

    A file that exists is replaced rather than emptied: it may belong to another user, or be
    another name of a file that must stay.
    """
    try:
        target = save.real_target(path)
        if not save.is_stream(target):
            save.replace(target, b"")
        elif not save.trusted(target.stat()):
            raise PermissionError(errno.EPERM, "it belongs to another user")
    except OSError as fault:
        raise save.fault("write", path, fault, "the results file ") from None
    return target
