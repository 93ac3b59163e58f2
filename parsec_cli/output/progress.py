"""Shows the progress of a long run: a bar on a terminal, elsewhere a line every half minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from parsec_cli.output.streams import Surface

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

_LINE_EVERY = 30.0
_REPAINT_EVERY = 0.1
_RATE_AFTER = 1.0  # seconds before a rate means anything
_BAR_WIDTH = 24
_MINUTE, _HOUR = 60, 3600


class Progress:
    """A context manager; any thread may call `advance`.

    `total` is None if unknown. `write` takes text with colours and line ends, and puts it on
    stderr. With `silent`, nothing is written.
    """

    def __init__(
        self,
        total: int | None,
        label: str,
        *,
        surface: Surface,
        write: Callable[[str], None],
        clock: Callable[[], float],
        silent: bool = False,
    ) -> None:
        self._total = total
        self._label = label
        self._surface = surface
        self._write = write
        self._clock = clock
        self._silent = silent
        self._lock = threading.RLock()
        self._done = 0
        self._note = ""
        self._live: Live | None = None
        self._over = False
        self._began = self._last = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._over = True
            self._erase()

    def advance(self, n: int = 1) -> None:
        with self._lock:
            self._done += n
            self._note = ""
            self._show()

    def note(self, text: str) -> None:
        """Show a note after the numbers until the next advance."""
        with self._lock:
            is_new = bool(text) and text != self._note
            self._note = text
            self._show(at_once=is_new)

    def write_above(self, text: str) -> None:
        """Write lines of text in place of the bar; the next step draws it again below them."""
        with self._lock:
            self._erase()
            self._write(text)

    def _erase(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show(self, *, at_once: bool = False) -> None:
        if self._silent or self._over:
            return
        now = self._clock()
        interval = _REPAINT_EVERY if self._surface.moves else _LINE_EVERY
        first_bar = self._surface.moves and self._live is None
        if not first_bar and not at_once and now - self._last < interval:
            return
        self._last = now
        if not self._surface.moves:
            self._write(f"{self._words(now)}\n")
            return
        from parsec_cli.output import draw

        if self._live is None:
            self._live = draw.live(self._surface, self._write, transient=True)
            self._live.start()
        self._live.update(self._line(now), refresh=True)

    def _line(self, now: float) -> Text:
        """Return one line that is never wider than the terminal."""
        from rich.text import Text

        from parsec_cli.output.draw import filled

        words = self._words(now)
        limit = (self._surface.width or 80) - 1
        if self._total and len(words) + _BAR_WIDTH + 2 <= limit:
            bar = filled(self._done / self._total, _BAR_WIDTH, "good", self._surface)
            return Text.assemble(bar, "  ", words)
        return Text(words[:limit])

    def _words(self, now: float) -> str:
        """Return such as `applying: 120 of 2,000, 40.0/s, 47 s left`."""
        parts = [f"{self._label}: {self._done:,}"]
        if self._total is not None:
            parts[0] += f" of {self._total:,}"
        elapsed = now - self._began
        rate = self._done / elapsed if elapsed >= _RATE_AFTER else 0.0
        if rate:
            parts.append(f"{rate:.1f}/s")
        if rate and self._total is not None and self._total > self._done:
            parts.append(f"{_duration((self._total - self._done) / rate)} left")
        if self._note:
            parts.append(self._note)
        return self._surface.readable(", ".join(parts))


def _duration(seconds: float) -> str:
    """Return a duration for people: `47 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(1, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
