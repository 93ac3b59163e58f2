"""Lays columns out for reading: which fit, how wide, how a row becomes a line.

The first rows decide the widths. Rich draws a first screenful of rows; the lines after it are
padded to the same widths here, because Rich takes 0.5 ms a row and this a hundredth of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from parsec_cli.output import draw
from parsec_cli.output.rows import Cell
from parsec_cli.output.surface import Surface
from parsec_cli.results import Column

_GAP = "  "
_NULL = "-"
# the widest that a column of free text grows; ids, times and numbers are never shortened
_WIDEST_TEXT = 40
_MAY_SHORTEN = ("text", "list")
_SCREENFUL = 50  # rows that Rich draws


@dataclass(frozen=True, slots=True)
class _Slot:
    """A column that is drawn, `place` its index among the cells of a row."""

    place: int
    column: Column
    width: int

    @property
    def right(self) -> bool:
        return self.column.kind == "number"

    @property
    def shortens(self) -> bool:
        return self.column.rank > 0 and self.column.kind in _MAY_SHORTEN


class Layout:
    """The columns that fit `surface`: none where not even the most needed do."""

    def __init__(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], surface: Surface
    ) -> None:
        self._surface = surface
        slots = [self._slot(place, column, rows) for place, column in enumerate(columns)]
        self._slots = self._fit(slots, rows)

    def table(self, rows: Sequence[Sequence[Cell]], *, header: bool = True) -> str:
        """Return the header and all rows, drawn by Rich as far as they fit."""
        if not self._slots:
            return "".join(map(self.line, rows))
        table = draw.columns(header=header)
        for slot in self._slots:
            table.add_column(
                Text.assemble((self._title(slot.column), "dim")),
                justify="right" if slot.right else "left",
                width=slot.width,
                no_wrap=True,
                overflow="crop",
            )
        fitting = list(takewhile(self._fits, rows[:_SCREENFUL]))
        for row in fitting:
            table.add_row(*(self._cell(row[slot.place], slot) for slot in self._slots))
        drawn = draw.rendered(table, self._surface, whole=True)
        return drawn + "".join(map(self.line, rows[len(fitting) :]))

    def _cell(self, cell: Cell, slot: _Slot) -> Text:
        if cell is None:
            return Text.assemble((_NULL, "dim"))
        return Text(self._shortened(cell, slot) if slot.shortens else cell)

    def _fits(self, row: Sequence[Cell]) -> bool:
        return all(
            slot.shortens or self._width(row[slot.place]) <= slot.width for slot in self._slots
        )

    def line(self, row: Sequence[Cell]) -> str:
        """Return the line of a row whose cells are readable.

        Where no table fits, it has whole values, which the terminal itself may wrap.
        """
        if not self._slots:
            return _GAP.join(cell or _NULL for cell in row) + "\n"
        parts, excess = [], 0
        for slot in self._slots:
            cell = row[slot.place]
            if cell is None:
                blanks = " " * (slot.width - len(_NULL))
                dash = self._surface.paint(_NULL, "dim")
                parts.append(blanks + dash if slot.right else dash + blanks)
                continue
            if slot.shortens:
                cell = self._shortened(cell, slot)
            width = self._width(cell)
            excess += max(0, width - slot.width)
            blanks = " " * (slot.width - width)
            parts.append(blanks + cell if slot.right else cell + blanks)
        if excess and self._overflows(excess):
            return self._essentials(row)
        return _GAP.join(parts).rstrip() + "\n"

    def _slot(self, place: int, column: Column, rows: Sequence[Sequence[Cell]]) -> _Slot:
        widest = max((self._width(row[place]) for row in rows), default=1)
        slot = _Slot(place, column, max(widest, self._width(self._title(column))))
        if slot.shortens and self._surface.width is not None:
            slot = _Slot(place, column, min(slot.width, _WIDEST_TEXT))
        return slot

    def _fit(self, slots: list[_Slot], rows: Sequence[Sequence[Cell]]) -> list[_Slot]:
        limit = self._surface.width
        if limit is None or not slots:
            return slots
        most_needed = min(slot.column.rank for slot in slots)
        needed = [slot for slot in slots if slot.column.rank == most_needed]
        if _total(needed) > limit:
            needed = self._without_outliers(needed, rows, limit)
        kept = needed
        # all of the next rank that fit, from the left; what does not fit ends it, or a lesser
        # column would stay where a better one went
        for slot in sorted(slots, key=lambda slot: (slot.column.rank, slot.place)):
            if slot.column.rank == most_needed:
                continue
            if not needed or _total([*kept, slot]) > limit:
                break
            kept = [*kept, slot]
        return self._grown(sorted(kept, key=lambda slot: slot.place), rows, limit)

    def _grown(self, slots: list[_Slot], rows: Sequence[Sequence[Cell]], limit: int) -> list[_Slot]:
        """Give the room that is left to columns of text that could use it, from the left."""
        room = limit - _total(slots)
        grown = []
        for slot in slots:
            wish = max((self._width(row[slot.place]) for row in rows), default=0) - slot.width
            more = min(room, max(0, wish)) if slot.shortens else 0
            grown.append(_Slot(slot.place, slot.column, slot.width + more))
            room -= more
        return grown

    def _without_outliers(
        self, slots: list[_Slot], rows: Sequence[Sequence[Cell]], limit: int
    ) -> list[_Slot]:
        """Narrow the widest column to the cells that fit, so that one long id spoils one line."""
        widest = max(slots, key=lambda slot: slot.width)
        room = limit - _total(slots) + widest.width
        widths = [self._width(row[widest.place]) for row in rows]
        fitting = [width for width in widths if width <= room]
        if 2 * len(fitting) < len(widths) or room < self._width(self._title(widest.column)):
            return []
        width = max([*fitting, self._width(self._title(widest.column))])
        return [_Slot(s.place, s.column, width) if s is widest else s for s in slots]

    def _overflows(self, excess: int) -> bool:
        limit = self._surface.width
        return limit is not None and _total(self._slots) + excess > limit

    def _essentials(self, row: Sequence[Cell]) -> str:
        """Draw a row with an over-long id: what must not be cut, without columns."""
        cells = [row[slot.place] or _NULL for slot in self._slots if not slot.column.rank]
        return _GAP.join(cells) + "\n"

    def _title(self, column: Column) -> str:
        return self._surface.readable(column.title).upper()

    def _width(self, cell: Cell) -> int:
        if cell is None:
            return len(_NULL)
        return len(cell) if cell.isascii() else cell_len(cell)

    def _shortened(self, cell: str, slot: _Slot) -> str:
        if self._surface.width is None or self._width(cell) <= slot.width:
            return cell
        mark = self._surface.ellipsis[: slot.width]
        return set_cell_size(cell, slot.width - len(mark)).rstrip() + mark


def _total(slots: Sequence[_Slot]) -> int:
    return sum(slot.width for slot in slots) + len(_GAP) * (len(slots) - 1)
