"""The `table` format and everything else for people: tables, sentences, cards and bars.

A listing is drawn page by page, in memory that does not grow. Its first rows decide which columns
fit and how wide they are. Rich draws a first screenful of rows; later ones are padded to the same
widths, because Rich takes 0.5 ms a row and this a hundredth of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import assert_never

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from parsec_cli.models import JsonObject
from parsec_cli.output import draw
from parsec_cli.output.format import Format
from parsec_cli.output.lines import Cell, rows_of, shown
from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.records import state
from parsec_cli.redaction import Redaction, hide
from parsec_cli.results import Bar, Block, Card, Column, Frames, Grid, Line, Listing, Record

_GAP = "  "
_NULL = "-"
_BLANK = Line("")
# the widest that a column of free text grows at first; ids, times and numbers are never shortened
_WIDEST_TEXT = 40
_MAY_SHORTEN = ("text", "list")
_UUID = 36
_SCREENFUL = 50  # rows that Rich draws

_Row = Sequence[Cell]


class Table(Format):
    def listing(self, listing: Listing) -> None:
        columns = self._columns(listing.columns)
        layout: Layout | None = None
        whole = False
        try:
            for page in filter(len, self.pages(listing)):
                rows = _rows(columns, page, self.surface, self.redaction)
                if layout is None:
                    layout = Layout(columns, rows, self.surface)
                    text = layout.table(rows, header=self.headers is not False)
                else:
                    text = "".join(map(layout.line, rows))
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
                live.update(Text.from_ansi(self._text(frame).rstrip("\n")), refresh=True)

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
        case Card(pairs, title):
            # long values stay whole, so that an id can be copied
            table = draw.table_of_columns()
            for label, value in pairs:
                hidden = str(hide(value)) if redaction.hides(label.replace(" ", "_")) else value
                text = surface.exact(redaction.text(hidden))
                name = draw.text(surface.readable(label), "dim")
                table.add_row(name, draw.text(text) if text else draw.text(_NULL, "dim"))
            body = draw.rendered(table, surface, whole=True)
        case Grid(columns, records, title):
            columns = tuple(column for column in columns if column.shown)
            rows = _rows(columns, records, surface, redaction)
            body = Layout(columns, rows, surface).table(rows)
        case _:
            assert_never(block)
    if not title:
        return body
    heading = draw.text(surface.readable(redaction.text(title)), "bold")
    return draw.rendered(heading, surface, whole=True) + body


def _rows(
    columns: Sequence[Column], records: Sequence[JsonObject], surface: Surface, redaction: Redaction
) -> list[list[Cell]]:
    rows = rows_of(columns, records, redaction, shown)
    return [[cell and surface.exact(cell) for cell in row] for row in rows]


@state
class _Slot:
    """A column that is drawn; `place` is its index in a row, `widest` what its cells need."""

    place: int
    column: Column
    title: str
    widest: int
    width: int
    shortens: bool


class Layout:
    """The columns that fit `surface`; none if not even those of the lowest rank fit."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[_Row], surface: Surface) -> None:
        self._surface = surface
        self._limit = sys.maxsize if surface.width is None else surface.width
        most = max(_UUID, self._limit // 2)
        slots = (self._slot(place, column, rows, most) for place, column in enumerate(columns))
        ranked = sorted(slots, key=lambda slot: slot.column.rank)
        kept = [slot for slot in ranked if slot.column.rank == ranked[0].column.rank]
        others = ranked[len(kept) :]
        room = self._limit + len(_GAP) - sum(slot.width + len(_GAP) for slot in kept)
        for wide in sorted(kept, key=lambda slot: slot.width, reverse=True) if room < 0 else ():
            narrow = self._slot(wide.place, wide.column, rows, wide.width + room)
            if narrow.width <= wide.width + room:
                room += wide.width - narrow.width
                kept[kept.index(wide)] = narrow
                break
        kept, others = (kept, others) if room >= 0 else ([], [])
        # the first that does not fit ends it: a column must not take the place of a better one
        for slot in others:
            if slot.width + len(_GAP) > room:
                break
            room -= slot.width + len(_GAP)
            kept.append(slot)
        self._slots = sorted(kept, key=lambda slot: slot.place)
        # the room that is left goes to columns of text that could use it, from the left
        for slot in self._slots:
            more = min(room, max(0, slot.widest - slot.width)) if slot.shortens else 0
            slot.width += more
            room -= more

    def _slot(self, place: int, column: Column, rows: Sequence[_Row], most: int) -> _Slot:
        widths = [_width(row[place]) for row in rows]
        title = self._surface.readable(column.title).upper()
        widest = max(widths, default=1)
        shortens = column.rank > 0 and column.kind in _MAY_SHORTEN
        width = min(widest, _WIDEST_TEXT)
        if not shortens:
            # one long id must affect only its own line
            usual = [width for width in widths if width <= most]
            width = max(usual) if usual and 2 * len(usual) >= len(widths) else widest
        return _Slot(place, column, title, widest, max(width, _width(title)), shortens)

    def table(self, rows: Sequence[_Row], *, header: bool = True) -> str:
        """Return the header and all rows; Rich draws the first rows if they fit."""
        if not self._slots:
            return "".join(map(self.line, rows))
        table = draw.table_of_columns(header=header)
        for slot in self._slots:
            table.add_column(
                Text.assemble((slot.title, "dim")),
                justify="right" if slot.column.kind == "number" else "left",
                width=slot.width,
                no_wrap=True,
                overflow="crop",
            )
        drawn = rows[:_SCREENFUL]
        fixed = [slot for slot in self._slots if not slot.shortens]
        if any(_width(row[slot.place]) > slot.width for row in drawn for slot in fixed):
            drawn = []
        for row in drawn:
            cells = (self._shortened(row[slot.place], slot) for slot in self._slots)
            table.add_row(
                *(Text.assemble((_NULL, "dim")) if cell is None else Text(cell) for cell in cells)
            )
        text = draw.rendered(table, self._surface, whole=True)
        return text + "".join(map(self.line, rows[len(drawn) :]))

    def line(self, row: _Row) -> str:
        """Return the line of a row whose cells are readable.

        If no column fits, it has all values whole, and the terminal may wrap it. If an id is too
        long, it has only what must not be shortened, without columns.
        """
        if not self._slots:
            return _GAP.join(cell or _NULL for cell in row) + "\n"
        parts, total = [], -len(_GAP)
        for slot in self._slots:
            cell = self._shortened(row[slot.place], slot)
            text = self._surface.paint(_NULL, "dim") if cell is None else cell
            blanks = " " * (slot.width - _width(cell))
            total += max(_width(cell), slot.width) + len(_GAP)
            parts.append(blanks + text if slot.column.kind == "number" else text + blanks)
        if total > self._limit:
            parts = [row[slot.place] or _NULL for slot in self._slots if not slot.column.rank]
        return _GAP.join(parts).rstrip() + "\n"

    def _shortened(self, cell: Cell, slot: _Slot) -> Cell:
        if cell is None or not slot.shortens or _width(cell) <= slot.width:
            return cell
        if self._surface.width is None:
            return cell
        mark = self._surface.ellipsis[: slot.width]
        return set_cell_size(cell, slot.width - len(mark)).rstrip() + mark


def _width(cell: Cell) -> int:
    if cell is None:
        return len(_NULL)
    return len(cell) if cell.isascii() else cell_len(cell)
