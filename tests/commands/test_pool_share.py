"""`pool share`: limits that fit the pool, as a roster that `users plan` accepts."""

import csv
import io
import json

import pytest
from support.actions import html
from support.builder import BUILDER_KEY

HEADER = "external_id,customer_id,qps_limit\r\n"


@pytest.fixture
def users(builder):
    """A pool of 1,000, of which 960 are allocated: the target is 850."""
    builder.qps_pool = 1_000
    limits = {"big": 600, "mid": 300, "small": 55, "tiny": 5, "free": None}
    return {name: builder.add(name, limit)["customer_id"] for name, limit in limits.items()}


def roster(text):
    return {row["external_id"]: row["qps_limit"] for row in csv.DictReader(io.StringIO(text))}


def test_the_roster_has_the_users_whose_limit_changes(run, builder, users):
    done = run("pool", "share")
    assert done.code == 0
    assert done.out == f"{HEADER}big,{users['big']},490\r\n"
    assert done.err == "1 limit to change; allocated 960 → 850 of 1,000, target 850\n"
    assert builder.log == ["GET /api/v1/builder/pool", "GET /api/v1/builder/users?limit=100"]
    assert builder.mutations == []


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (["--target", "60"], {"big": "270", "mid": "270"}),
        (["--reserve", "400"], {"big": "270", "mid": "270"}),
        (["--reserve", "399"], {"big": "271", "mid": "270"}),
        (["--target", "50", "--keep", "mid"], {"big": "140"}),
        (["--target", "50", "--keep", "mid", "--keep", "big"], None),
        (["--by", "proportional"], {"big": "531", "mid": "266", "small": "49", "tiny": "4"}),
        (
            ["--by", "proportional", "--min", "50"],
            {"big": "530", "mid": "265", "small": "50"},
        ),
        (
            ["--by", "equal"],
            {"big": "212", "mid": "212", "small": "212", "tiny": "212"},
        ),
        (["--target", "1"], {"big": "3", "mid": "3", "small": "2", "tiny": "2"}),
        (["--target", "1", "--min", "3"], None),
        (["--reserve", "1001"], None),
        (["--reserve", "1000"], None),
        (["--target", "100"], {}),
        (["--reserve", "0", "--by", "proportional"], {}),
    ],
)
def test_policies_and_targets(run, users, how, expected):
    done = run("pool", "share", *how)
    assert users
    if expected is None:
        assert (done.code, done.out) == (10, "")
        assert done.err.startswith("error: ")
    else:
        assert (done.code, roster(done.out)) == (0, expected)
        assert done.out.startswith(HEADER)


@pytest.mark.parametrize(
    ("reserve", "message"),
    [
        (1000, "with `--min 1`, 4 users need at least 4 QPS, but the target is 0"),
        (1001, "the reserve of 1,001 exceeds the pool of 1,000"),
    ],
)
@pytest.mark.usefixtures("users")
def test_a_reserve_may_be_the_whole_pool_but_no_more(run, reserve, message):
    done = run("pool", "share", "--reserve", str(reserve), "--json")
    assert (done.code, done.error["message"]) == (10, message)


@pytest.mark.parametrize(
    ("how", "hint"),
    [
        (["--target", "1", "--min", "90"], "lower `--min`, or raise the target"),
        (["--min", "900"], "lower `--min`, or raise the target"),
        (["--target", "100", "--by", "equal", "--min", "900"], "lower `--min`"),
        (["--reserve", "999"], "lower `--reserve`"),
        (["--reserve", "0", "--by", "equal", "--min", "900"], "lower `--min`"),
        (["--reserve", "990", "--keep", "big"], "keep fewer users, or lower `--reserve`"),
        (["--target", "1", "--keep", "big", "--min", "5"], "keep fewer users, or raise the target"),
    ],
)
@pytest.mark.usefixtures("users")
def test_limits_that_do_not_fit_are_refused_with_what_was_given(run, how, hint):
    done = run("pool", "share", *how, "--json")
    assert (done.code, done.error["hint"]) == (10, hint)


def test_a_reserve_of_the_whole_pool_fits_a_fleet_without_limits(run, builder):
    builder.add("free", None)
    done = run("pool", "share", "--reserve", str(builder.qps_pool))
    assert (done.code, done.out) == (0, HEADER)


def test_the_users_of_the_listing_are_remembered(run, builder, users):
    run("pool", "share")
    before = len(builder.log)
    assert run("users", "get", "mid").code == 0
    assert builder.log[before:] == [f"GET /api/v1/builder/users/{users['mid']}"]


@pytest.mark.usefixtures("users")
def test_people_see_each_limit_before_and_after_with_a_sign(run, builder):
    builder.qps_pool = 100_000
    done = run("pool", "share", "--by", "equal", "--target", "1", "-o", "table")
    lines = [line.split(maxsplit=2) for line in done.out.splitlines()[:5]]
    assert [(name, limits) for name, _, limits in lines[1:]] == [
        ("big", "600 → 250  (−350)"),
        ("mid", "300 → 250  (−50)"),
        ("small", "55 → 250  (+195)"),
        ("tiny", "5 → 250  (+245)"),
    ]


@pytest.mark.usefixtures("users")
def test_limits_that_fit_are_an_empty_roster_and_a_notice(run):
    done = run("pool", "share", "--target", "96")
    assert (done.code, done.out) == (0, HEADER)
    assert done.err == "the limits already fit the target of 960 QPS\n"
    plan = run("users", "plan", "-", "--exit-code", stdin=done.out_bytes)
    assert plan.code == 0


def test_json_has_the_limits_and_the_pool(run, users):
    done = run("pool", "share", "--json", "--target", "60")
    assert done.json == {
        "shares": [
            {"external_id": "big", "customer_id": users["big"], "before": 600, "after": 270},
            {"external_id": "mid", "customer_id": users["mid"], "before": 300, "after": 270},
        ],
        "pool": {
            "qps_pool": 1000,
            "target": 600,
            "allocated_before": 960,
            "allocated_after": 600,
        },
    }
    assert done.err == ""
    lines = run("pool", "share", "-o", "jsonl", "--target", "60")
    assert [json.loads(line) for line in lines.out.splitlines()] == done.json["shares"]
    nothing = run("pool", "share", "--json", "--target", "100").json
    assert nothing["shares"] == []
    assert nothing["pool"]["allocated_after"] == 960


@pytest.mark.parametrize("chosen", ["tsv", "json", "ids"])
def test_another_format_can_be_chosen(run, users, chosen):
    option = run("pool", "share", "-o", chosen)
    variable = run("pool", "share", env={"PARSEC_OUTPUT": chosen})
    assert option.out == variable.out
    assert users["big"] in option.out
    assert "external_id," not in option.out


@pytest.mark.usefixtures("users")
def test_fields_can_be_chosen_in_every_format(run):
    fields = ("--fields", "external_id,before,after")
    assert run("pool", "share", *fields).out == "external_id,before,after\r\nbig,600,490\r\n"
    (share,) = run("pool", "share", "--json", *fields).json["shares"]
    assert share == {"external_id": "big", "before": 600, "after": 490}
    table = run("pool", "share", "-o", "table", *fields).out
    assert table.splitlines()[1].split() == ["big", "600", "490"]


@pytest.mark.usefixtures("users")
def test_a_pool_that_counts_differently_is_a_warning(run, builder):
    builder.extra_pool = {"total_allocated_qps": 970}
    done = run("pool", "share", "-q")
    assert done.code == 0
    assert done.err == (
        "warning: the limits of the users add up to 960 QPS, but the pool reports 970\n"
    )


@pytest.mark.parametrize("name", ["keep.txt", "keep.csv", "keep.json"])
def test_users_of_a_file_keep_their_limits(run, users, work, name):
    (work / "keep.txt").write_text("mid\nfree\n")
    (work / "keep.csv").write_text("external_id,state\nmid,active\nfree,\n")
    (work / "keep.json").write_text(json.dumps([{"customer_id": users["mid"]}]))
    done = run("pool", "share", "--target", "50", "--keep-file", name)
    assert (done.code, roster(done.out)) == (0, {"big": "140"})
    both = run("pool", "share", "--target", "70", "--keep-file", name, "--keep", "big")
    assert (both.code, both.out) == (10, "")
    assert "the users to keep have 900 QPS, above the target of 700" in both.err


@pytest.mark.usefixtures("users")
def test_the_file_of_users_to_keep_may_be_stdin(run):
    done = run("pool", "share", "--target", "50", "--keep-file", "-", stdin=b"mid\n")
    assert (done.code, roster(done.out)) == (0, {"big": "140"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("external_id,state\nmid,absent\n", "its state is `absent`, not active"),
        ("external_id\nmid\n\nmid,5\n", "has 2 cells"),
        ("", "the file contains no user"),
    ],
)
def test_a_file_of_other_users_is_refused(run, builder, work, text, fault):
    (work / "keep.csv").write_text(text)
    done = run("pool", "share", "--keep-file", "keep.csv")
    assert (done.code, done.out, builder.requests) == (2, "", [])
    assert fault in done.err


@pytest.mark.usefixtures("users")
def test_a_user_to_keep_that_does_not_exist_is_an_error(run):
    done = run("pool", "share", "--keep", "nobody")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: user `nobody` not found\n")


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (["--target", "0"], "--target must be a whole number from 1 to 100"),
        (["--target", "101"], "--target must be a whole number from 1 to 100"),
        (["--target", "8.5"], "--target must be a whole number"),
        (["--reserve", "-1"], "--reserve must be at least 0"),
        (["--min", "0"], "--min must be a whole number from 1"),
        (["--target", "5", "--reserve", "5"], "`--target` and `--reserve` cannot be combined"),
        (["--by", "fair"], "unknown policy `fair`"),
        (["--keep", ""], "a user's id must not be empty"),
        (["--keep", BUILDER_KEY], "this looks like an API key"),
    ],
)
def test_invalid_options_are_refused_before_any_request(run, builder, how, text):
    done = run("pool", "share", *how)
    assert (done.code, done.out, builder.requests) == (2, "", [])
    assert text in done.err


@pytest.mark.usefixtures("users")
def test_a_listing_that_breaks_off_is_not_shared(run, builder):
    builder.add_many(150)
    builder.fault("GET", "users", nth=2, action=html(404))
    done = run("pool", "share")
    assert (done.code, done.out) == (3, "")


@pytest.mark.usefixtures("users")
def test_limits_that_are_equal_are_an_empty_roster(run, builder):
    for user in builder.users.values():
        user["qps_limit"] = 170
    done = run("pool", "share", "--by", "equal")
    assert (done.code, done.out) == (0, HEADER)
    assert done.err == "the limits are already equal within the target of 850 QPS\n"


@pytest.mark.parametrize("by", ["cap", "proportional", "equal"])
@pytest.mark.parametrize(("size", "kept"), [(12, "user_001"), (230, "user_000003")])
def test_a_shared_fleet_that_was_applied_needs_no_more_changes(tool, by, size, kept):
    if size > 12:
        tool("sandbox", "seed", str(size))

    def run(*argv, stdin=b""):
        done = tool("-p", "sandbox", *argv, stdin=stdin)
        assert done.code == 0, done
        return done

    before = run("users", "get", kept, "--json").json
    percent = int(run("pool", "show", "--json").json["used_percent"]) * 2 // 3
    how = ("--by", by, "--target", str(percent), "--keep", kept)
    shared = run("pool", "share", *how)
    limits = roster(shared.out)
    assert len(limits) > 0
    run("users", "plan", "-", "--out", "plan.json", stdin=shared.out_bytes)
    applied = run("users", "apply", "plan.json", "--yes", "--json")
    outcomes = [row["outcome"] for row in applied.json["results"]]
    assert outcomes == ["changed"] * len(limits)
    pool = run("pool", "show", "--json").json
    assert 100 * pool["total_allocated_qps"] <= pool["qps_pool"] * percent
    assert run("users", "get", kept, "--json").json == before
    assert run("pool", "share", *how).out == HEADER


def test_a_target_excludes_even_a_reserve_of_0(run, builder):
    done = run("pool", "share", "--target", "50", "--reserve", "0")
    assert (done.code, builder.requests) == (2, [])
