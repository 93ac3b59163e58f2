"""One result per row: counted, kept in the order of the file, durable in a file as the run goes."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never, get_args

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, Entry, SetQps
from parsec_cli.bulk.plan.recheck import Settled
from parsec_cli.bulk.plan.saved_plan import as_json
from parsec_cli.bulk.run.ports import Clock
from parsec_cli.errors import (
    GuardRefused,
    KeyFault,
    LocalFault,
    OutcomeUnknown,
    ParsecError,
    RateFault,
    RowsFailed,
    Stopped,
)
from parsec_cli.files import save
from parsec_cli.files.append import Disk, Lines, RealDisk
from parsec_cli.models import JsonObject
from parsec_cli.outcomes import Applied, NotApplied, Outcome, Unknown

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


def told(action: Action, outcome: Outcome) -> Result:
    """The row's result."""
    match outcome:
        case Unknown() | NotApplied():
            name: ResultName = "unknown" if isinstance(outcome, Unknown) else "failed"
            error = outcome.error
            return Result(name, error.message, error.http_status, outcome.attempts)
        case Applied():
            name, why = _effect(action, outcome)
            customer_id = (outcome.after or {}).get("customer_id")
            return Result(name, why, outcome.http_status, outcome.attempts, customer_id)
        case _:
            assert_never(outcome)


def _effect(action: Action, outcome: Applied) -> tuple[ResultName, str]:
    match action:
        case Create():
            return _created(action, outcome)
        case SetQps():
            return "changed", ""
        case Deactivate():
            return "deactivated", ""
        case _:
            assert_never(action)


def _created(action: Create, outcome: Applied) -> tuple[ResultName, str]:
    """An idempotent create gives an existing user back and changes nothing about it."""
    shown = (outcome.after or {}).get("qps_limit")
    differs = action.qps_limit is not None and shown is not None and shown != action.qps_limit
    if differs:
        return "failed", (
            f"already existed, with qps_limit {shown} instead of {action.qps_limit}: "
            "run the same command again to change it"
        )
    if outcome.created is False:
        unsure = action.qps_limit is not None and shown is None
        return "unchanged", "already existed; its qps_limit was not told" if unsure else ""
    return "created", ""


# these end a run with their own code; any other reason shows in the rows it left
_OWN_CODE = (Stopped, KeyFault, RateFault, GuardRefused, LocalFault)


@dataclass(frozen=True, slots=True)
class Ended:
    """`stop` is why the run did not go on to its last row, None when it did."""

    tally: Tally
    stop: ParsecError | None
    exit_code: int

    @property
    def summary(self) -> dict[str, int]:
        return {str(name): count for name, count in self.tally.counts.items()}

    @property
    def sentence(self) -> str:
        """`3 created, 1 failed, 2 not attempted`."""
        counts = self.tally.counts
        parts = [f"{counts[n]:,} {n.replace('_', ' ')}" for n in RESULT_NAMES if counts[n]]
        return ", ".join(parts) or "no rows"

    @property
    def finished(self) -> bool:
        return not (self.tally.counts["not_attempted"] or self.tally.counts["unknown"])


def ended(tally: Tally, stop: ParsecError | None) -> Ended:
    if stop is not None and isinstance(stop, _OWN_CODE):
        code = stop.exit_code
    elif tally.counts["unknown"]:
        code = OutcomeUnknown.exit_code
    elif tally.counts["failed"] or tally.counts["not_attempted"]:
        code = RowsFailed.exit_code
    else:
        code = 0
    return Ended(tally, stop, code)
