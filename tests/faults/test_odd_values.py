"""Values that JSON allows and nobody expects, in calculations and in output."""

from __future__ import annotations

import json

import pytest
from support.actions import html, json_response
from support.records import END_USER_KEY, customer_id, new_user, wallet

HUGE = 10**400
FORMATS = ["json", "jsonl", "tsv", "csv", "table"]


@pytest.mark.parametrize("name", ["qps_pool", "total_allocated_qps", "end_user_count"])
@pytest.mark.parametrize("number", [HUGE, -HUGE, 2**63])
@pytest.mark.parametrize("command", ["show", "check"])
def test_a_pool_with_absurd_numbers_is_refused(run_at, server, name, number, command):
    pool = {"qps_pool": 10, "end_user_count": 1, "total_allocated_qps": 1, name: number}
    server.respond(json_response(200, pool))
    completed = run_at("pool", command)
    assert completed.code == 7, completed
    assert f"the pool has no whole number `{name}`" in completed.err


OTHER = new_user("bob", 7)


@pytest.mark.parametrize(
    ("line", "method", "value", "why"),
    [
        ("create bob --qps-limit 2", "POST", {**OTHER, "external_id": "eve"}, "it is another user"),
        ("set-qps ext:alice 1", "PATCH", {**OTHER, "customer_id": customer_id(0)}, "it shows ano"),
        ("set-qps ext:alice 1", "PATCH", OTHER, "it is another user's record"),
    ],
)
def test_a_success_about_something_else_is_unknown_and_says_why(
    run, builder, line, method, value, why
):
    builder.strict = False  # creates are sent twice, limits once
    builder.add("alice", 5)
    value = {**value, "qps_limit": True}
    builder.fault(method, action=json_response(200, value), times=9)
    builder.fault("GET", f"users/{customer_id(0)}$", nth=2, times=9, action=html(502))
    done = run("users", *line.split())
    assert done.code == 12, done
    assert why in done.err


@pytest.mark.parametrize("limits", [(HUGE, 1), (1, HUGE), (2.5, HUGE), (-HUGE, HUGE)])
def test_users_are_sorted_by_numbers_of_any_size(run, builder, limits):
    for name, limit in zip("ab", limits, strict=True):
        builder.add(name, qps_limit=limit)
    completed = run("users", "list", "--sort", "qps_limit", "--json")
    assert completed.code == 0, completed
    assert [user["qps_limit"] for user in completed.json["users"]] == sorted(limits)


@pytest.mark.parametrize("line", ["pool share", "pool share --by equal", "users audit"])
@pytest.mark.parametrize("limit", [10.5, -5, True, "abc", "10.0", [10], 2**63])
def test_a_limit_that_is_no_whole_number_does_not_count_as_none(run, builder, line, limit):
    builder.add("a", limit)
    pool = {"qps_pool": 500, "end_user_count": 1, "total_allocated_qps": 10}
    builder.fault("GET", "/pool", action=json_response(200, pool))
    done = run(*line.split())
    assert (done.code, done.out) == (7, "")
    text = f"returned a qps_limit of `a` that is not a whole number from 0: `{json.dumps(limit)}`"
    assert text in done.err


@pytest.mark.parametrize(("limit", "after"), [("10", 30), (10.0, 30), (True, 40), ([1], 40)])
def test_a_deactivation_frees_the_limit_however_it_is_written(run, builder, work, limit, after):
    builder.add("a", limit)
    pool = {"qps_pool": 500, "end_user_count": 1, "total_allocated_qps": 40}
    builder.fault("GET", "/pool", action=json_response(200, pool), times=2)
    (work / "roster.csv").write_text("external_id,state\na,absent\n")
    planned = run("users", "plan", "roster.csv", "--json")
    assert (planned.code, planned.json["pool"]["allocated_after"]) == (0, after)
    assert run("users", "apply", "roster.csv", "--confirm", "1").code == 0
    assert builder.users == {}


@pytest.mark.parametrize("amount", [HUGE, str(HUGE), "1e999", [], True])
def test_a_balance_that_cannot_be_read_counts_as_money(run, builder, amount):
    money = {**wallet(), "balances": [{"token": "USDC", "raw_balance": amount}]}
    user = builder.add("alice", wallet=money)
    argv = ["users", "deactivate", user["customer_id"]]
    completed = run(*argv)
    assert completed.code == 9, completed
    assert "HOLDS" in completed.err


@pytest.mark.usefixtures("odd_records")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", [0, True, "x", [], [1, None], [{"a": 1}, {"b": [2]}, "c"], {}])
def test_api_shows_any_json_in_every_format(run_at, server, form, value):
    """`/ping` returns a list, and the API promises nothing about other paths."""
    server.respond(json_response(200, value))
    completed = run_at("api", "GET", "/ping", "-o", form)
    assert completed.code == 0, completed
    if form == "json":
        assert completed.json == value
    if form == "jsonl" and value == [{"a": 1}, {"b": [2]}, "c"]:
        lines = [json.loads(line) for line in completed.out.splitlines()]
        assert lines == [{"a": 1}, {"b": [2]}, {"value": "c"}]


@pytest.mark.parametrize("form", FORMATS)
def test_api_masks_keys_inside_lists_in_every_format(run, builder, form):
    user = builder.add("alice")
    builder.respond(json_response(200, [user, {"deep": {"private_key": END_USER_KEY}}]))
    completed = run("api", "GET", "/builder/x", "-o", form)
    assert completed.code == 0, completed
    assert END_USER_KEY not in completed.out
