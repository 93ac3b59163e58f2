"""Limits of a caller: the monthly quota with `GET /usage`, and the rate per second."""

from __future__ import annotations

import calendar
import math
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parsec_cli.errors import UsageFault
from parsec_cli.sandbox.responses import Answer, Headers, of_json

if TYPE_CHECKING:
    from parsec_cli.sandbox.calls import Call, Caller


MONTHLY_LIMIT = 5_000_000  # of the tier `pro`


def billing_period(now: float) -> tuple[int, int]:
    """Return the first second of the month and of the next one, in UTC."""
    today = time.gmtime(now)
    year, month = today.tm_year, today.tm_mon
    following = (year + month // 12, month % 12 + 1)
    return _first_second(year, month), _first_second(*following)


def _first_second(year: int, month: int) -> int:
    return calendar.timegm((year, month, 1, 0, 0, 0))


def quota_headers(caller: Caller, used: int, limit: int, now: float) -> Headers:
    return (
        ("x-parsec-tier", caller.tier),
        ("x-ratelimit-monthly-limit", str(limit)),
        ("x-ratelimit-monthly-remaining", str(max(0, limit - used))),
        ("x-ratelimit-monthly-reset", str(billing_period(now)[1])),
    )


def usage(call: Call) -> Answer:
    """Return limits and usage; without `--rate-limit`, the limits per second are 0 (unlimited)."""
    begin, end = billing_period(call.now)
    rate = call.rate_limit
    return of_json(
        200,
        {
            "tier": call.caller.tier,
            "billing_period_start": begin,
            "billing_period_end": end,
            "limits": {
                "monthly_requests": call.monthly_limit,
                "rest_qps": rate.qps if rate else 0,
                "rest_qps_burst": rate.burst if rate else 0,
                "ws_max_subscriptions": 500,
                "ws_max_depth": 50,
                "history_max_age_days": 365,
            },
            "usage": {
                "monthly_requests": call.used,
                "ws_active_connections": 0,
                "ws_active_subscriptions": 0,
            },
        },
    )


_RATE_LIMIT = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests per second, and how many may arrive at once after a pause."""

    qps: int
    burst: int


def parse_rate_limit(text: str) -> RateLimit:
    """Read `QPS[:BURST]`, whole and at least 1; the default burst is QPS. Raises UsageFault."""
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
    """A token bucket that starts full; safe for threads, and if the clock goes back."""

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

    The documents describe these headers, but not which calls the API refuses.
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
