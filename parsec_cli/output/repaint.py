"""Paints a text over the one before it, where the terminal can do that."""

from __future__ import annotations

from parsec_cli.output.surface import Surface

_UP = "\x1b[{}F"  # to the beginning of the nth line above
_ERASE_BELOW = "\x1b[J"
_ERASE_LINE_END = "\x1b[K"


class Repaint:
    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._height = 0

    def over(self, text: str) -> str:
        """Return what shows `text` in place of the text before; one after the other elsewhere."""
        if not self._surface.moves:
            return text
        back = _UP.format(self._height) if self._height else ""
        self._height = self._rows(text)
        # lines are cleared as they are written: erasing all first would flicker
        return back + text.replace("\n", f"{_ERASE_LINE_END}\n") + _ERASE_BELOW

    def _rows(self, text: str) -> int:
        """Count the terminal's rows, also of lines that it wraps."""
        from rich.cells import cell_len

        width = self._surface.width or 1
        lines = (_without_paint(line) for line in text.splitlines())
        return sum(max(1, -(-cell_len(line) // width)) for line in lines)


def _without_paint(line: str) -> str:
    import re

    return re.sub("\x1b\\[[0-9;]*m", "", line)
