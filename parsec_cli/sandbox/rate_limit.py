"""How often one may call: the token bucket of `--rate-limit`, and the rates shown to a caller."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass, field

from parsec_cli.errors import UsageFault

_RATE_LIMIT = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests per second, and how many may come at once after a rest."""

    qps: int
    burst: int


def parse_rate_limit(text: str) -> RateLimit:
    """Read `QPS[:BURST]`, both whole and at least 1; the burst is QPS unless told. UsageFault."""
    match = _RATE_LIMIT.fullmatch(text)
    qps = int(match[1]) if match else 0
    burst = int(match[2] or qps) if match else 0
    if qps < 1 or burst < 1:
        raise UsageFault(
            f"`{text}` is not a rate limit",
            hint="give requests per second and burst, such as `--rate-limit 60:120`",
        )
    return RateLimit(qps, burst)


@dataclass(slots=True)
class Bucket:
    """A token bucket that begins full; safe with several threads, and when the clock goes back."""

    limit: RateLimit
    _tokens: float = field(init=False)
    _seen: float = field(init=False, default=-math.inf)
    _turn: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._tokens = self.limit.burst

    def take(self, now: float) -> int:
        """Take one token at `now`, in seconds; return 0, or the whole seconds to wait for one."""
        with self._turn:
            gained = max(0.0, now - self._seen) * self.limit.qps
            self._seen = now
            self._tokens = min(float(self.limit.burst), self._tokens + gained)
            if self._tokens >= 1:
                self._tokens -= 1
                return 0
            return max(1, math.ceil((1 - self._tokens) / self.limit.qps))


@dataclass(slots=True)
class Window:
    """Calls per name within the current second, for the `remaining` headers; nothing is refused.

    Which calls the API refuses for a user is its secret; the headers are documented.
    """

    _second: int = 0
    _calls: dict[str, int] = field(default_factory=dict)

    def left(self, name: str, limit: int, now: float) -> int:
        """Count one call of `name`; return how many of `limit` this second still has."""
        if int(now) != self._second:
            self._second = int(now)
            self._calls.clear()
        self._calls[name] = self._calls.get(name, 0) + 1
        return max(0, limit - self._calls[name])
