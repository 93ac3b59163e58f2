"""Reads the cells of a record, one per column, with secrets masked; the formats dress them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from parsec_cli.models import JsonObject, mask
from parsec_cli.output.fields import ABSENT, reader
from parsec_cli.output.redact import Redaction, hide
from parsec_cli.results import Column, ColumnKind

Cell = str | None
_Write = Callable[[Any, ColumnKind], Cell]


class Rows:
    """Columns made ready to be read; a cell is None where the value is null or absent.

    A page is read column by column: a loop in each costs half of a call for each cell.
    """

    def __init__(self, columns: Sequence[Column], redaction: Redaction, write: _Write) -> None:
        self._redaction = redaction
        self._columns = [_reader(column, redaction, write) for column in columns]

    def page(self, records: Sequence[JsonObject]) -> list[list[Cell]]:
        if not self._columns:
            return [[] for _ in records]
        rows = [list(row) for row in zip(*(read(records) for read in self._columns), strict=True)]
        for key in self._redaction.known():
            if any(key in "\n".join(filter(None, row)) for row in rows):
                masked = mask(key)
                rows = [[c.replace(key, masked) if c else c for c in row] for row in rows]
        return rows


def _reader(
    column: Column, redaction: Redaction, write: _Write
) -> Callable[[Sequence[JsonObject]], list[Cell]]:
    read, kind = reader(column.path), column.kind
    names = column.path.split(".")
    secret = kind == "secret" or any(redaction.hides(name) for name in names)
    secret = secret and not redaction.reveals(names[-1])

    def dressed(value: Any) -> Cell:
        if secret:
            value = hide(value)
        elif _holds_names(value):
            value = redaction.value(value)
        return write(value, kind)

    def cells(records: Sequence[JsonObject]) -> list[Cell]:
        values = [read(record) for record in records]
        return [None if value is None or value is ABSENT else dressed(value) for value in values]

    return cells


def _holds_names(value: Any) -> bool:
    """Tell whether there may be fields in a value, whose names tell what is secret."""
    if isinstance(value, list):
        return any(isinstance(inner, (dict, list)) for inner in value)
    return isinstance(value, dict)
