"""`users plan`: the differences between a file and the server, and what is refused."""

from __future__ import annotations

import json

import pytest
from commands.users.bulk_files import changes, roster
from support.records import wallet


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_an_invalid_file_is_a_usage_error_with_its_rows(run, builder, work, verb):
    completed = run("users", verb, roster(work / "users.csv", "u1,0", "u2,x"), "--json")

    assert completed.code == 2
    assert (completed.out, builder.requests) == ("", [])
    assert completed.error["exit_code"] == 2
    assert "row 2" in json.dumps(completed.error)
    assert "row 3" in json.dumps(completed.error)


def test_json_has_the_documented_members_in_order(run, builder, work):
    up, down = builder.add("up", 10), builder.add("down", 10)
    gone, same = builder.add("gone", 7), builder.add("same", 3)
    builder.rest_qps = 100
    file = roster(
        work / "users.csv",
        "new,4,a@b.example,active",
        "up,20,,",
        "down,1,,",
        "gone,,,absent",
        "same,3,,",
        header="external_id,qps_limit,email,state",
    )

    completed = run("users", "plan", file, "--json")

    assert completed.code == 0, completed
    plan = completed.json
    assert list(plan) == ["actions", "summary", "pool", "requests", "seconds", "digest"]
    names = ["row", "external_id", "customer_id", "action", "before", "after"]
    more = ["holdings"]
    assert [list(action) for action in plan["actions"]] == [names, names, names, names + more]
    found = [tuple(a[n] for n in names[:4]) for a in plan["actions"]]
    assert found == [
        (2, "new", None, "create"),
        (3, "up", up["customer_id"], "set-qps"),
        (4, "down", down["customer_id"], "set-qps"),
        (5, "gone", gone["customer_id"], "deactivate"),
    ]
    create, raised, *_ = plan["actions"]
    assert create["before"] is None
    assert create["after"] == {"qps_limit": 4, "email": "a@b.example"}
    assert (raised["before"], raised["after"]) == ({"qps_limit": 10}, {"qps_limit": 20})
    assert plan["actions"][3]["after"] is None
    assert plan["summary"] == {
        "create": 1,
        "set_qps": 2,
        "deactivate": 1,
        "unchanged": 1,
        "holders": 0,
    }
    assert plan["pool"] == {"qps_pool": 1000, "allocated_before": 30, "allocated_after": 28}
    assert plan["requests"] == 4
    assert plan["seconds"] == 0.1
    assert len(plan["digest"]) == 64
    assert same["external_id"] not in completed.out
    assert changes(builder) == []


def test_notes_on_a_plan_are_on_stderr(run, work):
    """The server's own limit for a new user is unknown and counts 0."""
    file = roster(work / "users.csv", "new,")

    completed, table = (
        run("users", "plan", file, "--json"),
        run("users", "plan", file, "-o", "table"),
    )

    assert completed.code == 0
    note = "`new` has no qps_limit: it counts as 0 in the pool"
    assert f"warning: {note}\n" in completed.err
    assert (table.out + table.err).count(f"! {note}\n") == 1
    assert completed.json["pool"]["allocated_after"] == 0


@pytest.mark.parametrize(
    ("left", "rate", "costs"),  # the read of the usage is one more
    [
        (9, "4", "2 requests, under 1 s, 25.0% of the requests left this month"),
        (1_000, "0.5", "2 requests, about 4 s, under 0.1% of the monthly quota"),
        (1, "max", "2 requests, as fast as permitted, 100.0% of the requests left this month"),
        (None, "max", "2 requests, as fast as permitted"),
    ],
)
def test_time_and_share_of_the_quota_are_forecast(run, builder, work, left, rate, costs):
    builder.monthly_limit = 0 if left is None else builder.monthly_used + left
    completed = run("users", "plan", roster(work / "u.csv", "a,5", "b,4"), "--rate", rate)
    assert completed.err.endswith(f"; {costs}\n")


@pytest.mark.parametrize(("rows", "code"), [(["there,10"], 0), (["there,11"], 11), (["new,1"], 11)])
def test_the_exit_code_shows_a_difference(run, builder, work, rows, code):
    builder.add("there", 10)
    file = roster(work / "u.csv", *rows)

    assert run("users", "plan", file, "--exit-code").code == code
    assert run("users", "plan", file).code == 0


def test_raising_the_sum_above_the_pool_is_refused(run, builder, work):
    builder.add("there", 990)
    file = roster(work / "u.csv", "new,11")

    completed = run("users", "plan", file, "--out", "plan.json")

    assert completed.code == 10
    assert "--allow-overcommit" in completed.err
    assert not (work / "plan.json").exists()
    assert run("users", "plan", file, "--allow-overcommit").code == 0


def test_lowering_an_overcommitted_pool_is_allowed(run, builder, work):
    builder.add("there", 1500)

    assert run("users", "plan", roster(work / "u.csv", "there,1400")).code == 0


def test_a_plan_is_not_written_over_its_input(run, builder, work):
    file = roster(work / "u.csv", "new,1")

    completed = run("users", "plan", file, "--out", "./u.csv")

    assert completed.code == 2
    assert builder.requests == []
    assert (work / "u.csv").read_text().startswith("external_id")


def test_a_new_row_with_columns_of_an_existing_user_is_pointed_out(run, builder, work):
    """Such as an export whose external_id a spreadsheet changed."""
    builder.add("user_001", wallet=wallet("eoa"))
    columns = "external_id,qps_limit,tier,created_at,wallet.eoa_address"
    text = run("users", "list", "-o", "csv", "--fields", columns).out
    (work / "f.csv").write_text(text.replace("user_001", "1-Mar"))
    done = run("users", "plan", "f.csv")
    assert "created, although the file has columns that only existing users have: 1" in done.err
    (work / "f.csv").write_text("external_id,qps_limit,tier\nnew,5,pro\n")
    assert "created although" not in run("users", "plan", "f.csv").err
