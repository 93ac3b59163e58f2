"""The `table` format, for people: drawn page by page in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text as RichText

from parsec_cli.models import JsonObject
from parsec_cli.output import draw
from parsec_cli.output.blocks import card_of, draw_blocks
from parsec_cli.output.layout import Layout
from parsec_cli.output.rows import Cell, Rows
from parsec_cli.output.sheet import Sheet
from parsec_cli.output.values import shown
from parsec_cli.results import Column, Frames, Listing, Record


class Table:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def listing(self, listing: Listing) -> None:
        columns = self._columns(listing.columns)
        drawing = Drawing(columns, self._sheet)
        try:
            for page in self._sheet.pages(listing):
                self._sheet.sink.write(drawing.page(page))
        except BaseException:
            if drawing.began and self._sheet.sink.intact:
                self._below(listing)
            raise
        self._below(listing)

    def record(self, record: Record) -> None:
        self._sheet.fields.check([record.value], record.columns)
        self._sheet.sink.write(self._text(record))

    def frames(self, frames: Frames) -> None:
        surface, write = self._sheet.surface, self._sheet.sink.write
        if not surface.moves:
            for frame in self._sheet.frames(frames):
                write(self._text(frame))
            return
        with draw.live(surface, write, transient=False) as live:
            for frame in self._sheet.frames(frames):
                live.update(RichText.from_ansi(self._text(frame).rstrip("\n")), refresh=True)

    def _text(self, record: Record) -> str:
        surface, redaction = self._sheet.surface, self._sheet.redaction
        blocks = record.blocks
        if self._sheet.fields or not blocks:
            blocks = (card_of(record.value, self._columns(record.columns), redaction),)
        return draw_blocks(blocks, surface, redaction)

    def _below(self, listing: Listing) -> None:
        text = draw_blocks(listing.closing(), self._sheet.surface, self._sheet.redaction)
        self._sheet.sink.write(text)

    def _columns(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        if self._sheet.fields:
            return self._sheet.fields.columns(columns)
        return tuple(column for column in columns if column.shown)


class Drawing:
    """One table in the making; the first rows decide its layout."""

    def __init__(self, columns: Sequence[Column], sheet: Sheet) -> None:
        self._columns = columns
        self._sheet = sheet
        self._rows = Rows(columns, sheet.redaction, shown)
        self._line: Callable[[Sequence[Cell]], str] | None = None

    @property
    def began(self) -> bool:
        return self._line is not None

    def page(self, records: Sequence[JsonObject]) -> str:
        if not records:
            return ""
        exact = self._sheet.surface.exact
        rows = [[cell and exact(cell) for cell in row] for row in self._rows.page(records)]
        if self._line:
            return "".join(map(self._line, rows))
        layout = Layout(self._columns, rows, self._sheet.surface)
        self._line = layout.line
        return layout.table(rows, header=self._sheet.headers is not False)
