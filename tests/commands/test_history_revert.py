"""`parsec history revert`: the roster that it prints undoes exactly the change, or the run."""

from __future__ import annotations

import pytest
from commands.users.bulk_files import roster
from support.actions import close, error, json_response
from support.records import wallet

HEADER = "external_id,customer_id,qps_limit,email"


@pytest.fixture
def last(run):
    """Return the id of the newest entry."""
    return lambda: run("history", "list", "--limit", "1", "--json").json["entries"][0]["id"]


@pytest.fixture
def last_run(run):
    return lambda: run("runs", "list", "--limit", "1", "--json").json["runs"][0]["id"]


def rows(done):
    """Return the rows of the roster, without its header."""
    assert done.code == 0, done
    header, *lines = done.out.splitlines()
    assert header == HEADER
    return lines


def actions(run, done, *how):
    """Return what `users plan` makes of the roster."""
    planned = run("users", "plan", "-", "--json", *how, stdin=done.out.encode())
    assert planned.code == 0, planned
    return [(one["external_id"], one["action"], one["after"]) for one in planned.json["actions"]]


def test_a_limit_gets_its_former_value(run, builder, last):
    user = builder.add("u1", 5)
    run("users", "set-qps", "u1", "9")
    before = len(builder.mutations)
    done = run("history", "revert", last())
    assert rows(done) == [f"u1,{user['customer_id']},5,"]
    assert len(builder.mutations) == before
    assert actions(run, done) == [("u1", "set-qps", {"qps_limit": 5})]


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_a_run_is_undone_exactly(run, builder, work, last_run, form):
    """Only the rows that the run changed, each to what it was; the others stay."""
    builder.add("up", 1)
    builder.add("same", 7)
    builder.add("down", 9)
    gone = builder.add("gone", 3, wallet=None)
    limits = {user["external_id"]: user["qps_limit"] for user in builder.users.values()}
    names = "up,20,", "same,7,", "down,2,", "gone,,absent"
    file = roster(work / "u.csv", *names, header="external_id,qps_limit,state")
    assert run("users", "apply", file, "--confirm", "1").code == 0
    done = run("history", "revert", last_run(), "-o", form)
    again = run("users", "apply", "-", "--yes", "--json", stdin=done.out.encode())
    assert again.code == 0, again
    assert {u["external_id"]: u["qps_limit"] for u in builder.users.values()} == limits
    assert builder.by_external_id("gone")["customer_id"] != gone["customer_id"]
    assert [row["outcome"] for row in again.json["results"]].count("unchanged") == 0
    assert "warning: `gone` would get a new key\n" in done.err


def test_its_json_is_no_fleet_for_prune(run, builder, last):
    """It has only the users that were changed."""
    builder.add("u1", 5)
    builder.add("u2", 5)
    run("users", "set-qps", "u1", "9")
    done = run("history", "revert", last(), "--json")
    planned = run("users", "plan", "-", "--prune", stdin=done.out.encode())
    assert planned.code == 10
    assert "`--prune` would deactivate the users that it leaves out" in planned.err


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        (
            {"wallet": wallet(), "linked_exchanges": ["kalshi"]},
            ", without its wallet and its links",
        ),
        ({"wallet": None, "linked_exchanges": ["kalshi"]}, ", without its links"),
        ({"wallet": wallet(), "linked_exchanges": []}, ", without its wallet"),
    ],
)
def test_a_warning_names_only_what_the_user_had(run, builder, last, fields, lost):
    builder.add("u1", **fields)
    assert run("users", "deactivate", "u1", "--confirm", "u1").code == 0
    assert f"`u1` would get a new key{lost}\n" in run("history", "revert", last()).err


@pytest.mark.usefixtures("odd_records")
@pytest.mark.parametrize(
    ("sent", "former"), [("5", "5"), (5.0, "5"), (True, ""), ("five", ""), (-5, "")]
)
def test_a_limit_is_read_however_the_server_writes_it(run, builder, last, sent, former):
    user = builder.add("u1", sent)
    pool = {"qps_pool": 100, "end_user_count": 1, "total_allocated_qps": 5}
    builder.fault("GET", "/pool", action=json_response(200, pool))
    run("users", "set-qps", "u1", "9")
    done = run("history", "revert", last())
    assert rows(done) == [f"u1,{user['customer_id']},{former},"] * bool(former)
    assert ("the former limit is not known" in done.err) == (not former)
    user["qps_limit"] = sent
    run("users", "deactivate", "u1", "--confirm", "u1")
    assert rows(run("history", "revert", last())) == [f"u1,,{former},"]


def test_a_limit_that_somebody_changed_since_is_skipped(run, builder, last):
    user = builder.add("u1", 5)
    run("users", "set-qps", "u1", "9")
    user["qps_limit"] = 12
    done = run("history", "revert", last())
    assert rows(done) == []
    assert "skipped `u1`: the limit is 12 now; the change had set 9" in done.err
    user["qps_limit"] = 5
    assert "skipped `u1`: the limit is 5 already" in run("history", "revert", last()).err


def test_only_the_last_of_several_changes_can_be_undone(run, builder):
    builder.add("u1", 5)
    run("users", "set-qps", "u1", "9")
    run("users", "set-qps", "u1", "11")
    first, second = (e["id"] for e in run("history", "list", "--json").json["entries"])
    assert rows(run("history", "revert", first)) == []
    assert rows(run("history", "revert", second)) != []


def test_a_limit_that_was_not_set_cannot_be_removed(run, builder, last):
    builder.add("u1", None)
    run("users", "set-qps", "u1", "9")
    done = run("history", "revert", last())
    assert rows(done) == []
    assert "the user had no limit before, and the API cannot remove one" in done.err
    assert "nothing to undo" in done.err


def test_a_user_that_is_gone_is_skipped_even_if_its_id_exists_again(run, builder, last):
    user = builder.add("u1", 5)
    run("users", "set-qps", "u1", "9")
    del builder.users[user["customer_id"]]
    builder.add("u1", 9)
    done = run("history", "revert", last())
    assert rows(done) == []
    assert "skipped `u1`: the user is gone" in done.err


def test_a_user_without_an_external_id_is_named_by_its_customer_id(run, builder, last):
    user = builder.add(None, 5)
    assert run("users", "set-qps", user["customer_id"], "9").code == 0
    assert rows(run("history", "revert", last())) == [f",{user['customer_id']},5,"]


@pytest.mark.parametrize("name", ["=1+1", "a,b", 'q"uote', "00123", "ext:x"])
def test_ids_that_a_spreadsheet_would_change_come_back_unchanged(run, builder, last, name):
    user = builder.add(name, 5, wallet=None)
    run("users", "set-qps", user["customer_id"], "9")
    undone = run("history", "revert", last())
    assert actions(run, undone) == [(name, "set-qps", {"qps_limit": 5})]
    run("users", "deactivate", user["customer_id"], "--confirm", user["customer_id"])
    created = run("history", "revert", last())
    assert actions(run, created, "--allow-odd-ids") == [(name, "create", {"qps_limit": 9})]


def test_a_deactivated_user_is_created_again_unless_it_exists(run, builder, last):
    builder.add("u1", 5, wallet=None)
    run("users", "deactivate", "u1", "--confirm", "u1")
    entry = last()
    done = run("history", "revert", entry)
    assert rows(done) == ["u1,,5,"]
    assert actions(run, done) == [("u1", "create", {"qps_limit": 5})]
    builder.add("u1", 6)
    again = run("history", "revert", entry)
    assert rows(again) == []
    assert "a user with this external_id exists again" in again.err


def test_users_that_shared_an_id_are_created_once(run, builder, last_run):
    users = [builder.add("twin", 5, wallet=None) for _ in range(2)]
    words = [user["customer_id"] for user in users]
    assert run("users", "deactivate", *words, "--confirm", "2").code == 0
    done = run("history", "revert", last_run())
    assert rows(done) == ["twin,,5,"]
    assert done.err.count("exists again") == 1


def test_an_id_that_no_user_can_have_is_skipped(run, builder, last):
    user = builder.add("bell\a", 5, wallet=None)
    run("users", "deactivate", user["customer_id"], "--confirm", user["customer_id"])
    done = run("history", "revert", last())
    assert rows(done) == []
    assert "the API cannot create it again" in done.err


def test_a_created_user_is_never_deactivated(run, builder, last):
    run("users", "create", "new", "--qps-limit", "3")
    done = run("history", "revert", last())
    assert rows(done) == []
    assert "a creation is not undone, because that would deactivate the user" in done.err
    assert builder.by_external_id("new")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("users", "create", "there"), "nothing was changed"),
        (
            ("users", "onboard", "there", "--exchange", "polymarket", "--mode", "managed"),
            "this change cannot be undone",
        ),
        (
            ("api", "PATCH", "/builder/users/ID", "-F", "qps_limit=8"),
            "this change cannot be undone",
        ),
    ],
)
def test_what_cannot_be_undone_is_skipped(run, builder, last, argv, why):
    user = builder.add("there", 5, linked_exchanges=[])
    run(*(word.replace("ID", user["customer_id"]) for word in argv))
    done = run("history", "revert", last())
    assert rows(done) == []
    assert why in done.err


@pytest.mark.parametrize("damage", [b"{", b"[]"])
def test_a_damaged_run_is_undone_in_part_with_a_warning(run, builder, home, last_run, damage):
    for name in ("u0", "u1"):
        builder.add(name, 9)
    assert run("users", "set-qps", "u0=5", "u1=6").code == 0
    (path,) = home.rglob("runs/r-*.jsonl")
    lines = path.read_bytes().splitlines()
    lines[1] = damage
    path.write_bytes(b"\n".join(lines) + b"\n")
    done = run("history", "revert", last_run())
    assert len(rows(done)) == 1
    assert f"`{path}` is damaged: skipped 1 line; the roster does not undo" in done.err


def test_a_change_made_by_another_call_is_not_called_unchanged(run, builder, last):
    user = builder.add("u0", 5)
    builder.fault("POST", action=json_response(200, {}))
    builder.strict = False
    path = f"/builder/users/{user['customer_id']}/credentials"
    assert run("api", "POST", path).code == 0
    assert "cannot be undone" in run("history", "revert", last()).err


def test_a_change_that_was_not_applied_needs_no_undoing(run, builder, last):
    builder.add("u1", 5)
    builder.fault("PATCH", action=error(400, "no", "bad_request"))
    run("users", "set-qps", "u1", "9")
    done = run("history", "revert", last())
    assert rows(done) == []
    assert "the change was not applied" in done.err


@pytest.mark.parametrize("applied", [True, False])
def test_an_unknown_change_is_undone_if_the_user_shows_it(run, builder, last, applied):
    user = builder.add("u1", 5, wallet=None)
    builder.fault("PATCH", action=close(), times=4)
    assert run("users", "set-qps", "u1", "9").code == 12
    user["qps_limit"] = 9 if applied else 5
    assert len(rows(run("history", "revert", last()))) == applied
    builder.fault("DELETE", action=close(), times=3)
    assert run("users", "deactivate", "u1", "--confirm", "u1").code == 12
    if applied:
        del builder.users[user["customer_id"]]
    assert len(rows(run("history", "revert", last()))) == applied


def test_rows_of_a_run_that_failed_are_not_undone(run, builder, last_run):
    builder.add("u1", 5)
    builder.add("u2", 5)
    builder.fault("PATCH", nth=1, action=error(400, "no", "bad_request"))
    run("users", "set-qps", "u1=4", "u2=4")
    assert len(rows(run("history", "revert", last_run()))) == 1


@pytest.mark.parametrize("count", [3, 60])
def test_a_run_of_many_users_is_undone_with_few_requests(run, builder, work, last_run, count):
    builder.rest_qps = 0
    builder.qps_pool = 10_000
    builder.add_many(count)
    names = [user["external_id"] for user in builder.users.values()]
    file = roster(work / "u.csv", *(f"{name},77" for name in names))
    assert run("users", "apply", file, "--yes").code == 0
    first, before = last_run(), len(builder.requests)
    done = run("history", "revert", first)
    assert len(rows(done)) == count
    assert len(builder.requests) - before <= 3
    assert run("users", "apply", "-", "--yes", stdin=done.out.encode()).code == 0
    assert rows(run("history", "revert", first)) == []


def test_a_change_of_another_builder_is_refused(run, builder, other_origin, last):
    builder.add("u1", 5)
    run("users", "set-qps", "u1", "9")
    entry = last()
    done = run("history", "revert", entry, env={"PARSEC_API_BASE_URL": other_origin.url})
    assert done.code == 10, done
    assert f"the change was made with profile default at {builder.url}" in done.err
    assert other_origin.requests == []
    sandbox = run("history", "revert", entry, "-p", "sandbox")
    assert sandbox.code == 10


def test_another_key_of_the_same_profile_is_allowed_with_a_warning(run, builder, last):
    builder.add("u1", 5)
    run("users", "set-qps", "u1", "9")
    entry = last()
    assert run("history", "revert", entry).err == ""
    builder.key = "pk_live_another_0002"
    done = run("history", "revert", entry, env={"PARSEC_API_KEY": builder.key})
    assert len(rows(done)) == 1
    assert "warning: the change was made with another key (" in done.err
    assert builder.key not in done.err


@pytest.mark.parametrize("name", ["zzzz", "r-20000101-0000"])
def test_an_unknown_id_is_not_found(run, name):
    done = run("history", "revert", name)
    assert done.code == 3
    assert f"`{name}` not found" in done.err
