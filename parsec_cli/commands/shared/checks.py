"""What the checks for cron share, and the gauges that monitoring reads."""

from __future__ import annotations

from typing import TypeVar

from parsec_cli.api.error_of import reset_time
from parsec_cli.models import Pool, Usage
from parsec_cli.records import changed
from parsec_cli.results import Gauge, Listing, Record
from parsec_cli.runtime import Runtime

FOUND = 11  # exit code of a check that found something, and of `--exit-code` with changes
DEFAULT_MAX_USED = 90
Checked = TypeVar("Checked", Record, Listing)


def checked(runtime: Runtime, result: Checked, found: str) -> Checked | None:
    """Return the result of a check, with exit code 11 if it `found` something.

    `found` is a sentence for stderr, which `--quiet` does not hide. If it is empty, all is well,
    and `--quiet` hides the result too, so that cron sends no mail.
    """
    if found:
        runtime.screen.alarm(found)
        return changed(result, exit_code=FOUND)
    return None if runtime.screen.quiet else result


def pool_gauges(runtime: Runtime, pool: Pool) -> tuple[Gauge, ...]:
    return _gauges(
        runtime,
        ("parsec_qps_pool", "Requests per second that all users share.", pool.qps_pool),
        ("parsec_qps_allocated", "Sum of the limits of all users.", pool.total_allocated_qps),
        ("parsec_users", "Number of users.", pool.end_user_count),
    )


def usage_gauges(runtime: Runtime, usage: Usage) -> tuple[Gauge, ...]:
    """Return the gauges of the monthly quota; without the limits and times that do not exist."""
    return _gauges(
        runtime,
        ("parsec_requests_limit", "Monthly request quota.", usage.monthly_limit or None),
        ("parsec_requests_remaining", "Requests left in this month.", usage.monthly_left),
        (
            "parsec_requests_reset_timestamp_seconds",
            "Unix time at which the monthly quota resets.",
            usage.resets_at if reset_time(usage.resets_at) else None,
        ),
    )


def _gauges(runtime: Runtime, *found: tuple[str, str, int | None]) -> tuple[Gauge, ...]:
    profile = runtime.profile
    labels = (("profile", profile.name), ("host", profile.base_url.display))
    return tuple(
        Gauge(name, meaning, value, labels) for name, meaning, value in found if value is not None
    )
