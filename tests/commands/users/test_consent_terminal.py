"""Consent on a real terminal: the right word sends one DELETE, anything else sends none."""

from __future__ import annotations

import json
import signal

import pytest
from commands.users.bulk_files import changes, delete_of
from support.records import wallet
from support.terminal import CTRL_C, CTRL_D
from support.views import plain

ONE = "Type the external_id to deactivate it: "


@pytest.fixture
def at_terminal(terminal, builder, key_env):
    """Run `parsec` at a terminal: `at_terminal(*argv, answers=[(question, keys)])`."""
    return lambda *argv, **how: terminal(list(argv), env=key_env(builder), **how)


def test_the_right_word_sends_one_delete(at_terminal, builder):
    user = builder.add("alice")
    other = builder.add("bob")
    done = at_terminal("users", "deactivate", "alice", answers=[(ONE, "alice\n")])
    assert done.code == 0, done
    assert changes(builder) == [delete_of(user)]
    assert list(builder.users) == [other["customer_id"]]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("Alice\n", 9),
        ("alice \n", 9),
        ("y\n", 9),
        ("\n", 9),
        (CTRL_D, 9),
        (f"alice{CTRL_D}{CTRL_D}", 9),
        (f"alice{CTRL_C}", 130),
    ],
    ids=ascii,
)
def test_anything_else_sends_none(at_terminal, builder, history, keys, code):
    builder.add("alice")
    done = at_terminal("users", "deactivate", "alice", answers=[(ONE, keys)])
    assert done.code == code, done
    assert "Traceback" not in done.text
    assert builder.mutations == []
    assert history() == []
    assert "nothing was" in done.text.splitlines()[-1 if code == 130 else -2]


def test_the_quit_key_at_the_question_sends_none(at_terminal, builder):
    """Nothing handles SIGQUIT: the process dies, and no request leaves."""
    builder.add("alice")
    done = at_terminal("users", "deactivate", "alice", answers=[(ONE, "\x1c")])
    assert done.code == -signal.SIGQUIT, done
    assert builder.mutations == []


def test_the_question_names_what_will_be_destroyed_before_it_is_answered(at_terminal, builder):
    """Ids, wallet, money, exchanges, profile and host stand above the question."""
    linked = ["polymarket", "kalshi"]
    user = builder.add("rich", 25, wallet=wallet("safe", "100.50"), linked_exchanges=linked)
    done = at_terminal("users", "deactivate", "rich", answers=[(ONE, "\n")])
    above = plain(done.text).partition(ONE)[0]
    for part in (
        "cannot be undone",
        "rich",
        user["customer_id"],
        "safe",
        "polymarket, kalshi",
        "25",
        user["wallet"]["safe_address"],
        "HOLDS        100.50 USDC\n",
        "default · ",
        builder.url,
    ):
        assert part in above, part


def test_stdout_stays_pure_json_while_the_question_is_on_the_terminal(
    at_terminal, builder, work, home
):
    builder.add("alice")
    out = work / "out.json"
    done = at_terminal(
        "users", "deactivate", "alice", "--json", stdout=out, answers=[(ONE, "alice\n")]
    )
    assert done.code == 0, done
    assert json.loads(out.read_text())["results"][0]["outcome"] == "deactivated"
    assert "{" not in plain(done.text).replace(str(home), "")


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("3\n", 0),
        ("2\n", 9),
        ("03\n", 9),
        ("alice\n", 9),
        (CTRL_D, 9),
        (CTRL_C, 130),
    ],
    ids=ascii,
)
def test_several_are_listed_and_agreed_to_by_their_count(at_terminal, builder, keys, code):
    users = [builder.add(name) for name in ("alice", "bob", "carol")]
    builder.add("dave")
    done = at_terminal(
        *("users", "deactivate", "alice", "bob", "carol", "bob"),
        answers=[("Type 3 to deactivate 3 users: ", keys)],
        cols=120,
    )
    assert done.code == code, done
    above = plain(done.text).partition("Type 3")[0]
    for user in users:
        assert user["external_id"] in above
        assert user["customer_id"] in above
    assert "dave" not in above
    assert changes(builder) == ([delete_of(user) for user in users] if code == 0 else [])


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a\u202ebob", "a\\u{202e}bob"),
        ("\x1b]0;title\x07a", "\\u{1b}]0;title\\u{7}a"),
        ("a\x9b2Jb", "a\\u{9b}2Jb"),
        ("a\r\u200bb", "a\\u{d}\\u{200b}b"),
    ],
    ids=ascii,
)
def test_a_deceptive_name_is_shown_escaped_and_the_customer_id_is_the_word(
    at_terminal, builder, name, escaped
):
    user = builder.add(name)
    done = at_terminal(
        *("users", "deactivate", user["customer_id"]),
        answers=[("Type the customer_id to deactivate it: ", f"{user['customer_id']}\n")],
    )
    assert done.code == 0, done
    above = plain(done.text).partition("Type the customer_id")[0]
    assert escaped in above
    for raw in "\u202e\x9b\u200b\x07":
        assert raw not in plain(done.text)
    assert "\x1b]0" not in done.text
    assert changes(builder) == [delete_of(user)]


@pytest.mark.parametrize("name", ["日本語 é", "[/x] :smile:", "-x"])
def test_an_odd_but_visible_name_is_the_word(at_terminal, builder, name):
    user = builder.add(name)
    done = at_terminal("users", "deactivate", "--", name, answers=[(ONE, f"{name}\n")])
    assert done.code == 0, done
    assert changes(builder) == [delete_of(user)]


def test_in_a_terminal_without_utf_8_the_word_can_still_be_typed(terminal, builder, key_env):
    """The bytes that the terminal sends are those of the name."""
    user = builder.add("日本語")
    done = terminal(
        ["users", "deactivate", user["customer_id"]],
        env={**key_env(builder), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        answers=[("to deactivate it: ", "日本語\n")],
    )
    assert done.code == 0, done
    assert changes(builder) == [delete_of(user)]


@pytest.mark.parametrize(
    ("option", "code"), [("--no-input", 9), ("--confirm=alice", 0), ("--confirm=bob", 9)]
)
def test_confirm_and_no_input_replace_the_question_at_a_terminal(
    at_terminal, builder, option, code
):
    builder.add("alice")
    done = at_terminal("users", "deactivate", "alice", option)
    assert done.code == code, done
    assert ONE not in done.text
    assert len(builder.mutations) == (code == 0)


def test_quiet_does_not_hide_what_a_question_is_about(at_terminal, builder):
    user = builder.add("alice")
    done = at_terminal("users", "deactivate", "alice", "-q", answers=[(ONE, "\n")])
    assert user["customer_id"] in plain(done.text).partition(ONE)[0]


def test_api_delete_asks_the_same_question(at_terminal, builder):
    user = builder.add("alice")
    argv = ["api", "DELETE", f"/builder/users/{user['customer_id']}"]
    assert at_terminal(*argv, answers=[(ONE, "yes\n")]).code == 9
    assert builder.mutations == []
    assert at_terminal(*argv, answers=[(ONE, "alice\n")]).code == 0
    assert changes(builder) == [delete_of(user)]


def test_a_narrow_terminal_shows_whole_ids(at_terminal, builder):
    name = "a-very-long-external-id-" + "x" * 60
    user = builder.add(name)
    end = "deactivate it: "  # the question takes two lines
    done = at_terminal("users", "deactivate", name, cols=30, answers=[(end, "\n")])
    above = plain(done.text).partition(end)[0]
    assert name in above.replace("\n", "").replace(" ", "")
    assert user["customer_id"] in above.replace("\n", "").replace(" ", "")
