"""Decode an operator's file, and read csv and tsv into rows of cells; knows no columns.

Rows are numbered by their first line; the header is 1. csv has quotes; tsv as this tool writes it
has none, and its escapes begin with a backslash. All faults of a file are reported together.

A character may take four bytes in memory, so the text is decoded line by line where that suffices.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from itertools import islice, zip_longest
from typing import cast

from parsec_cli.cells import from_csv, from_tsv, has_tsv_escapes
from parsec_cli.errors import MAX_DETAILS, UsageFault, counted, shortened
from parsec_cli.next_command import NextCommand
from parsec_cli.records import record

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
Record = tuple[int, list[str]]
_LINE_END = re.compile("\r\n|\r|\n")
# possessive quantifiers, so that no file makes it slow
_TWO_LINES = re.compile(rb"\s*+[^\r\n]*+[\r\n]\s*+\S")
# a cell longer than csv's own limit (131,072 characters) ends in an error well within this
_SCANNED = 1 << 20
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# how files begin that are not read; the mark of UTF-32 begins with that of UTF-16
_OTHERS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    b"\x1f\x8b": "compressed with gzip",
    b"%PDF": "a PDF",
    b"{\\rtf": "RTF",
    b"SQLite format 3\0": "an SQLite database",
    b"PAR1": "Parquet",
    b"bplist00": "a binary property list",
}
_OLD_END = b"\x1a"  # Ctrl-Z, which programs of DOS write at the end
# zip (.xlsx, .ods, .numbers) and OLE (.xls)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
# what some programs write under the name .xls
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(html|table|\?xml|!doctype)\b", re.IGNORECASE)
_SAVE_AS = "save the file as UTF-8 (in Excel: `CSV UTF-8`) and run the same command again"
_DAMAGE = re.compile("[\0\udc00-\udcff]")


class Faults:
    """The faults found in the file `name`.

    An export of only some users is `filtered`; `incomplete` says why one is not complete, and
    `miscounted` that it has other users than it was exported with, perhaps because somebody
    edited it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.filtered = False
        self.incomplete = self.miscounted = ""
        self._found: list[tuple[int, str]] = []
        self._hint = ""
        self._command: NextCommand | None = None

    def add(
        self, row: int, *texts: str, hint: str = "", command: NextCommand | None = None
    ) -> bool:
        """Add the texts that are not empty; return whether there are any."""
        found = [(row, text) for text in texts if text]
        self._found += found
        if hint and not self._hint:
            self._hint, self._command = hint, command
        return bool(found)

    def check(self) -> None:
        """Raise one UsageFault that lists all faults, if there are any."""
        if not self._found:
            return
        self._found.sort(key=lambda found: found[0])
        lines = [f"row {row}: {text}" for row, text in self._found]
        raise UsageFault(
            f"`{self.name}` has {counted(len(lines), 'fault')}: nothing was sent",
            details=shortened(lines, MAX_DETAILS),
            hint=self._hint or "correct the file and run the same command again",
            command=self._command,
        )


class Source:
    """The text of a file, kept as UTF-8 without a byte-order mark."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def start(self) -> str:
        """The first MiB of the text."""
        return self._data[:_SCANNED].decode("utf-8", "ignore")

    @property
    def text(self) -> str:
        return self._data.decode()

    @property
    def several_lines(self) -> bool:
        """Whether there are several lines that are not blank."""
        return _TWO_LINES.match(self._data) is not None

    def open(self) -> io.TextIOWrapper:
        """Return the text as a file, which keeps the line ends of any system."""
        return io.TextIOWrapper(io.BytesIO(self._data), "utf-8", newline="")

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends."""
        return (line.rstrip("\r\n") for line in self.open())

    def after(self, line: str) -> Source:
        """Return the text below its first `line`."""
        rest = self._data[len(line.encode()) :]
        return Source(rest[2:] if rest.startswith(b"\r\n") else rest[1:])

    def is_clean(self) -> bool:
        """Whether this is UTF-8 without NUL characters."""
        if b"\0" in self._data:
            return False
        text = self.open()
        try:
            while not self._data.isascii() and text.read(_SCANNED):
                pass
        except UnicodeDecodeError:
            return False
        return True


@record
class Table:
    """`header` holds the column names as written, `row` is its number."""

    header: tuple[str, ...]
    row: int
    delimiter: str
    rows: Iterator[Record]


def _keep_byte(fault: UnicodeError) -> tuple[str, int]:
    """Decode a byte that is not valid as a surrogate, which no valid text contains."""
    fault = cast("UnicodeDecodeError", fault)
    return chr(0xDC00 + fault.object[fault.start]), fault.end


codecs.register_error("parsec.keep_byte", _keep_byte)


def decode(data: bytes, faults: Faults) -> Source:
    """Return the text without its byte-order mark; rows that do not decode become faults."""
    if data.startswith(_WORKBOOKS) or _MARKUP.match(data):
        why = "the file is a spreadsheet workbook, such as .xlsx, .xls or .ods"
        faults.add(1, why, hint="export it as CSV (in Excel: `CSV UTF-8`) and use that file")
        faults.check()
    if other := next((name for start, name in _OTHERS.items() if data.startswith(start)), ""):
        faults.add(1, f"the file is {other}", hint=_SAVE_AS)
        faults.check()
    mark = next(filter(data.startswith, _MARKS), b"")
    encoding = _MARKS.get(mark, "utf-8")
    data = data[len(mark) :].removesuffix(_OLD_END)
    if encoding == "utf-8" and (source := Source(data)).is_clean():
        return source
    text = data.decode(encoding, "parsec.keep_byte")
    for row, line in enumerate(text.split("\n") if _DAMAGE.search(text) else (), 1):
        found = _DAMAGE.search(line)
        if found and found[0] == "\0":
            why = "contains a NUL character; the file may be UTF-16 without a byte-order mark"
            faults.add(row, why, hint=_SAVE_AS)
        elif found:
            name, byte = encoding.upper()[:6].rstrip("-"), ord(found[0]) - 0xDC00
            faults.add(row, f"is not valid {name} (byte 0x{byte:02X})", hint=_SAVE_AS)
    return Source(_DAMAGE.sub("\ufffd", text.replace("\0", "")).encode())


def lines_of(text: str) -> list[str]:
    """Split a text at the line ends of any system."""
    return _LINE_END.split(text)


def first_line(source: Source) -> str:
    """Return the first line that is not empty, or ""."""
    return lines_of(source.start.lstrip("\r\n"))[0]


def normal(name: str) -> str:
    """` External ID ` -> `external_id`."""
    return "_".join(name.strip().lower().split())


def read_table(source: Source, known: Collection[str], faults: Faults) -> Table | None:
    """Read the header with the delimiter that yields most `known` names; None for an empty file."""
    first = lines_of(source.start)[0]
    named = first.strip('"')
    # Excel's line `sep=;`, which spreadsheets do not show or count
    is_csv = named.lower().startswith("sep=") and len(named) <= len("sep=;")
    if is_csv:
        source = source.after(first)
    first = first_line(source)

    def fit(delimiter: str) -> tuple[int, int]:
        names = [normal(cell.strip().strip('"')) for cell in first.split(delimiter)]
        return sum(name in known for name in names), len(names)

    delimiter = (named[4:] or ",") if is_csv else max(DELIMITERS, key=fit)
    as_csv, as_tsv = _csv_rows(source, delimiter, faults), _tsv_rows(source)
    if is_csv or '"' in first:  # this tool never quotes a column name in tsv
        rows = as_csv
    elif delimiter in first:
        rows = as_tsv if delimiter == "\t" else as_csv
    else:
        by_name = {".csv": as_csv, ".tsv": as_tsv}
        rows = by_name.get(faults.name[-4:].lower()) or _agreed(as_csv, as_tsv, faults)
    header = next(rows, None)
    return header and Table(tuple(header[1]), header[0], delimiter, rows)


def blank(cells: list[str]) -> bool:
    """Whether a row is empty; one of unusual blanks may name a user, so it is not."""
    return not any(cell.strip(" \t") for cell in cells)


def _tsv_rows(source: Source) -> Iterator[Record]:
    own = all(has_tsv_escapes(line) for line in source.lines() if "\\" in line)
    decode: Callable[[str], str] = from_tsv if own else str
    for row, line in enumerate(source.lines(), 1):
        if not blank([line]):
            yield row, [decode(cell) for cell in line.split("\t")]


def _agreed(one: Iterator[Record], other: Iterator[Record], faults: Faults) -> Iterator[Record]:
    """Yield the rows of a file of one column, if csv and tsv give the same values."""
    for first, second in zip_longest(one, other):
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


def _csv_rows(source: Source, delimiter: str, faults: Faults) -> Iterator[Record]:
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        faults.add(1, "the line `sep=` has no usable delimiter")
        return
    last = [""]

    def kept(line: str) -> str:
        last[0] = line
        return line

    lines = map(kept, source.open())
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        row = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            faults.add(row, _quote_fault(source, row, delimiter))
            return
        # quotes make a value of blanks, unless each cell of several is empty
        if not blank(cells) or ('"' in last[0] and (len(cells) == 1 or any(cells))):
            yield row, [from_csv(cell) for cell in cells]


def _quote_fault(source: Source, row: int, delimiter: str) -> str:
    """Report where the quote opened; one that never closes usually ends at the next quote."""
    text = "".join(islice(source.open(), row - 1, None))[:_SCANNED]
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
