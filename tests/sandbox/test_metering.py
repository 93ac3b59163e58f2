from __future__ import annotations

from parsec_cli.sandbox.metering import UNLIMITED, RateLimit, billing_period

SEPTEMBER, OCTOBER = 1_788_220_800, 1_790_812_800
DECEMBER, JANUARY = 1_796_083_200, 1_798_761_600


def test_usage_counts_every_accepted_request_of_the_month(api):
    before = api("GET", "/usage").json()["usage"]["monthly_requests"]
    api.pool()
    api("GET", "/builder/users/nobody")
    api("GET", "/usage", key="pk_live_wrong")
    assert api("GET", "/usage").json()["usage"]["monthly_requests"] == before + 3


def test_the_headers_tell_tier_quota_rest_and_reset(api):
    assert "x-ratelimit-monthly-remaining" in api("GET", "/builder/users/nobody").headers
    answer = api("GET", "/usage")
    used = answer.json()["usage"]["monthly_requests"]
    assert answer.headers["x-parsec-tier"] == answer.json()["tier"] == "pro"
    assert answer.headers["x-ratelimit-monthly-limit"] == "5000000"
    assert answer.headers["x-ratelimit-monthly-remaining"] == str(5_000_000 - used)
    assert answer.headers["x-ratelimit-monthly-reset"] == str(OCTOBER)


def test_the_billing_period_is_the_month_in_utc():
    assert billing_period(OCTOBER - 0.5) == (SEPTEMBER, OCTOBER)
    assert billing_period(DECEMBER) == (DECEMBER, JANUARY)


def test_a_new_month_counts_from_the_beginning(api, clock):
    api.pool()
    clock.sleep(40 * 86_400)
    assert api("GET", "/usage").json()["usage"]["monthly_requests"] == 1


def test_usage_contains_the_rate_limit_in_effect(sandbox):
    for limit, shown in ((UNLIMITED, (0, 0)), (RateLimit(60, 120), (60, 120))):
        limits = sandbox(rate_limit=limit)("GET", "/usage").json()["limits"]
        assert (limits["rest_qps"], limits["rest_qps_burst"]) == shown


def test_end_users_are_counted_apart(api):
    key = api.named("user_001")["api_key"]
    assert api("GET", "/usage", key=key).json()["usage"]["monthly_requests"] == 1
    assert api("GET", "/usage", key=key).json()["usage"]["monthly_requests"] == 2


def test_a_used_up_quota_refuses_everything_until_the_reset(sandbox, clock):
    api = sandbox(monthly_limit=2)
    api.pool()
    last = api("GET", "/builder/pool")
    assert last.headers["x-ratelimit-monthly-remaining"] == "0"
    refused = api("POST", "/builder/users", json={"external_id": "late"})
    assert refused.status_code == 429
    assert (refused.json()["code"], refused.json()["retryable"]) == (
        "monthly_limit_exceeded",
        False,
    )
    clock.sleep(40 * 86_400)
    assert api.pool()["end_user_count"] == 12
