"""`pool show --watch` on a terminal: in place, through failed readings, until Ctrl-C."""

import re

import pytest
from output.builders import states
from support.actions import error
from support.clock import VirtualClock
from support.terminal import CTRL_C

from parsec_cli.errors import Interrupted

CODES = re.compile(r"\x1b\[[0-9;]*m")


class OperatorLeaves(VirtualClock):
    """Ctrl-C comes in the third pause of five seconds."""

    def sleep(self, seconds):
        super().sleep(seconds)
        if self.waits.count(5) == 3:
            raise Interrupted("interrupted")


@pytest.fixture
def clock():
    return OperatorLeaves()


@pytest.fixture
def watched(screen, builder, key_env):
    """Watch a pool of 1,000 in which each reading finds 100 more QPS; return what was shown."""
    builder.add("first", 100)
    respond = builder._pool

    def growing(request):
        builder.add(None, 100)
        return respond(request)

    builder._pool = growing

    def run(*options, **how):
        env = {**key_env(builder), **how.pop("env", {})}
        return screen("pool", "show", "--watch", "5", *options, env=env, code=130, **how)

    return run


def test_each_reading_replaces_the_one_before_at_80_columns(watched):
    text = watched()
    assert states(text) == [
        (
            "every 5 s · 14:13:20 · Ctrl-C to stop\n"
            f"QPS pool  {'█' * 8}{'░' * 32}             ▁  20.0%\n"
            "  200 of 1,000 allocated, 800 free, 2 users"
        ),
        (
            "every 5 s · 14:13:25 · Ctrl-C to stop\n"
            f"QPS pool  {'█' * 12}{'░' * 28}            ▁█  30.0%\n"
            "  300 of 1,000 allocated, 700 free, 3 users"
        ),
        (
            "every 5 s · 14:13:30 · Ctrl-C to stop\n"
            f"QPS pool  {'█' * 16}{'░' * 24}           ▁▄█  40.0%\n"
            "  400 of 1,000 allocated, 600 free, 4 users"
        ),
    ]
    assert text.endswith("\n\x1b[?25h")


def test_each_reading_replaces_the_one_before_at_100_columns(watched):
    assert states(watched(cols=100)) == [
        (
            "every 5 s · 14:13:20 · Ctrl-C to stop\n"
            f"QPS pool  {'█' * 5}{'░' * 20}             ▁  20.0%   "
            "200 of 1,000 allocated, 800 free, 2 users"
        ),
        (
            "every 5 s · 14:13:25 · Ctrl-C to stop\n"
            f"QPS pool  {'█' * 7}{'░' * 18}            ▁█  30.0%   "
            "300 of 1,000 allocated, 700 free, 3 users"
        ),
        (
            "every 5 s · 14:13:30 · Ctrl-C to stop\n"
            f"QPS pool  {'█' * 10}{'░' * 15}           ▁▄█  40.0%   "
            "400 of 1,000 allocated, 600 free, 4 users"
        ),
    ]


def test_ctrl_c_leaves_a_real_terminal_quietly(terminal, builder, key_env):
    answers = [("allocated", ""), ("allocated", CTRL_C)]
    env = key_env(builder)
    session = terminal(["pool", "show", "--watch", "0.05"], env=env, answers=answers)
    assert session.code == 130
    assert "error" not in session.text
    assert session.text.endswith("\x1b[?25h")


def test_a_failed_reading_is_shown_below_the_last_one(watched, builder, styled):
    builder.fault("GET", "/pool", action=error(503, "overloaded", "unavailable"), nth=2)
    text = watched(colour=True)
    shown = [CODES.sub("", state) for state in states(text)]
    assert "no reading" in shown[1], shown
    assert shown[2].count("\n") < shown[1].count("\n")
    assert any("no reading" in part for part in styled(text, "31"))


def test_a_first_reading_that_fails_is_an_error(screen, builder, key_env):
    builder.fault("GET", "/pool", action=error(503, "overloaded", "unavailable"), times=9)
    builder.strict = False
    text = screen("pool", "show", "--watch", "5", env=key_env(builder), code=7)
    assert "error: " in text
    assert "every" not in text


def test_a_key_that_was_revoked_ends_the_watch(screen, builder, key_env):
    builder.fault("GET", "/pool", action=error(401, "invalid API key", "unauthorized"), nth=2)
    text = screen("pool", "show", "--watch", "5", env=key_env(builder), code=4)
    assert "error: " in text


def test_without_a_terminal_a_failed_reading_is_a_warning(tool, builder, key_env):
    builder.fault("GET", "/pool", action=error(503, "overloaded", "unavailable"), nth=2)
    done = tool("pool", "show", "--watch", "5", "--json", env=key_env(builder))
    assert done.code == 130
    assert len(done.out.splitlines()) == 2
    assert "warning: 14:13:" in done.err
    assert "no reading" in done.err


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}])
def test_readings_follow_each_other_where_nothing_can_be_redrawn(watched, env):
    text = watched(env=env)
    assert "\x1b" not in text
    assert text.count("every 5 s · ") == 3
