"""Read the files of runs for people: which runs there are, and the outcome of each row.

A run counts from the moment its whole plan is in its file. A row without an outcome was not
attempted; if it was about to be sent, its outcome is unknown.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from parsec_cli.bulk.plan.plan import Create, Deactivate, Keep, SetQps
from parsec_cli.bulk.run.journal import path_of_run, read_header, run_ids
from parsec_cli.bulk.run.row_results import CUT_OFF, LEFT, RESULT_NAMES
from parsec_cli.errors import NotFound, counted
from parsec_cli.exact_json import load_line
from parsec_cli.files.lock import is_held
from parsec_cli.files.save import lines_backwards, reading
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject
from parsec_cli.next_command import again, run
from parsec_cli.records import state
from parsec_cli.results import OUTCOMES, Tone

_STATES = ("finished", "stopped", "interrupted")
_FACTS = ("time", "command", "file", "profile")
_TEXTS = ("external_id", "customer_id", "action", "outcome", "done", "error")
# the types of the members of a line besides null
_KINDS: dict[str, type] = {
    **dict.fromkeys(("n", "row", "http_status", "attempts"), int),
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(("before", "after", "holdings", "counts"), dict),
}
_ACTIONS = [entry.kind for entry in (Create, SetQps, Deactivate, Keep)]
_ENTRY = re.compile("[0-9a-z]{14}")  # the id of an entry of the history
_DIGIT = re.compile("[0-9]")
_NO_RESULT: JsonObject = {"http_status": None, "attempts": 0, "error": None}


@state
class RecordedRun:
    """One run. `state` is `running`, `finished`, `stopped` or `interrupted`.

    `counts` are the rows of each outcome. They are empty until `rows` has counted them, for a run
    whose file lacks its end. `damaged` counts the lines that `rows` skipped.
    """

    path: Path
    header: JsonObject
    state: str
    counts: JsonObject
    damaged: int = 0

    @property
    def id(self) -> str:
        return self.path.stem

    def as_json(self) -> JsonObject:
        """Return `{id, time, command, file, profile, state, counts}`."""
        facts = {name: self.header.get(name) for name in _FACTS}
        return {"id": self.id, **facts, "state": self.state, "counts": self.counts}

    @property
    def damage(self) -> str:
        """A warning if `rows` skipped damaged lines, or ""."""
        skipped = counted(self.damaged, "line")
        return f"`{self.path}` is damaged: skipped {skipped}" if self.damaged else ""

    @property
    def summary(self) -> str:
        """`118 of 120 done, 2 failed`; the state of a run whose rows were not counted."""
        counts, parts = self.counts, []
        if not counts:
            return self.state
        rows, left = sum(counts.values()), sum(counts[name] for name in LEFT)
        parts = [f"{counts[name]:,} {name.replace('_', ' ')}" for name in LEFT if counts[name]]
        return ", ".join([f"{rows - left:,} of {rows:,} done", *parts])

    @property
    def tone(self) -> Tone:
        """The tone of this run's line: that of its worst outcome."""
        left = (name for name in LEFT if self.counts.get(name))
        return next((OUTCOMES[name] for name in left), "plain")

    def rows(self) -> Iterator[JsonObject]:
        """Yield the result rows in the order of the plan, and count them."""
        counts: JsonObject = dict.fromkeys(RESULT_NAMES, 0)
        self.damaged = 0
        events = self._events()
        with reading(self.path, "the journal ") as file:
            for number, line in enumerate(itertools.islice(file, 1, self.header["rows"] + 1), 1):
                row = load_line(line, _KINDS)
                if row is None or not _is_row(row, number):
                    self.damaged += 1
                    continue
                del row["n"]
                if "outcome" in row:
                    row["attempts"] = row.get("attempts") or 0
                else:
                    row |= self._outcome(row, load_line(events.get(number, b"{}"), _KINDS) or {})
                counts[row["outcome"]] += 1
                yield row
        self.counts = counts

    def count(self) -> None:
        """Count the rows, if the file does not have their number."""
        if not self.counts:
            for _ in self.rows():
                pass

    def _outcome(self, row: JsonObject, event: JsonObject) -> JsonObject:
        """Return the outcome of a row by the last line about it."""
        if event.get("done") in RESULT_NAMES:
            known = {name: event.get(name) or default for name, default in _NO_RESULT.items()}
            customer_id = row.get("customer_id") or event.get("customer_id")
            return {"customer_id": customer_id, "outcome": event["done"], **known}
        if "intent" in event:
            error = "no response so far" if self.state == "running" else CUT_OFF
            return {"outcome": "unknown", **_NO_RESULT, "error": error}
        return {"outcome": "not_attempted", **_NO_RESULT}

    def _events(self) -> dict[int, bytes]:
        """Return the last line about each row that was about to be sent."""
        events: dict[int, bytes] = {}
        with reading(self.path, "the journal ") as file:
            for line in itertools.islice(file, self.header["rows"] + 1, None):
                event = load_line(line, _KINDS)
                if event is None:
                    self.damaged += line.endswith(b"\n")  # else it was cut off
                elif isinstance(event.get("n"), int):
                    events[event["n"]] = line
        return events


def find_run(runs_dir: Path, name: str) -> RecordedRun:
    """Return the run of this id; NotFound names the one that was probably meant."""
    known = run_ids(runs_dir)
    if name in known and (found := load(path_of_run(runs_dir, name))) is not None:
        return found
    near = _near(name, known)
    if _ENTRY.fullmatch(name):
        hint, command = "changes are shown with", run("history", "show", names=[name])
    elif near:
        hint, command = f"did you mean `{near}`?", again(replace={name: near})
    else:
        hint, command = "list them with", run("runs", "list")
    raise NotFound(f"run `{name}` not found", hint=hint, command=command)


def _near(name: str, known: Sequence[str]) -> str:
    """Return the one run whose id begins with `name`, or differs from it by a slip; else "".

    Ids with different digits are two runs, not a slip. The first run of a minute has no `-1`.
    """
    others = [one for one in known if one != name]
    if _DIGIT.search(name) and len(begun := [one for one in others if one.startswith(name)]) == 1:
        return begun[0]
    typed = name.removesuffix("-1")
    same = [one for one in others if _DIGIT.findall(one) == _DIGIT.findall(typed)]
    return next(iter(get_close_matches(typed, same, 1)), "")


def newest_runs(runs_dir: Path) -> Iterator[Path]:
    """Yield the files of all runs, the newest first."""
    return (path_of_run(runs_dir, name) for name in reversed(run_ids(runs_dir)))


def first_edition(runs_dir: Path) -> int:
    """Count the runs whose files have no plan, and so cannot be shown."""
    return sum(1 for _ in runs_dir.glob(f"{'[0-9a-f]' * 16}-*.jsonl"))


def load(path: Path) -> RecordedRun | None:
    """Read the facts of a run; None if it never began. LocalFault for a damaged file."""
    # before the file is read: a process that has ended by then wrote its last line
    held = is_held(path)
    with reading(path, "the journal ") as file:
        first = file.readline()
        if not first.endswith(b"\n"):
            return None
        header = read_header(first, path)
        if end := _end(path):
            counts: JsonObject = {name: end["counts"][name] for name in RESULT_NAMES}
            return RecordedRun(path, header, end["end"], counts)
        rows = header["rows"]
        whole = sum(line.endswith(b"\n") for line in itertools.islice(file, rows)) == rows
    return RecordedRun(path, header, "running" if held else "interrupted", {}) if whole else None


def _end(path: Path) -> JsonObject | None:
    last = load_line(next(lines_backwards(path), b""), _KINDS) or {}
    counts = last.get("counts")
    numbers = [] if counts is None else [counts.get(name) for name in RESULT_NAMES]
    whole = numbers and all(type(number) is int and number >= 0 for number in numbers)
    return last if whole and last.get("end") in _STATES else None


def _is_row(row: JsonObject, number: int) -> bool:
    """Whether a row of the plan is as it was written."""
    held = row.get("holdings")
    return (
        row.get("n") == number
        and row.get("action") in _ACTIONS
        and row.get("outcome", "failed") in RESULT_NAMES
        and {"before", "after"} <= row.keys()
        and (held is None or _are_holdings(held))
    )


def _are_holdings(value: JsonObject) -> bool:
    try:
        return isinstance(Holdings.parse(value).text, str)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return False
