"""`pool check` for cron, and `pool show --watch` for people."""

from __future__ import annotations

import json
import signal

import pytest
from faults.children import Child, until
from support.actions import html
from support.terminal import CTRL_C


@pytest.mark.parametrize(
    ("allocated", "how", "code"),
    [
        (899, [], 0),
        (900, [], 11),
        (1200, [], 11),
        (0, [], 0),
        (849, ["--max-used", "85"], 0),
        (850, ["--max-used", "85"], 11),
        (1200, ["--max-used", "121"], 0),
        (800, ["--min-free", "200"], 0),
        (801, ["--min-free", "200"], 11),
        (950, ["--min-free", "10"], 0),
        (950, ["--min-free", "10", "--max-used", "95"], 11),
        (950, ["--min-free", "60", "--max-used", "96"], 11),
        (950, ["--min-free", "50", "--max-used", "96"], 0),
        (0, ["--max-used", "0"], 11),
    ],
)
def test_exit_code_says_whether_the_pool_is_over(run, builder, allocated, how, code):
    """90 percent counts only when neither limit is given."""
    builder.extra_pool = {"total_allocated_qps": allocated}
    done = run("pool", "check", *how, "--json")
    assert done.code == code, done
    assert done.json == {
        "status": "over" if code else "ok",
        "qps_pool": 1000,
        "total_allocated_qps": allocated,
        "used_percent": allocated / 10,
        "free": 1000 - allocated,
    }


def test_the_pool_is_compared_with_the_limit_exactly(run, builder):
    """89.9996 percent shows as 90.0 and is below."""
    builder.extra_pool = {"qps_pool": 1_000_000, "total_allocated_qps": 899_996}
    assert run("pool", "check").code == 0


@pytest.mark.parametrize("how", [[], ["--max-used", "1000"], ["--min-free", "0"]])
def test_pool_of_0_is_over(run, builder, how):
    builder.extra_pool = {"qps_pool": 0, "total_allocated_qps": 0}
    assert run("pool", "check", *how).code == 11


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ([], "ok\t1000\t850\t150\t85.0\n"),
        (["-o", "table"], "pool ok: 850 of 1,000 QPS allocated (85.0%), 150 free\n"),
    ],
)
def test_check_is_one_request_and_one_line(run, builder, how, line):
    builder.extra_pool = {"total_allocated_qps": 850}
    done = run("pool", "check", *how)
    assert (done.out, done.err) == (line, "")
    assert builder.log == ["GET /api/v1/builder/pool"]


@pytest.mark.parametrize(
    "how", [["--max-used", "-1"], ["--max-used", "x"], ["--min-free", "1.5"], ["--max-used", "9e1"]]
)
def test_an_invalid_limit_is_refused(run, builder, how):
    assert run("pool", "check", *how).code == 2
    assert builder.requests == []


def test_unreachable_is_neither_ok_nor_over(run, builder):
    builder.fault("GET", times=4, action=html(502))
    done = run("pool", "check")
    assert (done.code, done.out) == (7, "")


@pytest.fixture
def watch(isolated_environment, work, builder, key_env):
    env = {**isolated_environment, **key_env(builder)}
    return lambda *more: Child(["pool", "show", "--watch", "0.05", *more], env, work)


@pytest.mark.parametrize(
    ("how", "number"),
    [
        ([], signal.SIGINT),
        (["-o", "jsonl"], signal.SIGTERM),
        (["-o", "tsv", "--top", "1"], signal.SIGTERM),
    ],
)
def test_watch_off_a_terminal_writes_plain_lines_until_it_is_stopped(watch, builder, how, number):
    builder.add("u", 10)
    child = watch(*how)
    until(lambda: len(builder.requests) >= 8)
    child.signal(number)
    completed = child.finish()
    assert completed.code == (130 if number == signal.SIGINT else 143)
    lines = completed.out.splitlines()
    assert len(lines) >= 3
    assert "\x1b" not in completed.out
    assert len(set(lines)) == 1
    if "--top" in how:
        assert completed.err.count("QPS pool: 10 of ") >= len(lines)
    elif how:
        assert json.loads(lines[0])["total_allocated_qps"] == 10


def test_watch_on_a_terminal_redraws_until_ctrl_c(terminal, builder, key_env):
    pools = iter(range(10, 1000))
    respond = builder._pool
    builder._pool = lambda request: (builder.add(None, next(pools)), respond(request))[1]
    answers = [("free", ""), ("free", ""), ("free", CTRL_C)]
    session = terminal(["pool", "show", "--watch", "0.05"], env=key_env(builder), answers=answers)
    assert session.code == 130
    assert "Traceback" not in session.text
    assert len(builder.requests) >= 2


def test_top_lists_the_users_with_the_highest_limits(run, builder):
    for number in range(150):
        builder.add(f"u{number}", number)
    builder.add("unlimited", None)
    done = run("pool", "show", "--top", "2", "--json")
    held = [(user["external_id"], user["qps_limit"]) for user in done.json["top"]]
    assert held == [("u149", 149), ("u148", 148)]
