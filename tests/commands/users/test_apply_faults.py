"""What a bulk run does about faults of the server: row by row, and for the run as a whole."""

from __future__ import annotations

import socket

import pytest
from commands.users.bulk_files import changes, creates, outcomes, roster
from support import actions
from support.actions import error, html, json_answer

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
        (json_answer(429, MONTHLY), 6),
        (actions.redirect(307, "https://elsewhere.invalid"), 8),
    ],
    ids=["401", "403", "quota by code", "quota by text", "redirect"],
)
def test_a_fault_that_would_fail_every_row_stops_the_run(apply, builder, fault, code):
    """The rest is not attempted, and the error says what was done."""
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
def test_rows_that_end_alike_in_a_row_stop_the_run(apply, builder, fault, code, outcome, rows):
    builder.fault("POST", times=999, action=fault)
    builder.strict = False

    completed = apply(*ALONE)

    assert completed.code == code
    assert counts(completed) == {outcome: rows, "not_attempted": 10 - rows}
    assert f"{rows} rows in a row" in completed.err


def test_401_with_workers_sends_no_more_than_was_in_flight(apply, builder):
    builder.fault("POST", nth=2, times=99, action=error(401, "invalid API key", "unauthorized"))
    builder.strict = False

    completed = apply("--concurrency", "4")

    assert completed.code == 4
    assert len(builder.mutations) <= 5
    assert sum(completed.json["summary"].values()) == 10


def test_quota_told_as_used_up_stops_before_the_next_request(apply, builder):
    """A good answer that says `remaining: 0` is the last one; the reset time is named."""
    headers = {
        "x-ratelimit-monthly-limit": "1000",
        "x-ratelimit-monthly-remaining": "0",
        "x-ratelimit-monthly-reset": "1793000000",
    }
    made = {"customer_id": "2f418294-d6ce-5cde-b477-9cf420dc6f2f", "external_id": "u2"}
    builder.fault("POST", nth=3, action=json_answer(201, made, headers))

    completed = apply(*ALONE)

    assert completed.code == 6
    assert counts(completed) == {"created": 3, "not_attempted": 7}
    assert len(builder.mutations) == 3
    assert "2026-10-26" in completed.err


def test_nothing_left_of_an_unlimited_quota_stops_nobody(apply, builder):
    """A monthly limit of 0 means unlimited."""
    headers = {"x-ratelimit-monthly-limit": "0", "x-ratelimit-monthly-remaining": "0"}
    made = {"customer_id": "2f418294-d6ce-5cde-b477-9cf420dc6f2f", "external_id": "u2"}
    builder.fault("POST", nth=3, action=json_answer(201, made, headers))

    assert apply(*ALONE).code == 0
    assert len(builder.mutations) == 10


def test_refused_connections_stop_after_three_rows(apply, builder):
    """Nothing was sent, and nothing would be."""
    pool = {"qps_pool": 100, "end_user_count": 0, "total_allocated_qps": 0}

    def last(_request):
        # the last answer before the server is gone
        builder._listener.shutdown(socket.SHUT_RDWR)
        builder._listener.close()
        return json_answer(200, pool, keep_alive=False)

    builder._pool = last

    completed = apply(*ALONE)

    assert completed.code == 8, completed
    assert counts(completed) == {"failed": 3, "not_attempted": 7}
    assert "3 rows in a row" in completed.err
    assert changes(builder) == []


def test_outage_does_not_multiply_the_requests(run, builder, work):
    """A tenth more at most, ten at least."""
    builder.fault("POST", times=9999, action=html(502))
    builder.strict = False
    file = roster(work / "u.csv", *(f"u{number},1" for number in range(200)))

    run("users", "apply", file, "--yes")

    assert len(builder.mutations) <= 13 + 10


def test_good_rows_in_between_end_a_row_of_faults(apply, builder):
    for nth in (2, 3, 5, 6, 8, 9):
        builder.fault("POST", nth=nth, action=error(404, "not found", "not_found"))

    completed = apply(*ALONE)

    assert completed.code == 8
    assert counts(completed) == {"created": 4, "failed": 6}


def test_lost_answer_of_a_create_is_asked_again(apply, builder):
    builder.fault("POST", nth=3, action=actions.reset(), after_effect=True)

    completed = apply(*ALONE)

    assert completed.code == 0, completed
    assert len(builder.effects) == 10
    assert completed.json["results"][2]["attempts"] == 2


def test_unknown_row_goes_on_and_the_next_run_tells(run, builder, work, clock):
    """A 500 to a PATCH whose user cannot be read again: unknown, exit 12; then it converges."""
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


def test_per_second_429_is_waited_for(apply, builder):
    builder.fault("POST", nth=3, times=2, action=actions.too_many("1"))

    completed = apply(*ALONE)

    assert completed.code == 0
    assert len(builder.effects) == 10


@pytest.mark.parametrize("verb", [["plan"], ["plan", "--prune"], ["apply", "--yes"]])
@pytest.mark.parametrize(
    "action", [html(502), actions.reset(), json_answer(200, {"users": "none"})]
)
def test_listing_that_breaks_off_changes_nothing(run, builder, work, verb, action):
    """Whoever was not listed would be created, or spared; also without `--prune`."""
    builder.add_many(250)
    builder.fault("GET", r"users$", nth=2, times=9, action=action)
    builder.strict = False
    file = roster(work / "u.csv", "user-00000,1", "new,5")

    completed = run("users", *verb, file)

    assert completed.code == 10, completed
    assert "after 100 users" in completed.err
    assert changes(builder) == []


def test_cursor_that_repeats_never_prunes(run, builder, work):
    builder.add_many(150)
    page = {"users": list(builder.users.values())[:100], "next_cursor": "again"}
    builder.fault("GET", r"users$", times=99, action=json_answer(200, page))
    builder.strict = False
    file = roster(work / "u.csv", "user-00000,1")
    completed = run("users", "apply", file, "--prune", "--confirm", "99", "--max", "500")
    assert completed.code == 10
    assert changes(builder) == []


def test_limits_that_cannot_be_read_slow_the_run_down(apply, builder):
    """Four requests a second, which is below the smallest tier."""
    builder.fault("GET", "usage", times=4, action=html(502))

    completed = apply()

    assert completed.code == 0
    assert "could not be read" in completed.err
    assert sum(completed.waits) > 1.5


@pytest.mark.parametrize("asked", ["100000", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT"])
@pytest.mark.parametrize("concurrency", ["1", "8"])
def test_a_wait_beyond_max_wait_stops_the_run(run, builder, work, asked, concurrency):
    """The row that was refused is failed, the rest is not attempted."""
    refused = {"error": "rate limit exceeded", "code": "rate_limit_exceeded", "retryable": True}
    builder.fault("POST", nth=3, times=99, action=json_answer(429, refused, {"Retry-After": asked}))
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


def test_a_503_that_asks_for_too_long_a_wait_stops_the_run(run, builder, work):
    """Its own row is unknown."""
    busy = json_answer(503, {"error": "busy"}, {"Retry-After": "100000"})
    builder.fault("POST", nth=2, action=busy)
    done = run(*("users", "apply", creates(work / "u.csv", 5), "--yes", "--json"), *ALONE)
    assert done.code == 6, done
    assert counts(done) == {"created": 1, "unknown": 1, "not_attempted": 3}


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_long_wait_of_a_run_is_announced_on_a_line_of_its_own(run, builder, work, quiet):
    refused = {"error": "rate limit exceeded", "code": "rate_limit_exceeded", "retryable": True}
    builder.fault("POST", nth=2, action=json_answer(429, refused, {"Retry-After": "20"}))
    done = run("users", "apply", creates(work / "u.csv", 3), "--yes", *ALONE, *quiet)
    assert done.code == 0, done
    assert ("rate limited by the API: waiting 20.0 s" in done.err) is not bool(quiet)
