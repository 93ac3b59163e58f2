"""JSON text -> records with their numbers: an array, `{"users": [...]}`, or one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from parsec_cli import exact_json
from parsec_cli.bulk.files.csv_rows import lines_of
from parsec_cli.bulk.files.decode import Faults
from parsec_cli.models import JsonObject

# row, record, and whether this tool exported it: then the server may have added fields
Numbered = tuple[int, JsonObject, bool]
# an object or an array of something, not an id such as `[prod]`
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\"\]])")


def looks_like_json(text: str) -> bool:
    return _JSON.match(text) is not None


def read(text: str, faults: Faults) -> Iterator[Numbered]:
    """Number array members from 1 and JSON Lines by their line."""
    if text.lstrip().startswith("{"):
        lines = [(row, line) for row, line in enumerate(lines_of(text), 1) if line.strip()]
        # a whole object in the first line, and more below: JSON Lines, and so is a single record
        if len(lines) > 1 and _is_object(lines[0][1]):
            yield from _lines(lines, faults)
            return
    whole = _parsed(text, 1, faults)
    if whole is None:
        return
    listing = isinstance(whole, dict) and "users" in whole
    if isinstance(whole, dict):
        if whole.get("complete") is False:
            faults.add(1, "the listing in this file is not complete: `complete` is false")
        elif whole.get("next_cursor"):
            faults.add(1, "the listing in this file is not complete: it has a `next_cursor`")
        whole = whole.get("users", [whole])
    if not isinstance(whole, list):
        faults.add(1, "`users` is not an array")
        return
    for row, record in enumerate(whole, 1):
        yield from _object(record, row, faults, listing=listing)


def _lines(lines: list[tuple[int, str]], faults: Faults) -> Iterator[Numbered]:
    for row, line in lines:
        record = _parsed(line, row, faults)
        if record is not None:
            yield from _object(record, row, faults)


def _object(record: Any, row: int, faults: Faults, *, listing: bool = False) -> Iterator[Numbered]:
    if isinstance(record, dict):
        yield row, record, listing or {"customer_id", "api_key"} <= record.keys()
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
        parsed = exact_json.loads_strictly(text)
    except ValueError as fault:
        lines = fault.lineno - 1 if isinstance(fault, json.JSONDecodeError) else 0
        faults.add(row + lines, exact_json.fault_text(fault))
        return None
    if parsed is None:
        faults.add(row, "is not a JSON object")
    return parsed
