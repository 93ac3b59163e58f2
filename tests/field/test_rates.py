"""Waiting: as long as the server says, no longer than the operator allows, never in silence."""

from __future__ import annotations

import re
from email.utils import formatdate

import pytest
from support.actions import json_answer, too_many
from support.clock import START

NOBODY = {"end_user_count": 0, "total_allocated_qps": 0}
USAGE = json_answer(200, {"qps_pool": 10, **NOBODY})
# (value, least wait, longest wait) in seconds
NUMBERS = [
    ("1", 1, 1),
    ("1.5", 1.5, 1.5),
    ("20", 20, 20),
    ("0", 0.1, 1),
    ("0.05", 0.1, 1),
    ("-5", 0.1, 8),
    (" 2 ", 2, 2),
]
JUNK = [
    "",
    "soon",
    "inf",
    "nan",
    "-inf",
    "1e999",
    "1_000",
    "٣",
    "0x10",
    "1,5",
    "1; 2",
    "Mon, 99 Foo 2026 25:61:61 GMT",
    "\xff",
]
DATES = [
    (formatdate(START + 7, usegmt=True), 6, 8),
    (formatdate(START + 7).replace("-0000", "+0000"), 6, 8),
    (formatdate(START + 7), 6, 8),
    (formatdate(START - 3600, usegmt=True), 0.1, 8),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0.1, 8),
    ("Mon, 21-Sep-26 14:13:27 GMT", 0.1, 8),
]


def unavailable(retry_after: str | None):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return json_answer(503, {"error": "busy", "code": "service_unavailable"}, headers)


@pytest.mark.parametrize("refuse", [too_many, unavailable], ids=["429", "503"])
@pytest.mark.parametrize(("value", "least", "most"), NUMBERS + DATES)
def test_retry_after_is_honoured_in_every_form(run_at, server, refuse, value, least, most):
    """Seconds, fractions and dates; past and negative mean soon, never at once."""
    server.script(refuse(value), USAGE)
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert len(completed.waits) == 1
    # a server that names whole seconds may be given a little more, not less
    assert least <= completed.waits[0] <= most * 1.5


def test_a_date_is_not_read_by_a_wrong_clock(run_at, server):
    """The server is an hour ahead: by the clock here, its `in 7 s` would be over an hour."""
    ahead = START + 3600
    headers = {"Retry-After": formatdate(ahead + 7, usegmt=True), "Date": formatdate(ahead)}
    refused = json_answer(429, {"error": "x", "code": "rate_limit_exceeded"}, headers)
    server.script(refused, USAGE)
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert completed.waits == (7,)


@pytest.mark.parametrize("refuse", [too_many, unavailable], ids=["429", "503"])
@pytest.mark.parametrize("value", [*JUNK, None], ids=lambda v: repr(v)[:20])
def test_junk_in_retry_after_means_the_normal_back_off(run_at, server, refuse, value):
    """Never a crash, never an endless sleep."""
    server.script(refuse(value), USAGE)
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert len(completed.waits) == 1
    assert 0.1 <= completed.waits[0] <= 8


@pytest.mark.parametrize(("refuse", "code"), [(too_many, 6), (unavailable, 7)], ids=["429", "503"])
def test_a_wait_of_thousands_of_digits_is_longer_than_anyone_waits(run_at, server, refuse, code):
    """A number all the same, beyond what the interpreter converts."""
    server.script(refuse("1" * 5000))
    completed = run_at("pool", "show")
    assert completed.code == code, completed
    assert completed.waits == ()


def test_refusals_without_a_date_are_repeated_until_accepted(run_at, server):
    """A 429 is `not applied`: more than the four attempts of other faults."""
    server.script(*[too_many(None)] * 6, USAGE)
    completed = run_at("pool", "show", "--max-wait", "600")
    assert completed.code == 0, completed
    assert len(completed.waits) == 6
    assert all(0.1 <= wait <= 8 for wait in completed.waits)


@pytest.mark.parametrize("value", ["0", "-1", None])
def test_a_server_that_refuses_for_ever_is_left_in_bounds(run_at, server, value):
    """The longest wait holds for all refusals of a request together."""
    server.respond(too_many(value))
    completed = run_at("pool", "show")
    assert completed.code == 6, completed
    assert sum(completed.waits) <= 60
    assert len(server.requests) <= 601


def test_unavailable_is_left_after_four_attempts(run_at, server):
    """503 is a fault of the server, not a queue."""
    server.respond(unavailable("1"))
    completed = run_at("pool", "show")
    assert completed.code == 7, completed
    assert len(server.requests) == 4


@pytest.mark.parametrize("value", ["86400", "61", formatdate(START + 7200, usegmt=True)])
@pytest.mark.parametrize("argv", [["pool", "show"], ["users", "create", "u1"]], ids=" ".join)
def test_a_wait_beyond_the_limit_fails_at_once_and_names_it(run_at, server, argv, value):
    """No hours of silence, and no hammering inside the window."""
    server.script(too_many(value))
    completed = run_at(*argv, "--json")
    assert completed.code == 6, completed
    assert completed.waits == ()
    assert len(server.requests) == 1
    assert re.search(r"86400|24 ?h|1 ?d|61|2 ?h|7[12]\d\d|120 ?m", completed.error["message"])
    assert completed.error["retryable"] is True


def test_a_503_beyond_the_limit_names_the_wait_and_how_to_allow_it(run_at, server):
    """Checking the connection would find nothing."""
    server.script(unavailable("61"))
    completed = run_at("pool", "show", "--json")
    assert completed.code == 7, completed
    assert completed.error["retry_after"] == 61
    assert "--max-wait SECONDS" in completed.error["hint"]


def test_a_wait_below_the_limit_is_waited_in_full_and_announced(run_at, server):
    """The operator sees why nothing happens."""
    server.script(too_many("20"), USAGE)
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert completed.waits == (20,)
    assert "20" in completed.err
    server.script(too_many("20"), USAGE)
    assert run_at("pool", "show", "-q").err == ""


@pytest.mark.parametrize(("limit", "code"), [("30", 0), ("25", 6), ("0", 6)])
def test_max_wait_is_what_one_request_waits_in_all(run_at, server, limit, code):
    """Three waits of ten seconds need thirty."""
    server.script(*[too_many("10")] * 3, USAGE)
    server.strict = code == 0
    completed = run_at("pool", "show", "--max-wait", limit)
    assert completed.code == code, completed
    assert sum(completed.waits) <= float(limit)


MONTHLY = {
    "code": json_answer(429, {"error": "x", "code": "monthly_limit_exceeded", "retryable": False}),
    "bare text": json_answer(429, {"error": "monthly request limit exceeded"}),
    "text and a wait": json_answer(
        429, {"error": "monthly request limit exceeded"}, {"Retry-After": "1"}
    ),
    "remaining": json_answer(
        429, {"error": "rate limit exceeded"}, {"x-ratelimit-monthly-remaining": "0"}
    ),
    "code against retryable": json_answer(
        429, {"error": "x", "code": "monthly_limit_exceeded", "retryable": True}
    ),
}


@pytest.mark.parametrize("action", MONTHLY.values(), ids=MONTHLY.keys())
@pytest.mark.parametrize("argv", [["pool", "show"], ["users", "create", "u1"]], ids=" ".join)
def test_a_used_up_quota_costs_exactly_one_request(run_at, server, action, argv):
    """Waiting seconds does not help against a month."""
    server.script(action)
    completed = run_at(*argv)
    assert completed.code == 6, completed
    assert completed.waits == ()
    assert "month" in completed.err


LAST = {"x-ratelimit-monthly-limit": "1000", "x-ratelimit-monthly-remaining": "0"}


def test_the_last_request_of_a_month_is_noted_and_done(run_at, server):
    """The next command will fail: better known before it is typed."""
    pool = {"qps_pool": 10, **NOBODY}
    server.respond(json_answer(200, pool, {**LAST, "x-ratelimit-monthly-reset": "1790812800"}))
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert completed.err == (
        "the monthly request quota is used up; it resets at 2026-10-01T00:00:00Z\n"
    )
    assert run_at("pool", "show", "-q").err == ""


def test_nothing_remains_of_no_limit(run_at, server):
    """A monthly limit of 0 means none: such a 429 is one of the second, and soon over."""
    unlimited = {**LAST, "x-ratelimit-monthly-limit": "0"}
    refused = json_answer(429, {"error": "x", "code": "rate_limit_exceeded"}, unlimited)
    server.script(refused, json_answer(200, {"qps_pool": 1, **NOBODY}, unlimited))
    completed = run_at("pool", "show")
    assert completed.code == 0, completed
    assert "quota" not in completed.err


def test_the_reset_of_the_quota_is_named(run_at, server):
    """From the header, as a date."""
    server.script(
        json_answer(
            429,
            {"error": "monthly request limit exceeded"},
            {"x-ratelimit-monthly-reset": "1790812800"},
        )
    )
    assert "2026-10-01" in run_at("pool", "show").err


def test_retryable_false_is_never_retried(run_at, server):
    """The body has the first word."""
    body = {"error": "no", "code": "rate_limit_exceeded", "retryable": False}
    server.script(json_answer(429, body, {"Retry-After": "1"}))
    completed = run_at("pool", "show")
    assert completed.waits == ()
    assert completed.code == 6, completed


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_fault_that_says_not_retryable_is_not_retried(run_at, server, status):
    """For every status that is retried otherwise."""
    server.script(json_answer(status, {"error": "no", "retryable": False}))
    completed = run_at("pool", "show")
    assert completed.code == 7, completed


@pytest.mark.parametrize("status", [400, 401, 402, 404, 409, 422, 501])
def test_retryable_true_widens_nothing(run_at, server, status):
    """A refusal stays one."""
    server.script(json_answer(status, {"error": "again", "retryable": True}))
    completed = run_at("pool", "show")
    assert completed.waits == ()
    assert completed.code in (3, 4, 5), completed
