"""An id names one user and nothing else, with any characters."""

from __future__ import annotations

import itertools

import pytest

RESERVED = [
    *("a/b", "a?limit=1&cursor=x", "100%", "a%2Fb", "a#note", "../pool", "..;", "a\\b", "a;b=c"),
    *("a+b", "日本語", "http://evil.invalid/", "users"),
]
NOTHING = ["", "   ", "\xa0", "..", "id:", "ext:", "ext: ", "alice\n", "a\x1b[2J", "a\x7f"]
COMMANDS = {
    "get": ["users", "get", "{}"],
    "set-qps": ["users", "set-qps", "{}", "10"],
    "deactivate": ["users", "deactivate", "{}", "--confirm", "alice"],
    "check": ["users", "check", "{}", "--exchange", "polymarket"],
    "onboard": ["users", "onboard", "{}", "--exchange", "polymarket", "--mode", "managed"],
    "api": ["api", "GET", "/balance", "--query", "exchange=polymarket", "--as", "{}"],
}


def spread(names: list[str]) -> list[tuple[str, str]]:
    """Give each name to two of the commands, and each command a third of the names."""
    pairs = itertools.product(enumerate(COMMANDS), enumerate(names))
    return [(command, name) for (row, command), (column, name) in pairs if (row + column) % 3 == 0]


def argv_for(command: str, user: str) -> list[str]:
    return [user if part == "{}" else part for part in COMMANDS[command]]


@pytest.mark.parametrize(("command", "name"), spread(RESERVED))
def test_an_unknown_id_with_reserved_characters_addresses_no_user(run, builder, command, name):
    """The id is looked for in the listing, never put into a path, and never created."""
    builder.add("alice")
    completed = run(*argv_for(command, name))
    assert completed.code == 3, completed
    assert {request.path for request in builder.requests} == {"/api/v1/builder/users"}
    assert builder.mutations == []


@pytest.mark.parametrize("name", RESERVED)
def test_an_external_id_with_reserved_characters_finds_its_user(run, builder, name):
    builder.add("a")
    user = builder.add(name)
    builder.add("b")
    assert run("users", "get", name, "--json").json["customer_id"] == user["customer_id"]
    completed = run("users", "set-qps", name, "77")
    assert completed.code == 0, completed
    assert [u["qps_limit"] for u in builder.users.values()] == [10, 77, 10]
    completed = run("users", "deactivate", name, "--confirm", name)
    assert completed.code == 0, completed
    assert builder.effects[-1] == ("DELETE", user["customer_id"])
    assert len(builder.users) == 2


@pytest.mark.parametrize("ending", ["#note", "?x=1", "/", "/../x", "%20", " ", "#", "?", ";x"])
@pytest.mark.parametrize("prefix", ["", "id:"])
def test_text_after_a_customer_id_never_addresses_that_user(run, builder, ending, prefix):
    """`REALID#note` is not REALID: not for a deactivation, not for a change."""
    user = builder.add("alice")
    named = f"{prefix}{user['customer_id']}{ending}"
    for argv in (
        ["users", "deactivate", named, "--confirm", "alice"],
        ["users", "deactivate", named, "--confirm", user["customer_id"]],
        ["users", "set-qps", named, "99"],
        ["users", "get", named],
    ):
        completed = run(*argv)
        assert completed.code in (2, 3), completed
    assert builder.effects == []
    own = f"/api/v1/builder/users/{user['customer_id']}"
    assert own not in {request.path for request in builder.requests}


@pytest.mark.parametrize(("command", "name"), spread(NOTHING))
def test_an_impossible_id_is_refused_before_any_request(run, builder, command, name):
    """An unset shell variable must not address all users."""
    builder.add("alice")
    completed = run(*argv_for(command, name))
    assert completed.code == 2, completed
    assert builder.requests == []


@pytest.mark.parametrize("command", ["get", "set-qps", "deactivate"])
def test_two_users_with_one_external_id_are_ambiguous(run, builder, command):
    builder.add("alice")
    builder.add("alice")
    completed = run(*argv_for(command, "alice"))
    assert completed.code == 3, completed
    assert builder.mutations == []


@pytest.mark.parametrize(
    ("typed", "existing"), [("e\u0301", "\u00e9"), ("ALICE", "alice"), ("alice ", "alice")]
)
@pytest.mark.parametrize("command", ["get", "set-qps", "deactivate"])
def test_an_unknown_id_names_the_user_that_looks_like_it(run, builder, command, typed, existing):
    """The listing in which the id was looked for contains it, so nothing more is read."""
    builder.add(existing)
    completed = run(*argv_for(command, typed))
    assert completed.code == 3, completed
    assert f"{typed!a} looks like {existing!a}, an existing user" in completed.err
    assert [path for path in builder.log if "limit=" in path] == builder.log


@pytest.mark.parametrize("others", [0, 60], ids=["found one by one", "found in a listing"])
def test_a_row_that_matches_no_user_names_the_one_that_looks_like_it(run, builder, work, others):
    users = [user["external_id"] for user in builder.add_many(others)]
    builder.add("alice")
    (work / "leavers.txt").write_text("\n".join([*users, "Alice"]))
    completed = run("users", "deactivate", "--from-file", "leavers.txt", "-n")
    assert completed.code == 3, completed
    assert f"row {others + 1}: `Alice`; 'Alice' looks like 'alice'" in completed.err


@pytest.mark.parametrize("typed", ["vip_hedg", "VIP_hedge", "vip-hedge"])
def test_a_user_that_is_not_found_may_be_one_with_a_similar_id(run, builder, typed):
    builder.add("vip_hedge")
    builder.add_many(5)
    done = run("users", "get", typed)
    assert done.code == 3
    assert done.err.startswith(f"error: user `{typed}` not found in profile default")
    assert "\nhint: did you mean `vip_hedge`?\n  parsec " in done.err
    assert done.err.endswith(" users get vip_hedge\n")


def test_a_change_of_a_missing_user_proposes_to_read_the_similar_one(run, builder):
    builder.add("ext:hedge")
    done = run("users", "set-qps", "ext:ext:hedg", "5")
    assert done.code == 3
    assert "\nhint: did you mean `ext:hedge`?\n  parsec " in done.err
    assert done.err.endswith(" users get ext:ext:hedge\n")


def test_each_of_several_missing_users_names_its_own_near_miss(run, builder):
    builder.add("vip_hedge")
    done = run("users", "get", "vip_hedg", "other")
    assert "user `vip_hedg` not found; did you mean `vip_hedge`?\n" in done.err
    assert "user `other` not found\n" in done.err
