"""Shows the progress of a long run: a bar on a terminal, elsewhere a line every half minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from parsec_cli.output.streams import Surface
from parsec_cli.records import state

if TYPE_CHECKING:
    from rich.live import Live

_LINE_EVERY = 30.0
_REPAINT_EVERY = 0.1
_RATE_AFTER = 1.0  # seconds before a rate means anything
_BAR_WIDTH = 24


@state
class Progress:
    """A context manager; any thread may call `advance`.

    `write` puts text with colours and line ends on stderr. With `silent`, nothing is written.
    """

    total: int
    label: str
    surface: Surface
    write: Callable[[str], None]
    clock: Callable[[], float]
    silent: bool = False
    _done: int = 0
    _note: str = ""
    _live: Live | None = None
    _began: float = 0.0
    _last: float = 0.0

    @cached_property
    def _lock(self) -> threading.RLock:
        return threading.RLock()

    def __enter__(self) -> Self:
        with self._lock:
            self._began = self._last = self.clock()
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self.silent = True
            self._erase()

    def advance(self, n: int = 1) -> None:
        with self._lock:
            self._done += n
            self._note = ""
            self._show()

    def note(self, text: str) -> None:
        """Show a note after the numbers until the next advance."""
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

    def _show(self, *, at_once: bool = False) -> None:
        now, moves = self.clock(), self.surface.moves
        interval = _REPAINT_EVERY if moves else _LINE_EVERY
        due = at_once or now - self._last >= interval or (moves and self._live is None)
        if self.silent or not due:
            return
        self._last = now
        words = self._words(now)
        if not moves:
            self.write(f"{words}\n")
            return
        from rich.text import Text

        from parsec_cli.output.draw import filled, live

        if self._live is None:
            self._live = live(self.surface, self.write, transient=True)
            self._live.start()
        limit = (self.surface.width or 80) - 1  # a line that wraps could not be redrawn
        line = Text(words[:limit])
        if len(words) + _BAR_WIDTH + 2 <= limit:
            share = self._done / max(self.total, 1)
            line = Text.assemble(filled(share, _BAR_WIDTH, "good", self.surface), "  ", words)
        self._live.update(line, refresh=True)

    def _words(self, now: float) -> str:
        """Return such as `applying: 120 of 2,000, 40.0/s, 47 s left`."""
        parts = [f"{self.label}: {self._done:,} of {self.total:,}"]
        elapsed = now - self._began
        if self._done and elapsed >= _RATE_AFTER:
            rate = self._done / elapsed
            parts.append(f"{rate:.1f}/s")
            if self.total > self._done:
                seconds = max(1, round((self.total - self._done) / rate))
                units = {"h": seconds // 3600, "min": seconds // 60 % 60, "s": seconds % 60}
                first = next(at for at, number in enumerate(units.values()) if number)
                shown = list(units.items())[first : first + 2]
                parts.append(" ".join(f"{number} {unit}" for unit, number in shown) + " left")
        if self._note:
            parts.append(self._note)
        return self.surface.readable(", ".join(parts))
