"""JSON text -> records with their numbers: an array, `{"users": [...]}`, or one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from parsec_cli.fleet.intake import Faults
from parsec_cli.models import JsonObject

Numbered = tuple[int, JsonObject]


class _Unclear(ValueError):
    """JSON that can be read in two ways."""


def looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def read(text: str, faults: Faults) -> Iterator[Numbered]:
    """Number array members from 1 and JSON Lines by their line."""
    if text.lstrip().startswith("{"):
        lines = [(row, line) for row, line in enumerate(text.split("\n"), 1) if line.strip()]
        # a whole object in the first line, and more below: JSON Lines, and so is a single record
        if len(lines) > 1 and _is_object(lines[0][1]):
            yield from _lines(lines, faults)
            return
    whole = _parsed(text, 1, faults)
    if whole is None:
        return
    if isinstance(whole, dict):
        if whole.get("complete") is False:
            faults.add(1, "the listing in this file is not complete: `complete` is false")
        whole = whole.get("users", [whole])
    if not isinstance(whole, list):
        faults.add(1, "`users` is not an array")
        return
    for row, record in enumerate(whole, 1):
        yield from _object(record, row, faults)


def _lines(lines: list[tuple[int, str]], faults: Faults) -> Iterator[Numbered]:
    for row, line in lines:
        record = _parsed(line, row, faults)
        if record is not None:
            yield from _object(record, row, faults)


def _object(record: Any, row: int, faults: Faults) -> Iterator[Numbered]:
    if isinstance(record, dict):
        yield row, record
    else:
        faults.add(row, "is not a JSON object")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _parsed(text: str, row: int, faults: Faults) -> Any:
    """Parse, or note why not and return None."""
    try:
        parsed = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as fault:
        where = row + fault.lineno - 1
        faults.add(where, f"is not valid JSON: {_reason(fault)} at column {fault.colno}")
    except _Unclear as fault:
        faults.add(row, str(fault))
    except (ValueError, RecursionError):
        faults.add(row, "holds a number or a nesting beyond what can be meant")
    else:
        if parsed is None:
            faults.add(row, "is not a JSON object")
        return parsed
    return None


def _reason(fault: json.JSONDecodeError) -> str:
    return fault.msg[:1].lower() + fault.msg[1:]


def _once(pairs: list[tuple[str, Any]]) -> JsonObject:
    record = dict(pairs)
    if len(record) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Unclear(f"holds `{twice}` twice")
    return record


def _no_constant(text: str) -> Any:
    raise _Unclear(f"holds `{text}`, which is not JSON")
