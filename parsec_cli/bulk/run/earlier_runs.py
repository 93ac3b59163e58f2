"""Read earlier journals: deactivations done, and those whose outcome is unknown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.models import JsonObject

# in the name of a journal with deactivations: only those are read later
IRREVERSIBLE = "d"
VERSION = 1
# lines about creates are skipped without being parsed
_MARK = b'"deactivate"'
_OUTCOMES = {"deactivated": "applied", "unknown": "unknown"}


def binding(host: str, key_fingerprint: str) -> str:
    """Return the name of a host and key in file names."""
    return hashlib.sha256(f"{host}\0{key_fingerprint}".encode()).hexdigest()[:16]


@dataclass(slots=True)
class EarlierDeactivations:
    """Deactivations by customer_id (lower case), each with the external_id it had.

    `unknown` were sent, or about to be, and their outcome is not known.
    """

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
            number, outcome = line["n"], "unknown"
            if line.get("intent") == "deactivate":
                intents[number] = line
            elif number not in intents or "done" not in line:
                continue
            else:
                outcome = _OUTCOMES.get(line["done"], "not_applied")
            intent = intents[number]
            earlier.add(intent["customer_id"], intent["external_id"], outcome)
    return earlier


def _lines(path: Path) -> Iterator[JsonObject]:
    """Yield lines about deactivations; a last line without line feed was cut off and is skipped."""
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
        hint="read what it says about deactivations, then move the file away",
    )
