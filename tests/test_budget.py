"""Requests are a budget: how many each command makes, over a real connection."""

from __future__ import annotations

import pytest

USERS = "/api/v1/builder/users"
POOL = "GET /api/v1/builder/pool"
USAGE = "GET /api/v1/usage"


@pytest.fixture
def asked(tool, builder, key_env):
    """Run a command that must succeed; return the requests it made, without queries."""

    def run(*argv, stdin=b""):
        before = len(builder.requests)
        completed = tool(*argv, env=key_env(builder), stdin=stdin)
        assert completed.code == 0, completed
        return [f"{request.method} {request.path}" for request in builder.requests[before:]]

    return run


@pytest.fixture
def roster(work):
    """Write a file of users and limits; return its name."""

    def write(rows):
        lines = ["external_id,qps_limit", *(f"{name},{qps}" for name, qps in rows)]
        (work / "roster.csv").write_text("\n".join(lines) + "\n")
        return "roster.csv"

    return write


@pytest.mark.parametrize("users", [0, 1, 100])
def test_a_listing_of_one_page_is_one_request(users, asked, builder):
    builder.add_many(users)
    assert asked("users", "list") == [f"GET {USERS}"]


@pytest.mark.parametrize(("users", "pages"), [(101, 2), (200, 2), (550, 6)])
def test_a_longer_listing_is_its_pages_and_the_pool(users, pages, asked, builder):
    builder.add_many(users)
    assert asked("users", "list", "--json") == [*[f"GET {USERS}"] * pages, POOL]


def test_a_limit_needs_neither_the_rest_nor_the_pool(asked, builder):
    builder.add_many(550)
    assert asked("users", "list", "--limit", "150") == [f"GET {USERS}"] * 2


def test_get_by_customer_id_is_one_request(asked, builder):
    user = builder.add("a")
    path = f"GET {USERS}/{user['customer_id']}"
    assert asked("users", "get", user["customer_id"]) == [path]


def test_get_by_a_known_external_id_is_one_request(asked, builder):
    builder.add_many(300)
    asked("users", "list")
    user = builder.by_external_id("user-00250")
    assert asked("users", "get", "user-00250") == [f"GET {USERS}/{user['customer_id']}"]


@pytest.mark.parametrize(
    ("qps", "others"), [(20, [POOL, "PATCH"]), (5, ["PATCH"]), (10, [])], ids=["up", "down", "same"]
)
def test_set_qps_reads_the_pool_only_to_raise(qps, others, asked, builder):
    user = builder.add("a", qps_limit=10)
    path = f"{USERS}/{user['customer_id']}"
    expected = [f"GET {path}", *(f"PATCH {path}" if what == "PATCH" else what for what in others)]
    assert asked("users", "set-qps", user["customer_id"], str(qps)) == expected


def test_deactivating_one_is_two_requests(asked, builder):
    user = builder.add("a")
    path = f"{USERS}/{user['customer_id']}"
    made = asked("users", "deactivate", user["customer_id"], "--confirm", "a")
    assert made == [f"GET {path}", f"DELETE {path}"]


def test_deactivating_several_is_two_requests_for_each(asked, builder):
    """And one for the rate at which a bulk run may go."""
    ids = [user["customer_id"] for user in builder.add_many(4)]
    made = asked("users", "deactivate", *ids, "--confirm", "4")
    each = [f"{method} {USERS}/{i}" for i in ids for method in ("GET", "DELETE")]
    assert sorted(made) == sorted([USAGE, *each])


def test_apply_is_its_rows_one_listing_the_usage_and_the_pool(asked, builder, roster):
    users = builder.add_many(250, qps_limit=1)
    builder.qps_pool = 10_000
    wanted = [(user["external_id"], 2) for user in users[:30]]
    wanted += [(user["external_id"], 1) for user in users[30:]]
    wanted += [(f"new-{number}", 3) for number in range(5)]
    made = asked("users", "apply", roster(wanted), "--yes")
    writes = [request for request in made if not request.startswith("GET")]
    assert len(writes) == 35
    assert set(made) - set(writes) == {f"GET {USERS}", POOL, USAGE}
    assert len(made) == 35 + 3 + 2


def test_a_plan_that_changes_nothing_is_one_listing_the_usage_and_the_pool(asked, builder, roster):
    users = builder.add_many(150)
    file = roster((user["external_id"], user["qps_limit"]) for user in users)
    assert sorted(asked("users", "plan", file)) == sorted([*[f"GET {USERS}"] * 2, POOL, USAGE])


@pytest.mark.parametrize(
    ("command", "request_made"),
    [
        (("pool", "show"), POOL),
        (("pool", "check"), POOL),
        (("usage", "show"), USAGE),
        (("usage", "check"), USAGE),
    ],
)
def test_showing_one_thing_is_one_request(command, request_made, asked):
    assert asked(*command) == [request_made]


@pytest.mark.parametrize(
    "command", [("config", "path"), ("history", "list"), ("help", "exit-codes"), ("--version",)]
)
def test_local_commands_send_no_request(command, asked):
    assert asked(*command) == []
