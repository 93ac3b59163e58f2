"""CSV text -> rows of cells with the line each starts in; knows delimiters and quotes, no columns.

Rows are numbered as a spreadsheet does: the header is 1, and a record whose quoted cells span
several lines has the number of its first line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from parsec_cli.fleet.intake import Faults

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
Record = tuple[int, list[str]]
# a cell longer than csv's own limit (131,072 characters) ends in an error well within this
_SCANNED = 1 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """`header` holds the column names in lower case without blanks; `rows` are yet to be read."""

    header: tuple[str, ...]
    row: int
    delimiter: str
    rows: Iterator[Record]


def open_sheet(text: str, known: Collection[str], faults: Faults) -> Sheet | None:
    """Read the header with the delimiter that gives most `known` names; None without a line."""
    text, told = _told_delimiter(text)
    delimiter = told or _delimiter(text, known)
    rows = _records(text, delimiter, faults)
    for row, cells in rows:
        if not blank(cells):
            header = tuple(normal(cell) for cell in cells)
            return Sheet(header, row, delimiter, rows)
    return None


def normal(name: str) -> str:
    """` External ID ` -> `external_id`."""
    return "_".join(name.strip().lower().split())


def blank(cells: list[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _told_delimiter(text: str) -> tuple[str, str | None]:
    """Take off Excel's first line `sep=;`, which no spreadsheet shows or counts."""
    first, newline, rest = text.partition("\n")
    told = first.strip("\r").strip('"')
    if told.lower().startswith("sep=") and len(told) <= len("sep=;"):
        return (rest if newline else ""), told[4:] or ","
    return text, None


def _delimiter(text: str, known: Collection[str]) -> str:
    first = text[:_SCANNED].lstrip("\r\n").partition("\n")[0].partition("\r")[0]

    def fit(delimiter: str) -> tuple[int, int]:
        names = [normal(cell.strip().strip('"')) for cell in first.split(delimiter)]
        return sum(name in known for name in names), len(names)

    return max(DELIMITERS, key=fit)


def _records(text: str, delimiter: str, faults: Faults) -> Iterator[Record]:
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        faults.add(1, "the line `sep=` names no usable delimiter")
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        row = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            faults.add(row, _quote_fault(text, row, delimiter))
            return
        yield row, cells


def _quote_fault(text: str, row: int, delimiter: str) -> str:
    """Say where the quote opened that the csv module gave up on, and that nothing below was read.

    A quote that is not closed usually swallows lines up to the next one, so both faults are told
    in the same words.
    """
    lines = islice(io.StringIO(text, newline=""), row - 1, None)
    opened, closed = _last_quote("".join(lines)[:_SCANNED], delimiter)
    if opened is None:
        return "a cell is longer than 131,072 characters; nothing below it was read"
    where = f"a quote that opens in line {row + opened}"
    why = "is followed by more text after it closes" if closed else "is never closed"
    return f"{where} {why}; nothing below it was read"


def _last_quote(text: str, delimiter: str) -> tuple[int | None, bool]:
    """Walk `text` by the rules of RFC 4180 up to the first that is broken, or to the end.

    Gives the line (from 0) of the last quote that opened a cell, and whether it closed.
    """
    opened, line, quoted, fresh, at = None, 0, False, True, 0
    while at < len(text):
        char = text[at]
        if quoted and char == '"':
            if text[at + 1 : at + 2] == '"':
                at += 1
            else:
                quoted = False
                if text[at + 1 : at + 2] not in ("", delimiter, "\r", "\n"):
                    return opened, True
        elif not quoted and fresh and char == '"':
            opened, quoted = line, True
        fresh = not quoted and char in (delimiter, "\r", "\n")
        line += char == "\n" or (char == "\r" and text[at + 1 : at + 2] != "\n")
        at += 1
    return opened, not quoted
