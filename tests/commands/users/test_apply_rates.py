"""The rate of a bulk run: the whole limit with `--rate max`, otherwise four fifths of it.

On the virtual clock with one worker; in real time with all of them with PARSEC_TEST_FULL=1.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from commands.users.bulk_files import creates
from support.actions import json_response
from support.steady import FULL

full_only = pytest.mark.skipif(not FULL, reason="takes real time: PARSEC_TEST_FULL=1")


class Meter:
    """A builder that permits `rate` a second, saves up `burst`, and counts what it was asked."""

    def __init__(self, builder, rate: int, burst: int, clock: Callable[[], float]) -> None:
        self.rate, self.burst = rate, burst
        self.accepted: list[float] = []
        self.refused = 0
        builder.limit(rate, burst, clock)
        builder.rest_qps = rate
        builder.qps_pool = 100_000
        respond = builder._handle

        def metered(request):
            action = respond(request)
            if action.name == "response 429":
                self.refused += 1
                body = {"error": "rate limit exceeded", "code": "rate_limit_exceeded"}
                body |= {"retryable": True, "tier": "scale", "limit_qps": rate}
                return json_response(429, body, {"Retry-After": "1"})
            self.accepted.append(clock())
            return action

        builder.respond(metered)

    @property
    def share(self) -> float:
        """The part that was used of what was permitted between the first and the last request."""
        spent = self.accepted[-1] - self.accepted[0]
        return len(self.accepted) / (self.burst + self.rate * spent)


@pytest.mark.parametrize(("rate", "burst", "rows"), [(200, 400, 600), (10, 10, 60)])
def test_rate_max_uses_all_of_the_limit(run, builder, work, clock, rate, burst, rows):
    meter = Meter(builder, rate, burst, clock)

    file = creates(work / "u.csv", rows)
    argv = ["users", "apply", file, "--yes", "--json", "--concurrency", "1"]
    completed = run(*argv, "--rate", "max")

    assert completed.code == 0, completed
    assert completed.json["summary"]["created"] == len(builder.users) == rows
    assert meter.share >= 0.98
    assert meter.refused <= 3


@pytest.mark.parametrize(("rate", "burst", "rows"), [(200, 400, 300), (5, 5, 30)])
def test_the_default_rate_is_never_refused_and_leaves_a_fifth(
    run, builder, work, clock, rate, burst, rows
):
    meter = Meter(builder, rate, burst, clock)

    completed = run(
        "users", "apply", creates(work / "u.csv", rows), "--yes", "--json", "--concurrency", "1"
    )

    assert completed.code == 0
    assert completed.json["summary"]["created"] == rows
    assert meter.refused == 0
    spent = meter.accepted[-1] - meter.accepted[0]
    # one second's worth of burst, then four fifths of the limit; the limit itself is read unpaced
    assert len(meter.accepted) <= 0.8 * rate * (spent + 1) + 2
    assert len(meter.accepted) >= 0.78 * rate * spent


def test_a_given_rate_is_kept(run, builder, work, clock):
    meter = Meter(builder, 200, 400, clock)
    run("users", "apply", creates(work / "u.csv", 60), "--yes", "--rate", "20")
    spent = meter.accepted[-1] - meter.accepted[0]
    assert len(meter.accepted) <= 20 * (spent + 1) + 2


def test_a_limit_of_0_means_no_limit(run, builder, work):
    builder.rest_qps = 0
    assert run("users", "apply", creates(work / "u.csv", 50), "--yes").waits == ()


@full_only
@pytest.mark.parametrize(
    ("limits", "rows", "more"),
    [
        ((200, 400), 2000, ("--rate", "max", "--concurrency", "8")),
        ((200, 400), 2000, ("--rate", "max", "--concurrency", "32")),
        ((10, 10), 150, ("--rate", "max", "--concurrency", "8")),
        ((200, 400), 2000, ()),
        ((10, 10), 100, ()),
    ],
)
def test_rates_are_kept_in_real_time(parsec, builder, work, key_env, limits, rows, more):
    """How much of the permitted rate is used, the benchmark measures."""
    meter = Meter(builder, *limits, time.monotonic)
    builder.latency = 0.02
    argv = ["users", "apply", creates(work / "u.csv", rows), "--yes", "--json", *more]

    completed = parsec(*argv, env=key_env(builder), timeout=120)

    assert completed.code == 0, completed
    assert completed.json["summary"]["created"] == len(builder.users) == rows
    assert meter.refused <= (int(more[-1]) + 2 if more else 0)
