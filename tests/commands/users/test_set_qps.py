"""`users set-qps`: the old and the new limit, the pool, and no unneeded request."""

from __future__ import annotations

import pytest
from support.actions import close, json_response
from support.records import customer_id


def path_of(user):
    return f"/api/v1/builder/users/{user['customer_id']}"


def test_an_increase_shows_old_and_new_limit_and_pool(run, builder):
    user = builder.add("alice", 10)
    builder.add("bob", 30)
    done = run("users", "set-qps", "alice", "20", "--json")
    assert done.code == 0, done
    assert done.json["qps_limit"] == 20
    assert "qps_limit of `alice`: 10 → 20; pool 40 → 50 of 1,000" in done.err
    assert user["qps_limit"] == 20
    assert builder.mutations[0].json() == {"qps_limit": 20}


def test_a_decrease_does_not_read_the_pool(run, builder):
    """It is always allowed, even in an overcommitted pool."""
    user = builder.add("alice", 5000)
    done = run("users", "set-qps", user["customer_id"], "4000")
    assert done.code == 0, done
    assert "5,000 → 4,000; this frees 1,000 QPS of the pool" in done.err
    assert builder.log == [f"GET {path_of(user)}", f"PATCH {path_of(user)}"]


def test_the_same_value_sends_nothing(run, builder, history):
    user = builder.add("alice", 10)
    done = run("users", "set-qps", user["customer_id"], "10", "--json")
    assert done.code == 0, done
    assert done.json["qps_limit"] == 10
    assert "nothing was sent" in done.err
    assert builder.log == [f"GET {path_of(user)}"]
    assert history() == []


def test_a_first_limit_raises_the_sum(run, builder):
    user = builder.add("alice", None)
    done = run("users", "set-qps", user["customer_id"], "20")
    assert done.code == 0, done
    assert "none → 20; pool 0 → 20 of 1,000" in done.err


def test_a_limit_that_is_not_in_the_record_is_called_unknown(run, builder):
    """The guard then counts the whole new limit."""
    user = builder.add("alice", 10)
    lean = {k: v for k, v in user.items() if k != "qps_limit"}
    builder.fault("GET", user["customer_id"], action=json_response(200, lean))
    done = run("users", "set-qps", user["customer_id"], "20")
    assert done.code == 0, done
    assert "unknown → 20; pool 10 → 30 of 1,000 at most" in done.err


@pytest.mark.parametrize(("limit", "code"), [("980", 0), ("981", 10)])
def test_the_pool_is_never_overcommitted_without_the_option(run, builder, limit, code):
    user = builder.add("alice", 10)
    builder.add("bob", 20)
    done = run("users", "set-qps", "alice", limit, "--reason", "more")
    assert done.code == code, done
    assert user["qps_limit"] == (10 if code else 980)
    if code:
        assert "--allow-overcommit" in done.err
        assert builder.mutations == []
        assert run("users", "set-qps", "alice", limit, "--allow-overcommit").code == 0
        assert user["qps_limit"] == 981


def test_an_overcommitted_pool_is_not_overcommitted_further(run, builder):
    builder.qps_pool = 9
    builder.add("alice", 10)
    assert run("users", "set-qps", "alice", "11").code == 10
    assert builder.mutations == []


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(run, builder, history):
    user = builder.add("alice", 10)
    done = run("users", "set-qps", "alice", "20", "-n", "--json")
    assert done.code == 0, done
    path = path_of(user)
    body = {"qps_limit": 20}
    assert done.json == {"dry_run": True, "method": "PATCH", "path": path, "body": body}
    assert "10 → 20; pool 10 → 20 of 1,000" in done.err
    assert builder.mutations == []
    assert history() == []


def test_a_customer_id_has_precedence_over_an_equal_external_id(run, builder):
    user = builder.add("alice", 10)
    namesake = builder.add(user["customer_id"], 10)
    assert run("users", "set-qps", user["customer_id"], "20").code == 0
    assert (user["qps_limit"], namesake["qps_limit"]) == (20, 10)
    assert run("users", "set-qps", f"ext:{user['customer_id']}", "30").code == 0
    assert (user["qps_limit"], namesake["qps_limit"]) == (20, 30)


def test_a_stale_index_does_not_lead_to_another_user(run, builder):
    """The external_id moved to another user since: the record that was fetched decides."""
    first = builder.add("alice", 10)
    run("users", "get", "alice")
    first["external_id"] = "renamed"
    second = builder.add("alice", 10)
    assert run("users", "set-qps", "alice", "20").code == 0
    assert (first["qps_limit"], second["qps_limit"]) == (10, 20)


def test_a_lost_change_that_a_read_does_not_show_is_unknown(run, builder, history):
    """The request may still arrive."""
    user = builder.add("alice", 10)
    builder.fault("PATCH", action=close(), times=4)
    done = run("users", "set-qps", "alice", "20", "--json")
    assert done.code == 12, done
    assert f" users get {user['customer_id']}" in done.error["hint"]
    assert "qps_limit is 10" in " ".join(done.error["details"])
    assert history()[-1]["outcome"] == "unknown"


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer_id": customer_id(7), "qps_limit": 20},
        {"customer_id": customer_id(0), "qps_limit": True},
    ],
    ids=["another user", "a truth value"],
)
def test_a_response_that_is_not_about_this_change_is_checked_by_a_read(run, builder, wrong):
    user = builder.add("alice", 10)
    builder.fault("PATCH", action=json_response(200, wrong), after_effect=True, times=1)
    done = run("users", "set-qps", "alice", "20")
    assert done.code == 0, done
    assert builder.log[-1] == f"GET {path_of(user)}"
    assert "the response was not as the API promises; a read shows that the user has" in done.err


def test_a_response_without_the_limit_is_a_success_with_a_warning(run, builder):
    user = builder.add("alice", 10)
    lean = {k: v for k, v in user.items() if k != "qps_limit"}
    builder.fault("PATCH", action=json_response(200, lean))
    done = run("users", "set-qps", "alice", "20", "--json")
    assert done.code == 0, done
    assert "qps_limit" not in done.json
    assert "the response contains no qps_limit; 20 was requested" in done.err


def test_a_refusal_changes_nothing_and_lists_what_is_wrong(run, builder, history):
    builder.add("alice", 10)
    value = {"error": "invalid", "code": "validation_error", "retryable": False}
    builder.fault(
        "PATCH", action=json_response(400, {**value, "validation_errors": ["too high", "too odd"]})
    )
    done = run("users", "set-qps", "alice", "20")
    assert done.code == 5, done
    assert "  too high\n  too odd\n" in done.err
    assert history()[-1]["outcome"] == "not_applied"


@pytest.mark.parametrize("written", ["10", 10.0])
def test_a_limit_in_another_spelling_is_shown_as_sent_and_understood(run, builder, work, written):
    builder.add("alice", written)
    pool = {"qps_pool": 1_000, "end_user_count": 1, "total_allocated_qps": 10}
    builder.fault("GET", "/builder/pool", action=json_response(200, pool))
    (work / "f.csv").write_text("external_id,qps_limit\nalice,10\n")
    assert run("users", "plan", "f.csv", "--exit-code").code == 0
    same = run("users", "set-qps", "alice", "10", "--json")
    assert same.code == 0, same
    assert "nothing was sent" in same.err
    assert same.json["qps_limit"] == written


@pytest.mark.parametrize("odd", ["abc", 70.5, True, [1]], ids=str)
def test_a_limit_that_is_not_a_whole_number_is_called_unknown(run, builder, odd):
    builder.add("alice", odd)
    pool = {"qps_pool": 1_000, "end_user_count": 1, "total_allocated_qps": 10}
    builder.fault("GET", "/builder/pool", action=json_response(200, pool))
    done = run("users", "set-qps", "alice", "20")
    assert done.code == 0, done
    text = "qps_limit of `alice`: unknown → 20; pool 10 → 30 of 1,000 at most"
    assert text in " ".join(done.err.split())


def test_a_limit_that_a_read_cannot_understand_is_not_called_unset(run, builder):
    user = builder.add("alice", 10)
    odd = {**user, "qps_limit": "abc"}
    builder.fault("PATCH", action=json_response(200, odd))
    builder.fault("GET", user["customer_id"], nth=2, action=json_response(200, odd))
    done = run("users", "set-qps", user["customer_id"], "20")
    assert done.code == 12, done
    assert "read again: qps_limit is unknown" in done.err


def test_a_limit_that_is_not_set_is_described_in_words(run, builder):
    user = builder.add("alice", 10)
    builder.fault("PATCH", action=json_response(200, {**user, "qps_limit": None}))
    user["qps_limit"] = None
    completed = run("users", "set-qps", "alice", "7")
    assert completed.code == 12, completed
    assert "read again: qps_limit is not set" in completed.err
