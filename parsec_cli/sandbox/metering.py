"""Limits of a caller: the monthly quota, and the rate per second."""

from __future__ import annotations

import calendar
import math
import re
import time
from collections import Counter

from parsec_cli.errors import UsageFault
from parsec_cli.records import record

MONTHLY_LIMIT = 5_000_000  # of the tier `pro`


def billing_period(now: float) -> tuple[int, int]:
    """Return the first second of the month and of the next one, in UTC."""
    year, month = time.gmtime(now)[:2]
    months = ((year, month), (year + month // 12, month % 12 + 1))
    begin, end = (calendar.timegm((*first, 1, 0, 0, 0)) for first in months)
    return begin, end


@record
class RateLimit:
    """Requests per second, and how many may arrive at once after a pause; 0 is unlimited."""

    qps: int = 0
    burst: int = 0


UNLIMITED = RateLimit()


def parse_rate_limit(text: str) -> RateLimit:
    """Read `QPS[:BURST]`, whole and at least 1; the default burst is QPS. Raises UsageFault."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})(?::([1-9][0-9]{0,8}))?", text)
    if match is None:
        raise UsageFault(
            f"`{text}` is not a rate limit",
            hint="give requests per second and burst, such as `--rate-limit 60:120`",
        )
    return RateLimit(int(match[1]), int(match[2] or match[1]))


class Limits:
    """The monthly limit, and the calls of the current second; used within a transaction only."""

    def __init__(self, monthly: int, rate: RateLimit) -> None:
        self.monthly = monthly
        self.rate = rate
        self._tokens = float(rate.burst)
        self._seen = -math.inf
        self._second = 0
        self._calls: Counter[str] = Counter()

    def wait(self, now: float) -> int:
        """Take a token of the rate at `now`, in seconds; return 0, or whole seconds to wait for it.

        The bucket starts full. The clock may be set back.
        """
        if not self.rate.qps:
            return 0
        gained = max(0.0, now - self._seen) * self.rate.qps
        self._seen = now
        self._tokens = min(float(self.rate.burst), self._tokens + gained)
        if self._tokens < 1:
            return max(1, math.ceil((1 - self._tokens) / self.rate.qps))
        self._tokens -= 1
        return 0

    def left(self, name: str, limit: int, now: float) -> int:
        """Count one call of `name`; return how many of `limit` this second still has.

        It is only shown: the documents describe these headers, but not which calls are refused.
        """
        if int(now) != self._second:
            self._second = int(now)
            self._calls.clear()
        self._calls[name] += 1
        return max(0, limit - self._calls[name])
