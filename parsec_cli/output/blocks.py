"""Draws the blocks of a record for people: sentences, cards, bars and short tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from parsec_cli.models import JsonObject
from parsec_cli.output.bar import draw_bar
from parsec_cli.output.layout import Layout
from parsec_cli.output.redact import Redaction, hide
from parsec_cli.output.rows import Rows
from parsec_cli.output.surface import Surface
from parsec_cli.output.values import shown
from parsec_cli.results import Bar, Block, Card, Column, Grid, Line

_NULL = "-"
_GAP = "  "
_BLANK = Line("")


def draw(blocks: Sequence[Block], surface: Surface, redaction: Redaction) -> str:
    """Return the text of the blocks, with a blank line between cards and grids."""
    text = ""
    for before, block in zip((None, *blocks), blocks, strict=False):
        apart = before is not None and (_stands_apart(before) or _stands_apart(block))
        apart = apart and _BLANK not in (block, before)
        lines = "".join(f"{line}\n" for line in _lines(block, surface, redaction))
        text += f"\n{lines}" if apart else lines
    return text


def card_of(value: JsonObject, columns: Sequence[Column], redaction: Redaction) -> Card:
    """Return a card that shows the columns of one record."""
    (cells,) = Rows(columns, redaction, shown).page([value])
    titles = (column.title for column in columns)
    return Card(tuple((title, cell or "") for title, cell in zip(titles, cells, strict=True)))


def _stands_apart(block: Block) -> bool:
    return isinstance(block, (Card, Grid))


def _lines(block: Block, surface: Surface, redaction: Redaction) -> Iterator[str]:
    match block:
        case Line(text, tone):
            yield surface.paint(surface.readable(redaction.text(text)), tone)
        case Bar():
            yield draw_bar(block, surface)
        case Card():
            yield from _card(block, surface, redaction)
        case Grid():
            yield from _grid(block, surface, redaction)
        case _:
            assert_never(block)


def _card(card: Card, surface: Surface, redaction: Redaction) -> Iterator[str]:
    """Yield a line per pair, long values whole, so that a copied id is in one piece."""
    from rich.cells import cell_len

    if card.title:
        yield _title(card.title, surface, redaction)
    labels = [surface.readable(label) for label, _ in card.pairs]
    widest = max(map(cell_len, labels), default=0)
    for label, (name, value) in zip(labels, card.pairs, strict=True):
        blanks = " " * (widest - cell_len(label))
        hidden = str(hide(value)) if redaction.hides(name.replace(" ", "_")) else value
        text = surface.readable(redaction.text(hidden))
        yield f"{surface.paint(label, 'dim')}{blanks}{_GAP}{text or surface.paint(_NULL, 'dim')}"


def _grid(grid: Grid, surface: Surface, redaction: Redaction) -> Iterator[str]:
    if grid.title:
        yield _title(grid.title, surface, redaction)
    columns = [column for column in grid.columns if column.shown]
    cells = Rows(columns, redaction, shown).page(grid.rows)
    rows = [[cell and surface.readable(cell) for cell in row] for row in cells]
    layout = Layout(columns, rows, surface)
    yield from (layout.header() + "".join(map(layout.line, rows))).splitlines()


def _title(title: str, surface: Surface, redaction: Redaction) -> str:
    return surface.paint(surface.readable(redaction.text(title)), "strong")
