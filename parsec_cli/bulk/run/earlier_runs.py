"""What older runs for the same host and key left behind: deactivations done, and unknown ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.models import JsonObject

# in the name of a journal that has deactivations: no other is of interest later
IRREVERSIBLE = "d"
VERSION = 1
# creates of the same run are passed over without being parsed
_MARK = b'"deactivate"'


def binding(host: str, key_fingerprint: str) -> str:
    """The name of a host and key in file names."""
    return hashlib.sha256(f"{host}\0{key_fingerprint}".encode()).hexdigest()[:16]


@dataclass(slots=True)
class Past:
    """Deactivations by customer_id (lower case), each with the external_id it had.

    `unknown` were sent, or about to be, and their fate was not learnt.
    """

    done: dict[str, str | None] = field(default_factory=dict)
    unknown: dict[str, str | None] = field(default_factory=dict)

    def names(self) -> dict[str, str]:
        """External_id -> customer_id of all who were deactivated, or perhaps were."""
        pairs = (*self.unknown.items(), *self.done.items())
        return {name: customer for customer, name in pairs if name is not None}

    def take(self, line: JsonObject, intents: dict[int, JsonObject]) -> None:
        """Take account of one journal line; `intents` are those of the same file so far."""
        if line.get("intent") == "deactivate":
            intents[line["n"]] = line
            self._move(line, self.unknown)
            return
        intent = intents.get(line["n"])
        if intent is None or "done" not in line:
            return
        if line["done"] == "deactivated":
            self._move(intent, self.done)
        elif line["done"] != "unknown":
            self._move(intent, None)

    def learn(self, customer_id: str, external_id: str | None, outcome: str) -> None:
        """Take account of a deactivation in the history: applied, not_applied or unknown."""
        to = {"applied": self.done, "unknown": self.unknown}.get(outcome)
        self._move({"customer_id": customer_id, "external_id": external_id}, to)

    def _move(self, intent: JsonObject, to: dict[str, str | None] | None) -> None:
        customer = intent["customer_id"].lower()
        self.done.pop(customer, None)
        self.unknown.pop(customer, None)
        if to is not None:
            to[customer] = intent["external_id"]


def read_past(runs_dir: Path, host: str, key_fingerprint: str) -> Past:
    """Read all journals of this host and key, oldest first; a missing directory is no past."""
    past = Past()
    for path in sorted(runs_dir.glob(f"{binding(host, key_fingerprint)}-*-{IRREVERSIBLE}.jsonl")):
        intents: dict[int, JsonObject] = {}
        for line in _lines(path):
            past.take(line, intents)
    return past


def _lines(path: Path) -> Iterator[JsonObject]:
    """Lines about deactivations; what follows the last line feed was torn and is dropped."""
    try:
        with path.open("rb") as journal:
            for number, line in enumerate(journal, 1):
                if not line.endswith(b"\n"):
                    return
                if number == 1:
                    _check_header(line, path)
                elif _MARK in line:
                    yield _parsed(line, path, number)
    except OSError as fault:
        raise LocalFault(
            f"cannot read the journal `{path}`: {(fault.strerror or 'failed').lower()}"
        ) from None


def _check_header(line: bytes, path: Path) -> None:
    header = _loaded(line)
    if type(header.get("run")) is not int:
        raise _damaged(path, 1)
    if header["run"] > VERSION:
        raise LocalFault(
            f"the journal `{path}` was made by a later version of parsec",
            hint="use that version, or a newer one",
        )


def _parsed(line: bytes, path: Path, number: int) -> JsonObject:
    parsed = _loaded(line)
    usable = type(parsed.get("n")) is int and isinstance(parsed.get("done", ""), str)
    if parsed.get("intent") == "deactivate":
        usable = usable and isinstance(parsed.get("customer_id"), str)
        usable = usable and isinstance(parsed.get("external_id", 0), str | None)
    if not usable:
        raise _damaged(path, number)
    return parsed


def _loaded(line: bytes) -> JsonObject:
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _damaged(path: Path, number: int) -> LocalFault:
    return LocalFault(
        f"line {number} of the journal `{path}` is damaged",
        hint="move the file away, after looking at what it says about deactivations",
    )
