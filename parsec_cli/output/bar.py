"""Draws how much of something is used: a bar, or a sentence where no bar can be seen."""

from __future__ import annotations

from rich.text import Text

from parsec_cli.output.surface import STYLES, Surface
from parsec_cli.results import Bar, Tone

_WIDEST = 40
_NARROWEST = 10
_FULL = 100.0
_LEAST = 0.1  # smaller shares that are not zero are shown as less than this


def draw_bar(bar: Bar, surface: Surface) -> Text:
    """Return one line, such as `pool  ██████░░░░   60.0 %  600 of 1,000, 400 free`."""
    label, share, tone = surface.readable(bar.label), percent(bar), _tone(bar)
    figures = f"{bar.used:,} of {bar.total:,}"
    free = bar.total - bar.used
    left = f"{free:,} free" if free >= 0 else f"over by {-free:,}"
    if surface.accessible:
        return Text(f"{label}: {figures} used, {share:.1f} percent, {left}")
    number = f"{share:.1f} %" if share >= _LEAST or not share else f"<{_LEAST} %"
    words = (f"{number}", STYLES[tone]), f"  {figures}, {left}"
    room = _WIDEST
    if surface.width is not None:
        room = min(room, surface.width - len(f"{label}    {number}  {figures}, {left}"))
    if room < _NARROWEST:
        return Text.assemble(f"{label}  ", *words)
    return Text.assemble(f"{label}  ", strip(share / _FULL, room, tone, surface), "  ", *words)


def percent(bar: Bar) -> float:
    """Return the used share; a total of zero counts as full, and only a full one shows 100.0."""
    if bar.total <= 0:
        return _FULL
    share = 100 * bar.used / bar.total
    return min(share, 99.9) if share < _FULL else share


def strip(share: float, width: int, tone: Tone, surface: Surface) -> Text:
    """Return the bar itself, `width` cells wide; `share` from 0 to 1 or more."""
    inside = width if surface.blocks else width - 2
    full = min(inside, int(inside * share))
    if not full and share * _FULL >= _LEAST:
        full = 1  # something is used: show it
    used, free = ("█", "░") if surface.blocks else ("#", "-")
    drawn = Text.assemble((used * full, STYLES[tone]), (free * (inside - full), "dim"))
    return drawn if surface.blocks else Text.assemble("[", drawn, "]")


def _tone(bar: Bar) -> Tone:
    share = percent(bar)
    if share >= bar.bad_at:
        return "bad"
    return "warning" if share >= bar.warn_at else "good"
