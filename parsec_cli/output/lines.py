"""The course that csv and tsv share: an optional header, then one line per record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from parsec_cli.output.rows import Cell, Rows
from parsec_cli.output.sheet import Sheet
from parsec_cli.output.values import plain
from parsec_cli.results import Column, ColumnKind, Frames, Grid, Listing, Record


class Lines(ABC):
    """A format that writes columns; `header_by_default` when `--headers` was not said."""

    header_by_default: bool
    encoding = ""  # the stream's own

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def written(self, value: Any, kind: ColumnKind) -> str:
        """Return a value as this format writes it, before masking and escaping."""
        return plain(value, kind)

    @abstractmethod
    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        """Return the lines of these rows, each with its line end."""

    def listing(self, listing: Listing) -> None:
        """Write the header with the first page: if that fails, stdout stays empty."""
        columns = self._sheet.fields.columns(listing.columns)
        rows = Rows(columns, self._sheet.redaction, self.written)
        header = self._header(columns)
        for page in self._sheet.pages(listing):
            self._write(header + self.text(rows.page(page)))
            header = ""
        self._write(header)

    def record(self, record: Record) -> None:
        self._sheet.fields.check([record.value], record.columns)
        columns = self._sheet.fields.columns(record.columns)
        self._write(self._header(columns) + self._line(record, columns))

    def frames(self, frames: Frames) -> None:
        header = None
        for frame in self._sheet.frames(frames):
            source = frame.rows or Grid(frame.columns, [frame.value])
            columns = self._sheet.fields.columns(source.columns)
            header = self._header(columns) if header is None else ""
            rows = Rows(columns, self._sheet.redaction, self.written).page(source.rows)
            self._write(header + self.text(rows))

    def _line(self, record: Record, columns: Sequence[Column]) -> str:
        return self.text(Rows(columns, self._sheet.redaction, self.written).page([record.value]))

    def _header(self, columns: Sequence[Column]) -> str:
        wanted = self._sheet.headers
        if wanted is None:
            wanted = self.header_by_default
        return self.text([[column.path for column in columns]]) if wanted else ""

    def _write(self, text: str) -> None:
        self._sheet.sink.write(text, encoding=self.encoding)
