r"""The formats with one line a record: `csv`, `tsv` and `ids`, and the cells of all rows.

Cells are exact for machines (`plain`) and short for people (`shown`), with secrets masked; each
format escapes what it must.

`csv` is RFC 4180 and safe in a spreadsheet, without loss to a file or pipe. `tsv` has full values,
in which `\\`, `\t`, `\n` and `\u{…}` are escapes. `ids` has only the customer_id, for pipes.
"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from parsec_cli import exact_json
from parsec_cli.cells import TO_THE_MINUTE, neutralise, rfc3339, time_of
from parsec_cli.errors import UsageFault, counted
from parsec_cli.models import JsonObject
from parsec_cli.output.format import ABSENT, Format, reader
from parsec_cli.redaction import Redaction, hide, mask
from parsec_cli.results import Column, ColumnKind, Frames, Grid, Listing, Record, percent
from parsec_cli.visible import visible

_NEEDS_NO_ESCAPE = bytes(range(0x20, 0x7F)).replace(b"\\", b"") + b"\t\n"
TIMES: dict[ColumnKind, str] = {
    "time": TO_THE_MINUTE,
    "date": "%Y-%m-%d",
}
Cell = str | None
_Write = Callable[[Any, ColumnKind], Cell]


def rows_of(
    columns: Sequence[Column], records: Sequence[JsonObject], redaction: Redaction, write: _Write
) -> list[list[Cell]]:
    """Return a row per record; a cell is None where the value is null or absent.

    It reads a page column by column, which takes half the time of a call per cell.
    """
    cells = [_cells(column, records, redaction, write) for column in columns]
    rows = [list(row) for row in zip(*cells, strict=True)] if cells else [[] for _ in records]
    if redaction.thorough:
        return [[cell and redaction.text(cell) for cell in row] for row in rows]
    for key in redaction.known():
        if any(key in "\n".join(filter(None, row)) for row in rows):
            masked = mask(key)
            rows = [[c.replace(key, masked) if c else c for c in row] for row in rows]
    return rows


def _cells(
    column: Column, records: Sequence[JsonObject], redaction: Redaction, write: _Write
) -> list[Cell]:
    read, kind = reader(column.path), column.kind
    names = column.path.split(".")
    secret = kind == "secret" or any(redaction.hides(name) for name in names)
    secret = secret and not redaction.reveals(names[-1])

    def cell(value: Any) -> Cell:
        if secret:
            value = hide(value)
        elif isinstance(value, (dict, list)) and (isinstance(value, dict) or _is_nested(value)):
            value = redaction.value(value)  # fields inside may be secret by their names
        return write(value, kind)

    values = [read(record) for record in records]
    return [None if value is None or value is ABSENT else cell(value) for value in values]


def plain(value: Any, kind: ColumnKind) -> str:
    """Write for tsv and csv: full values, RFC 3339 times, true and false."""
    if isinstance(value, str):
        return value
    if kind == "number" and type(value) is int:  # the usual case, and the fast one
        return str(value)
    if kind == "holdings":
        return _holdings(value)
    if kind in ("time", "date") and (time := rfc3339(value)) is not None:
        return time
    return _text(value)


def shown(value: Any, kind: ColumnKind) -> str | None:
    """Write for a table: times to the minute in UTC, yes and no, numbers with thousands commas.

    An empty list is None, as null is.
    """
    if value == []:
        return None
    if value == "":
        return '""'  # differs from null, which is a dash
    if kind == "holdings":
        return _holdings(value) or None
    if value is True or value is False:
        return "yes" if value else "no"
    if kind in TIMES and (time := time_of(value)) is not None:
        return time.strftime(TIMES[kind])
    if kind == "percent" and isinstance(value, int | float):
        return percent(value, 100)
    if kind == "number" and type(value) is int:
        return f"{value:,}"
    return value if isinstance(value, str) else _text(value)


def _holdings(value: Any) -> str:
    from parsec_cli.holdings import Holdings

    return Holdings.parse(value).text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not _is_nested(value):
        return ",".join(i if isinstance(i, str) else _text(i) for i in value if i is not None)
    if isinstance(value, (dict, list)) or value is None:
        return exact_json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _is_nested(values: list[Any]) -> bool:
    return any(isinstance(inner, (dict, list)) for inner in values)


class _Columns(Format):
    """A format that writes columns, below a header if `header_by_default` or asked for."""

    header_by_default: bool

    def written(self, value: Any, kind: ColumnKind) -> str:
        """Return a value as this format writes it, before masking and escaping."""
        return plain(value, kind)

    @abstractmethod
    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        """Return the lines of these rows, each with its line end."""

    def listing(self, listing: Listing) -> None:
        """Write the header with the first page: if that fails, stdout stays empty."""
        header = True
        for page in self.pages(listing):
            self._write(listing.columns, page, header=header)
            header = False
        if header and listing.failure() is None:
            self._write(listing.columns, [])

    def record(self, record: Record) -> None:
        self._write(record.columns, [record.value])

    def frames(self, frames: Frames) -> None:
        header = True
        for frame in self.checked(frames):
            rows = frame.rows or Grid(frame.columns, [frame.value])
            self._write(rows.columns, rows.rows, header=header)
            header = False

    def _write(
        self, known: tuple[Column, ...], records: Sequence[JsonObject], *, header: bool = True
    ) -> None:
        columns = self.fields.columns(known)
        text = self.text(rows_of(columns, records, self.redaction, self.written))
        if header and (self.header_by_default if self.headers is None else self.headers):
            text = self.text([[column.path for column in columns]]) + text
        self.write(text)


class Csv(_Columns):
    header_by_default = True

    def written(self, value: Any, kind: ColumnKind) -> str:
        """Neutralise text; a number is never a formula, even below zero."""
        cell = plain(value, kind)
        return cell if type(value) in (int, float) else neutralise(cell)

    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        terminal = self.surface.terminal
        if terminal:
            exact = self.surface.exact
            rows = [[cell and exact(cell) for cell in row] for row in rows]
        lines = io.StringIO()
        end = "\n" if terminal else "\r\n"
        plain, quoted = (
            csv.writer(lines, lineterminator=end, quoting=quoting)
            for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
        )
        if _has_blank_line(rows):
            for row in rows:
                (quoted if (row[0] or "").isspace() else plain).writerow(row)
        else:
            plain.writerows(rows)
        return lines.getvalue()


class Tsv(_Columns):
    header_by_default = False

    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        cells = [[cell or "" for cell in row] for row in rows]
        text = "".join(["\t".join(row) + "\n" for row in cells])
        # checking a whole page, which nearly always needs no escape, takes half the time
        ends, tabs = len(cells), sum(len(row) - 1 for row in cells)
        if _has_blank_line(cells):
            escapes = ["" if row[0].strip(" ") else "\\u{20}" * len(row[0]) for row in cells]
            return "".join(
                f"{blanks or _escaped(row[0])}\n"
                for blanks, row in zip(escapes, cells, strict=True)
            )
        same = (text.count("\n"), text.count("\t")) == (ends, tabs)
        if same and text.isascii() and not text.encode().translate(None, _NEEDS_NO_ESCAPE):
            return text
        return "".join("\t".join(map(_escaped, row)) + "\n" for row in cells)


class Ids(Format):
    _left_out = 0

    def listing(self, listing: Listing) -> None:
        """Write the ids; leave out records that are about no user, or one not yet created."""
        for page in self.pages(listing):
            known = [record for record in page if record.get("customer_id", ABSENT)]
            self._left_out += len(page) - len(known)
            self._write(known)

    def notes(self) -> Iterator[str]:
        yield from super().notes()
        if count := self._left_out:
            yield f"{counted(count, 'record')} without a customer_id not shown"

    def record(self, record: Record) -> None:
        self._write([record.value])

    def _write(self, records: Sequence[JsonObject]) -> None:
        ids = [_escaped(self.redaction.text(_customer_id(record))) for record in records]
        self.write("".join(f"{one}\n" for one in ids))


def _has_blank_line(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether one column has a value of blanks, which would be read as an empty line."""
    return bool(rows) and len(rows[0]) == 1 and any((row[0] or "").isspace() for row in rows)


def _escaped(cell: str) -> str:
    """Return a cell whose every escape begins with a backslash, so that it can be read back."""
    return visible(cell.replace("\\", "\\\\") if "\\" in cell else cell)


def _customer_id(record: JsonObject) -> str:
    one = record.get("customer_id")
    if not isinstance(one, str) or not one:
        raise UsageFault(
            "`-o ids` prints the `customer_id` of each record, and this record has none",
            hint="choose another format, such as `-o json`",
        )
    return one
