"""The `table` format and everything else for people: tables, sentences, cards and bars.

A listing is drawn page by page, in memory that does not grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rich.cells import cell_len
from rich.live import Live
from rich.text import Text

from parsec_cli.output import draw
from parsec_cli.output.format import Format
from parsec_cli.output.layout import GAP, NULL, Layout, rows_for_people
from parsec_cli.output.lines import rows_of, shown
from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.redaction import Redaction, hide
from parsec_cli.results import (
    Bar,
    Block,
    Card,
    Column,
    Frames,
    Grid,
    Line,
    Listing,
    Record,
    Tone,
    Words,
)

_BLANK = Line("")
_WIDEST_HEADING = 100
_NARROWEST_VALUE = 12


class Table(Format):
    _live: Live | None = None  # while frames are redrawn in place

    def listing(self, listing: Listing) -> None:
        columns = self._columns(listing.columns)
        layout: Layout | None = None
        whole = False
        try:
            for page in filter(len, self.pages(listing)):
                rows = rows_for_people(columns, page, self.surface, self.redaction)
                tones = [*map(listing.tone, page)] if listing.tone else ()
                if layout is None:
                    layout = Layout(columns, rows, self.surface)
                    text = layout.table(rows, tones, header=self.headers is not False)
                else:
                    text = layout.lines(rows, tones)
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
        try:
            for frame in self.checked(frames):
                if self._live is None:
                    self._live = draw.live(self.surface, self.sink.write, transient=False)
                    self._live.start()
                drawn = Text.from_ansi(self._text(frame).rstrip("\n"))
                self._live.update(drawn, refresh=True)
        finally:
            self.pause()

    def pause(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _text(self, record: Record) -> str:
        blocks = record.blocks
        if self.fields or not blocks:
            columns = self._columns(record.columns)
            (cells,) = rows_of(columns, [record.value], self.redaction, shown)
            titles = (column.title.lower() for column in columns)
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
        case Line(content, tone):
            line = _text(content, surface, redaction, tone)
            room = None if tone == "command" else surface.prose  # a command is copied
            return draw.rendered(draw.wrapped(line, room), surface)
        case Bar():
            return draw.rendered(draw.bar_line(block, surface), surface)
        case Card():
            return _card(block, surface, redaction)
        case Grid(columns, records, title, tones, header, indent):
            hidden = ("bar",) if surface.accessible else ()
            columns = tuple(c for c in columns if c.shown and c.kind not in hidden)
            rows = rows_for_people(columns, records, surface, redaction)
            layout = Layout(columns, rows, surface, indent=GAP if indent else "")
            heading = _text(title, surface, redaction, "strong")
            above = draw.rendered(draw.wrapped(heading, surface.prose), surface) if title else ""
            return above + layout.table(rows, tones, header=header)
        case _:
            assert_never(block)


def _text(content: Words, surface: Surface, redaction: Redaction, tone: Tone = "plain") -> Text:
    parts = ((content, "plain"),) if isinstance(content, str) else content
    readable = ((surface.readable(redaction.text(part)), STYLES[own]) for part, own in parts)
    return Text.assemble(*readable, style=STYLES[tone], overflow="ignore", end="")


def _card(card: Card, surface: Surface, redaction: Redaction) -> str:
    """Return the lines of a card; ids and other long words stay whole, so that they are copied."""
    indent = GAP if card.title or card.indent else ""
    labels = [surface.readable(label) for label, _ in card.pairs]
    labels = [f"{label}:" if label and surface.accessible else label for label in labels]
    start = len(indent) + max(map(cell_len, labels), default=0) + len(GAP)
    room = surface.prose and max(surface.prose - start, _NARROWEST_VALUE)
    table = draw.table_of_columns()
    for label, (name, value) in zip(labels, card.pairs, strict=True):
        content = value
        if redaction.hides(name.replace(" ", "_")):
            whole = value if isinstance(value, str) else "".join(part for part, _ in value)
            content = str(hide(whole))
        if isinstance(content, str):
            exact = surface.exact(redaction.text(content))
            text = draw.text(exact) if exact else draw.text(surface.readable(NULL), "dim")
        else:
            text = _text(content, surface, redaction)
        alarms = not isinstance(value, str) and ("alarm" in [tone for _, tone in value])
        style = STYLES["alarm" if alarms else "dim"]
        table.add_row(draw.text(indent + label, style), draw.wrapped(text, room))
    return _heading(card, surface, redaction) + draw.rendered(table, surface)


def _heading(card: Card, surface: Surface, redaction: Redaction) -> str:
    """Return the title with the aside at the right edge, or below if there is no room."""
    if not card.title:
        return ""
    title = draw.text(surface.exact(redaction.text(card.title)), "bold")
    aside = draw.text(surface.readable(redaction.text(card.aside)), "dim")
    width = min(surface.width or _WIDEST_HEADING, _WIDEST_HEADING)
    blanks = width - title.cell_len - aside.cell_len
    if card.aside and (surface.accessible or blanks < len(GAP)):
        return draw.rendered(Text.assemble(title, "\n", aside), surface)
    return draw.rendered(Text.assemble(title, " " * blanks, aside), surface)
