from __future__ import annotations

import pytest

from parsec_cli.errors import UsageFault
from parsec_cli.sandbox.app import KEY
from parsec_cli.sandbox.metering import Limits, RateLimit, billing_period, parse_rate_limit

SEPTEMBER, OCTOBER = 1_788_220_800, 1_790_812_800
DECEMBER, JANUARY = 1_796_083_200, 1_798_761_600


def used(api, key=KEY):
    return api("GET", "/usage", key=key).json()["usage"]["monthly_requests"]


def test_usage_counts_every_accepted_request_of_a_caller_and_month(api, clock):
    api.pool()
    api("GET", "/builder/users/nobody")
    api("GET", "/usage", key="pk_live_wrong")
    assert used(api) == 3
    key = api.named("user_001")["api_key"]
    assert (used(api, key), used(api, key), used(api)) == (1, 2, 5)
    clock.sleep(40 * 86_400)
    assert used(api) == 1


def test_headers_contain_tier_quota_remaining_and_reset(api):
    for path in ("/usage", "/builder/users/nobody"):
        headers = api("GET", path).headers
        quota = [headers[f"x-ratelimit-monthly-{name}"] for name in ("limit", "remaining", "reset")]
        assert headers["x-parsec-tier"] == "pro"
        assert quota == ["5000000", str(5_000_000 - used(api) + 1), str(OCTOBER)]


def test_the_billing_period_is_the_month_in_utc():
    assert billing_period(OCTOBER - 0.5) == (SEPTEMBER, OCTOBER)
    assert billing_period(DECEMBER) == (DECEMBER, JANUARY)


def test_usage_contains_the_rate_limit_in_effect(sandbox):
    for limit, shown in ((RateLimit(), (0, 0)), (RateLimit(60, 120), (60, 120))):
        limits = sandbox(rate_limit=limit)("GET", "/usage").json()["limits"]
        assert (limits["rest_qps"], limits["rest_qps_burst"]) == shown


def test_a_used_up_quota_refuses_everything_until_the_reset(sandbox, clock):
    api = sandbox(monthly_limit=2)
    api.pool()
    last = api("GET", "/builder/pool")
    assert last.headers["x-ratelimit-monthly-remaining"] == "0"
    refused = api("POST", "/builder/users", json={"external_id": "late"})
    assert (refused.status_code, refused.json()["code"]) == (429, "monthly_limit_exceeded")
    clock.sleep(40 * 86_400)
    assert api.pool()["end_user_count"] == 12


def test_a_request_beyond_the_burst_is_the_documented_429(sandbox):
    api = sandbox(rate_limit=RateLimit(10, 3))
    assert [api("GET", "/usage").status_code for _ in range(3)] == [200, 200, 200]
    refused = api("POST", "/builder/users", json={"external_id": "late"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
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


def test_waiting_for_the_time_in_retry_after_is_enough(sandbox, clock):
    api = sandbox(rate_limit=RateLimit(5, 2))
    for _ in range(20):
        response = api("GET", "/usage")
        if response.status_code == 429:
            clock.sleep(int(response.headers["Retry-After"]))
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


def test_latency_is_slept_before_each_response(sandbox, clock):
    api = sandbox(latency=20)
    api.pool()
    api("GET", "/usage", key="wrong")
    assert clock.waits == [0.02, 0.02]
