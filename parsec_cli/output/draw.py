"""Draw with Rich: one console per surface, its output as text, and bars.

Rich reads nothing from the environment: `streams.py` has decided width and colour. All text is
literal (no markup, no emoji codes) and already readable.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import IO, cast

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.results import Bar, Tone, percent

# wider than any line: the terminal wraps text that must stay whole
_UNBOUNDED = 100_000
_WIDEST_BAR = 40
_NARROWEST_BAR = 10
_LEAST_SHARE = 0.001
_SMALL_BAR = 12
_STEPS = "▁▂▃▄▅▆▇█"
_GAP = "  "


def _console(surface: Surface, file: IO[str] | None = None, *, whole: bool = False) -> Console:
    """Return a console of the surface's width; with `whole`, of unlimited width."""
    return Console(
        file=io.StringIO() if file is None else file,
        width=_UNBOUNDED if whole or surface.width is None else surface.width,
        height=surface.height,
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


def rendered(content: RenderableType, surface: Surface) -> str:
    """Return what Rich draws, of any width, without blanks at the ends of lines."""
    console = _console(surface, whole=True)
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


def wrapped(content: Text, width: int | None) -> Text:
    """Break text between words; after a break, an indented line is indented by two more blanks."""
    plain = content.plain
    if width is None or content.cell_len <= width:
        return content
    indent = len(plain) - len(plain.lstrip(" "))
    hang = f"{' ' * indent}  " if indent else ""
    breaks: list[int] = []
    used = 0
    for word in re.finditer(r"\s*\S+", plain):
        if used and used + cell_len(word[0]) > width:
            breaks.append(word.end() - len(word[0].lstrip()))
            used = len(hang) + cell_len(word[0].lstrip())
        else:
            used += cell_len(word[0])
    lines = content.divide(breaks)
    for line in lines:
        line.rstrip()
    return Text(f"\n{hang}").join(lines)


def live(surface: Surface, write: Callable[[str], None], *, transient: bool) -> Live:
    """Return a display that is redrawn in place, only by its `update`; it starts no thread."""
    file = cast("IO[str]", SimpleNamespace(write=write, flush=lambda: None))
    return Live(
        console=_console(surface, file),
        auto_refresh=False,
        transient=transient,
        redirect_stdout=False,
        redirect_stderr=False,
        vertical_overflow="ellipsis",  # lines above the screen could not be redrawn
    )


def bar_line(bar: Bar, surface: Surface) -> Text:
    """Return a bar and its figures: `pool  ██████░░░░  60.0%  600 of 1,000, 400 free`.

    A narrow terminal has the figures on a line of their own, or no bar.
    """
    label = surface.readable(bar.label)
    number = percent(bar.used, bar.total)
    free = bar.total - bar.used
    left = f"{free:,} free" if free >= 0 else f"over by {-free:,}"
    text = bar.text or f"{{percent}}  {bar.used:,} of {bar.total:,}, {left}"
    before, found, after = surface.readable(text).partition("{percent}")
    if surface.accessible:
        joined = f"{number}, {after.strip()}" if not before else f"{number}{after}"
        return Text(f"{label}: {before}{joined if found else ''}")
    tone: Tone = "good"
    if bar.total <= 0 or 100 * bar.used >= bar.warn_at * bar.total:
        bad = bar.total <= 0 or 100 * bar.used >= bar.bad_at * bar.total
        tone = "bad" if bad else "warning"
    share = (number if found else "", STYLES[tone])
    figures = Text.assemble(before, share, after)
    trend = sparkline((*bar.earlier, bar.used), bar.total) if bar.earlier and surface.blocks else ""
    start, end = f"{label}{_GAP}", f"{_GAP}{trend}" if trend else ""
    used = bar.used / bar.total if bar.total > 0 else 1.0

    def line(width: int, *behind: Text | tuple[str, str] | str) -> Text:
        return Text.assemble(start, filled(used, width, tone, surface), end, *behind)

    room = sys.maxsize if surface.width is None else surface.width - cell_len(start + end)
    if (width := min(_WIDEST_BAR, room - len(_GAP) - figures.cell_len)) >= _NARROWEST_BAR:
        return line(width, _GAP, figures)
    # the percentage stays beside the bar
    beside = ("", "") if before else share
    width = min(_WIDEST_BAR, room - len(_GAP) - len(beside[0]))
    if width < _NARROWEST_BAR:
        return wrapped(Text.assemble(start, figures), surface.prose)
    below = figures if before else Text(after.strip())
    below = wrapped(Text.assemble(_GAP, below), surface.prose)
    return line(width, *((_GAP, beside) if beside[0] else ()), "\n", below)


def sparkline(values: Sequence[int | None], total: int) -> str:
    """Draw values as steps, from their least to their greatest, but at least a tenth of `total`."""
    known = [value for value in values if value is not None]
    least = min(known)
    span = max(max(known) - least, total / 10, 1)
    return "".join(
        " " if value is None else _STEPS[int((value - least) / span * (len(_STEPS) - 1))]
        for value in values
    )


def small_bar(share: float, surface: Surface) -> str:
    """Return a bar without its empty part, to half a cell; `share` from 0 to 1."""
    halves = max(1, round(2 * _SMALL_BAR * share)) if share > 0 else 0
    if not surface.blocks:
        return "#" * ((halves + 1) // 2)
    return "█" * (halves // 2) + "▌" * (halves % 2)


def filled(share: float, width: int, tone: Tone, surface: Surface) -> Text:
    """Return the bar itself, `width` cells wide; `share` from 0 to 1 or more."""
    inside = width if surface.blocks else width - 2
    # any use shows at least one cell
    used = max(min(inside, int(inside * share)), int(share >= _LEAST_SHARE))
    full, empty = ("█", "░") if surface.blocks else ("#", "-")
    drawn = Text.assemble((full * used, STYLES[tone]), (empty * (inside - used), "dim"))
    return drawn if surface.blocks else Text.assemble("[", drawn, "]")
