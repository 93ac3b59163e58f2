r"""The `tsv` format: one line a record, full values; `\\`, `\t`, `\n` and `\u{…}` keep it so."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.output.lines import Lines
from parsec_cli.output.rows import Cell
from parsec_cli.output.sanitize import visible


class Tsv(Lines):
    header_by_default = False

    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        return "".join("\t".join(map(field, row)) + "\n" for row in rows)


def field(cell: Cell) -> str:
    """Return one field; every escape begins with a backslash, so the value can be read back."""
    if cell is None:
        return ""
    return visible(cell.replace("\\", "\\\\") if "\\" in cell else cell)
