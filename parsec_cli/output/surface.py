"""What one stream can show: terminal or not, width, colour, characters; decided from the facts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

from parsec_cli.output.sanitize import visible_prose, visible_value
from parsec_cli.output.sink import ESCAPE_UNENCODABLE
from parsec_cli.records import record
from parsec_cli.results import Tone

_USUAL_WIDTH = 80
# what each tone is called in Rich's styles
STYLES: dict[Tone, str] = {
    "plain": "",
    "strong": "bold",
    "dim": "dim",
    "good": "green",
    "warning": "yellow",
    "bad": "red",
}
# the same for the few words of errors and headings, which are not worth loading Rich
_PAINT = {
    "strong": "1",
    "dim": "2",
    "error": "1;31",
    "caution": "1;33",
    "hint": "1;36",
    "command": "36",
}
_DRAWN = "█░─…"


@record
class Surface:
    """`width` is None where lines may be as long as they like; `moves` allows repainting."""

    terminal: bool
    width: int | None
    colour: bool
    blocks: bool
    moves: bool
    accessible: bool
    encoding: str

    def paint(self, text: str, tone: str) -> str:
        return f"\x1b[{_PAINT[tone]}m{text}\x1b[0m" if self.colour and text else text

    def readable(self, text: str) -> str:
        """Return a sentence as it will be seen: hidden and unencodable characters escaped."""
        return self._encodable(visible_prose(text))

    def exact(self, value: str) -> str:
        """Return a value as it will be seen; two values that differ look different."""
        return self._encodable(visible_value(value))

    def _encodable(self, text: str) -> str:
        if text.isascii() or self.encoding == "utf-8":
            return text
        return text.encode(self.encoding, ESCAPE_UNENCODABLE).decode(self.encoding)

    @property
    def dot(self) -> str:
        return "·" if _encodes(self.encoding, "·") else "-"

    @property
    def ellipsis(self) -> str:
        return "…" if self.blocks else "..."


def survey(stream: TextIO | None, environ: Mapping[str, str]) -> Surface:
    """Look at a stream and the environment."""
    terminal = is_terminal(stream)
    dumb = environ.get("TERM") == "dumb"
    accessible = environ.get("ACCESSIBLE", "") not in {"", "0"}
    encoding = _plain_name(getattr(stream, "encoding", None) or "utf-8")
    return Surface(
        terminal=terminal,
        width=columns_of(stream, environ) if terminal else None,
        colour=not dumb and _wants_colour(environ, terminal=terminal),
        blocks=not dumb and _encodes(encoding, _DRAWN),
        moves=terminal and not dumb and not accessible,
        accessible=accessible,
        encoding=encoding,
    )


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _wants_colour(environ: Mapping[str, str], *, terminal: bool) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return terminal and environ.get("CLICOLOR") != "0"


def columns_of(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    """Return COLUMNS, else the terminal's own width; one of 0 columns has not been told."""
    columns = environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns[:9]) > 0:
        return int(columns[:9])
    try:
        return os.get_terminal_size(stream.fileno() if stream else 1).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _plain_name(encoding: str) -> str:
    import codecs

    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "ascii"


def _encodes(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True
