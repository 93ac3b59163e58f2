"""The file of a run: its whole plan, what is about to be sent, each outcome, and the end.

JSON Lines: a header; one `{"n", "row", ...}` per row, with its outcome if nothing is to be sent for
it; `{"n", "intent", ...}` durable before the change is sent; `{"n", "done", ...}` after its
response; `{"end", "counts"}`. No secrets. `recorded_runs.py` reads all of it for people.

Later runs read what it says about deactivations; `read_earlier_runs` reads that here. So no file of
a run is ever removed. Files of the first edition have no plan, and another name.
"""

from __future__ import annotations

import datetime
import hashlib
import itertools
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Deactivate, as_json
from parsec_cli.bulk.plan.snapshot import CheckedPlan
from parsec_cli.bulk.run.row_results import ResultName, RowResult, row_json, settled_result
from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.files.lock import Disk, Lines, only_run
from parsec_cli.models import JsonObject
from parsec_cli.records import state

VERSION = 2
_ID = re.compile(r"r-([0-9]{8}-[0-9]{4})(?:-([1-9][0-9]{0,8}))?")
# in the name of a first edition's journal with deactivations: only those are read
_FIRST_EDITION = "-*-d.jsonl"
# lines about creates are skipped without being parsed
_MARK = b'"deactivate"'
_OUTCOMES = {"deactivated": "applied", "unknown": "unknown"}
_TEXTS = ("id", "host", "key", "profile", "command", "file", "time")
_MOST = 2**31  # rows
_BATCH = 500
Numbered = tuple[int, Action]


@state
class Journal:
    """Opened by `open_journal`, which holds the lock; nothing is written before `begin`.

    `id` is the run's, once its plan is on the disk.
    """

    directory: Path
    header: JsonObject
    disk: Disk
    wall: Callable[[], float]
    id: str | None = None
    path: Path | None = None
    lines: Lines | None = None
    numbers: Mapping[int, int] = {}  # of each action, by its identity

    def begin(self, checked: CheckedPlan) -> None:
        """Create the file and make the plan durable, before anything is sent."""
        name, self.path = self._reserve()
        self.lines = lines = Lines(self.path, "journal", self.disk)
        lines.hold()
        save.sync_directory(self.directory)
        entries = checked.plan.entries
        self.numbers = {id(entry): number for number, entry in enumerate(entries, 1)}
        settled = {id(entry): settled_result(error) for entry, error in checked.settled}
        facts = {"rows": len(entries), "deactivates": bool(checked.deactivations)}
        head = {"run": VERSION, "id": name, **self.header, "time": self._time()}
        self._write(head | {"pid": os.getpid(), **facts})
        rows = (
            {"n": number, **row_json(entry, settled.get(id(entry)))}
            for number, entry in enumerate(entries, 1)
        )
        while batch := list(itertools.islice(rows, _BATCH)):
            self._write(*batch)
        lines.commit()
        self.id = name

    def intend(self, actions: Sequence[Action], records: Sequence[JsonObject | None]) -> list[int]:
        """Make it durable that `actions` are about to be sent, with the users' `records`."""
        self._file()
        lines, numbers = [], [self.numbers[id(action)] for action in actions]
        for number, action, record in zip(numbers, actions, records, strict=True):
            line: JsonObject = {"n": number, "intent": action.kind}
            if isinstance(action, Deactivate):  # which later runs read without the plan
                whole = as_json(action)
                line |= {name: whole[name] for name in ("customer_id", "external_id")}
            if record is not None:
                line["record"] = record
            lines.append({**line, "time": self._time()})
        self._write(*lines, commit=True)
        return numbers

    def done(self, number: int, action: Action, result: RowResult) -> None:
        """Write an outcome; durable at once if it cannot be undone, else with the next commit."""
        line = {
            "n": number,
            "done": result.outcome,
            "of": action.kind,
            "customer_id": result.customer_id,
            "http_status": result.http_status,
            "attempts": result.attempts,
            "error": result.error or None,
        }
        self._write({**line, "time": self._time()}, commit=isinstance(action, Deactivate))

    def withdraw(self, intents: Sequence[Numbered]) -> None:
        """Write that no request was sent for these intents."""
        if intents:
            self._write(*({"n": n, "done": "not_sent", "of": a.kind} for n, a in intents))

    def end(self, state: str, counts: Mapping[ResultName, int]) -> None:
        """Write how the run ended, if it began; a run without this line was killed."""
        if self.id is not None:
            self._write({"end": state, "counts": counts, "time": self._time()}, commit=True)

    def close(self) -> None:
        """Make everything durable; a fault here loses nothing that was promised."""
        if self.lines is not None:
            try:
                self.lines.commit()
            finally:
                self.lines.close()

    def _reserve(self) -> tuple[str, Path]:
        """Create the file of a new run; its name is the run's id, unique in this directory."""
        moment = datetime.datetime.fromtimestamp(self.wall(), datetime.UTC)
        first = f"r-{moment:%Y%m%d-%H%M}"
        for number in itertools.count(1):
            name = first if number == 1 else f"{first}-{number}"
            path = path_of_run(self.directory, name)
            try:
                path.touch(save.PRIVATE_FILE, exist_ok=False)
            except FileExistsError:
                continue
            except OSError as fault:
                raise save.fault("write", path, fault, "the journal ") from None
            return name, path
        raise AssertionError

    def _write(self, *lines: JsonObject, commit: bool = False) -> None:
        text = "".join(f"{exact_json.dumps(line)}\n" for line in lines)
        file = self._file()
        written = file.append(text.encode("ascii"))
        if commit:
            file.commit(written)

    def _file(self) -> Lines:
        if self.lines is None:
            raise LocalFault("the journal has no file yet")
        return self.lines

    def _time(self) -> str:
        moment = datetime.datetime.fromtimestamp(self.wall(), datetime.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def open_journal(
    runs_dir: Path,
    host: str,
    key_fingerprint: str,
    *,
    command: str,
    profile: str = "",
    file: str | None = None,
    disk: Disk | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[Journal]:
    """Lock this host and key, and open a journal; GuardRefused while another run has the lock.

    `file` is the name of the file that the run was given.
    """
    try:
        save.make_private_directory(runs_dir)
    except OSError as fault:
        raise save.fault("make", runs_dir, fault, "the directory ") from None
    names = {"host": host, "key": key_fingerprint, "profile": profile}
    lock = runs_dir / f"{binding(host, key_fingerprint)}.lock"
    with only_run(lock, wall):
        header = {**names, "command": command, "file": file}
        journal = Journal(runs_dir, header, disk or Disk(), wall)
        try:
            yield journal
        finally:
            journal.close()


def path_of_run(runs_dir: Path, run: str) -> Path:
    return runs_dir / f"{run}.jsonl"


def run_ids(runs_dir: Path) -> list[str]:
    """Return the ids of all runs that have a file, oldest first; the directory may be missing."""
    files: list[Path] = []
    try:
        files += runs_dir.iterdir()  # unlike `glob`, it reports a directory that cannot be read
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        if not missing or runs_dir.exists():
            raise save.fault("read", runs_dir, error, "the runs in ") from None
    names = (_ID.fullmatch(path.stem) for path in files if path.suffix == ".jsonl")
    order = sorted((name[1], int(name[2] or 1), name[0]) for name in names if name)
    return [name for *_, name in order]


def binding(host: str, key_fingerprint: str) -> str:
    """Return the name of a host and key in file names."""
    return hashlib.sha256(f"{host}\0{key_fingerprint}".encode()).hexdigest()[:16]


@dataclass(slots=True)
class EarlierDeactivations:
    """Deactivations that were sent: customer_id (lower case) -> external_id."""

    done: dict[str, str | None] = field(default_factory=dict)
    unknown: dict[str, str | None] = field(default_factory=dict)

    def by_external_id(self) -> dict[str, str]:
        """Return external_id -> customer_id of all users in `done` and `unknown`."""
        pairs = (*self.unknown.items(), *self.done.items())
        return {name: customer for customer, name in pairs if name is not None}

    def add(self, customer_id: str, external_id: str | None, outcome: str) -> None:
        """Add a deactivation that is applied, unknown or not_applied; the last one counts."""
        customer = customer_id.lower()
        self.done.pop(customer, None)
        self.unknown.pop(customer, None)
        users = {"applied": self.done, "unknown": self.unknown}.get(outcome)
        if users is not None:
            users[customer] = external_id


def read_earlier_runs(runs_dir: Path, host: str, key_fingerprint: str) -> EarlierDeactivations:
    """Read all journals of this host and key, oldest first; the directory may be missing."""
    earlier = EarlierDeactivations()
    later = [path_of_run(runs_dir, name) for name in run_ids(runs_dir)]
    first_edition = sorted(runs_dir.glob(binding(host, key_fingerprint) + _FIRST_EDITION))
    for path in (*first_edition, *later):
        intents: dict[int, JsonObject] = {}
        for line in _lines(path, host, key_fingerprint):
            if line.get("intent") == "deactivate":
                intents[line["n"]] = line
            elif "done" not in line:
                continue
            if intent := intents.get(line["n"]):
                outcome = _OUTCOMES.get(line.get("done", "unknown"), "not_applied")
                earlier.add(intent["customer_id"], intent["external_id"], outcome)
    return earlier


def read_header(line: bytes, path: Path) -> JsonObject:
    """Read the first line of a journal; LocalFault if it is damaged, or of a later version."""
    header = _parsed(line, path, 1, "run")
    if header["run"] > VERSION:
        raise LocalFault(
            f"the journal `{path}` was made by a later version of parsec",
            hint="use that version, or a newer one",
        )
    if header["run"] == VERSION:
        _parsed(line, path, 1, "rows")
    return header


def _lines(path: Path, host: str, key_fingerprint: str) -> Iterator[JsonObject]:
    """Yield lines about deactivations; a last line without line feed was cut off and is skipped."""
    with save.reading(path, "the journal ") as journal:
        for number, line in enumerate(journal, 1):
            if not line.endswith(b"\n"):
                return
            if number > 1 and _MARK in line:
                yield _parsed(line, path, number)
            elif number == 1:
                header = read_header(line, path)
                ours = header.get("host") == host and header.get("key") == key_fingerprint
                if not (ours and header.get("deactivates", True)):
                    return


def _parsed(line: bytes, path: Path, number: int, name: str = "n") -> JsonObject:
    """Parse a line whose member `name` is a whole number from 0."""
    parsed: JsonObject = exact_json.load_line(line) or {}
    found = parsed.get(name)
    usable = type(found) is int and 0 <= found <= _MOST
    usable = usable and isinstance(parsed.get("done", ""), str)
    usable = usable and all(isinstance(parsed.get(name), str | None) for name in _TEXTS)
    if usable and parsed.get("intent") == "deactivate":
        usable = isinstance(parsed.get("customer_id"), str)
        usable = usable and isinstance(parsed.get("external_id", 0), str | None)
    if not usable:
        raise LocalFault(
            f"line {number} of the journal `{path}` is damaged",
            hint="read what it says about deactivations, then move the file away",
        )
    return parsed
