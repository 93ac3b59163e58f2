"""Draw with Rich: one console per surface, its output as text, and bars.

Rich reads nothing from the environment: `streams.py` has decided width and colour. All text is
literal (no markup, no emoji codes) and already readable.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import IO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.results import Bar, Tone

# wider than any line: the terminal wraps text that must stay whole
_UNBOUNDED = 100_000
_WIDEST_BAR = 40
_NARROWEST_BAR = 10
_LEAST_PERCENT = 0.1  # smaller shares above zero are shown as less than this


def _console(surface: Surface, file: IO[str] | None = None, *, whole: bool = False) -> Console:
    """Return a console of the surface's width; with `whole`, of unlimited width."""
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
    console = _console(surface, whole=whole)
    with console.capture() as capture:
        console.print(content, crop=False, overflow="ignore")
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def table_of_columns(*, header: bool = False) -> Table:
    """Return a table without lines, with two blanks between its columns."""
    return Table(
        box=None,
        show_header=header,
        header_style="",
        padding=(0, 2, 0, 0),
        pad_edge=False,
        collapse_padding=True,
    )


def text(content: str, style: str = "") -> Text:
    """Return text that Rich breaks only between words."""
    return Text.assemble((content, style), overflow="ignore", end="")


def live(surface: Surface, write: Callable[[str], None], *, transient: bool) -> Live:
    """Return a display that is redrawn in place, only by its `update`; it starts no thread."""
    file = cast("IO[str]", SimpleNamespace(write=write, flush=lambda: None))
    return Live(
        console=_console(surface, file),
        auto_refresh=False,
        transient=transient,
        redirect_stdout=False,
        redirect_stderr=False,
        vertical_overflow="visible",
    )


def bar_line(bar: Bar, surface: Surface) -> Text:
    """Return one line, such as `pool  ██████░░░░   60.0 %  600 of 1,000, 400 free`."""
    label = surface.readable(bar.label)
    # a total of zero counts as full, and only full shows as 100.0
    percent = 100 * bar.used / bar.total if bar.total > 0 else 100.0
    percent = min(percent, 99.9) if percent < 100 else percent  # noqa: PLR2004
    free = bar.total - bar.used
    figures = f"{bar.used:,} of {bar.total:,}"
    left = f"{free:,} free" if free >= 0 else f"over by {-free:,}"
    if surface.accessible:
        return Text(f"{label}: {figures} used, {percent:.1f} percent, {left}")
    tone: Tone = "good"
    if percent >= bar.warn_at:
        tone = "bad" if percent >= bar.bad_at else "warning"
    number = f"{percent:.1f} %" if percent >= _LEAST_PERCENT or not percent else "<0.1 %"
    words = (number, STYLES[tone]), f"  {figures}, {left}"
    width = _WIDEST_BAR
    if surface.width is not None:
        width = min(width, surface.width - len(f"{label}    {number}  {figures}, {left}"))
    if width < _NARROWEST_BAR:
        return Text.assemble(f"{label}  ", *words)
    return Text.assemble(f"{label}  ", filled(percent / 100, width, tone, surface), "  ", *words)


def filled(share: float, width: int, tone: Tone, surface: Surface) -> Text:
    """Return the bar itself, `width` cells wide; `share` from 0 to 1 or more."""
    inside = width if surface.blocks else width - 2
    # any use shows at least one cell
    used = max(min(inside, int(inside * share)), int(share * 100 >= _LEAST_PERCENT))
    full, empty = ("█", "░") if surface.blocks else ("#", "-")
    drawn = Text.assemble((full * used, STYLES[tone]), (empty * (inside - used), "dim"))
    return drawn if surface.blocks else Text.assemble("[", drawn, "]")
