"""`users set-qps a=5 b=5`: several limits are one plan, checked as a whole and sent as a run."""

import pytest
from support.actions import error


@pytest.fixture(autouse=True)
def fleet(builder):
    builder.qps_pool = 100
    return [builder.add(name, limit) for name, limit in (("a", 40), ("b", 40), ("vip", 20))]


def limits(builder):
    return {user["external_id"]: user["qps_limit"] for user in builder.users.values()}


def outcomes(done):
    return {outcome: count for outcome, count in done.json["summary"].items() if count}


def writes(builder):
    return [request.method for request in builder.requests if request.method != "GET"]


def test_decreases_make_room_for_an_increase_in_a_full_pool(run, builder, history, fleet):
    done = run("users", "set-qps", "vip=60", "a=20", "b=20", "--json")
    assert done.code == 0, done
    assert limits(builder) == {"a": 20, "b": 20, "vip": 60}
    assert "pool 100 → 100 of 100" in done.err
    assert outcomes(done) == {"changed": 3}
    assert {row["external_id"]: row["after"]["qps_limit"] for row in done.json["results"]} == {
        "vip": 60,
        "a": 20,
        "b": 20,
    }
    sent = [request.path.rpartition("/")[2] for request in builder.mutations]
    assert sent[-1] == fleet[2]["customer_id"]
    entries = {line["id"] for line in history() if "id" in line}
    assert len(entries) == 3


def test_a_line_per_user_shows_the_change(run):
    preview = run("users", "set-qps", "a=50", "b=30", "-n", "-o", "csv").out.splitlines()
    done = run("users", "set-qps", "a=50", "b=30", "vip=20", "-o", "csv").out.splitlines()
    assert preview[0].split(",") == done[0].split(",")[:4]
    assert [line.split(",")[2:] for line in preview[1:]] == [["40", "30"], ["40", "50"]]
    assert [line.split(",")[2:5] for line in done[1:]] == [
        ["40", "50", "changed"],
        ["40", "30", "changed"],
        ["20", "20", "unchanged"],
    ]


def test_the_pool_guard_looks_at_the_net_sum(run, builder):
    done = run("users", "set-qps", "vip=61", "a=20", "b=20")
    assert (done.code, writes(builder)) == (10, [])
    done = run("users", "set-qps", "vip=61", "a=20", "b=20", "--allow-overcommit")
    assert done.code == 0, done
    assert limits(builder)["vip"] == 61


def test_an_increase_is_skipped_where_an_earlier_decrease_failed(run, builder, fleet):
    builder.fault("PATCH", fleet[0]["customer_id"], action=error(400, "no", "bad_request"))
    done = run("users", "set-qps", "vip=60", "a=20", "b=20", "--json")
    assert done.code == 8, done.json
    assert limits(builder) == {"a": 40, "b": 20, "vip": 20}
    assert outcomes(done) == {"changed": 1, "failed": 2}, done.json


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("a=5", "nobody=5"), 3),
        (("a=5", "b=0"), 2),
        (("a=5", "b"), 2),
        (("a=5", "b", "6"), 2),
        (("a=5", "=6"), 2),
        (("a=5", "a=6"), 2),
        (("a=5", "ext:a=6"), 2),
        (("a",), 2),
    ],
)
def test_everything_is_checked_before_anything_is_sent(words, code, run, builder):
    assert run("users", "set-qps", *words).code == code
    assert writes(builder) == []
    assert limits(builder) == {"a": 40, "b": 40, "vip": 20}


def test_the_last_equals_sign_separates_the_limit_from_an_id(run, builder):
    builder.qps_pool = 1000
    builder.add("team=x", 1)
    assert run("users", "set-qps", "team=x=7", "ext:a=3").code == 0
    assert run("users", "set-qps", "team=x", "8").code == 0
    assert (limits(builder)["team=x"], limits(builder)["a"]) == (8, 3)


def test_a_limit_that_is_in_effect_already_is_not_sent(run, builder):
    done = run("users", "set-qps", "a=40", "b=30", "--json")
    assert outcomes(done) == {"changed": 1, "unchanged": 1}
    assert writes(builder) == ["PATCH"]


@pytest.mark.parametrize(
    "words", [("a=5", "..=5"), ("a=5", "pk_live_zzz=5"), ("a=5", "a\x01b=5"), ("a=5", "a=6")]
)
def test_names_are_checked_before_any_request(words, run, builder):
    done = run("users", "set-qps", *words)
    assert done.code == 2, done
    assert builder.requests == []


def test_a_limit_before_its_user_is_put_in_order(session):
    swapped = session("parsec -p sandbox users set-qps 20 user_001 --dry-run", code=2)
    assert "error: the user comes before the limit\nhint: did you mean\n" in swapped.err
    assert swapped.next == "parsec -p sandbox users set-qps user_001 20 --dry-run"
    assert "qps_limit of `user_001`: 10 → 20" in session(swapped.next).err


@pytest.mark.parametrize("words", [("00417", "x"), ("20", "5 qps"), ("user_001", "x"), ("20", "")])
def test_a_limit_that_is_not_a_number_stays_where_it_is(tool, words):
    done = tool("users", "set-qps", *words)
    assert done.code == 2
    assert "must be a whole number from 1 to" in done.err
