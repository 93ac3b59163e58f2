r"""The `tsv` format: one line a record, full values; `\\`, `\t`, `\n` and `\u{…}` keep it so."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.output.lines import Lines
from parsec_cli.output.rows import Cell
from parsec_cli.output.sanitize import visible

_NEEDS_NO_ESCAPE = bytes(range(0x20, 0x7F)).replace(b"\\", b"") + b"\t\n"


class Tsv(Lines):
    header_by_default = False

    def text(self, rows: Sequence[Sequence[Cell]]) -> str:
        cells = [[cell or "" for cell in row] for row in rows]
        text = "".join(["\t".join(row) + "\n" for row in cells])
        # nearly every page is plain, and is looked at as a whole: half of the time
        ends, tabs = len(cells), sum(len(row) - 1 for row in cells)
        if (text.count("\n"), text.count("\t")) == (ends, tabs) and _plain(text):
            return text
        return "".join("\t".join(map(field, row)) + "\n" for row in rows)


def _plain(text: str) -> bool:
    return text.isascii() and not text.encode().translate(None, _NEEDS_NO_ESCAPE)


def field(cell: Cell) -> str:
    """Return one field; every escape begins with a backslash, so the value can be read back."""
    if cell is None:
        return ""
    return visible(cell.replace("\\", "\\\\") if "\\" in cell else cell)
