"""A listing contains the whole account, or says that it does not."""

from __future__ import annotations

import json
import re

import pytest
from support.actions import error, html, json_response, raw_json, truncated
from support.records import new_user

POOL = {"qps_pool": 100, "end_user_count": 2, "total_allocated_qps": 20}


def page(*numbers: int, **fields) -> dict:
    users = [new_user(f"u{number}", number) for number in numbers]
    return {"users": users, "count": len(users), **fields}


def pages_of(requests) -> list:
    return [request for request in requests if request.path.endswith("/users")]


@pytest.mark.parametrize("argv", [[], ["--limit", "500"]], ids=str)
@pytest.mark.parametrize("form", ["tsv", "json", "csv", "ids", "jsonl", "table"])
def test_a_listing_without_options_contains_every_user(run, builder, form, argv):
    """Neither the default page size nor the API's maximum limits it."""
    users = builder.add_many(120)
    completed = run("users", "list", "-o", form, *argv)
    assert completed.code == 0, completed
    assert [u["customer_id"] for u in users if u["customer_id"] not in completed.out] == []
    assert len(pages_of(builder.requests)) == 2


@pytest.mark.parametrize("option", ["--limit", "--page-size"])
@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.5", "", "1_0", "+5", " 7", "٣", "1e2"])
def test_the_number_of_users_is_a_whole_number_from_one(run, builder, option, value):
    assert run("users", "list", f"{option}={value}").code == 2
    assert run("users", "list", "--page-size=101").code == 2
    assert builder.requests == []


@pytest.mark.parametrize("limit", [1, 50, 99, 100, 101, 119])
def test_an_incomplete_listing_says_so_and_continues_exactly(run, builder, limit):
    """The rest repeats no user and leaves none out."""
    users = builder.add_many(120)
    first = run("users", "list", "--limit", str(limit), "--json")
    assert first.json["complete"] is False
    assert first.json["count"] == limit == len(first.json["users"])
    assert "--cursor" in first.err
    rest = run("users", "list", "--cursor", first.json["next_cursor"], "--json")
    assert rest.json["complete"] is True
    found = [user["customer_id"] for user in first.json["users"] + rest.json["users"]]
    assert found == [user["customer_id"] for user in users]


def test_a_listing_that_ends_below_its_limit_is_complete(run, builder):
    builder.add_many(120)
    for limit in ("120", "121"):
        completed = run("users", "list", "--limit", limit, "--json")
        assert completed.json["complete"] is True
        assert completed.json["next_cursor"] is None


FAILURES = {
    "HTML 502": (html(502), 7),
    "401": (error(401, "invalid API key", "unauthorized"), 4),
    "truncated": (truncated(200, b'{"users": [{"customer_id"'), 7),
    "wrong shape": (json_response(200, {"users": "x"}), 7),
    "monthly quota": (json_response(429, {"error": "monthly request limit exceeded"}), 6),
    "broken JSON": (raw_json(200, '{"users": ['), 7),
}


@pytest.mark.parametrize(("action", "code"), FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("form", ["json", "jsonl", "tsv", "csv"])
def test_a_listing_whose_later_page_fails_is_marked_incomplete(run, builder, action, code, form):
    builder.add_many(40)
    builder.strict = False
    builder.fault("GET", "/users", nth=3, times=4, action=action)
    completed = run("users", "list", "--page-size", "7", "-o", form)
    assert completed.code == code, completed
    assert re.search(r"\b14\b", completed.err), "how many were fetched"
    assert completed.out.count("user-000") == 14
    if form == "json":
        assert completed.json["complete"] is False
        assert completed.json["count"] == 14
        assert completed.error["exit_code"] == code


def test_a_listing_that_failed_continues_from_its_cursor(run, builder):
    users = builder.add_many(30)
    builder.fault("GET", "/users", nth=3, action=error(401, "invalid API key", "unauthorized"))
    first = run("users", "list", "--page-size", "7", "--json").json
    rest = run("users", "list", "--cursor", first["next_cursor"], "--json").json
    assert [u["external_id"] for u in first["users"] + rest["users"]] == [
        u["external_id"] for u in users
    ]


@pytest.mark.parametrize("count", [2, 5])
def test_a_listing_that_differs_from_the_pool_says_so(run_at, server, count):
    """This is not an error: users may be created and deactivated meanwhile."""
    server.script(
        json_response(200, page(1, 2, next_cursor="x")),
        json_response(200, page(3)),
        json_response(200, {**POOL, "end_user_count": count}),
    )
    completed = run_at("users", "list", "--json")
    assert completed.code == 0, completed
    assert str(count) in completed.err
    assert json.loads(completed.out)["complete"] is True
