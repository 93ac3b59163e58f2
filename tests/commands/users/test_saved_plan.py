"""A saved plan: an edited plan is refused, and so is a row whose user has changed."""

from __future__ import annotations

import json

import pytest
from commands.users.bulk_files import changes, outcomes, roster
from support.builder import BuilderServer
from support.records import END_USER_KEY, wallet


@pytest.fixture
def saved(run, builder, work):
    """A plan that creates one, raises one, lowers one and deactivates one."""
    for name, limit in {"up": 10, "down": 10, "gone": 7}.items():
        builder.add(name, limit)
    rows = ("new,4,", "up,20,", "down,1,", "gone,,absent")
    file = roster(work / "users.csv", *rows, header="external_id,qps_limit,state")
    assert run("users", "plan", file, "--out", "plan.json").code == 0
    del builder.requests[:]
    return work / "plan.json"


def test_saved_plan_is_applied(run, saved):
    completed = run("users", "apply", str(saved), "--confirm", "1", "--json")

    assert completed.code == 0, completed
    assert outcomes(completed) == {
        "new": "created",
        "up": "changed",
        "down": "changed",
        "gone": "deactivated",
    }


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"qps_limit":20', '"qps_limit":21'),
        lambda text: text + "\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: json.dumps(json.loads(text)),
        lambda text: text[: len(text) // 2],
        lambda text: "\ufeff" + text,
    ],
)
def test_edited_plan_sends_nothing(run, builder, saved, edit):
    saved.write_bytes(edit(saved.read_text()).encode())

    completed = run("users", "apply", str(saved), "--confirm", "1")

    assert completed.code == 10
    assert "users plan" in completed.err
    assert builder.requests == []


def test_plan_of_another_host_sends_nothing(tool, saved, key_env):
    other = BuilderServer()
    try:
        completed = tool("users", "apply", str(saved), "--confirm", "1", env=key_env(other))
    finally:
        other.stop()

    assert completed.code == 10
    assert other.requests == []


def test_plan_of_another_key_sends_nothing(run, builder, saved):
    env = {"PARSEC_API_KEY": "pk_live_another_builder_0002"}
    assert run("users", "apply", str(saved), "--confirm", "1", env=env).code == 10
    assert builder.requests == []


def test_rows_whose_users_changed_are_refused_and_named(run, builder, saved):
    """The others are applied (exit 8), nothing newer is overwritten."""
    users = {user["external_id"]: user for user in builder.users.values()}
    users["up"]["qps_limit"] = 15
    users["gone"]["linked_exchanges"] = ["kalshi"]
    builder.add("new", 9)

    completed = run("users", "apply", str(saved), "--yes", "--json")

    assert completed.code == 8, completed
    assert outcomes(completed) == {
        "new": "failed",
        "up": "failed",
        "down": "changed",
        "gone": "failed",
    }
    message = json.dumps(completed.error)
    assert all(f"row {row}" in message for row in (2, 3, 5))
    assert "linked_exchanges changed" in message
    limits = {user["external_id"]: user["qps_limit"] for user in builder.users.values()}
    assert limits == {"up": 15, "down": 1, "gone": 7, "new": 9}


def test_a_plan_whose_users_have_all_changed_sends_nothing(run, builder, saved):
    for user in builder.users.values():
        user["qps_limit"] = 33
    builder.add("new", 9)

    completed = run("users", "apply", str(saved), "--yes")

    assert completed.code == 8
    assert changes(builder) == []


def test_a_changed_balance_does_not_make_a_plan_stale(run, builder, work):
    user = builder.add("gone", 1, wallet=wallet("eoa", "5"))
    file = roster(work / "u.csv", "gone,absent", header="external_id,state")
    run("users", "plan", file, "--out", "plan.json")
    user["wallet"] = wallet("eoa", "6")

    agreed = ["--confirm", "1", "--allow-holdings", "1"]
    assert run("users", "apply", "plan.json", *agreed).code == 0


def test_plan_applied_twice_is_unchanged(run, builder, saved, clock):
    run("users", "apply", str(saved), "--confirm", "1")
    effects = list(builder.effects)
    clock.sleep(1)

    completed = run("users", "apply", str(saved), "--json")

    assert completed.code == 0, completed
    assert set(outcomes(completed).values()) == {"unchanged"}
    assert builder.effects == effects


def test_a_user_who_was_created_again_since_the_plan_is_not_deactivated(run, builder, saved):
    gone = builder.by_external_id("gone")
    del builder.users[gone["customer_id"]]
    again = builder.add("gone", 7)

    completed = run("users", "apply", str(saved), "--yes", "--json")

    assert completed.code == 8, completed
    assert outcomes(completed)["gone"] == "failed"
    assert f"its external_id is user {again['customer_id']} now" in json.dumps(completed.error)
    assert again["customer_id"] in builder.users


def test_a_plan_contains_its_flags(run, builder, work):
    builder.add("stays", 995)
    builder.add("goes", 1)
    file = roster(work / "u.csv", "stays,995", "new,50")
    run("users", "plan", file, "--prune", "--allow-overcommit", "--out", "plan.json")

    completed = run("users", "apply", "plan.json", "--confirm", "1")

    assert completed.code == 0, completed
    assert sorted(user["external_id"] for user in builder.users.values()) == ["new", "stays"]


def test_prune_of_a_saved_plan_spares_users_created_since(run, builder, work):
    builder.add("stays", 1)
    builder.add("goes", 1)
    run("users", "plan", roster(work / "u.csv", "stays,1"), "--prune", "--out", "plan.json")
    builder.add("latecomer", 1)

    assert run("users", "apply", "plan.json", "--confirm", "1").code == 0
    names = sorted(user["external_id"] for user in builder.users.values())
    assert names == ["latecomer", "stays"]


def test_a_dry_run_shows_the_rows_that_can_still_be_applied(run, builder, saved):
    users = {user["external_id"]: user for user in builder.users.values()}
    users["up"]["qps_limit"] = 15
    users["down"]["qps_limit"] = 1

    completed = run("users", "apply", str(saved), "-n", "--json")

    assert completed.code == 0
    plan = completed.json
    assert [action["external_id"] for action in plan["actions"]] == ["new", "gone"]
    assert plan["summary"] == {
        "create": 1,
        "set_qps": 0,
        "deactivate": 1,
        "unchanged": 1,
        "holders": 0,
    }
    assert plan["digest"] == json.loads(saved.read_text().partition("\n")[0][:-1] + "}")["digest"]
    assert "row 3 `up`" in completed.err
    assert changes(builder) == []


def test_the_question_counts_the_rows_that_can_still_be_applied(terminal, builder, saved, key_env):
    gone = next(user for user in builder.users.values() if user["external_id"] == "gone")
    del builder.users[gone["customer_id"]]
    next(u for u in builder.users.values() if u["external_id"] == "up")["qps_limit"] = 15

    session = terminal(
        ["users", "apply", str(saved)],
        env=key_env(builder),
        answers=[("Apply these 2", "y\n")],
        cols=120,
    )

    assert session.code == 8, session
    assert "skipped: row 3 `up`" in session.text


def test_saved_plan_has_no_secret(saved, builder):
    text = saved.read_text()
    assert END_USER_KEY not in text
    assert builder.key not in text
    assert saved.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "flag", ["--prune", "--allow-overcommit", "--allow-odd-ids", "--map external_id=x"]
)
def test_flags_that_the_plan_was_saved_without_are_refused(run, builder, saved, flag):
    completed = run("users", "apply", str(saved), *flag.split(), "--confirm", "1")

    assert completed.code == 2, completed
    name = flag.split("=")[0].replace("external_id", "FIELD=COLUMN")
    assert f"the plan was saved without `{name}`" in completed.err
    assert f"users plan FILE {name} --out PLAN" in completed.err
    assert builder.requests == []


def test_a_lookalike_that_was_created_since_the_plan_is_refused(run, builder, work):
    file = roster(work / "users.csv", "u1,5", "417,5", "other,5")
    assert run("users", "plan", file, "--out", "plan.json").code == 0
    builder.add("U1")
    builder.add("00417")
    done = run("users", "apply", "plan.json", "--yes", "--json")
    assert done.code == 8, done
    assert outcomes(done) == {"u1": "failed", "417": "failed", "other": "created"}
    assert "'u1' looks like 'U1', an existing user" in done.json["results"][0]["error"]


def test_plan_with_odd_ids_is_applied_as_it_was_saved(run, builder, work):
    builder.add("U1")
    file = roster(work / "users.csv", "u1,5")
    assert run("users", "plan", file, "--allow-odd-ids", "--out", "plan.json").code == 0
    assert run("users", "apply", "plan.json", "--yes").code == 0
    assert builder.by_external_id("u1")
