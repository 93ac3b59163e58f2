"""Read csv and tsv text into rows of cells, each with its number; knows no columns.

Rows are numbered by their first line; the header is 1. csv has quotes; tsv as this tool writes it
has none, and its escapes begin with a backslash.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from itertools import islice, zip_longest

from parsec_cli.bulk.files.decode import Faults
from parsec_cli.bulk.files.header import normal
from parsec_cli.cells import from_csv, from_tsv, has_tsv_escapes
from parsec_cli.records import record

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
Record = tuple[int, list[str]]
Dialect = tuple[Iterator[Record], Callable[[str], str]]
_LINE_END = re.compile("\r\n|\r|\n")
# a cell longer than csv's own limit (131,072 characters) ends in an error well within this
_SCANNED = 1 << 20


@record
class Table:
    """`header` holds the column names as written; `decode` gives the text of a cell of `rows`."""

    header: tuple[str, ...]
    row: int
    delimiter: str
    rows: Iterator[Record]
    decode: Callable[[str], str]


def lines_of(text: str) -> list[str]:
    return _LINE_END.split(text)


def first_line(text: str) -> str:
    return lines_of(text[:_SCANNED].lstrip("\r\n"))[0]


def read_table(text: str, known: Collection[str], faults: Faults) -> Table | None:
    """Read the header with the delimiter that yields most `known` names; None for an empty file.

    Excel's first line `sep=;` is removed, as spreadsheets do not show or count it.
    """
    first = lines_of(text[:_SCANNED])[0]
    named = first.strip('"')
    is_csv = named.lower().startswith("sep=") and len(named) <= len("sep=;")
    if is_csv:
        text = _LINE_END.sub("", text[len(first) :], count=1)
    first = first_line(text)

    def fit(delimiter: str) -> tuple[int, int]:
        names = [normal(cell.strip().strip('"')) for cell in first.split(delimiter)]
        return sum(name in known for name in names), len(names)

    delimiter = (named[4:] or ",") if is_csv else max(DELIMITERS, key=fit)
    rows, decode = _rows(text, first, delimiter, faults, is_csv=is_csv)
    header = next(rows, None)
    return header and Table(tuple(header[1]), header[0], delimiter, rows, decode)


def blank(cells: list[str]) -> bool:
    """Whether a row is empty; one of unusual blanks may name a user, so it is not."""
    return not any(cell.strip(" \t") for cell in cells)


def _rows(text: str, first: str, delimiter: str, faults: Faults, *, is_csv: bool) -> Dialect:
    as_csv = _records(text, delimiter, faults), from_csv
    as_tsv = _split(text), from_tsv if has_tsv_escapes(text) else str
    if is_csv or '"' in first:  # this tool never quotes a column name in tsv
        return as_csv
    if delimiter in first:
        return as_tsv if delimiter == "\t" else as_csv
    named = {".csv": as_csv, ".tsv": as_tsv}.get(faults.name[-4:].lower())
    return named or (_agreed(as_csv, as_tsv, faults), str)


def _split(text: str) -> Iterator[Record]:
    rows = ((row, line.split("\t")) for row, line in enumerate(lines_of(text), 1))
    return (found for found in rows if not blank(found[1]))


def _agreed(one: Dialect, other: Dialect, faults: Faults) -> Iterator[Record]:
    """Yield the rows of a file of one column, if csv and tsv give the same values."""

    def values(rows: Iterator[Record], decode: Callable[[str], str]) -> Iterator[Record]:
        return ((row, [decode(cell) for cell in cells]) for row, cells in rows)

    for first, second in zip_longest(values(*one), values(*other)):
        if first != second:
            add_format_fault((first or second)[0], faults)
            return
        yield first


def add_format_fault(row: int, faults: Faults) -> None:
    """Report an id that has two values, one in each format."""
    faults.add(
        row,
        "is one id as csv and another as tsv",
        hint="rename the file to `.csv` or `.tsv`, or export it with `-o json`",
    )


def _records(text: str, delimiter: str, faults: Faults) -> Iterator[Record]:
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        faults.add(1, "the line `sep=` has no usable delimiter")
        return
    last = [""]

    def kept(line: str) -> str:
        last[0] = line
        return line

    lines = map(kept, io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        row = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            faults.add(row, _quote_fault(text, row, delimiter))
            return
        # quotes make a value of blanks, unless each cell of several is empty
        if not blank(cells) or ('"' in last[0] and (len(cells) == 1 or any(cells))):
            yield row, cells


def _quote_fault(text: str, row: int, delimiter: str) -> str:
    """Report where the quote opened that made the csv module fail.

    A quote that is not closed usually continues to the next quote, so both faults read alike.
    """
    text = "".join(islice(io.StringIO(text, newline=""), row - 1, None))[:_SCANNED]
    before, opened = f"[{re.escape(delimiter)}\r\n]", None
    # a quoted cell of RFC 4180, with its closing quote if there is one
    for cell in re.finditer(f'(?:^|(?<={before}))"[^"]*(?:""[^"]*)*("?)', text):
        opened = cell
        after = text[cell.end() : cell.end() + 1]
        if cell[1] and after not in ("", delimiter, "\r", "\n"):
            break
    if opened is None:
        return "a cell is longer than 131,072 characters; nothing below it was read"
    line = row + len(_LINE_END.findall(text[: opened.start()]))
    why = "is followed by more text after it closes" if opened[1] else "is never closed"
    return f"a quote that opens in line {line} {why}; nothing below it was read"
