"""`users apply`: each row is applied once, in a safe order, and has a result."""

from __future__ import annotations

import json
import re

import pytest
from commands.users.bulk_files import (
    changes,
    journals,
    lines_of,
    outcomes,
    roster,
    runs_dir,
)
from support.actions import error, json_response
from support.leaks import leaks as find_leaks
from support.records import END_USER_KEY, customer_id

NAMES = "row external_id customer_id action before after outcome http_status attempts error"


@pytest.fixture
def mixed(builder, work):
    """A file with one row of each kind, and the users that it names."""
    for name, limit in {"up": 10, "down": 10, "gone": 7, "same": 3}.items():
        builder.add(name, limit)
    rows = ("new,4,", "up,20,", "down,1,", "gone,,absent", "same,3,")
    return roster(work / "users.csv", *rows, header="external_id,qps_limit,state")


def test_every_row_is_applied_and_reported_in_the_order_of_the_file(run, builder, mixed):
    completed = run("users", "apply", mixed, "--confirm", "1", "--json")
    assert completed.code == 0, completed
    document = completed.json
    assert list(document) == ["results", "summary"]
    for row in document["results"]:
        more = ["holdings"] if row["action"] == "deactivate" else []
        assert sorted(row) == sorted(NAMES.split() + more)
    assert [(row["row"], row["outcome"]) for row in document["results"]] == [
        (2, "created"),
        (3, "changed"),
        (4, "changed"),
        (5, "deactivated"),
        (6, "unchanged"),
    ]
    done = {"created": 1, "changed": 2, "deactivated": 1, "unchanged": 1}
    assert document["summary"] == {**done, "failed": 0, "unknown": 0, "not_attempted": 0}
    limits = {user["external_id"]: user["qps_limit"] for user in builder.users.values()}
    assert limits == {"new": 4, "up": 20, "down": 1, "same": 3}


def test_results_file_says_the_same_as_stdout(run, mixed, work):
    completed = run("users", "apply", mixed, "--confirm", "1", "--json", "--results", "out.jsonl")

    assert lines_of(work / "out.jsonl") == completed.json["results"]
    assert "; results: out.jsonl; run r-" in completed.err


def test_a_run_is_shown_again_as_it_was(run, mixed):
    completed = run("users", "apply", mixed, "--confirm", "1", "--json")

    (name,) = re.findall(r"run (r-\S+)$", completed.err, re.MULTILINE)
    shown = run("runs", "show", name, "--json")
    assert shown.json["results"] == completed.json["results"]
    assert shown.json["run"]["counts"] == completed.json["summary"]


def test_results_may_not_be_written_over_the_file(run, builder, mixed, work):
    before = (work / "users.csv").read_bytes()

    completed = run("users", "apply", mixed, "--confirm", "1", "--results", "users.csv")

    assert completed.code == 2
    assert builder.requests == []
    assert (work / "users.csv").read_bytes() == before


@pytest.mark.parametrize("where", ["history.jsonl", "runs/r-20261126-1402.jsonl", "new", "config"])
@pytest.mark.parametrize("option", ["--results", "--out"])
def test_no_file_of_the_tool_is_overwritten(run, builder, mixed, home, option, where):
    """Not even one that it has not made yet."""
    state, config = home / ".local/state/parsec", home / ".config/parsec/config.toml"
    target = config if where == "config" else state / where
    target.parent.mkdir(parents=True, exist_ok=True)
    if where != "new":
        target.write_text("# mine\n")
    command = ["apply", mixed, "--confirm", "1"] if option == "--results" else ["plan", mixed]
    completed = run("users", *command, option, str(target))
    assert (completed.code, builder.requests) == (2, [])
    assert "is a file of parsec itself: name another file" in completed.err
    assert not target.exists() or target.read_text() == "# mine\n"


def test_results_may_be_thrown_away_even_if_there_is_no_config(tool, mixed, key_env, builder):
    env = key_env(builder) | {"PARSEC_CONFIG": "/dev/null"}
    done = tool("users", "apply", mixed, "--confirm", "1", "--results", "/dev/null", env=env)
    assert done.code == 0, done


def test_decreases_are_sent_first_and_increases_last(run, builder, mixed):
    run("users", "apply", mixed, "--confirm", "1", "--concurrency", "1")
    assert [request.method for request in builder.mutations] == ["PATCH", "DELETE", "POST", "PATCH"]
    sent = [request.json()["qps_limit"] for request in builder.mutations if request.body]
    assert sent == [1, 4, 20]


def test_the_sum_of_limits_never_exceeds_the_pool_during_a_run(run, builder, work):
    """Eight workers swap limits in a full pool."""
    builder.qps_pool = 400
    for number in range(40):
        builder.add(f"u{number}", 1 if number % 2 else 19)
    sums = []
    respond = builder.respond_to
    builder.respond_to = lambda request: (
        respond(request),
        sums.append(sum(user["qps_limit"] for user in builder.users.values())),
    )[0]
    rows = [f"u{number},{19 if number % 2 else 1}" for number in range(40)]

    completed = run("users", "apply", roster(work / "u.csv", *rows), "--yes")

    assert completed.code == 0, completed
    assert len(builder.effects) == 40
    assert max(sums) == 400


def test_one_failed_row_is_named_and_the_others_are_applied(run, builder, work):
    builder.fault(
        "POST", nth=2, action=error(400, "validation failed", "validation_error"), times=1
    )
    file = roster(work / "u.csv", "a,1", "b,1", "c,1")

    completed = run("users", "apply", file, "--yes", "--concurrency", "1", "--json")

    assert completed.code == 8
    assert outcomes(completed) == {"a": "created", "b": "failed", "c": "created"}
    fault = completed.error
    assert fault["code"] == "rows_failed"
    assert "row 3 `b`" in json.dumps(fault)
    assert "2 created, 1 failed" in fault["message"]
    second = completed.json["results"][1]
    assert (second["http_status"], second["attempts"]) == (400, 1)
    assert "validation failed" in second["error"]


def test_a_second_run_sends_only_the_failed_rows(run, builder, work, clock):
    builder.fault("POST", nth=2, action=error(400, "no", "bad_request"))
    command = ["users", "apply", roster(work / "u.csv", "a,1", "b,1"), "--yes", "--json"]
    run(*command, "--concurrency", "1")
    clock.sleep(60)

    completed = run(*command)

    assert completed.code == 0
    assert outcomes(completed) == {"a": "unchanged", "b": "created"}
    assert len(builder.effects) == 2


def test_a_user_who_was_created_meanwhile_is_not_called_created(run, builder, work):
    file = roster(work / "u.csv", "late,50")
    respond = builder.respond_to

    def meanwhile(request):
        if request.method == "POST":
            builder.add("late", 10)
        return respond(request)

    builder.respond_to = meanwhile

    completed = run("users", "apply", file, "--yes", "--json")

    assert completed.code == 8
    (row,) = completed.json["results"]
    assert row["outcome"] == "failed"
    assert "already existed" in row["error"]
    assert "10" in row["error"]


@pytest.mark.parametrize(
    ("status", "limit", "outcome", "why"),
    [
        (201, "5", "created", None),
        (201, None, "created", None),
        (200, "5", "unchanged", None),
        (200, 5.0, "unchanged", None),
        (200, None, "failed", "already existed, with qps_limit none instead of 5"),
        (200, {"a": 1}, "failed", "already existed, with qps_limit unknown instead of 5"),
        (202, 5, "created", "exists; the response does not say whether it is new"),
        (202, 10, "failed", "exists, with qps_limit 10 instead of 5"),
    ],
)
def test_a_row_of_a_create_says_what_the_response_shows(
    run, builder, work, status, limit, outcome, why
):
    user = {"customer_id": customer_id(9), "external_id": "a", "qps_limit": limit}
    builder.fault("POST", action=json_response(status, user))
    completed = run("users", "apply", roster(work / "u.csv", "a,5"), "--yes", "--json")
    assert completed.code == (8 if outcome == "failed" else 0), completed
    (row,) = completed.json["results"]
    more = "; a new plan would change it" * (outcome == "failed")
    assert (row["outcome"], row["error"]) == (outcome, why and why + more)


def test_a_new_user_with_another_limit_is_unknown_and_the_next_run_corrects_it(
    run, builder, work, clock
):
    user = {**builder.add("a", 500), "status": "complete"}
    builder.users.clear()
    builder.fault("POST", action=json_response(201, user))
    command = ["users", "apply", roster(work / "u.csv", "a,5"), "--yes", "--json"]
    completed = run(*command)
    assert completed.code == 12, completed
    (row,) = completed.json["results"]
    text = "outcome unknown; user `a` exists, but its qps_limit is 500, not 5"
    assert (row["outcome"], row["error"]) == ("unknown", text)
    builder.users[user["customer_id"]] = user
    clock.sleep(60)
    assert outcomes(run(*command)) == {"a": "changed"}


def test_a_run_stops_at_max_failures(run, builder, work):
    builder.fault("POST", action=error(400, "no", "bad_request"), times=3)
    file = roster(work / "u.csv", *(f"u{n},1" for n in range(9)))

    completed = run(
        "users", "apply", file, "--yes", "--max-failures", "3", "--concurrency", "1", "--json"
    )

    assert completed.code == 8
    assert completed.json["summary"]["failed"] == 3
    assert completed.json["summary"]["not_attempted"] == 6


def test_a_run_with_nothing_to_do_needs_no_consent(run, builder, work, home):
    builder.add("there", 5)

    completed = run("users", "apply", roster(work / "u.csv", "there,5"), "--json")

    assert completed.code == 0
    assert outcomes(completed) == {"there": "unchanged"}
    assert changes(builder) == []
    assert journals(home) == []


def test_dry_run_sends_nothing_and_needs_no_consent(run, builder, mixed, home):
    completed = run("users", "apply", mixed, "-n", "--json")
    assert completed.code == 0
    planned = [action["action"] for action in completed.json["actions"]]
    assert planned == ["create", "set-qps", "set-qps", "deactivate"]
    assert changes(builder) == []
    assert journals(home) == []


def test_the_history_has_a_line_for_every_change(run, mixed, history):
    run("users", "apply", mixed, "--confirm", "1", "--reason", "spring cleaning")

    begun = [line for line in history() if "command" in line]
    assert {line["command"] for line in begun} == {"users apply"}
    assert {line["reason"] for line in begun} == {"spring cleaning"}
    assert len(begun) == 4


def test_no_key_is_shown_or_stored(run, builder, mixed, home):
    completed = run("users", "apply", mixed, "--confirm", "1", "-o", "csv")

    assert completed.code == 0
    assert find_leaks(completed, home, [builder.key, END_USER_KEY]) == []


def test_users_that_a_run_created_are_in_the_index(run, builder, work):
    builder.add_many(120)
    run("users", "apply", roster(work / "u.csv", "new,1"), "--yes")
    del builder.requests[:]

    completed = run("users", "get", "new", "--json")

    assert completed.code == 0
    assert len(builder.requests) == 1


def test_without_a_journal_nothing_is_sent(run, builder, work, home):
    runs_dir(home).parent.mkdir(parents=True)
    runs_dir(home).write_text("a file where the directory belongs")

    completed = run("users", "apply", roster(work / "u.csv", "new,1"), "--yes")

    assert completed.code == 1
    assert "runs" in completed.err
    assert changes(builder) == []


def test_a_run_stops_when_the_history_can_no_longer_be_written(run, builder, work, home):
    path = home / ".local" / "state" / "parsec" / "history.jsonl"
    respond = builder.respond_to

    def lose(request):
        if request.method == "POST" and request.json()["external_id"] == "b":
            path.unlink()
            path.mkdir()
        return respond(request)

    builder.respond_to = lose
    file = roster(work / "u.csv", "a,1", "b,1", "c,1", "d,1")

    completed = run("users", "apply", file, "--yes", "--json", "--concurrency", "1")

    assert completed.code == 1
    assert outcomes(completed) == {
        "a": "created",
        "b": "created",
        "c": "not_attempted",
        "d": "not_attempted",
    }
    assert len(builder.effects) == 2
