"""Terminals without a width or a known name, and every setting of colour."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from output.builders import Stream
from support.teletype import run_on_teletype
from support.views import FORMATS, plain

from parsec_cli.output.streams import surface_of

QUESTION = "to deactivate it: "
# what is shown, its exit code, and the words that must be whole
VIEWS = {
    "list": (["users", "list"], 0, ["alice", "{alice}"]),
    "get": (["users", "get", "alice"], 0, ["alice", "{alice}"]),
    "pool": (["pool", "show"], 0, ["1,000", "990"]),
    "help": (["--help"], 0, ["users", "completion", "exit-codes"]),
    "error": (["users", "get", "nobody"], 3, ["error:", "`nobody`", "hint:"]),
    "question": (["users", "deactivate", "alice"], 9, ["alice", "{alice}", "not confirmed"]),
}
NAMES = {
    "dumb": {"TERM": "dumb"},
    "unset": {"TERM": None},
    "empty": {"TERM": ""},
    "unknown": {"TERM": "no-such-terminal"},
}
SEQUENCES = re.compile(r"\x1b\[[0-9;]*m|\x1b\[K|\x1b\[[0-9]+A")


@pytest.fixture
def teletype(isolated_environment, work, builder, builder_env, clock, monkeypatch):
    """Run at a terminal of this process: `teletype(argv, env={}, cols=80)`."""
    monkeypatch.chdir(work)
    alice = builder.add("alice", 10)

    def run(argv, *, env=None, **how):
        whole = {**isolated_environment, **builder_env, **(env or {})}
        whole = {name: value for name, value in whole.items() if value is not None}
        answer = (QUESTION, "no\n") if "deactivate" in argv else None
        return run_on_teletype(argv, env=whole, clock=clock, answer=answer, **how)

    run.alice = alice["customer_id"]
    return run


def check_view(teletype, name, **how):
    argv, code, words = VIEWS[name]
    session = teletype(argv, **how)
    assert session.code == code, session
    assert "Traceback" not in session.text
    shown = plain(session.text)
    for word in words:
        assert word.format(alice=teletype.alice) in shown, (word, shown)
    return session


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("cols", [0, 1, 5])
@pytest.mark.parametrize("source", ["by the terminal", "by COLUMNS", "by both"])
def test_a_very_narrow_terminal_shows_whole_words(teletype, view, cols, source):
    """The terminal wraps; nothing is shortened if an id does not fit the width."""
    env = {} if source == "by the terminal" else {"COLUMNS": str(cols)}
    check_view(teletype, view, env=env, cols=80 if source == "by COLUMNS" else cols)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "table"])
def test_the_width_affects_only_tables(teletype, form):
    screens = {teletype(["users", "list", "-o", form], cols=cols).screen for cols in (0, 1, 5, 80)}
    assert len(screens) == 1


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_of_any_name_shows_every_view(teletype, view, name):
    """A dumb terminal gets no escape sequences."""
    session = check_view(teletype, view, env=NAMES[name])
    rest = SEQUENCES.sub("", session.text)
    assert "\x1b" not in (session.text if name == "dumb" else rest)


VALUES = (None, "", "0", "1")


def wanted(*, terminal, no_color, force, clicolor, clicolor_force):
    """The order of precedence, as the contract puts it."""
    if no_color:
        return False
    if (force or "0") != "0" or (clicolor_force or "0") != "0":
        return True
    return terminal and clicolor != "0"


def test_every_combination_of_colour_settings_follows_the_precedence():
    names = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")
    for terminal in (True, False):
        for values in itertools.product(VALUES, repeat=4):
            environ = {n: v for n, v in zip(names, values, strict=True) if v is not None}
            no_color, force, clicolor, clicolor_force = values
            expected = wanted(
                terminal=terminal,
                no_color=no_color,
                force=force,
                clicolor=clicolor,
                clicolor_force=clicolor_force,
            )
            stream = Stream(terminal=terminal)
            assert surface_of(stream, environ).colour is expected, (terminal, environ)
            assert not surface_of(stream, {**environ, "TERM": "dumb"}).colour


@pytest.mark.parametrize("environ", [{"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1"}], ids=str)
@pytest.mark.parametrize("form", FORMATS)
def test_forced_colour_does_not_affect_formats_for_programs(
    tool, builder, builder_env, form, environ
):
    """Off a terminal, only tables and messages are coloured."""
    builder.add("alice", 10)
    listing = tool("users", "list", "-o", form, env={**builder_env, **environ})
    missing = tool("users", "get", "bob", "-o", form, env={**builder_env, **environ})
    assert ("\x1b" in listing.out) == (form == "table")
    assert ("\x1b" in missing.err) == (form not in ("json", "jsonl"))
    plain_env = {**builder_env, **environ, "NO_COLOR": "1"}
    assert "\x1b" not in tool("users", "list", "-o", form, env=plain_env).out
    assert "\x1b" not in tool("users", "get", "bob", "-o", form, env=plain_env).err


def test_json_on_a_terminal_has_no_colour(teletype):
    session = teletype(["users", "list", "--json"], env={"FORCE_COLOR": "1"})
    assert json.loads(session.text)["count"] == 1
