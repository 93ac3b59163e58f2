"""Draw with Rich: one console per surface, and its output as text for the sink.

Rich reads nothing from the environment here: `surface.py` has decided width and colour. All text
is literal (no markup, no emoji codes), and readable before it comes here.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from parsec_cli.output.surface import Surface

# wider than any line: text that must stay whole is left to the terminal to wrap
_UNBOUNDED = 100_000


def console(surface: Surface, file: IO[str] | None = None, *, whole: bool = False) -> Console:
    """Return a console of the surface's width; with `whole` of no width at all."""
    return Console(
        file=io.StringIO() if file is None else file,
        width=_UNBOUNDED if whole or surface.width is None else surface.width,
        height=25,
        force_terminal=surface.moves,
        force_interactive=surface.moves,
        force_jupyter=False,
        legacy_windows=False,
        color_system="standard" if surface.colour else None,
        no_color=not surface.colour,
        markup=False,
        emoji=False,
        highlight=False,
    )


def rendered(content: RenderableType, surface: Surface, *, whole: bool = False) -> str:
    """Return what Rich draws, without blanks at the ends of lines."""
    pen = console(surface, whole=whole)
    with pen.capture() as capture:
        pen.print(content, crop=False, overflow="ignore")
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def columns(gap: int = 2, *, header: bool = False) -> Table:
    """Return a table without lines, `gap` blanks between its columns."""
    return Table(
        box=None,
        show_header=header,
        header_style="",
        padding=(0, gap, 0, 0),
        pad_edge=False,
        collapse_padding=True,
    )


def text(content: str, style: str = "") -> Text:
    """Return text that Rich breaks between words only."""
    return Text.assemble((content, style), overflow="ignore", end="")


class _Pen(io.StringIO):
    """A stream that hands each text to `write`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def write(self, text: str, /) -> int:
        self._write(text)
        return len(text)


def live(surface: Surface, write: Callable[[str], None], *, transient: bool) -> Live:
    """Return a display that is redrawn in place, by its `update` alone; no thread draws it."""
    return Live(
        console=console(surface, _Pen(write)),
        auto_refresh=False,
        transient=transient,
        redirect_stdout=False,
        redirect_stderr=False,
        vertical_overflow="visible",
    )
