"""One durable result per row, in the order of the file; and the rules that stop a run."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from parsec_cli import errors, exact_json
from parsec_cli.bulk.plan.plan import Action, Deactivate, Entry, as_json
from parsec_cli.bulk.plan.snapshot import Settled
from parsec_cli.files import save
from parsec_cli.files.lock import Disk, Lines
from parsec_cli.models import Applied, JsonObject, Outcome, Unknown
from parsec_cli.next_command import again
from parsec_cli.records import record

ResultName = Literal[
    "created", "changed", "deactivated", "unchanged", "failed", "unknown", "not_attempted"
]
RESULT_NAMES: tuple[ResultName, ...] = get_args(ResultName)
# the rows that another run may complete
LEFT: tuple[ResultName, ...] = ("failed", "unknown", "not_attempted")
CUT_OFF = "stopped before its response arrived"
_BATCH = 500
_NAMED = 10  # failed rows named in the error; the results list all

MAX_FAILURES = 20
MAX_FAILURES_DEACTIVATING = 1
# a run that ends for these has their exit code; any other reason shows in the rows
_OWN_CODE = (
    errors.Stopped,
    errors.KeyFault,
    errors.RateFault,
    errors.GuardRefused,
    errors.LocalFault,
)
# these would fail every row
_AT_ONCE = (
    errors.KeyFault,
    errors.QuotaUsedUp,
    errors.NameNotFound,
    errors.TlsFailed,
    errors.Redirected,
    errors.LocalFault,
)
_IN_A_ROW: Mapping[type[errors.ParsecError], int] = {
    errors.ConnectFailed: 3,
    errors.NotFound: 3,
    errors.ForeignNotFound: 3,
    errors.Unreadable: 3,
    errors.ServerFault: 5,
}


@record
class RowResult:
    """The result of one row; `customer_id` is set if the entry did not know it."""

    outcome: ResultName
    error: str = ""
    http_status: int | None = None
    attempts: int = 0
    customer_id: str | None = None


def settled_result(error: str) -> RowResult:
    """Return the result of a row that needs no request; `error` is why it is refused, or ""."""
    return RowResult("failed" if error else "unchanged", error)


def row_json(entry: Entry, result: RowResult | None) -> JsonObject:
    """Return a result row; without a result, the row of the plan."""
    row = as_json(entry)
    if result is not None:
        row["customer_id"] = row["customer_id"] or result.customer_id
        row["outcome"] = result.outcome
        row["http_status"] = result.http_status
        row["attempts"] = result.attempts
        row["error"] = result.error or None
    return row


class Results:
    """The results of `entries`, in the order of the file, as JSON: a tenth of the memory."""

    def __init__(
        self, entries: Sequence[Entry], path: Path | None = None, *, disk: Disk | None = None
    ) -> None:
        self.counts: dict[ResultName, int] = dict.fromkeys(RESULT_NAMES, 0)
        self._entries = entries
        self._place = {id(entry): at for at, entry in enumerate(entries)}
        self._rows: list[str | None] = [None] * len(entries)
        self._lock = threading.RLock()
        self._file = None
        if path is not None:
            self._file = Lines(_new_file(path), "results file", disk or Disk())

    def add(self, entry: Entry, result: RowResult) -> None:
        """Add a result, unless the row has one. LocalFault: the file failed."""
        line = self._keep(entry, result)
        if line is not None and self._file is not None:
            self._file.append(line.encode("ascii"))

    def settle(self, settled: Iterable[Settled]) -> None:
        """Add the rows that need no request, with one write for all."""
        lines = [self._keep(entry, settled_result(error)) for entry, error in settled]
        if lines and self._file is not None:
            data = "".join(filter(None, lines)).encode("ascii")
            self._file.commit(self._file.append(data))

    def finish(self) -> None:
        """Add the rest as not attempted and put the file in the order of the input."""
        file, self._file = self._file, None
        for entry, row in zip(self._entries, tuple(self._rows), strict=True):
            if row is None:
                self._keep(entry, RowResult("not_attempted"))
        if file is None:
            return
        file.close()
        if save.is_stream(file.path):  # a pipe or a device received every line already
            return
        try:
            save.replace(file.path, "".join(filter(None, self._rows)).encode("ascii"))
        except OSError as fault:
            raise save.fault("write", file.path, fault) from None

    def pages(self) -> Iterator[list[JsonObject]]:
        """Yield the results in the order of the file, in batches."""
        for start in range(0, len(self._rows), _BATCH):
            yield [json.loads(row) for row in self._rows[start : start + _BATCH] if row]

    def _keep(self, entry: Entry, result: RowResult) -> str | None:
        """Store and count a row; return its line, or None if it already has a result."""
        line = exact_json.dumps(row_json(entry, result)) + "\n"
        with self._lock:
            at = self._place[id(entry)]
            if self._rows[at] is not None:
                return None
            self._rows[at] = line
            self.counts[result.outcome] += 1
        return line


def _new_file(path: Path) -> Path:
    """Return the file behind `path`: a new and empty one, or a stream of the caller's.

    An existing file is replaced, not emptied: it may be another user's, or have another hard link.
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


class StopRules:
    """Counts how rows end; not thread-safe. `max_failures` None is 20, or 1 for deactivations."""

    def __init__(self, max_failures: int | None = None) -> None:
        self._max_failures = max_failures
        self._failures = 0
        self._kind: type[errors.ParsecError] | None = None
        self._streak = 0

    def count(self, action: Action, outcome: Outcome, *, failed: bool) -> errors.ParsecError | None:
        """Count a row; return why the run must stop. An applied change may be a `failed` row."""
        if isinstance(outcome, Applied):
            self._kind, self._streak = None, 0
        else:
            error, status = outcome.error, outcome.error.http_status or 0
            kind = next((kind for kind in _IN_A_ROW if isinstance(error, kind)), None)
            if isinstance(outcome, Unknown) and (status >= 500 or 0 < status < 300):  # noqa: PLR2004
                kind = errors.ServerFault if status >= 500 else errors.Unreadable  # noqa: PLR2004
            # the last attempt may say of a lost change, too, what holds for every row
            last = outcome.last if isinstance(outcome, Unknown) else error
            if isinstance(last, _AT_ONCE):
                return error if last is error else last.but(error.message)
            if error.retry_after is not None:  # longer than `--max-wait`, and for every row
                return errors.RateLimited(error.message, retry_after=error.retry_after)
            self._streak = self._streak + 1 if kind is self._kind else 1
            self._kind = kind
            if kind is not None and self._streak >= _IN_A_ROW[kind]:
                return errors.RowsFailed(
                    f"stopped after {self._streak} consecutive rows with this error:"
                    f" {error.message}",
                    hint=error.hint,
                    command=error.command,
                    http_status=error.http_status,
                )
        limit = self._max_failures
        if limit is None:
            limit = MAX_FAILURES_DEACTIVATING if isinstance(action, Deactivate) else MAX_FAILURES
        self._failures += failed
        if not failed or self._failures < limit:
            return None
        # no hint: not every command has `--max-failures`, and each run can be continued
        return errors.RowsFailed(f"stopped after {errors.counted(self._failures, 'failed row')}")


@record
class RunResult:
    """`stop` is why the run ended before its last row; None if it did not."""

    results: Results
    stop: errors.ParsecError | None

    @property
    def exit_code(self) -> int:
        """The code of `stop` if it has one of its own, else that of the worst row."""
        counts = self.results.counts
        if isinstance(self.stop, _OWN_CODE):
            return self.stop.exit_code
        if counts["unknown"]:
            return errors.OutcomeUnknown.exit_code
        return errors.RowsFailed.exit_code if counts["failed"] or counts["not_attempted"] else 0

    @property
    def state(self) -> str:
        """`finished` if all rows were attempted, else what ended the run: an error, or a signal."""
        if not self.results.counts["not_attempted"]:
            return "finished"
        return "interrupted" if isinstance(self.stop, errors.Stopped) else "stopped"

    @property
    def sentence(self) -> str:
        """`3 created, 1 failed, 2 not attempted`."""
        return sentence_of(self.results.counts)

    def error(self, *, brief: bool = False) -> errors.ParsecError | None:
        """Return an error with the counts and the failed rows, or without; None if none failed."""
        if not self.exit_code:
            return None
        stop, sentence, details = self.stop, self.sentence, self._failures()
        if brief:
            sentence, details = "not every row was done", []
        hint: dict[str, Any] = {}
        if any(self.results.counts[name] for name in LEFT):
            hint["hint"] = "to continue, run it again; finished rows are skipped"
            # the rest may need consent to another count
            hint["command"] = again(confirm=None, allow_holdings=None)
        if stop is None or not (
            isinstance(stop, errors.LocalFault) or stop.exit_code == self.exit_code
        ):
            details = details if stop is None else [stop.message, *details]
            unsure = self.exit_code == errors.OutcomeUnknown.exit_code
            kind = errors.OutcomeUnknown if unsure else errors.RowsFailed
            return kind(sentence, details=details).but(**hint)
        if stop.hint:
            hint = {"hint": stop.hint, "command": stop.command}
        message = f"{errors.unrepeated(stop.message)}: {sentence}"
        return stop.but(message, details=(*stop.details, *details), **hint)

    def _failures(self) -> list[str]:
        details = [
            f"{name_of_row(row['row'])} `{row['external_id'] or row['customer_id']}` "
            f"{row['outcome']}: {errors.unrepeated(row['error'])}"
            for page in self.results.pages()
            for row in page
            if row["outcome"] in ("failed", "unknown")
        ]
        return errors.shortened(details, _NAMED)


def sentence_of(counts: Mapping[Any, int]) -> str:
    parts = [f"{counts[n]:,} {n.replace('_', ' ')}" for n in RESULT_NAMES if counts.get(n)]
    return ", ".join(parts) or "no rows"


def name_of_row(row: int | None) -> str:
    return "pruned user" if row is None else f"row {row}"
