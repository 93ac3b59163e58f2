"""Draws the blocks of a record for people: sentences, cards, bars and short tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from parsec_cli.models import JsonObject
from parsec_cli.output import draw
from parsec_cli.output.bar import draw_bar
from parsec_cli.output.layout import Layout
from parsec_cli.output.redact import Redaction, hide
from parsec_cli.output.rows import Rows
from parsec_cli.output.surface import STYLES, Surface
from parsec_cli.output.values import shown
from parsec_cli.results import Bar, Block, Card, Column, Grid, Line

_NULL = "-"
_BLANK = Line("")


def draw_blocks(blocks: Sequence[Block], surface: Surface, redaction: Redaction) -> str:
    """Return the text of the blocks, with a blank line between cards and grids."""
    text = ""
    for before, block in zip((None, *blocks), blocks, strict=False):
        apart = isinstance(block, Card | Grid) or isinstance(before, Card | Grid)
        if before is not None and apart and _BLANK not in (block, before):
            text += "\n"
        text += _drawn(block, surface, redaction)
    return text


def card_of(value: JsonObject, columns: Sequence[Column], redaction: Redaction) -> Card:
    """Return a card that shows the columns of one record."""
    (cells,) = Rows(columns, redaction, shown).page([value])
    titles = (column.title for column in columns)
    return Card(tuple((title, cell or "") for title, cell in zip(titles, cells, strict=True)))


def _drawn(block: Block, surface: Surface, redaction: Redaction) -> str:
    match block:
        case Line(text, tone):
            line = surface.readable(redaction.text(text))
            return draw.rendered(draw.text(line, STYLES[tone]), surface)
        case Bar():
            return draw.rendered(draw_bar(block, surface), surface, whole=True)
        case Card():
            return _card(block, surface, redaction)
        case Grid():
            return _grid(block, surface, redaction)
        case _:
            assert_never(block)


def _card(card: Card, surface: Surface, redaction: Redaction) -> str:
    """Draw a line per pair, long values whole, so that a copied id is in one piece."""
    table = draw.columns()
    for label, value in card.pairs:
        hidden = str(hide(value)) if redaction.hides(label.replace(" ", "_")) else value
        text = surface.exact(redaction.text(hidden))
        table.add_row(
            draw.text(surface.readable(label), "dim"),
            draw.text(text) if text else draw.text(_NULL, "dim"),
        )
    return _title(card.title, surface, redaction) + draw.rendered(table, surface, whole=True)


def _grid(grid: Grid, surface: Surface, redaction: Redaction) -> str:
    columns = [column for column in grid.columns if column.shown]
    cells = Rows(columns, redaction, shown).page(grid.rows)
    rows = [[cell and surface.exact(cell) for cell in row] for row in cells]
    return _title(grid.title, surface, redaction) + Layout(columns, rows, surface).table(rows)


def _title(title: str, surface: Surface, redaction: Redaction) -> str:
    if not title:
        return ""
    heading = draw.text(surface.readable(redaction.text(title)), "bold")
    return draw.rendered(heading, surface, whole=True)
