"""Spreadsheet-safe cells, both ways: `output` neutralises what a roster read back restores.

A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, also
behind blanks and in other widths. Such a cell gets an apostrophe in front, and so does one that
begins with an apostrophe itself, which makes the prefix reversible.
"""

from __future__ import annotations

import re

# after the blanks and invisible characters that a spreadsheet skips; the signs are those of
# ASCII, their fullwidth and small forms, and the true minus
_RUNS = re.compile(
    "[\t\r]|[\\s\x00-\x1f\x7f\u00ad\u200b-\u200f\u2060\ufeff]*"
    "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"
)
_APOSTROPHE = "'"


def neutralise(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula."""
    if cell[:1].isalnum():  # nearly every cell, at a tenth of the price
        return cell
    if cell.startswith(_APOSTROPHE) or _RUNS.match(cell):
        return _APOSTROPHE + cell
    return cell


def restore(cell: str) -> str:
    """Undo `neutralise`; a cell that it cannot have made stays as it is."""
    if cell.startswith(_APOSTROPHE) and neutralise(cell[1:]) == cell:
        return cell[1:]
    return cell
