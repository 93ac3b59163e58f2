"""The monthly quota of a caller: billing period, counters, their headers, and `GET /usage`."""

from __future__ import annotations

import calendar
import time
from typing import TYPE_CHECKING

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
    """Tell limits and use; a sandbox without `--rate-limit` is unlimited per second and says 0."""
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
