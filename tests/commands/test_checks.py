"""`pool check` and `usage check`: what they say, and their silence when all is well."""

import json

import pytest
from support.actions import json_response

FORMATS = ["table", "tsv", "csv", "json", "jsonl", "prometheus"]
POOL = {"qps_pool": 10_000, "total_allocated_qps": 9_212}


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ([], "the pool is 92.1% allocated, at or above the limit of 90%"),
        (["--max-used", "92"], "the pool is 92.1% allocated, at or above the limit of 92%"),
        (["--min-free", "1000"], "the pool has 788 QPS free, below the minimum of 1,000"),
        (
            ["--min-free", "1000", "--max-used", "50"],
            (
                "the pool is 92.1% allocated, at or above the limit of 50%, and has 788 QPS free, "
                "below the minimum of 1,000"
            ),
        ),
    ],
)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_full_pool_is_one_sentence_on_stderr(run, builder, how, sentence, form, quiet):
    builder.extra_pool = POOL
    done = run("pool", "check", *how, "-o", form, *quiet)
    assert (done.code, done.err) == (11, f"{sentence}\n")
    assert done.out


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ([], "the monthly quota is 93.0% used, at or above the limit of 90%"),
        (["--max-used", "93"], "the monthly quota is 93.0% used, at or above the limit of 93%"),
        (
            ["--min-left", "701"],
            "the monthly quota has 700 requests left, below the minimum of 701",
        ),
        (
            ["--min-left", "7000", "--max-used", "0"],
            (
                "the monthly quota is 93.0% used, at or above the limit of 0%, and has "
                "700 requests left, below the minimum of 7,000"
            ),
        ),
    ],
)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_used_quota_is_one_sentence_on_stderr(run, builder, how, sentence, form, quiet):
    builder.monthly_limit, builder.monthly_used = 10_000, 9_299
    done = run("usage", "check", *how, "-o", form, *quiet)
    assert (done.code, done.err) == (11, f"{sentence}\n")
    assert done.out


@pytest.mark.parametrize("check", ["pool", "usage"])
@pytest.mark.parametrize("form", FORMATS)
def test_quiet_checks_print_nothing_when_all_is_well(run, check, form):
    done = run(check, "check", "-q", "-o", form)
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("check", ["pool", "usage"])
@pytest.mark.parametrize("form", FORMATS)
def test_checks_print_their_numbers_when_all_is_well(run, check, form):
    done = run(check, "check", "-o", form)
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_a_quiet_check_still_reports_a_failure(run, builder):
    builder.fault("GET", action=json_response(401, {"error": "invalid API key"}))
    done = run("usage", "check", "-q")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("error: ")


@pytest.mark.parametrize(
    ("used", "how", "code"),
    [
        (8_999, [], 0),
        (9_000, [], 11),
        (12_000, [], 11),
        (8_499, ["--max-used", "85"], 0),
        (8_500, ["--max-used", "85"], 11),
        (12_000, ["--max-used", "121"], 0),
        (9_950, ["--min-left", "50"], 0),
        (9_951, ["--min-left", "50"], 11),
        (9_500, ["--min-left", "50", "--max-used", "95"], 11),
        (9_499, ["--min-left", "50", "--max-used", "95"], 0),
        (12_000, ["--min-left", "0"], 0),
    ],
)
def test_exit_code_says_whether_the_quota_is_over(run, builder, used, how, code):
    """90 percent counts only when neither limit is given. The check itself is a request."""
    builder.monthly_limit, builder.monthly_used = 10_000, used - 1
    done = run("usage", "check", *how, "--json")
    assert done.code == code, done
    assert done.json == {
        "status": "over" if code else "ok",
        "used": used,
        "limit": 10_000,
        "left": max(0, 10_000 - used),
        "used_percent": round(used / 100, 1),
        "resets_at": "2026-10-01T00:00:00Z",
    }


def test_the_quota_is_compared_with_the_limit_exactly(run, builder):
    """89.9996 percent shows as 90.0 and is below."""
    builder.monthly_limit, builder.monthly_used = 1_000_000, 899_995
    assert run("usage", "check").code == 0


@pytest.mark.parametrize("how", [[], ["--max-used", "0"], ["--min-left", "1000000"]])
def test_an_unlimited_quota_is_ok(run, builder, how):
    builder.monthly_limit = 0
    done = run("usage", "check", *how, "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json == {
        "status": "ok",
        "used": 1_235,
        "limit": None,
        "left": None,
        "used_percent": None,
        "resets_at": "2026-10-01T00:00:00Z",
    }


@pytest.mark.parametrize(("limit", "used", "missing"), [(None, 5, "limit"), (1_000, None, "use")])
def test_a_quota_that_is_not_reported_is_neither_ok_nor_over(run, builder, limit, used, missing):
    usage = {
        "tier": "pro",
        "limits": {"monthly_requests": limit},
        "usage": {"monthly_requests": used},
    }
    builder.fault("GET", action=json_response(200, usage))
    done = run("usage", "check")
    assert (done.code, done.out) == (7, "")
    assert f"did not report the monthly {missing} of requests" in done.err


@pytest.mark.parametrize(
    ("how", "used", "line"),
    [
        (
            [],
            1_233,
            (
                "monthly quota ok: 1,234 of 10,000 requests used (12.3%), 8,766 left\n"
                "it resets at 2026-10-01 00:00Z\n"
            ),
        ),
        (
            ["--max-used", "5"],
            1_233,
            (
                "monthly quota over: 1,234 of 10,000 requests used, 8,766 left\n"
                "it resets at 2026-10-01 00:00Z\n"
            ),
        ),
    ],
)
def test_the_line_for_people_repeats_no_number_of_the_sentence(run, builder, how, used, line):
    builder.monthly_limit, builder.monthly_used = 10_000, used
    assert run("usage", "check", *how, "-o", "table").out == line


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ([], "pool over: 9,212 of 10,000 QPS allocated, 788 free\n"),
        (["--min-free", "1000"], "pool over: 9,212 of 10,000 QPS allocated (92.1%)\n"),
        (["--min-free", "5", "--max-used", "99"], None),
    ],
)
def test_the_line_about_the_pool_repeats_no_number_of_the_sentence(run, builder, how, line):
    builder.extra_pool = POOL
    ok = "pool ok: 9,212 of 10,000 QPS allocated (92.1%), 788 free\n"
    assert run("pool", "check", *how, "-o", "table").out == (line or ok)


def test_a_pool_of_0_is_described(run, builder):
    builder.extra_pool = {"qps_pool": 0, "total_allocated_qps": 0}
    assert run("pool", "check").err == "the pool has no QPS\n"


@pytest.mark.parametrize("how", ["--max-used=-1", "--max-used=x", "--min-left=1.5"])
def test_an_invalid_limit_of_the_quota_is_refused(run, builder, how):
    assert run("usage", "check", how).code == 2
    assert builder.requests == []


def test_usage_check_is_one_request(run, builder):
    run("usage", "check")
    assert builder.log == ["GET /api/v1/usage"]


def test_the_sentence_on_a_terminal_is_red(terminal, builder, key_env):
    builder.extra_pool = POOL
    session = terminal(["pool", "check"], env=key_env(builder))
    assert session.code == 11
    sentence = "the pool is 92.1% allocated, at or above the limit of 90%"
    assert f"\x1b[1;31m{sentence}\x1b[0m" in session.text


def test_a_check_keeps_its_code_with_fields(run, builder):
    builder.extra_pool = POOL
    done = run("pool", "check", "--json", "--fields", "status,free")
    assert (done.code, json.loads(done.out)) == (11, {"status": "over", "free": 788})
