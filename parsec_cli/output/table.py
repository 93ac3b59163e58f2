"""The `table` format and whatever else people see: tables, sentences, cards and bars.

A listing is drawn page by page, in memory that does not grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rich.text import Text as RichText

from parsec_cli.models import JsonObject
from parsec_cli.output import draw
from parsec_cli.output.format import Format
from parsec_cli.output.layout import Layout
from parsec_cli.output.lines import Cell, rows_of, shown
from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.redaction import Redaction, hide
from parsec_cli.results import Bar, Block, Card, Column, Frames, Grid, Line, Listing, Record

_NULL = "-"
_BLANK = Line("")


class Table(Format):
    def listing(self, listing: Listing) -> None:
        columns = self._columns(listing.columns)
        layout: Layout | None = None
        whole = False
        try:
            for page in filter(len, self.pages(listing)):
                cells = _exact(columns, page, self.surface, self.redaction)
                if layout is None:
                    layout = Layout(columns, cells, self.surface)
                    text = layout.table(cells, header=self.headers is not False)
                else:
                    text = "".join(map(layout.line, cells))
                self.sink.write(text)
            whole = listing.failure() is None
        finally:
            if (whole or layout is not None) and self.sink.intact:
                self.sink.write(draw_blocks(listing.closing(), self.surface, self.redaction))

    def record(self, record: Record) -> None:
        self.sink.write(self._text(record))

    def frames(self, frames: Frames) -> None:
        if not self.surface.moves:
            super().frames(frames)
            return
        with draw.live(self.surface, self.sink.write, transient=False) as live:
            for frame in self.checked(frames):
                live.update(RichText.from_ansi(self._text(frame).rstrip("\n")), refresh=True)

    def _text(self, record: Record) -> str:
        blocks = record.blocks
        if self.fields or not blocks:
            columns = self._columns(record.columns)
            (cells,) = rows_of(columns, [record.value], self.redaction, shown)
            titles = (column.title for column in columns)
            pairs = zip(titles, (cell or "" for cell in cells), strict=True)
            blocks = (Card(tuple(pairs)),)
        return draw_blocks(blocks, self.surface, self.redaction)

    def _columns(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        if self.fields:
            return self.fields.columns(columns)
        return tuple(column for column in columns if column.shown)


def draw_blocks(blocks: Sequence[Block], surface: Surface, redaction: Redaction) -> str:
    """Return the text of the blocks, with a blank line around cards and grids."""
    text = ""
    for before, block in zip((None, *blocks), blocks, strict=False):
        apart = isinstance(block, Card | Grid) or isinstance(before, Card | Grid)
        if before is not None and apart and _BLANK not in (block, before):
            text += "\n"
        text += _drawn(block, surface, redaction)
    return text


def _drawn(block: Block, surface: Surface, redaction: Redaction) -> str:
    match block:
        case Line(text, tone):
            line = surface.readable(redaction.text(text))
            return draw.rendered(draw.text(line, STYLES[tone]), surface)
        case Bar():
            return draw.rendered(draw.bar_line(block, surface), surface, whole=True)
        case Card(title=title):
            body = _card(block, surface, redaction)
        case Grid(columns, records, title):
            columns = tuple(column for column in columns if column.shown)
            rows = _exact(columns, records, surface, redaction)
            body = Layout(columns, rows, surface).table(rows)
        case _:
            assert_never(block)
    if not title:
        return body
    heading = draw.text(surface.readable(redaction.text(title)), "bold")
    return draw.rendered(heading, surface, whole=True) + body


def _exact(
    columns: Sequence[Column], records: Sequence[JsonObject], surface: Surface, redaction: Redaction
) -> list[list[Cell]]:
    rows = rows_of(columns, records, redaction, shown)
    return [[cell and surface.exact(cell) for cell in row] for row in rows]


def _card(card: Card, surface: Surface, redaction: Redaction) -> str:
    """Draw a line per pair; long values stay whole, so that an id can be copied."""
    table = draw.table_of_columns()
    for label, value in card.pairs:
        hidden = str(hide(value)) if redaction.hides(label.replace(" ", "_")) else value
        text = surface.exact(redaction.text(hidden))
        table.add_row(
            draw.text(surface.readable(label), "dim"),
            draw.text(text) if text else draw.text(_NULL, "dim"),
        )
    return draw.rendered(table, surface, whole=True)
