"""How a bulk run handles failures: of single rows, and of the whole run."""

from __future__ import annotations

import socket

import pytest
from commands.users.bulk_files import changes, creates, outcomes, roster
from support import actions
from support.actions import error, html, json_response

ALONE = ["--concurrency", "1"]
MONTHLY = {"error": "monthly request limit exceeded"}


@pytest.fixture
def ten(work):
    return roster(work / "u.csv", *(f"u{number},1" for number in range(10)))


@pytest.fixture
def apply(run, ten):
    return lambda *how: run("users", "apply", ten, "--yes", "--json", *how)


def counts(completed) -> dict[str, int]:
    return {name: count for name, count in completed.json["summary"].items() if count}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (error(401, "invalid API key", "unauthorized"), 4),
        (error(403, "builder access required", "forbidden"), 4),
        (error(429, "monthly limit", "monthly_limit_exceeded"), 6),
        (json_response(429, MONTHLY), 6),
        (actions.redirect(307, "https://elsewhere.invalid"), 8),
    ],
    ids=["401", "403", "quota by code", "quota by text", "redirect"],
)
def test_an_error_that_would_fail_every_row_stops_the_run(apply, builder, fault, code):
    builder.fault("POST", nth=4, action=fault)

    completed = apply(*ALONE)

    assert completed.code == code
    assert counts(completed) == {"created": 3, "failed": 1, "not_attempted": 6}
    assert len(builder.mutations) == 4
    assert "3 created" in completed.error["message"]


@pytest.mark.parametrize(
    ("fault", "code", "outcome", "rows"),
    [
        (html(502), 12, "unknown", 5),
        (html(503), 12, "unknown", 5),
        (html(200), 12, "unknown", 3),
        (error(404, "not found", "not_found"), 8, "failed", 3),
    ],
    ids=["502", "503", "malformed", "404"],
)
def test_consecutive_rows_with_the_same_failure_stop_the_run(
    apply, builder, fault, code, outcome, rows
):
    builder.fault("POST", times=999, action=fault)
    builder.strict = False

    completed = apply(*ALONE)

    assert completed.code == code
    assert counts(completed) == {outcome: rows, "not_attempted": 10 - rows}
    assert f"{rows} consecutive rows" in completed.err


def test_after_a_401_no_worker_sends_another_request(apply, builder):
    builder.fault("POST", nth=2, times=99, action=error(401, "invalid API key", "unauthorized"))
    builder.strict = False

    completed = apply("--concurrency", "4")

    assert completed.code == 4
    assert len(builder.mutations) <= 5
    assert sum(completed.json["summary"].values()) == 10


def test_a_used_up_quota_stops_the_run_before_the_next_request(apply, builder):
    """A successful response says `remaining: 0`; the error names the time of the reset."""
    headers = {
        "x-ratelimit-monthly-limit": "1000",
        "x-ratelimit-monthly-remaining": "0",
        "x-ratelimit-monthly-reset": "1793000000",
    }
    made = {"customer_id": "2f418294-d6ce-5cde-b477-9cf420dc6f2f", "external_id": "u2"}
    builder.fault("POST", nth=3, action=json_response(201, made, headers))

    completed = apply(*ALONE)

    assert completed.code == 6
    assert counts(completed) == {"created": 3, "not_attempted": 7}
    assert len(builder.mutations) == 3
    assert "2026-10-26" in completed.err


def test_an_unlimited_quota_with_nothing_remaining_stops_no_run(apply, builder):
    """A monthly limit of 0 means unlimited."""
    headers = {"x-ratelimit-monthly-limit": "0", "x-ratelimit-monthly-remaining": "0"}
    made = {"customer_id": "2f418294-d6ce-5cde-b477-9cf420dc6f2f", "external_id": "u2"}
    builder.fault("POST", nth=3, action=json_response(201, made, headers))

    assert apply(*ALONE).code == 0
    assert len(builder.mutations) == 10


def test_refused_connections_stop_the_run_after_three_rows(apply, builder):
    pool = {"qps_pool": 100, "end_user_count": 0, "total_allocated_qps": 0}

    def last(_request):
        # the last response before the server is gone
        builder._listener.shutdown(socket.SHUT_RDWR)
        builder._listener.close()
        return json_response(200, pool, keep_alive=False)

    builder._pool = last

    completed = apply(*ALONE)

    assert completed.code == 8, completed
    assert counts(completed) == {"failed": 3, "not_attempted": 7}
    assert "3 consecutive rows" in completed.err
    assert changes(builder) == []


def test_retries_are_limited_during_an_outage(run, builder, work):
    """To a tenth of the requests, or ten."""
    builder.fault("POST", times=9999, action=html(502))
    builder.strict = False
    file = roster(work / "u.csv", *(f"u{number},1" for number in range(200)))

    run("users", "apply", file, "--yes")

    assert len(builder.mutations) <= 13 + 10


def test_a_successful_row_resets_the_count_of_failures(apply, builder):
    for nth in (2, 3, 5, 6, 8, 9):
        builder.fault("POST", nth=nth, action=error(404, "not found", "not_found"))

    completed = apply(*ALONE)

    assert completed.code == 8
    assert counts(completed) == {"created": 4, "failed": 6}


def test_a_create_is_repeated_after_a_lost_response(apply, builder):
    builder.fault("POST", nth=3, action=actions.reset(), after_effect=True)

    completed = apply(*ALONE)

    assert completed.code == 0, completed
    assert len(builder.effects) == 10
    assert completed.json["results"][2]["attempts"] == 2


def test_an_unknown_row_does_not_stop_the_run_and_the_next_run_settles_it(
    run, builder, work, clock
):
    """A 500 to a PATCH whose user cannot be read either."""
    builder.add_many(3)
    file = roster(work / "u.csv", *(f"user-{number:05d},2" for number in range(3)))
    first = next(iter(builder.users))
    builder.fault(
        "PATCH",
        first,
        times=4,
        action=error(500, "boom", "internal_error", retryable=True),
        after_effect=True,
    )
    builder.fault("GET", first, times=4, action=html(502))
    command = ["users", "apply", file, "--yes", "--json", *ALONE]

    completed = run(*command)

    assert completed.code == 12, completed
    assert list(outcomes(completed).values()) == ["unknown", "changed", "changed"]
    clock.sleep(1)
    assert list(outcomes(run(*command)).values()) == ["unchanged"] * 3


def test_a_429_per_second_delays_the_run(apply, builder):
    builder.fault("POST", nth=3, times=2, action=actions.too_many("1"))

    completed = apply(*ALONE)

    assert completed.code == 0
    assert len(builder.effects) == 10


@pytest.mark.parametrize("verb", [["plan"], ["plan", "--prune"], ["apply", "--yes"]])
@pytest.mark.parametrize(
    "action", [html(502), actions.reset(), json_response(200, {"users": "none"})]
)
def test_an_incomplete_listing_changes_nothing(run, builder, work, verb, action):
    """Users who are missing from it would be created, or spared by `--prune`."""
    builder.add_many(250)
    builder.fault("GET", r"users$", nth=2, times=9, action=action)
    builder.strict = False
    file = roster(work / "u.csv", "user-00000,1", "new,5")

    completed = run("users", *verb, file)

    assert completed.code == 10, completed
    assert "after 100 users" in completed.err
    assert changes(builder) == []


def test_a_repeated_cursor_never_prunes(run, builder, work):
    builder.add_many(150)
    page = {"users": list(builder.users.values())[:100], "next_cursor": "again"}
    builder.fault("GET", r"users$", times=99, action=json_response(200, page))
    builder.strict = False
    file = roster(work / "u.csv", "user-00000,1")
    completed = run("users", "apply", file, "--prune", "--confirm", "99", "--max", "500")
    assert completed.code == 10
    assert changes(builder) == []


def test_a_run_is_slow_when_the_limits_cannot_be_read(apply, builder):
    """Four requests a second, which is below the smallest tier."""
    builder.fault("GET", "usage", times=4, action=html(502))

    completed = apply()

    assert completed.code == 0
    assert "could not be read" in completed.err
    assert sum(completed.waits) > 1.5


@pytest.mark.parametrize("asked", ["100000", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT"])
@pytest.mark.parametrize("concurrency", ["1", "8"])
def test_a_wait_beyond_max_wait_stops_the_run(run, builder, work, asked, concurrency):
    refused = {"error": "rate limit exceeded", "code": "rate_limit_exceeded", "retryable": True}
    builder.fault(
        "POST", nth=3, times=99, action=json_response(429, refused, {"Retry-After": asked})
    )
    builder.strict = False
    file = creates(work / "u.csv", 40)
    done = run(
        *("users", "apply", file, "--yes", "--json", "--max-wait", "5"),
        *("--concurrency", concurrency),
    )
    assert done.code == 6, done
    summary = done.json["summary"]
    assert summary["created"] == len(builder.users) == 2
    assert 1 <= summary["failed"] <= int(concurrency)
    assert summary["not_attempted"] == 38 - summary["failed"]
    assert all(wait <= 5 for wait in done.waits)


def test_a_503_with_too_long_a_wait_stops_the_run(run, builder, work):
    busy = json_response(503, {"error": "busy"}, {"Retry-After": "100000"})
    builder.fault("POST", nth=2, action=busy)
    done = run(*("users", "apply", creates(work / "u.csv", 5), "--yes", "--json"), *ALONE)
    assert done.code == 6, done
    assert counts(done) == {"created": 1, "unknown": 1, "not_attempted": 3}


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_long_wait_of_a_run_is_announced_on_a_line_of_its_own(run, builder, work, quiet):
    refused = {"error": "rate limit exceeded", "code": "rate_limit_exceeded", "retryable": True}
    builder.fault("POST", nth=2, action=json_response(429, refused, {"Retry-After": "20"}))
    done = run("users", "apply", creates(work / "u.csv", 3), "--yes", *ALONE, *quiet)
    assert done.code == 0, done
    assert ("rate limited by the API: waiting 20.0 s" in done.err) is not bool(quiet)
