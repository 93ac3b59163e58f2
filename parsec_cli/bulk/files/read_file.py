"""Read an operator's csv, tsv or JSON into rows of named cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from parsec_cli import exact_json
from parsec_cli.bulk.files.csv_rows import DELIMITERS, Table, lines_of, read_table
from parsec_cli.bulk.files.decode import Faults
from parsec_cli.bulk.files.header import FIELDS, FIXED, Columns, no_header
from parsec_cli.errors import counted
from parsec_cli.models import JsonObject

Cells = Mapping[str, str]
# row, record, and whether this tool exported it, perhaps with fields that the server added
Numbered = tuple[int, JsonObject, bool]
# an object or an array of something, not an id such as `[prod]`
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\"\]])")


def read_rows(text: str, columns: Columns, faults: Faults) -> Iterator[tuple[int, Cells]]:
    """Yield each row's number and its cells by field; a field without a column is missing."""
    if looks_like_json(text):
        return _json_rows(text, columns, faults)
    table = read_table(text, columns.expected, faults)
    if table is None:
        no_header(1, "the file is empty", faults)
        return iter(())
    return _table_rows(table, columns, faults)


def _table_rows(table: Table, columns: Columns, faults: Faults) -> Iterator[tuple[int, Cells]]:
    split = DELIMITERS.get(table.delimiter, table.delimiter)
    line = f"the first line, split at each {split},"
    places = columns.places(table.header, table.row, line, faults)
    columns.check_mapped(table.header, table.row, faults)
    if len(table.header) == 1 and not columns.mapping:
        columns.only = table.header[0]
    if places is None:
        return
    for row, cells in table.rows:
        if len(cells) == len(table.header):
            yield row, {name: table.decode(cells[at]) for name, at in places.items()}
        else:
            faults.add(
                row, f"has {counted(len(cells), 'cell')}, the header has {len(table.header)}"
            )


def _json_rows(text: str, columns: Columns, faults: Faults) -> Iterator[tuple[int, Cells]]:
    known: dict[tuple[str, ...], dict[str, int] | None] = {}
    row = 1
    names: tuple[str, ...] = ()
    for row, record, exported in _records(text, faults):
        names = tuple(record)
        if names not in known:
            known[names] = columns.places(names, row, "the record", faults, exported=exported)
        if (places := known[names]) is None:
            continue
        values = tuple(record.values())
        texts = {name: _text(row, name, values[at], faults) for name, at in places.items()}
        cells = {name: text for name, text in texts.items() if text is not None}
        if len(cells) == len(texts):
            yield row, cells | _wallet(record)
    if known:
        columns.check_mapped(names, row, faults)


def looks_like_json(text: str) -> bool:
    return _JSON.match(text) is not None


def _records(text: str, faults: Faults) -> Iterator[Numbered]:
    """Number array members from 1 and JSON Lines by their line."""
    listing = False
    members: Iterable[tuple[int, Any]] = ()
    lines = [(row, line) for row, line in enumerate(lines_of(text), 1) if line.strip()]
    # a whole object in the first line, and more below: JSON Lines
    if len(lines) > 1 and _is_object(lines[0][1]):
        parsed = ((row, _parsed(line, row, faults)) for row, line in lines)
        members = (member for member in parsed if member[1] is not None)
    elif (whole := _parsed(text, 1, faults)) is not None:
        if isinstance(whole, dict):
            listing = "users" in whole
            if whole.get("complete") is False:
                faults.add(1, "the listing in this file is incomplete: `complete` is false")
            elif whole.get("next_cursor"):
                faults.add(1, "the listing in this file is incomplete: it has a `next_cursor`")
            faults.filtered = listing and whole.get("filtered") is True
            whole = whole.get("users", [whole])
        if isinstance(whole, list):
            members = enumerate(whole, 1)
        else:
            faults.add(1, "`users` is not an array")
    for row, record in members:
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
    """Parse; report a fault and return None if that fails."""
    try:
        parsed = exact_json.loads_strictly(text)
    except ValueError as fault:
        lines = fault.lineno - 1 if isinstance(fault, json.JSONDecodeError) else 0
        faults.add(row + lines, exact_json.fault_text(fault))
        return None
    if parsed is None:
        faults.add(row, "is not a JSON object")
    return parsed


def _wallet(record: JsonObject) -> dict[str, str]:
    """Return the FIXED columns of a record's wallet."""
    wallet = record.get("wallet")
    if not isinstance(wallet, dict):
        return {}
    parts = {f"wallet.{name}": value for name, value in wallet.items()}
    return {name: as_cell(parts[name]) for name in FIXED if name in parts}


def _text(row: int, name: str, value: Any, faults: Faults) -> str | None:
    """Return a JSON value as the text of a cell, "" for null; None after a fault."""
    if value is None or isinstance(value, str) or name not in FIELDS:
        return as_cell(value)
    if name == "qps_limit" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    faults.add(row, f"`{name}` is not {'a whole number' if name == 'qps_limit' else 'text'}")
    return None


def as_cell(value: Any) -> str:
    """Return a value as csv and tsv show it, for comparison."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(as_cell(inner) for inner in value if inner is not None)
    return str(value)
