"""A token bucket on a given clock, as the server's per-second limit is documented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Bucket:
    """`rate` tokens a second, at most `burst` saved; starts full. The caller must hold a lock."""

    rate: float
    burst: int
    clock: Callable[[], float]
    _tokens: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = float(self.burst)
        self._at = self.clock()

    def refill(self) -> float:
        """Return the tokens that are saved by now."""
        now = self.clock()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        return self._tokens

    def take(self) -> bool:
        if self.refill() < 1:
            return False
        self._tokens -= 1
        return True
