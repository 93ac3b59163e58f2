"""The journal of a run: what is about to be sent, then its outcome. Later runs read it back.

One file a run, JSON Lines: a header, `{"n", "intent", ...}` durable before the change is sent,
`{"n", "done", ...}` after its response. No secrets.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from parsec_cli import exact_json
from parsec_cli.bulk.plan.plan import Action, Deactivate, as_json
from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.files.lock import Disk, Lines, only_run
from parsec_cli.models import JsonObject
from parsec_cli.records import state

_VERSION = 1
# in the name of a journal with deactivations: only those are read later
IRREVERSIBLE = "d"
# lines about creates are skipped without being parsed
_MARK = b'"deactivate"'
_OUTCOMES = {"deactivated": "applied", "unknown": "unknown"}
Numbered = tuple[int, Action]


@state
class Journal:
    """Opened by `open_journal`, which holds the lock; nothing is written before `begin`."""

    start: Path  # without time, process and ending
    header: JsonObject
    disk: Disk
    wall: Callable[[], float]
    path: Path | None = None
    lines: Lines | None = None
    last: int = 0  # number of an intent

    def begin(self, *, irreversible: bool) -> None:
        """Create the file, before anything is sent; `irreversible` if deactivations will be."""
        moment = datetime.datetime.fromtimestamp(self.wall(), datetime.UTC)
        name = f"{self.start.name}-{moment:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        name += f"-{IRREVERSIBLE}" if irreversible else ""
        self.path = self.start.with_name(f"{name}.jsonl")
        self.lines = Lines(self.path, "journal", self.disk, flags=os.O_EXCL)
        save.sync_directory(self.path.parent)
        self._write({"run": _VERSION, **self.header, "time": self._time(), "pid": os.getpid()})

    def intend(self, actions: Sequence[Action], records: Sequence[JsonObject | None]) -> list[int]:
        """Make it durable that `actions` are about to be sent, with the users' `records`."""
        numbers = range(self.last + 1, self.last + 1 + len(actions))
        self.last, lines = numbers.stop - 1, []
        for number, action, record in zip(numbers, actions, records, strict=True):
            intent = as_json(action)
            intent["intent"] = intent.pop("action")
            if record is not None:
                intent["record"] = record
            lines.append({"n": number, **intent, "time": self._time()})
        self._write(*lines, commit=True)
        return list(numbers)

    def done(self, number: int, action: Action, outcome: str, customer_id: str | None) -> None:
        """Write an outcome; durable at once if it cannot be undone, else with the next commit."""
        line = {"n": number, "done": outcome, "of": action.kind, "customer_id": customer_id}
        self._write({**line, "time": self._time()}, commit=isinstance(action, Deactivate))

    def withdraw(self, intents: Sequence[Numbered]) -> None:
        """Write that no request followed these intents."""
        if intents:
            self._write(*({"n": n, "done": "not_sent", "of": a.kind} for n, a in intents))

    def close(self) -> None:
        """Make everything durable; a fault at this point loses nothing that was promised."""
        if self.lines is not None:
            try:
                self.lines.commit()
            finally:
                self.lines.close()

    def _write(self, *lines: JsonObject, commit: bool = False) -> None:
        if self.lines is None:
            raise LocalFault("the journal has no file yet")
        text = "".join(f"{exact_json.dumps(line)}\n" for line in lines)
        written = self.lines.append(text.encode("ascii"))
        if commit:
            self.lines.commit(written)

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
    disk: Disk | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[Journal]:
    """Lock this host and key, and open a journal; GuardRefused while another run has the lock."""
    try:
        save.make_private_directory(runs_dir)
    except OSError as fault:
        raise save.fault("make", runs_dir, fault, "the directory ") from None
    start = runs_dir / binding(host, key_fingerprint)
    header = {"host": host, "key": key_fingerprint, "command": command}
    with only_run(start.with_suffix(".lock"), wall):
        journal = Journal(start, header, disk or Disk(), wall)
        try:
            yield journal
        finally:
            journal.close()


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
    for path in sorted(runs_dir.glob(f"{binding(host, key_fingerprint)}-*-{IRREVERSIBLE}.jsonl")):
        intents: dict[int, JsonObject] = {}
        for line in _lines(path):
            if line.get("intent") == "deactivate":
                intents[line["n"]] = line
            elif "done" not in line:
                continue
            if intent := intents.get(line["n"]):
                outcome = _OUTCOMES.get(line.get("done", "unknown"), "not_applied")
                earlier.add(intent["customer_id"], intent["external_id"], outcome)
    return earlier


def _lines(path: Path) -> Iterator[JsonObject]:
    """Yield lines about deactivations; a last line without line feed was cut off and is skipped."""
    try:
        with path.open("rb") as journal:
            for number, line in enumerate(journal, 1):
                if not line.endswith(b"\n"):
                    return
                if number > 1 and _MARK in line:
                    yield _parsed(line, path, number)
                elif number == 1 and _parsed(line, path, 1, "run")["run"] > _VERSION:
                    raise LocalFault(
                        f"the journal `{path}` was made by a later version of parsec",
                        hint="use that version, or a newer one",
                    )
    except OSError as fault:
        raise LocalFault(
            f"cannot read the journal `{path}`: {(fault.strerror or 'failed').lower()}"
        ) from None


def _parsed(line: bytes, path: Path, number: int, name: str = "n") -> JsonObject:
    """Parse a line whose member `name` is a whole number."""
    parsed: JsonObject = {}
    with suppress(ValueError, RecursionError):
        parsed = json.loads(line)
    usable = isinstance(parsed, dict) and type(parsed.get(name)) is int
    usable = usable and isinstance(parsed.get("done", ""), str)
    if usable and parsed.get("intent") == "deactivate":
        usable = isinstance(parsed.get("customer_id"), str)
        usable = usable and isinstance(parsed.get("external_id", 0), str | None)
    if not usable:
        raise LocalFault(
            f"line {number} of the journal `{path}` is damaged",
            hint="read what it says about deactivations, then move the file away",
        )
    return parsed
