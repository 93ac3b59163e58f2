"""Arrange rows in columns: which of them fit a terminal, and how wide they are.

The first rows decide. Rich draws a first screenful of rows; later ones are padded to the same
widths, because Rich takes 0.5 ms a row and this a hundredth of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from parsec_cli.models import JsonObject
from parsec_cli.output import draw
from parsec_cli.output.lines import TIMES, Cell, rows_of, shown
from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.records import state
from parsec_cli.redaction import Redaction
from parsec_cli.results import OUTCOMES, Column, ColumnKind, Tone

GAP = "  "
NULL = "–"
_KEPT = 1  # columns up to this rank are shown even if some long ids then take a line of their own
_LEAST_CONSTANT = 2  # the rank of columns that may give way because all their cells are the same
# the widest that a column of free text grows at first; ids, times and numbers are never shortened
_WIDEST_TEXT = 40
_NARROWEST_PROSE = 20
_NARROWEST = 12  # of prose where nothing else fits: a word or two
_PROSE = ("prose", "holdings")  # kinds that are broken into lines
_MAY_SHORTEN = ("text", "words", "list")
_UUID = 36
_SCREENFUL = 50  # rows that Rich draws

_Row = Sequence[Cell]


def rows_for_people(
    columns: Sequence[Column], records: Sequence[JsonObject], surface: Surface, redaction: Redaction
) -> list[list[Cell]]:
    """Return the cells as they will be seen."""

    def cell(value: Any, kind: ColumnKind) -> Cell:
        return draw.small_bar(value, surface) if kind == "bar" else shown(value, kind)

    write: dict[ColumnKind, Callable[[str], str]] = {
        **dict.fromkeys(("words", "prose"), surface.readable),
        "bar": str,
    }
    rows = rows_of(columns, records, redaction, cell)
    exact = surface.exact
    if not any(column.kind in write for column in columns):
        return [[cell and exact(cell) for cell in row] for row in rows]
    ways = [write.get(column.kind, exact) for column in columns]
    return [[c and way(c) for c, way in zip(row, ways, strict=True)] for row in rows]


@state
class _Slot:
    """A column that is drawn; `place` is its index in a row, `widest` what its cells need."""

    place: int
    column: Column
    title: str
    widest: int
    width: int
    shortens: bool
    constant: bool
    right: bool
    toned: bool

    @property
    def order(self) -> tuple[bool, int]:
        """Which columns a narrow terminal drops first: those that differ least, then by rank."""
        return self.constant and self.column.rank >= _LEAST_CONSTANT, self.column.rank


class Layout:
    """The columns that fit `surface`; none if not even those of the lowest rank fit.

    With ACCESSIBLE, each row is a sentence of all its columns.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        rows: Sequence[_Row],
        surface: Surface,
        *,
        indent: str = "",
    ) -> None:
        self._surface = surface
        self._indent = "" if surface.accessible else indent
        self._null = surface.readable(NULL)
        self._dim_null = surface.paint(self._null, "dim")
        width = sys.maxsize if surface.width is None or surface.accessible else surface.width
        self._limit = width - len(self._indent)
        most = max(_UUID, self._limit // 2)
        slots = [self._slot(place, column, rows, most) for place, column in enumerate(columns)]
        ranked = sorted(slots, key=lambda slot: slot.order)
        least = min((slot.column.rank for slot in slots), default=0)
        kept, room = self._kept([s for s in ranked if s.column.rank <= max(least, _KEPT)], rows)
        if not kept:
            kept, room = self._kept([s for s in ranked if s.column.rank == least], rows)
        places = {slot.place for slot in kept}
        others = [slot for slot in ranked if slot.place not in places] if kept else []
        # the first that does not fit ends it: a column must not take the place of a better one
        for slot in others:
            if slot.width + len(GAP) > room:
                break
            room -= slot.width + len(GAP)
            kept.append(slot)
        self._slots = sorted(kept, key=lambda slot: slot.place)
        # the room that is left goes to columns of text that could use it, from the left
        for slot in self._slots:
            grows = slot.shortens or slot.column.kind in _PROSE
            more = min(room, max(0, slot.widest - slot.width)) if grows else 0
            slot.width += more
            room -= more

    def _kept(self, slots: list[_Slot], rows: Sequence[_Row]) -> tuple[list[_Slot], int]:
        """Return the slots and the room that they leave; if need be, the widest gets narrower.

        Return no slots if they do not fit.
        """
        room = self._limit + len(GAP) - sum(slot.width + len(GAP) for slot in slots)
        if room >= 0:
            return slots, room
        for wide in sorted(slots, key=lambda slot: slot.width, reverse=True):
            narrow = self._slot(wide.place, wide.column, rows, wide.width + room)
            if narrow.width <= wide.width + room:
                left = room + wide.width - narrow.width
                return [narrow if slot is wide else slot for slot in slots], left
        return [], 0

    def _slot(self, place: int, column: Column, rows: Sequence[_Row], most: int) -> _Slot:
        widths = [_width(row[place]) for row in rows]
        title = self._surface.readable(column.title).upper()
        widest = max(widths, default=1)
        shortens = column.rank > 0 and column.kind in _MAY_SHORTEN
        width = min(widest, _WIDEST_TEXT)
        if column.kind in _PROSE:
            width = min(widest, _NARROWEST_PROSE, max(most, _NARROWEST))
        elif not shortens:
            # one long id must affect only its own line
            usual = [width for width in widths if width <= most]
            width = max(usual) if usual and 2 * len(usual) >= len(widths) else widest
        # times are shortened, so they may differ all the same
        constant = len(rows) > 1 and column.kind not in TIMES
        constant = constant and all(row[place] == rows[0][place] for row in rows)
        width = max(width, _width(title))
        right, toned = column.kind in ("number", "percent"), column.kind in ("outcome", "bar")
        return _Slot(place, column, title, widest, width, shortens, constant, right, toned)

    def table(self, rows: Sequence[_Row], tones: Sequence[Tone], *, header: bool) -> str:
        """Return the header and all rows; Rich draws the first rows if they fit."""
        if not self._slots or self._surface.accessible:
            return self.lines(rows, tones, titles=header)
        table = draw.table_of_columns(header=header)
        for place, slot in enumerate(self._slots):
            indent = self._indent if not place else ""
            table.add_column(
                Text.assemble(indent, (slot.title, "dim")),
                justify="right" if slot.right else "left",
                width=slot.width + len(indent),
                no_wrap=True,
                overflow="crop",
            )
        drawn = rows[:_SCREENFUL]
        fixed = [s for s in self._slots if not s.shortens and s.column.kind not in _PROSE]
        if any(_width(row[slot.place]) > slot.width for row in drawn for slot in fixed):
            drawn = []
        for row, tone in _with_tones(drawn, tones):
            cells = [self._cell(row, slot, tone) for slot in self._slots]
            table.add_row(Text.assemble(self._indent, cells[0]), *cells[1:])
        text = draw.rendered(table, self._surface)
        return text + self.lines(rows[len(drawn) :], tones[len(drawn) :])

    def _cell(self, row: _Row, slot: _Slot, tone: Tone) -> Text:
        cell = self._shortened(row[slot.place], slot)
        if cell is None:
            return Text.assemble((self._null, "dim"))
        text = Text.assemble((cell, STYLES[_tone(cell, slot, tone)]))
        return draw.wrapped(text, slot.width) if slot.column.kind in _PROSE else text

    def lines(
        self, rows: Sequence[_Row], tones: Sequence[Tone] = (), *, titles: bool = True
    ) -> str:
        """Return one line per row of readable cells, as Rich would draw it."""
        sentence = self._surface.accessible
        return "".join(
            self._sentence(row, tone, titles=titles) if sentence else self._line(row, tone)
            for row, tone in _with_tones(rows, tones)
        )

    def _sentence(self, row: _Row, tone: Tone, *, titles: bool) -> str:
        """Return such as `external id: user_001; qps: 10`, in the tone of its outcome.

        It is one line, because screen readers read line by line.
        """
        parts = []
        for slot in self._slots:
            cell = row[slot.place] or "none"
            parts.append(f"{slot.title.lower()}: {cell}" if titles else cell)
            tone = _tone(cell, slot, tone)
        return self._surface.paint("; ".join(parts), tone) + "\n"

    def _line(self, row: _Row, tone: Tone) -> str:
        """Return one line.

        If no column fits, it has all values whole, and the terminal may wrap it. If an id is too
        long, it has only the most important values, whole and without columns.
        """
        paint = self._surface.paint
        if not self._slots:
            line = GAP.join(cell or self._null for cell in row)
            return f"{self._indent}{paint(line, tone)}\n"
        parts, total = [], -len(GAP)
        for slot in self._slots:
            cell = self._shortened(row[slot.place], slot)
            if cell is None:
                text = self._dim_null
            elif tone == "plain" and not slot.toned:
                text = cell
            else:
                text = paint(cell, _tone(cell, slot, tone))
            blanks = " " * (slot.width - _width(cell))
            total += max(_width(cell), slot.width) + len(GAP)
            parts.append(blanks + text if slot.right else text + blanks)
        if total > self._limit:
            kept = [slot for slot in self._slots if slot.column.rank <= _KEPT]
            parts = [paint(row[slot.place] or self._null, tone) for slot in kept]
        return self._indent + GAP.join(parts).rstrip() + "\n"

    def _shortened(self, cell: Cell, slot: _Slot) -> Cell:
        if cell is None or not slot.shortens or _width(cell) <= slot.width:
            return cell
        if self._surface.width is None:
            return cell
        mark = self._surface.ellipsis[: slot.width]
        return set_cell_size(cell, slot.width - len(mark)).rstrip() + mark


def _tone(cell: str, slot: _Slot, row: Tone) -> Tone:
    if row != "plain" or not slot.toned:
        return row
    return "dim" if slot.column.kind == "bar" else OUTCOMES.get(cell, "plain")


def _with_tones(rows: Sequence[_Row], tones: Sequence[Tone]) -> Iterable[tuple[_Row, Tone]]:
    return zip(rows, tones or repeat("plain"), strict=False)


def _width(cell: Cell) -> int:
    if cell is None:
        return len(NULL)
    return len(cell) if cell.isascii() else cell_len(cell)
