"""Limits of a caller: the monthly quota with `GET /usage`, and the rate per second."""

from __future__ import annotations

import calendar
import math
import re
import threading
import time
from typing import TYPE_CHECKING

from parsec_cli.errors import UsageFault
from parsec_cli.records import record
from parsec_cli.sandbox.responses import Answer, of_json

if TYPE_CHECKING:
    from parsec_cli.sandbox.calls import Call

MONTHLY_LIMIT = 5_000_000  # of the tier `pro`
_RATE_LIMIT = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?", re.ASCII)


def billing_period(now: float) -> tuple[int, int]:
    """Return the first second of the month and of the next one, in UTC."""
    year, month = time.gmtime(now)[:2]
    months = ((year, month), (year + month // 12, month % 12 + 1))
    begin, end = (calendar.timegm((*first, 1, 0, 0, 0)) for first in months)
    return begin, end


def usage(call: Call) -> Answer:
    """Return limits and usage; without `--rate-limit`, the limits per second are 0 (unlimited)."""
    begin, end = billing_period(call.now)
    rate = call.limits.rate
    return of_json(
        200,
        {
            "tier": call.caller.tier,
            "billing_period_start": begin,
            "billing_period_end": end,
            "limits": {
                "monthly_requests": call.limits.monthly,
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


@record
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


class Limits:
    """The monthly limit, and the calls of the current second; safe for threads."""

    def __init__(self, monthly: int, rate: RateLimit | None) -> None:
        self.monthly = monthly
        self.rate = rate
        self._tokens = float(rate.burst if rate else 0)
        self._seen = -math.inf
        self._turn = threading.Lock()
        self._second = 0
        self._calls: dict[str, int] = {}

    def wait(self, now: float) -> int:
        """Take a token of the rate at `now`, in seconds; return 0, or whole seconds to wait for it.

        The bucket starts full and allows for a clock that goes back.
        """
        if self.rate is None:
            return 0
        with self._turn:
            gained = max(0.0, now - self._seen) * self.rate.qps
            self._seen = now
            self._tokens = min(float(self.rate.burst), self._tokens + gained)
            if self._tokens >= 1:
                self._tokens -= 1
                return 0
            return max(1, math.ceil((1 - self._tokens) / self.rate.qps))

    def left(self, name: str, limit: int, now: float) -> int:
        """Count one call of `name`; return how many of `limit` this second still has.

        It is only shown: the documents describe these headers, but not which calls are refused.
        """
        if int(now) != self._second:
            self._second = int(now)
            self._calls.clear()
        self._calls[name] = self._calls.get(name, 0) + 1
        return max(0, limit - self._calls[name])
