"""The `markdown` format, for a comment or a summary of a CI job: a sentence and a GitHub table.

Data stands in code, where GitHub makes no markup, link or mention of it. Some renderers end a cell
at a pipe even after a backslash, so data with a pipe or a backtick stands in `<code>`, as entities.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from parsec_cli.errors import counted
from parsec_cli.models import JsonObject
from parsec_cli.output.format import Format
from parsec_cli.output.lines import Cell, rows_of, shown
from parsec_cli.results import Column, ColumnKind, Grid, Listing, Record
from parsec_cli.visible import visible_prose, visible_value

# a comment at GitHub may have 65,536
_LONGEST, _LONGEST_SUMMARY = 65_000, 1_000
_NUMBERS = ("number", "percent")
_NULL = "–"
# values that need no code, and what they can only be: numbers, times, `not_attempted`, sentences
_VALUE = re.compile(r"-?[0-9][0-9,.: -]*[%Z]?|[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_SENTENCE = re.compile(r"(?!.*www\.)[A-Za-z0-9 ,.;:%'()→–-]*")
_NEED_NO_CODE: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("number", "percent", "time", "date", "yesno", "outcome"), _VALUE),
    **dict.fromkeys(("words", "prose"), _SENTENCE),
}
_NEEDS_ENTITIES = re.compile(r"[|`]")
_MARKUP = re.compile(r"[^A-Za-z0-9 ]")
_PROSE_MARKUP = re.compile(r"[\\`*\[\]<>&|~#@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


class Markdown(Format):
    def listing(self, listing: Listing) -> None:
        columns = tuple(column for column in listing.columns if column.shown)
        self._write(columns, self.pages(listing), listing.summary)

    def record(self, record: Record) -> None:
        rows = record.rows or Grid(record.columns, [record.value])
        self._write(rows.columns, [rows.rows], lambda: record.summary)

    def _write(
        self,
        known: tuple[Column, ...],
        pages: Iterable[Sequence[JsonObject]],
        summary: Callable[[], str],
    ) -> None:
        """Write the summary and the rows that fit, and count the others."""
        columns = self.fields.columns(known)
        marks = ["--:" if column.kind in _NUMBERS else "---" for column in columns]
        lines = [_line([_prose(column.title) or " " for column in columns]), _line(marks)]
        kinds = [column.kind for column in columns]
        head = len(lines)
        room = _LONGEST - _LONGEST_SUMMARY - len(_rest(_LONGEST)) - sum(map(len, lines))
        rows = _Rows(room)
        for page in pages:
            for record, row in zip(
                page, rows_of(columns, page, self.redaction, shown), strict=True
            ):
                line = _line([_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True)])
                rows.add(line, first=_comes_first(record))
        lines, cut = [*lines, *filter(None, rows.lines)], rows.cut
        sentence = _prose(self.redaction.text(summary()))
        parts = [f"{sentence[: _LONGEST_SUMMARY - 2]}\n"] if sentence else []
        if len(lines) > head or cut:
            parts.append("".join(lines))
        if cut:
            parts.append(_rest(cut))
        self.write("\n".join(parts))


class _Rows:
    """The lines that fit into `room` characters; `cut` counts the others."""

    def __init__(self, room: int) -> None:
        self.lines: list[str] = []
        self.cut = 0
        self._room = room
        self._others: list[int] = []  # places of lines that may give way
        self._yielding = 0  # their characters

    def add(self, line: str, *, first: bool) -> None:
        """Keep a line that fits. After one that does not, only those that come `first` are kept."""
        while first and self._room < len(line) <= self._room + self._yielding:
            place = self._others.pop()
            self._room += len(self.lines[place])
            self._yielding -= len(self.lines[place])
            self.lines[place], self.cut = "", self.cut + 1
        if self._room < len(line) or (self.cut and not first):
            self.cut += 1
            return
        if not first:
            self._others.append(len(self.lines))
            self._yielding += len(line)
        self.lines.append(line)
        self._room -= len(line)


def _comes_first(record: JsonObject) -> bool:
    """Whether a reader must see a row: what cannot be undone, and what went wrong."""
    return record.get("action") == "deactivate" or record.get("outcome") in ("failed", "unknown")


def _rest(cut: int) -> str:
    return f"{counted(cut, 'more row')} not shown here: use another format, such as csv\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(cell: Cell, kind: ColumnKind) -> str:
    if not cell:
        return _NULL
    if (plain := _NEED_NO_CODE.get(kind)) and plain.fullmatch(cell):
        return cell
    text = visible_value(cell)
    if _NEEDS_ENTITIES.search(text):
        return f"<code>{_MARKUP.sub(_entity, text)}</code>"
    return f"`{text}`"


def _prose(text: str) -> str:
    return _PROSE_MARKUP.sub(_entity, visible_prose(text))


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
