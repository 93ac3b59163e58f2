from __future__ import annotations

import pytest

from parsec_cli.errors import UsageFault
from parsec_cli.sandbox.metering import Limits, RateLimit, parse_rate_limit


def test_a_request_beyond_the_burst_is_the_documented_429(sandbox):
    api = sandbox(rate_limit=RateLimit(10, 3))
    assert [api("GET", "/usage").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = api("POST", "/builder/users", json={"external_id": "late"})
    assert refused.headers["Retry-After"] == "1"
    assert refused.json() == {
        "error": "rate limit exceeded",
        "code": "rate_limit_exceeded",
        "retryable": True,
        "tier": "pro",
        "limit_qps": 10,
    }


def test_a_refused_request_has_no_effect_and_is_not_counted(sandbox, clock):
    api = sandbox(rate_limit=RateLimit(1, 1))
    api.pool()
    assert api("POST", "/builder/users", json={"external_id": "late"}).status_code == 429
    clock.sleep(1.0)
    assert api("GET", "/usage").json()["usage"]["monthly_requests"] == 2
    clock.sleep(1.0)
    assert api.pool()["end_user_count"] == 12


def test_waiting_as_told_is_enough(sandbox, clock):
    api = sandbox(rate_limit=RateLimit(5, 2))
    for _ in range(20):
        answer = api("GET", "/usage")
        if answer.status_code == 429:
            clock.sleep(int(answer.headers["Retry-After"]))
            assert api("GET", "/usage").status_code == 200


def test_a_wrong_key_takes_no_token(sandbox):
    api = sandbox(rate_limit=RateLimit(1, 1))
    assert [api("GET", "/usage", key="wrong").status_code for _ in range(3)] == [401, 401, 401]
    assert api("GET", "/usage").status_code == 200


def test_the_bucket_grants_the_rate_and_no_more():
    limits = Limits(0, RateLimit(8, 5))
    # steps that binary numbers hold exactly: ten seconds at 128 requests a second
    granted = sum(limits.wait(tick / 128) == 0 for tick in range(1281))
    assert granted == 10 * 8 + 5


def test_the_bucket_survives_a_clock_that_goes_back():
    limits = Limits(0, RateLimit(1, 1))
    assert limits.wait(1000.0) == 0
    assert limits.wait(10.0) == 1
    assert limits.wait(11.0) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("60:120", RateLimit(60, 120)), ("5", RateLimit(5, 5)), ("200:1", RateLimit(200, 1))],
)
def test_rate_limits_are_read(text, expected):
    assert parse_rate_limit(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "5:0", "0:5", "-5", "5:", ":5", "5.5", "5:6:7", " 5", "\u0665", "9" * 10]
)
def test_other_rate_limits_are_refused(text):
    with pytest.raises(UsageFault, match="is not a rate limit"):
        parse_rate_limit(text)


def test_latency_is_slept_before_each_answer(sandbox, clock):
    api = sandbox(latency=20)
    api.pool()
    api("GET", "/usage", key="wrong")
    assert clock.waits == [0.02, 0.02]
