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
    """Columns made ready to be read; a cell is None where the value is null or absent."""

    def __init__(self, columns: Sequence[Column], redaction: Redaction, write: _Write) -> None:
        self._redaction = redaction
        self._cells = [_cell(column, redaction, write) for column in columns]

    def page(self, records: Sequence[JsonObject]) -> list[list[Cell]]:
        cells = self._cells
        rows = [[cell(record) for cell in cells] for record in records]
        for key in self._redaction.known():
            masked = mask(key)
            for row in rows:
                row[:] = [c.replace(key, masked) if c and key in c else c for c in row]
        return rows


def _cell(column: Column, redaction: Redaction, write: _Write) -> Callable[[JsonObject], Cell]:
    read, kind = reader(column.path), column.kind
    names = column.path.split(".")
    secret = kind == "secret" or any(redaction.hides(name) for name in names)
    secret = secret and not redaction.reveals(names[-1])

    def cell(record: JsonObject) -> Cell:
        value = read(record)
        if value is None or value is ABSENT:
            return None
        if secret:
            value = hide(value)
        elif isinstance(value, (dict, list)):
            value = redaction.value(value)
        return write(value, kind)

    return cell
