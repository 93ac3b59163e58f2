"""Which calls are repeated, when, and for how long; the clock advances only in waits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from api.attempts import GOOD, LOST, REFUSED, run, status
from hypothesis import given
from hypothesis import strategies as st
from support.clock import VirtualClock
from support.steady import STEADY

from parsec_cli.api.call import Kind, Lost, NotSent
from parsec_cli.api.retry import RetryBudget

ALL = list(Kind)
# requests until a call fails: refused, lost, 500, 502, 503, 504
ENDLESS = {
    Kind.READ: (4, 4, 4, 4),
    Kind.CREATE: (4, 4, 4, 4),
    Kind.UPDATE: (4, 4, 4, 4),
    Kind.DEACTIVATE: (3, 3, 1, 3),
    Kind.ONBOARD: (4, 1, 1, 1),
    Kind.OTHER: (4, 1, 1, 1),
}
UNREADABLE = {kind: 2 if kind in (Kind.READ, Kind.CREATE) else 1 for kind in Kind}


@pytest.mark.parametrize("kind", ALL)
def test_each_kind_is_repeated_up_to_its_limit(kind, clock):
    refused, lost, broken, gateway = ENDLESS[kind]
    assert len(run(kind, REFUSED, clock=clock)[1].sent_at) == refused
    assert len(run(kind, LOST, clock=clock)[1].sent_at) == lost
    assert len(run(kind, status(500, {}), clock=clock)[1].sent_at) == broken
    for number in (502, 503, 504):
        assert len(run(kind, status(number), clock=clock)[1].sent_at) == gateway
    assert len(run(kind, status(200), clock=clock)[1].sent_at) == UNREADABLE[kind]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("cause", ["name", "certificate", "tls", "proxy"])
def test_a_failure_that_waiting_cannot_cure_is_not_repeated(kind, cause, clock):
    exchange, attempts = run(kind, NotSent(cause, "x"), clock=clock)
    assert len(attempts.sent_at) == 1
    assert not exchange.doubt
    assert clock.waits == []


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("number", [429, 500, 502, 503, 504])
def test_retryable_false_is_never_repeated(kind, number, clock):
    _, attempts = run(kind, status(number, {"retryable": False}), clock=clock)
    assert len(attempts.sent_at) == 1


@pytest.mark.parametrize("kind", ALL)
def test_waits_for_429_and_503_share_one_limit(kind, clock):
    busy, limited = status(503, retry_after="25"), status(429, {}, retry_after="25")
    exchange, _ = run(kind, limited, busy, limited, GOOD, clock=clock)
    assert sum(clock.waits) <= 60
    assert exchange.good is None
    if ENDLESS[kind][3] > 1:
        assert exchange.wait == 25
        assert clock.waits == [25, 25]


def test_a_503_without_a_wait_is_bounded_by_the_limit_too(clock):
    _, attempts = run(Kind.READ, status(503), clock=clock, max_wait=0)
    assert len(attempts.sent_at) == 1
    _, attempts = run(Kind.READ, status(502), clock=clock, max_wait=0)
    assert len(attempts.sent_at) == 4


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("asked", ["60.1", "86400", "9" * 5000])
def test_a_wait_that_exceeds_the_limit_ends_the_call_and_is_reported(kind, asked, clock):
    exchange, attempts = run(kind, status(429, {}, retry_after=asked), GOOD, clock=clock)
    assert len(attempts.sent_at) == 1
    assert exchange.wait is not None
    assert exchange.wait > 60
    assert clock.waits == []


def test_a_deactivation_is_not_repeated_after_a_minute(clock):
    exchange, attempts = run(Kind.DEACTIVATE, LOST, clock=clock, took=30.0)
    assert len(attempts.sent_at) == 2
    assert attempts.sent_at[-1] - attempts.sent_at[0] <= 60
    assert exchange.doubt


def test_the_minute_limits_repeats_after_a_429_too(clock):
    limited = status(429, {}, retry_after="50")
    exchange, attempts = run(Kind.DEACTIVATE, LOST, limited, GOOD, clock=clock, took=20.0)
    assert len(attempts.sent_at) == 2
    assert exchange.doubt
    assert exchange.good is None


def test_a_429_after_a_lost_response_is_repeated_within_the_minute(clock):
    limited = status(429, {}, retry_after="5")
    exchange, _ = run(Kind.DEACTIVATE, LOST, limited, GOOD, clock=clock)
    assert exchange.good is GOOD


def test_the_minute_starts_with_the_first_request_that_was_sent(clock):
    """Time spent on a 429 or a refused connection does not count: nothing was applied."""
    limited = [status(429, {}, retry_after="50")] * 4
    exchange, _ = run(Kind.DEACTIVATE, *limited, LOST, GOOD, clock=clock, max_wait=600)
    assert exchange.good is GOOD
    exchange, attempts = run(Kind.DEACTIVATE, REFUSED, LOST, GOOD, clock=clock, took=59.0)
    assert exchange.good is GOOD
    assert len(attempts.sent_at) == 3


@pytest.mark.parametrize(
    ("results", "doubt"),
    [
        ((GOOD,), False),
        ((status(429, {}, retry_after="1"), GOOD), False),
        ((REFUSED, GOOD), False),
        ((LOST, GOOD), True),
        ((status(502), GOOD), True),
        ((status(503, retry_after="1"), GOOD), True),
        ((status(500, {}), GOOD), True),
        ((LOST, REFUSED), True),
        ((LOST, status(404, {})), True),
    ],
)
def test_doubt_means_that_an_earlier_attempt_may_have_been_applied(results, doubt, clock):
    exchange, _ = run(Kind.CREATE, *results, clock=clock)
    assert exchange.doubt is doubt


@pytest.mark.parametrize("chance", [0.0, 0.25, 0.999])
def test_back_off_is_full_jitter_below_a_doubling_ceiling(chance, clock):
    run(Kind.READ, LOST, clock=clock, chance=lambda: chance)
    assert clock.waits == pytest.approx([chance * c for c in (0.5, 1, 2)])


def test_back_off_from_429_never_exceeds_eight_seconds(clock):
    run(Kind.READ, status(429, {}), clock=clock, chance=lambda: 1.0, max_wait=500)
    assert max(clock.waits) == 8
    assert all(a <= b for a, b in pairwise(clock.waits))


def test_back_off_from_429_is_never_zero(clock):
    _, attempts = run(Kind.READ, status(429, {}), clock=clock, chance=lambda: 0.0, max_wait=2)
    assert min(clock.waits) == 0.1
    assert len(attempts.sent_at) <= 21


@pytest.mark.parametrize("asked", ["0", "-5", "0.001"])
def test_a_server_that_always_asks_for_no_wait_is_not_flooded(asked, clock):
    _, attempts = run(Kind.READ, status(429, {}, retry_after=asked), clock=clock)
    assert clock.waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert len(attempts.sent_at) < 40
    assert clock.waited <= 60


@STEADY
@given(
    kind=st.sampled_from(ALL),
    results=st.lists(
        st.sampled_from(
            [
                *(GOOD, LOST, REFUSED, status(200), status(500, {}), status(502)),
                *(status(404, {}), status(503, retry_after="3")),
                *(status(429, {}, retry_after=asked) for asked in ("7", "junk")),
            ]
        ),
        min_size=1,
        max_size=12,
    ),
    took=st.sampled_from([0.0, 1.0, 31.0]),
    max_wait=st.sampled_from([0.0, 10.0, 60.0]),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_any_sequence_of_faults_ends_within_the_rules(kind, results, took, max_wait, chance):
    clock = VirtualClock()
    exchange, attempts = run(
        kind, *results, clock=clock, took=took, max_wait=max_wait, chance=lambda: chance
    )
    course = [results[min(n, len(results) - 1)] for n in range(len(attempts.sent_at))]
    counted = [r for r in course if getattr(r, "status", 0) != 429]
    assert exchange.attempts == len(course)
    assert exchange.last is course[-1]
    assert len(counted) <= (3 if kind is Kind.DEACTIVATE else 4)
    assert sum(clock.waits) <= max_wait + 3.5
    touching = [
        at
        for at, what in zip(attempts.sent_at, course, strict=True)
        if isinstance(what, Lost) or getattr(what, "status", 0) >= 500
    ]
    if kind in (Kind.ONBOARD, Kind.OTHER):
        assert len(touching) <= 1
    if kind is Kind.DEACTIVATE and touching:
        assert attempts.sent_at[-1] - touching[0] <= 60
    # a doubt after a lost response remains until the end of the call
    assert exchange.doubt == any(
        isinstance(before, Lost) or (getattr(before, "status", 0) not in (0, 404, 429))
        for before in course[:-1]
    )


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    "first", [status(429, {}, retry_after="5"), status(503, retry_after="5"), LOST, REFUSED]
)
def test_after_a_signal_nothing_more_is_sent(kind, first, clock):
    """The signal comes during the wait: the wait ends and the call with it."""
    stopped = []

    def interrupted(seconds: float) -> None:
        clock.sleep(seconds)
        stopped.append(True)

    exchange, attempts = run(
        kind, first, GOOD, clock=clock, sleep=interrupted, stopping=lambda: bool(stopped)
    )
    assert len(attempts.sent_at) == 1
    assert exchange.last is first
    assert not exchange.doubt


def test_an_outage_does_not_multiply_the_requests_of_a_run(clock):
    budget = RetryBudget()
    sent = 0
    for _ in range(1_000):
        sent += len(run(Kind.READ, LOST, clock=clock, budget=budget)[1].sent_at)
    assert sent <= 1_100


def test_a_single_call_always_has_its_attempts(clock):
    budget = RetryBudget()
    for _ in range(3):
        _, attempts = run(Kind.READ, LOST, LOST, LOST, GOOD, clock=clock, budget=budget)
        assert len(attempts.sent_at) == 4


class Pace:
    def __init__(self) -> None:
        self.turns = 0
        self.reported: list[tuple[float | None, float | None]] = []

    def acquire(self) -> None:
        self.turns += 1

    def limited(self, limit_qps: float | None, retry_after: float | None) -> None:
        self.reported.append((limit_qps, retry_after))


@pytest.mark.parametrize(
    ("limit", "heard"),
    [
        *((60, 60.0), (2.5, 2.5), (0.1, 0.1), (0.0001, None), (0, None), (-1, None)),
        *(("60", None), (True, None), (10**400, None)),
    ],
)
def test_every_429_is_reported_to_the_pacer(limit, heard, clock):
    pace = Pace()
    run(
        Kind.READ,
        status(429, {"limit_qps": limit}, retry_after="2"),
        status(429, {"limit_qps": limit}),
        GOOD,
        clock=clock,
        pacer=pace,
    )
    assert pace.turns == 3
    assert pace.reported == [(heard, 2.0), (heard, None)]


@pytest.mark.parametrize("number", [429, 503])
def test_a_wait_requested_by_the_server_is_announced(number, clock):
    notices = []
    refused = status(number, {}, retry_after="20")
    run(Kind.READ, refused, GOOD, clock=clock, notice=notices.append)
    why = "rate limited by the API" if number == 429 else "the API is unavailable"
    assert notices == [f"{why}: waiting 20.0 s"]


def test_a_wait_that_exceeds_the_limit_does_not_delay_other_calls(clock):
    pace = Pace()
    run(Kind.READ, status(429, {"limit_qps": 5}, retry_after="100000"), clock=clock, pacer=pace)
    assert pace.reported == []


@pytest.mark.parametrize(
    ("calls", "retries"), [(0, 10), (100, 10), (109, 10), (110, 11), (1000, 100)]
)
def test_the_budget_is_ten_or_a_tenth_of_the_calls(calls, retries):
    budget = RetryBudget()
    for _ in range(calls):
        budget.call()
    assert [budget.take() for _ in range(retries + 2)] == [True] * retries + [False] * 2


def test_a_wait_of_exactly_the_limit_is_allowed(clock):
    limited = status(429, {}, retry_after="60")
    assert run(Kind.READ, limited, GOOD, clock=clock)[0].good is not None
    assert clock.waits == [60.0]
