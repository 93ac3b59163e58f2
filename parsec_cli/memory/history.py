"""Record every change before it is sent, and its outcome; read both back.

An append-only file of JSON lines: an intent and its outcome share an id. Secrets are removed here,
so no caller can forget to.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType

from parsec_cli import exact_json
from parsec_cli.errors import LocalFault, NotFound, UsageFault
from parsec_cli.files.save import append, lines_at, placed_lines_backwards
from parsec_cli.memory.entry import API_DEACTIVATION, OUTCOMES, Selection, change_of_entry
from parsec_cli.models import JsonObject
from parsec_cli.next_command import run
from parsec_cli.records import state
from parsec_cli.redaction import Redaction, without_secrets

# the start of a line, whose second member distinguishes an outcome from an intent
_START = re.compile(rb'\{"id": ?"([^"\\]*)"(, ?"finished":)?')
# the fields of an entry and their types besides null
_FIELDS: dict[str, type] = {
    **dict.fromkeys(("id", "time", "profile", "host", "key", "command"), str),
    **dict.fromkeys(("target", "before", "after"), dict),
    "outcome": str,
    **dict.fromkeys(("http_status", "attempts"), int),
    **dict.fromkeys(("reason", "run"), str),
}
_KINDS = {**_FIELDS, "finished": str, "error": str}
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 9  # milliseconds until the year 3084, five bits a digit
_RANDOM_DIGITS = 5
_SHORTEST_PREFIX = 4
UNKNOWN = "unknown"
_AGE = r"([0-9]{1,6})([smhdw])"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NEW_ID = threading.Lock()
_Placed = tuple[int, bytes]  # a line and its place
_MISSING: _Placed = (-1, b"")


@state
class History:
    """The changes made from this machine. `clock` is Unix seconds.

    `origin` gives the `profile`, `host` and `key` (its fingerprint) of new changes; `redaction`
    masks known secrets, as a server may return keys in any text. `run` gives the id of the run that
    makes them. `begun` is True if a change was written, and so may have been sent; `damaged` counts
    the lines that the last reading skipped.
    """

    path: Path
    clock: Callable[[], float]
    entropy: Callable[[int], bytes] = os.urandom
    origin: Callable[[], JsonObject] = dict
    redaction: Redaction = Redaction(tuple)
    run: Callable[[], str | None] = NoneType
    begun: bool = False
    damaged: int = 0
    _last: int = 0

    def begin(self, change: JsonObject, *, durable: bool = False) -> str:
        """Append the intent and return its id. After a LocalFault, the caller must send nothing.

        `change` has `command`, `target`, `before`, `after` and `reason`. `durable` returns only
        when the line is on the disk.
        """
        entry = self._new_id()
        intent = {"id": entry, "time": rfc3339(self.clock()), **self.origin(), **change}
        if (run := self.run()) is not None:
            intent["run"] = run
        try:
            self._append(intent, durable=durable)
        except LocalFault as fault:
            raise fault.but(f"{fault.message}; so this change was not sent") from None
        self.begun = True
        return entry

    def finish(self, entry: str, outcome: JsonObject) -> None:
        """Append the result of `entry`: `outcome`, `http_status`, `attempts`, perhaps `after`."""
        if error := outcome.get("error"):
            outcome = {**outcome, "error": self.redaction.message(without_secrets(error))}
        self._append({"id": entry, "finished": rfc3339(self.clock()), **outcome})

    def newest_first(self, wanted: Selection) -> Iterator[JsonObject]:
        """Yield the wanted changes, each with its outcome, while reading the file backwards.

        The outcome of an intent alone is `unknown`: its process died. Damaged lines are skipped;
        see `damaged`.
        """
        trace = wanted.trace
        for (_, intent), (_, outcome) in self._pairs():
            if _has(trace, intent, outcome):
                entry = self._entry(intent, outcome)
                if entry is not None and wanted.matches(entry):
                    yield entry

    def oldest_first(self, wanted: Selection, limit: int | None = None) -> Iterator[JsonObject]:
        """Yield the newest `limit` changes, or all of them without keeping them in memory."""
        if limit is not None:
            yield from reversed([*itertools.islice(self.newest_first(wanted), limit)])
            return
        trace, places = wanted.trace, array("q")
        for intent, outcome in self._pairs():
            if _has(trace, intent[1], outcome[1]):
                places.extend((outcome[0], intent[0]))
        lines = lines_at(self.path, reversed(places)) if places else iter(())
        for intent_line, outcome_line in zip(lines, lines, strict=True):
            entry = self._entry(intent_line, outcome_line)
            if entry is not None and wanted.matches(entry):
                yield entry

    def get(self, entry: str) -> JsonObject:
        """Return one change by its id or the start of its id, or raise NotFound."""
        found: list[JsonObject] = []
        start = f'"{entry}'.encode("ascii", "replace")
        for candidate in self._merged(lambda line: start in line):
            if candidate["id"] == entry:
                return candidate
            if len(entry) >= _SHORTEST_PREFIX and str(candidate["id"]).startswith(entry):
                found.append(candidate)
        if len(found) > 1:
            raise UsageFault(
                f"`{entry}` matches {len(found)} entries", hint="give more characters of the id"
            )
        if not found:
            hint, command = "list them with", run("history", "list")
            if entry.startswith("r-"):
                hint, command = "runs are shown with", run("runs", "show", names=[entry])
            text = f"entry `{entry}` not found in the history"
            raise NotFound(text, hint=hint, command=command)
        return found[0]

    def deactivations(self, host: str, key: str) -> dict[str, JsonObject]:
        """Return the last deactivation of each user of this host and key, by customer_id."""
        found: dict[str, JsonObject] = {}
        # a deactivation leaves nothing: a line with an `after` need not be parsed
        for entry in self._merged(lambda line: b'"after":{' not in line):
            ours = (entry["host"], entry["key"]) == (host, key)
            customer_id = entry["target"]["customer_id"]
            command = str(entry["command"])
            if command == "users apply":
                ours = ours and entry["before"] is not None and entry["after"] is None
            elif command != "users deactivate":
                ours = ours and re.fullmatch(API_DEACTIVATION, command) is not None
            if ours and isinstance(customer_id, str):
                found.setdefault(customer_id, entry)
        return found

    def _merged(self, useful: Callable[[bytes], bool]) -> Iterator[JsonObject]:
        """Yield the entries whose intents are `useful` lines, newest first."""
        for (_, intent), (_, outcome) in self._pairs():
            if useful(intent) and (entry := self._entry(intent, outcome)) is not None:
                yield entry

    def _pairs(self) -> Iterator[tuple[_Placed, _Placed]]:
        """Read backwards the lines of each entry: its intent and its outcome, perhaps empty.

        An outcome is met before its intent, and stored only until then.
        """
        outcomes: dict[bytes, _Placed] = {}
        self.damaged = 0
        for placed in placed_lines_backwards(self.path):
            start = _START.match(placed[1])
            if start and start[2]:
                outcomes.setdefault(start[1], placed)
            else:
                yield placed, outcomes.pop(start[1], _MISSING) if start else _MISSING
        # the intents of these are lost; a damaged one counts
        yield from ((placed, _MISSING) for placed in outcomes.values())

    def _entry(self, intent: bytes, outcome: bytes) -> JsonObject | None:
        """Return the entry of these lines; None, and a count, if they are damaged."""
        record, found = _parsed(intent), _parsed(outcome) if outcome else {"outcome": UNKNOWN}
        if record is None:
            self.damaged += 1
        if record is None or "finished" in record:
            return None
        if found is None:
            self.damaged += 1
        return _merged_entry(record, found or {"outcome": UNKNOWN})

    def _append(self, record: JsonObject, *, durable: bool = False) -> None:
        line = _line(record)
        if self.redaction.may_change(line):
            line = _line(self.redaction.value(record))
        append(self.path, line.encode("ascii"), durable=durable)

    def _new_id(self) -> str:
        """Make an id that sorts by time and is larger than the previous one."""
        bits = 5 * _RANDOM_DIGITS
        random = int.from_bytes(self.entropy(4)) & ((1 << bits) - 1)
        with _NEW_ID:
            self._last = max((int(self.clock() * 1000) << bits) | random, self._last + 1)
            places = reversed(range(_TIME_DIGITS + _RANDOM_DIGITS))
            return "".join(_ID_ALPHABET[(self._last >> 5 * place) & 31] for place in places)


def rfc3339(seconds: float) -> str:
    """Return Unix seconds as `2026-09-21T14:13:20.000Z`, which sorts as text."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_moment(text: str, now: float) -> str:
    """Parse RFC 3339, a date, or an age such as `90m`, `2h`, `3d`; UTC without an offset.

    `now` is Unix seconds. The result is in the format of `rfc3339`.
    """
    try:
        age = re.fullmatch(_AGE, text.strip())
        if age:
            moment = datetime.fromtimestamp(now, UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        else:
            moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return rfc3339(moment.timestamp())
    except (ValueError, OverflowError, OSError):
        raise UsageFault(
            f"`{text}` is not a point in time",
            hint="write an age such as 2h or 3d, a date, or a time such as 2026-03-01T08:00:00Z",
        ) from None


def _line(record: JsonObject) -> str:
    return exact_json.dumps(without_secrets(record), separators=(",", ":")) + "\n"


def _parsed(line: bytes) -> JsonObject | None:
    record: JsonObject | None = exact_json.load_line(line, _KINDS)
    if record is None:
        return None
    needed = ("id", "finished", "outcome") if "finished" in record else ("id", "time", "command")
    whole = all(isinstance(record.get(name), str) for name in needed)
    whole = whole and record.get("outcome") in (None, *OUTCOMES)
    target = record.get("target") or {}
    ids = (target.get(name) for name in ("customer_id", "external_id"))
    return record if whole and all(isinstance(one, str | None) for one in ids) else None


def _has(trace: bytes, intent: bytes, outcome: bytes) -> bool:
    """Whether the lines may be of a wanted entry; damaged ones are, so that they are counted."""
    whole = intent.startswith(b'{"id":"') and intent.endswith(b"}")
    return not whole or not trace or trace in intent.lower() or trace in outcome.lower()


def _merged_entry(intent: JsonObject, outcome: JsonObject) -> JsonObject:
    merged = {**dict.fromkeys(_FIELDS), **intent, **outcome}
    merged.pop("finished", None)
    target = merged["target"] if isinstance(merged["target"], dict) else {}
    after = merged["after"] if isinstance(merged["after"], dict) else {}
    # the customer_id of a new user is only known from the response
    customer_id = target.get("customer_id") or after.get("customer_id")
    merged["target"] = {"customer_id": customer_id, "external_id": target.get("external_id")}
    merged["change"] = change_of_entry(merged, intent.get("after"))
    return merged
