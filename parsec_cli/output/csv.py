"""The `csv` format: RFC 4180 and safe in a spreadsheet; lossless to a file or pipe."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from parsec_cli.cells import neutralise
from parsec_cli.output.lines import Lines
from parsec_cli.output.rows import Cell
from parsec_cli.output.sheet import Sheet
from parsec_cli.output.values import plain
from parsec_cli.results import ColumnKind


class Csv(Lines):
    header_by_default = True

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(sheet)
        self._escapes = sheet.surface.terminal
        # a file is read elsewhere, so this machine's locale has no say in it
        self.encoding = "" if self._escapes else "utf-8"

    def written(self, value: Any, kind: ColumnKind) -> str:
        """Neutralise text; a number is none of its tricks, even below zero."""
        cell = plain(value, kind)
        return cell if type(value) in (int, float) else neutralise(cell)

    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n" if self._escapes else "\r\n")
        if self._escapes:
            exact = self._sheet.surface.exact
            rows = [[cell and exact(cell) for cell in row] for row in rows]
        writer.writerows(rows)
        return lines.getvalue()
