"""Shows the progress of a long run: a bar on a terminal, elsewhere a line every half minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, Self

from parsec_cli.output.streams import STYLES, Surface
from parsec_cli.records import state
from parsec_cli.results import OUTCOMES, Tone, duration

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

_LINE_EVERY = 30.0
_REPAINT_EVERY = 0.1
_RATE_AFTER = 1.0  # seconds before a rate means anything
_WIDEST_BAR = 30
_NARROWEST_BAR = 10
_GAP = "   "


class Forecast(Protocol):
    """Knows the rate of a run, and how long the rest of it takes."""

    @property
    def rate(self) -> float | None:
        """Rows a second; None while unknown."""
        ...

    def seconds(self) -> float | None:
        """Seconds left; None while unknown."""
        ...


@state
class Progress:
    """A context manager; any thread may call `advance`.

    `heading` is the line above the bar. `write` puts text with colours and line ends on stderr.
    With `silent`, nothing is written. Without a `forecast`, the average rate is extrapolated.
    """

    total: int
    label: str
    surface: Surface
    write: Callable[[str], None]
    clock: Callable[[], float]
    heading: str = ""
    silent: bool = False
    forecast: Forecast | None = None
    _done: int = 0
    _note: str = ""
    _live: Live | None = None
    _began: float = 0.0
    _last: float = 0.0

    @cached_property
    def _lock(self) -> threading.RLock:
        return threading.RLock()

    @cached_property
    def _counts(self) -> dict[str, int]:
        return {}

    def __enter__(self) -> Self:
        with self._lock:
            self._began = self._last = self.clock()
            if self.surface.moves:
                self._show()
            elif self.heading and self.surface.terminal and self.total:
                self._write_line(self.heading)
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self.silent = True
            self._erase()

    def advance(self, outcome: str = "") -> None:
        """Count one more, with its outcome if that is to be shown."""
        with self._lock:
            self._done += 1
            if outcome:
                self._counts[outcome] = self._counts.get(outcome, 0) + 1
            self._note = ""
            self._show()

    def note(self, text: str) -> None:
        """Show a note with the numbers until the next advance."""
        with self._lock:
            is_new = text not in ("", self._note)
            self._note = text
            self._show(at_once=is_new)

    def write_above(self, text: str) -> None:
        """Write lines of text in place of the bar; the next step draws it again below them."""
        with self._lock:
            self._erase()
            self.write(text)

    def _erase(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _write_line(self, text: str) -> None:
        if not self.silent:
            self.write(f"{self.surface.readable(text)}\n")

    def _show(self, *, at_once: bool = False) -> None:
        now, moves = self.clock(), self.surface.moves
        interval = _REPAINT_EVERY if moves else _LINE_EVERY
        due = at_once or now - self._last >= interval or (moves and self._live is None)
        if self.silent or not due or not self.total:
            return
        self._last = now
        rate, left = self._timing(now)
        if not moves:
            counts = [text for text, _ in self._outcomes()]
            parts = [f"{self.label}: {self._position()}", *counts, rate, left, self._note]
            self._write_line(", ".join(filter(None, parts)))
            return
        from parsec_cli.output.draw import live

        if self._live is None:
            self._live = live(self.surface, self.write, transient=True)
            self._live.start()
        self._live.update(self._drawn(rate, left), refresh=True)

    def _drawn(self, rate: str, left: str) -> Text:
        """Draw the heading, the bar with its figures, and the note, a line each."""
        from rich.text import Text

        limit = (self.surface.width or 80) - 1  # a line that wraps could not be redrawn
        lines = [Text(self.surface.readable(self.heading), "bold")] if self.heading else []
        lines.append(self._bar_line(rate, left, limit))
        if self._note:
            lines.append(Text(self.surface.readable(self._note), STYLES["warning"]))
        for line in lines:
            line.truncate(limit)
        return Text("\n").join(lines)

    def _bar_line(self, rate: str, left: str, limit: int) -> Text:
        """Draw what fits: first the rate gives way, then the bar, then the outcomes."""
        from rich.text import Text

        from parsec_cli.output.draw import filled

        position = Text(("" if self.heading else f"{self.label}: ") + self._position())
        outcomes = [Text(text, STYLES[tone]) for text, tone in self._outcomes()]
        counts, pace, end = Text("  ").join(outcomes), Text(rate), Text(left)
        choices = [
            (_NARROWEST_BAR, [position, counts, pace, end]),
            (_NARROWEST_BAR, [position, counts, end]),
            (0, [position, counts, pace, end]),
            (0, [position, *outcomes, end]),
            (0, [position, end]),
        ]
        for bar, parts in choices:
            gap = _GAP if bar or counts in parts else "  "
            words = Text(gap).join(part for part in parts if part)
            room = limit - words.cell_len - 2 * bool(bar)
            if room >= bar:
                break
        if not bar:
            return words
        share = self._done / max(self.total, 1)
        drawn = filled(share, min(room, _WIDEST_BAR), "good", self.surface)
        return Text("  ").join((drawn, words))

    def _position(self) -> str:
        return f"{self._done:,} of {self.total:,}"

    def _outcomes(self) -> list[tuple[str, Tone]]:
        """Return the counts: what succeeded, then what did not."""
        order = ("good", "dim", "warning", "bad", "unknown")
        words = sorted(self._counts, key=lambda word: (order.index(OUTCOMES[word]), word))
        return [(f"{self._counts[word]:,} {word}", OUTCOMES[word]) for word in words]

    def _timing(self, now: float) -> tuple[str, str]:
        """Return such as `9.8/s` and `about 47 s left`, or "" while unknown."""
        elapsed = now - self._began
        rate, left = None, None
        if self.forecast is not None:
            rate, left = self.forecast.rate, self.forecast.seconds()
        elif self._done and elapsed >= _RATE_AFTER:
            rate = self._done / elapsed
            left = (self.total - self._done) / rate
        known = left is not None and self._done < self.total
        return f"{rate:.1f}/s" if rate else "", f"{duration(left or 0.0)} left" if known else ""
