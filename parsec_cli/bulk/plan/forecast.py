"""Forecast what a plan costs: pool, requests, time and quota; refuse what cannot finish. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.bulk.plan.plan import Action, delta
from parsec_cli.errors import GuardRefused
from parsec_cli.models import JsonObject, Pool
from parsec_cli.next_command import run
from parsec_cli.records import record


@record
class Forecast:
    """`requests` counts changes and reads of holdings; `seconds` is None where unpaced.

    `quota_left` is the number of requests left this month; None if unlimited.
    """

    qps_pool: int
    allocated_before: int
    allocated_after: int
    requests: int
    seconds: float | None
    quota_left: int | None

    @property
    def quota_share(self) -> float | None:
        """The part of the month's remaining requests, from 0 up; None if unlimited."""
        if self.quota_left is None:
            return None
        return self.requests / self.quota_left if self.quota_left else float(self.requests > 0)

    @property
    def pool(self) -> JsonObject:
        return {
            "qps_pool": self.qps_pool,
            "allocated_before": self.allocated_before,
            "allocated_after": self.allocated_after,
        }


def forecast(
    actions: Sequence[Action],
    pool: Pool,
    *,
    rate: float | None,
    quota_left: int | None,
    reads: int = 0,
) -> Forecast:
    """Forecast the sending of `actions` at `rate` requests/s (None: unpaced).

    `reads` is the number of requests that read holdings before.
    """
    before, requests = pool.total_allocated_qps, len(actions) + reads
    return Forecast(
        qps_pool=pool.qps_pool,
        allocated_before=before,
        allocated_after=before + sum(map(delta, actions)),
        requests=requests,
        seconds=round(requests / rate, 1) if rate else None,
        quota_left=quota_left,
    )


def check_quota(ahead: Forecast) -> None:
    """Refuse a run that the month's remaining requests cannot finish."""
    if ahead.quota_left is None or ahead.requests <= ahead.quota_left:
        return
    raise GuardRefused(
        f"{ahead.requests:,} requests are needed and {ahead.quota_left:,} are left this month: "
        "nothing was sent",
        hint="split the file, or see the reset time with",
        command=run("usage", "show"),
    )


def check_reads(reads: int, quota_left: int | None) -> None:
    """Refuse to read holdings where that alone would use up the month's requests."""
    if quota_left is not None and reads > quota_left:
        raise GuardRefused(
            f"reading the holdings needs {reads:,} requests and {quota_left:,} are left this "
            "month: nothing was sent",
            hint="`--balances-only` needs fewer; or split the file",
        )
