"""Waits are as long as the server says, limited by the operator, and announced."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from support.actions import json_response, too_many
from support.clock import START

NOBODY = {"end_user_count": 0, "total_allocated_qps": 0}
USAGE = json_response(200, {"qps_pool": 10, **NOBODY})


def unavailable(retry_after: str | None):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return json_response(503, {"error": "busy", "code": "service_unavailable"}, headers)


def test_a_wrong_clock_does_not_change_the_wait_until_a_date(run_at, server):
    """The server is an hour ahead: by the clock here, its `in 7 s` would be over an hour."""
    ahead = START + 3600
    headers = {"Retry-After": formatdate(ahead + 7, usegmt=True), "Date": formatdate(ahead)}
    refused = json_response(429, {"error": "x", "code": "rate_limit_exceeded"}, headers)
    server.script(refused, USAGE)
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert completed.waits == (7,)


def test_a_wait_that_exceeds_the_limit_fails_at_once_and_names_it(run_at, server):
    """The command neither waits for hours nor repeats the request too early."""
    server.script(too_many(formatdate(START + 7200, usegmt=True)))
    completed = run_at("pool", "show", "--json")
    assert (completed.code, completed.waits) == (6, ()), completed
    assert "7200" in completed.error["message"]
    assert completed.error["retryable"] is True


def test_a_503_that_exceeds_the_limit_names_the_wait_and_how_to_allow_it(run_at, server):
    server.script(unavailable("61"))
    completed = run_at("pool", "show", "--json")
    assert completed.code == 7, completed
    assert completed.error["retry_after"] == 61
    assert "--max-wait SECONDS" in completed.error["hint"]


def test_a_wait_below_the_limit_is_waited_in_full_and_announced(run_at, server):
    server.script(too_many("20"), USAGE)
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert completed.waits == (20,)
    assert "20" in completed.err
    server.script(too_many("20"), USAGE)
    assert run_at("pool", "show", "-q").err == ""


@pytest.mark.parametrize(("limit", "code"), [("30", 0), ("25", 6), ("0", 6)])
def test_max_wait_limits_all_waits_of_one_request_together(run_at, server, limit, code):
    server.script(*[too_many("10")] * 3, USAGE)
    server.strict = code == 0
    completed = run_at("pool", "show", "--max-wait", limit)
    assert completed.code == code, completed
    assert sum(completed.waits) <= float(limit)


LAST = {"x-ratelimit-monthly-limit": "1000", "x-ratelimit-monthly-remaining": "0"}


def test_the_last_request_of_a_month_is_noted_and_done(run_at, server):
    """The next command will fail, so the operator should know."""
    pool = {"qps_pool": 10, **NOBODY}
    server.respond(json_response(200, pool, {**LAST, "x-ratelimit-monthly-reset": "1790812800"}))
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert completed.err == (
        "the monthly request quota is used up; it resets at 2026-10-01 00:00Z\n"
    )
    assert run_at("pool", "show", "-q").err == ""


def test_a_monthly_limit_of_zero_means_no_limit(run_at, server):
    """With a monthly limit of 0, a 429 can only be about the rate per second."""
    unlimited = {**LAST, "x-ratelimit-monthly-limit": "0"}
    refused = json_response(429, {"error": "x", "code": "rate_limit_exceeded"}, unlimited)
    server.script(refused, json_response(200, {"qps_pool": 1, **NOBODY}, unlimited))
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert "quota" not in completed.err
