"""Chooses which columns fit and how wide they are; turns rows into lines.

The first rows decide the widths. Rich draws a first screenful of rows; this module pads the
lines after it to the same widths, because Rich takes 0.5 ms a row and this a hundredth of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from parsec_cli.output import draw
from parsec_cli.output.lines import Cell
from parsec_cli.output.streams import Surface
from parsec_cli.records import changed, record
from parsec_cli.results import Column

_GAP = "  "
_NULL = "-"
# the widest that a column of free text grows at first; ids, times and numbers are never shortened
_WIDEST_TEXT = 40
_MAY_SHORTEN = ("text", "list")
_SCREENFUL = 50  # rows that Rich draws

_Row = Sequence[Cell]


@record
class _Slot:
    """A column that is drawn; `place` is its index in a row, `widest` what its cells need."""

    place: int
    column: Column
    title: str
    widest: int
    width: int

    @property
    def right(self) -> bool:
        return self.column.kind == "number"

    @property
    def shortens(self) -> bool:
        return self.column.rank > 0 and self.column.kind in _MAY_SHORTEN


class Layout:
    """The columns that fit `surface`; none if not even those of the lowest rank fit."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[_Row], surface: Surface) -> None:
        self._surface = surface
        slots = [self._slot(place, column, rows) for place, column in enumerate(columns)]
        limit = surface.width
        self._slots = slots if limit is None or not slots else _fitting(slots, rows, limit)

    def table(self, rows: Sequence[_Row], *, header: bool = True) -> str:
        """Return the header and all rows; Rich draws the first rows as long as they fit."""
        if not self._slots:
            return "".join(map(self.line, rows))
        table = draw.table_of_columns(header=header)
        for slot in self._slots:
            table.add_column(
                Text.assemble((slot.title, "dim")),
                justify="right" if slot.right else "left",
                width=slot.width,
                no_wrap=True,
                overflow="crop",
            )
        fixed = [slot for slot in self._slots if not slot.shortens]
        drawn = list(
            takewhile(
                lambda row: all(_width(row[slot.place]) <= slot.width for slot in fixed),
                rows[:_SCREENFUL],
            )
        )
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
        parts, total = [], len(_GAP) * (len(self._slots) - 1)
        for slot in self._slots:
            cell = self._shortened(row[slot.place], slot)
            width = _width(cell)
            total += max(width, slot.width)
            text = self._surface.paint(_NULL, "dim") if cell is None else cell
            blanks = " " * (slot.width - width)
            parts.append(blanks + text if slot.right else text + blanks)
        if self._surface.width is not None and total > self._surface.width:
            parts = [row[slot.place] or _NULL for slot in self._slots if not slot.column.rank]
        return _GAP.join(parts).rstrip() + "\n"

    def _slot(self, place: int, column: Column, rows: Sequence[_Row]) -> _Slot:
        title = self._surface.readable(column.title).upper()
        widest = max((_width(row[place]) for row in rows), default=1)
        slot = _Slot(place, column, title, widest, max(widest, _width(title)))
        if slot.shortens and self._surface.width is not None:
            return changed(slot, width=min(slot.width, _WIDEST_TEXT))
        return slot

    def _shortened(self, cell: Cell, slot: _Slot) -> Cell:
        if cell is None or not slot.shortens or self._surface.width is None:
            return cell
        if _width(cell) <= slot.width:
            return cell
        mark = self._surface.ellipsis[: slot.width]
        return set_cell_size(cell, slot.width - len(mark)).rstrip() + mark


def _fitting(slots: list[_Slot], rows: Sequence[_Row], limit: int) -> list[_Slot]:
    """Return the columns that fit into `limit`: all of the lowest rank, then others by rank."""
    ranked = sorted(slots, key=lambda slot: (slot.column.rank, slot.place))
    needed = [slot for slot in ranked if slot.column.rank == ranked[0].column.rank]
    others = ranked[len(needed) :]
    if _total(needed) > limit:
        needed = _without_outliers(needed, rows, limit)
    kept = needed
    # the first that does not fit ends it: a column must not take the place of a better one
    for slot in others if needed else []:
        if _total([*kept, slot]) > limit:
            break
        kept = [*kept, slot]
    # the room that is left goes to columns of text that could use it, from the left
    room, grown = limit - _total(kept), []
    for slot in sorted(kept, key=lambda slot: slot.place):
        more = min(room, max(0, slot.widest - slot.width)) if slot.shortens else 0
        grown.append(changed(slot, width=slot.width + more))
        room -= more
    return grown


def _without_outliers(slots: list[_Slot], rows: Sequence[_Row], limit: int) -> list[_Slot]:
    """Narrow the widest column to the cells that fit, so that one long id affects one line."""
    widest = max(slots, key=lambda slot: slot.width)
    room = limit - _total(slots) + widest.width
    fitting = [width for row in rows if (width := _width(row[widest.place])) <= room]
    if 2 * len(fitting) < len(rows) or room < _width(widest.title):
        return []
    width = max([*fitting, _width(widest.title)])
    return [changed(slot, width=width) if slot is widest else slot for slot in slots]


def _total(slots: Sequence[_Slot]) -> int:
    return sum(slot.width for slot in slots) + len(_GAP) * (len(slots) - 1)


def _width(cell: Cell) -> int:
    if cell is None:
        return len(_NULL)
    return len(cell) if cell.isascii() else cell_len(cell)
