"""Output for people: text from the server is shown whole, and never controls the terminal.

A stream that cannot encode it gets escapes, never a crash.
"""

from __future__ import annotations

import unicodedata

import pytest
from support.actions import json_response
from support.terminal import CTRL_D
from support.views import FORMATS, plain

MARKUP = [
    "acct[prod]",
    "[red]x",
    "a[/x]",
    "[/]",
    "[link=http://evil.example]x[/link]",
    "[@click=app.quit]x[/]",
    ":smile:",
    "{braces} %s {0}",
    "<b>&amp;",
]


def obeyed(text: str) -> set[str]:
    """Return characters that a terminal would act on or hide."""
    kinds = ("Cc", "Cf", "Zl", "Zp", "Cs")
    return {c for c in text if unicodedata.category(c) in kinds and c not in "\n\t"}


def test_text_in_brackets_is_shown_literally_on_a_terminal(terminal, builder, key_env):
    for name in MARKUP:
        builder.add(name)
    session = terminal(["users", "list"], env=key_env(builder), cols=200)
    assert session.code == 0, session
    assert [name for name in MARKUP if name not in plain(session.text)] == []


def test_the_question_before_a_deactivation_shows_brackets_literally(terminal, builder, key_env):
    """End of file counts as no."""
    name = "acct[prod] a[/x] [/] :smile:"
    user = builder.add(name)
    argv = ["users", "deactivate", user["customer_id"]]
    session = terminal(argv, env=key_env(builder), cols=120, answers=[(name, CTRL_D)])
    assert session.code == 9, session
    assert name in plain(session.text)
    assert builder.mutations == []


def test_a_lone_surrogate_from_the_server_breaks_nothing(run_at, server):
    """It is escaped for people and replaced in JSON."""
    user = {"customer_id": "11111111-1111-4111-8111-111111111111", "external_id": "a\ud800b"}
    server.respond(json_response(200, {"users": [user], "count": 1}))
    for form in ("table", "tsv", "csv", "ids", "json", "jsonl"):
        completed = run_at("users", "list", "-o", form)
        assert completed.code == 0, completed
    assert completed.json["external_id"] == "a\ufffdb"
    assert "1 character of the output is half a surrogate pair" in completed.err


@pytest.mark.parametrize("control", ["\x1b[2J", "\x9b2J", "\u202e", "\x07"])
@pytest.mark.parametrize(
    "argv",
    [
        ["users", "get", "x{}"],
        ["x{}"],
        ["users", "list", "--x{}"],
        ["users", "list", "--limit", "x{}"],
        ["users", "set-qps", "u1", "x{}"],
        ["help", "x{}"],
        ["pool", "show", "-p", "x{}"],
    ],
    ids=lambda argv: " ".join(argv).format(""),
)
def test_text_echoed_from_the_command_line_is_escaped(run, builder, argv, control):
    """Arguments of a script may come from a customer."""
    completed = run(*[part.format(control) for part in argv])
    # an id may contain a bidi character, and then belongs to no user
    assert completed.code == 2 or (completed.code == 3 and control == "\u202e"), completed
    assert obeyed(completed.out + completed.err) == set()
    assert builder.mutations == []


NAMES = ["日本語", "Grüße", "😀", "❤️x", "ﷺ", "a\u0301", "Ωmega"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "shift_jis", "koi8-r"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_text_can_be_written_to_every_stream(run, builder, encoding, form):
    users = [builder.add(name) for name in NAMES]
    for argv in (["users", "list"], ["users", "get", "日本語"]):
        completed = run(*argv, "-o", form, encoding=encoding)
        assert completed.code == 0, completed
        assert users[0]["customer_id"] in completed.out_bytes.decode(encoding, "replace")
    completed = run("users", "get", "見つからない", encoding=encoding)
    assert completed.code == 3, completed
    assert run("users", "deactivate", "--help", encoding=encoding).code == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_json_is_equal_in_any_encoding(run, builder, encoding):
    for name in NAMES:
        builder.add(name)
    completed = run("users", "list", "--json", encoding=encoding)
    assert [user["external_id"] for user in completed.json["users"]] == NAMES


def test_unencodable_ids_stay_distinguishable(run, builder):
    """As question marks, two users would look the same."""
    builder.add("日本")
    builder.add("本日")
    completed = run("users", "list", "-o", "tsv", "--fields", "external_id", encoding="ascii")
    assert len(set(completed.out.splitlines())) == 2
