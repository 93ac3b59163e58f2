"""Draws the share that is used of something: a bar, or a sentence for who cannot see one."""

from __future__ import annotations

from parsec_cli.output.surface import Surface
from parsec_cli.results import Bar, Tone

_WIDEST = 40
_NARROWEST = 10
_FULL = 100.0
_LEAST = 0.1  # what a share is shown as below that is not nothing


def draw_bar(bar: Bar, surface: Surface) -> str:
    """Return one line, such as `pool  ██████░░░░   60.0 %  600 of 1,000, 400 free`."""
    label, share, tone = surface.readable(bar.label), percent(bar), _tone(bar)
    text = f"{bar.used:,} of {bar.total:,}"
    left = _left(bar)
    if surface.accessible:
        return f"{label}: {text} used, {share:.1f} percent, {left}"
    number = f"{share:.1f} %" if share >= _LEAST or not share else f"<{_LEAST} %"
    words = f"{surface.paint(number, tone)}  {text}, {left}"
    length = len(f"{label}  {number}  {text}, {left}") + 2
    room = _WIDEST if surface.width is None else min(_WIDEST, surface.width - length)
    if room < _NARROWEST:
        return f"{label}  {words}"
    return f"{label}  {_strip(share, room, tone, surface)}  {words}"


def percent(bar: Bar) -> float:
    """Return the share; a total of nothing counts as full, and only what is full shows 100.0."""
    if bar.total <= 0:
        return _FULL
    share = 100 * bar.used / bar.total
    return min(share, 99.9) if share < _FULL else share


def _strip(share: float, room: int, tone: Tone, surface: Surface) -> str:
    inside = room if surface.blocks else room - 2
    full = min(inside, int(inside * share / _FULL))
    if not full and share >= _LEAST:
        full = 1  # something is used: show it
    used, free = ("█", "░") if surface.blocks else ("#", "-")
    strip = surface.paint(used * full, tone) + surface.paint(free * (inside - full), "dim")
    return strip if surface.blocks else f"[{strip}]"


def _tone(bar: Bar) -> Tone:
    share = percent(bar)
    if share >= bar.bad_at:
        return "bad"
    return "warning" if share >= bar.warn_at else "good"


def _left(bar: Bar) -> str:
    free = bar.total - bar.used
    return f"{free:,} free" if free >= 0 else f"over by {-free:,}"
