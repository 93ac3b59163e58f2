"""What people see: text from the server is shown as it is, whole, and never obeyed."""

from __future__ import annotations

import re
import unicodedata

import pytest
from support.actions import json_answer
from support.terminal import CTRL_D
from support.views import cells, plain

MARKUP = [
    "acct[prod]",
    "acct[test]",
    "[red]x",
    "a[/x]",
    "[/]",
    "[link=http://evil.example]x[/link]",
    "[bold",
    "x]",
    "[[x]]",
    "[@click=app.quit]x[/]",
    ":smile:",
    "{braces} %s {0}",
    "<b>&amp;",
]
CONTROLS = {
    "clear screen": "\x1b[2J",
    "title": "\x1b]0;pwned\x07",
    "clipboard": "\x1b]52;c;cm0=\x07",
    "bell": "\x07",
    "backspace": "\x08",
    "delete": "\x7f",
    "carriage return": "\r",
    "newline": "\n",
    "tab": "\t",
    "nul": "\0",
    "C1 introducer": "\x9b31m",
    "C1 next line": "\x85",
    "line separator": "\u2028",
    "right to left override": "\u202e",
    "isolate": "\u2066",
    "zero width space": "\u200b",
    "byte order mark": "\ufeff",
    "soft hyphen": "\xad",
    "tag character": "\U000e0041",
}
FORMATS_FOR_PEOPLE = ["table", "tsv"]


def obeyed(text: str) -> set[str]:
    """Return characters that a terminal would act on or hide."""
    kinds = ("Cc", "Cf", "Zl", "Zp", "Cs")
    return {c for c in text if unicodedata.category(c) in kinds and c not in "\n\t"}


@pytest.mark.parametrize("command", ["list", "get"])
@pytest.mark.parametrize("form", FORMATS_FOR_PEOPLE)
def test_text_in_brackets_is_shown_literally(run, builder, command, form):
    """Nothing in data is taken for styling, and no closing tag ends the command."""
    users = [builder.add(name) for name in MARKUP]
    chosen = [user["customer_id"] for user in users] if command == "get" else []
    completed = run("users", command, *chosen, "-o", form, env={"COLUMNS": "200"})
    assert completed.code == 0, completed
    assert [name for name in MARKUP if name not in completed.out] == []


def test_text_in_brackets_is_shown_literally_on_a_terminal(terminal, builder, key_env):
    """The same where colours are on."""
    for name in MARKUP:
        builder.add(name)
    session = terminal(["users", "list"], env=key_env(builder), cols=200)
    assert session.code == 0, session
    assert [name for name in MARKUP if name not in plain(session.text)] == []


@pytest.mark.parametrize("name", ["acct[prod]", "a[/x]", "[/]", ":smile:"])
def test_the_question_before_a_deactivation_shows_brackets_literally(
    terminal, builder, key_env, name
):
    """A prompt is text for people too, and end of file is no."""
    user = builder.add(name)
    argv = ["users", "deactivate", user["customer_id"]]
    session = terminal(argv, env=key_env(builder), cols=120, answers=[(name, CTRL_D)])
    assert session.code == 9, session
    assert name in plain(session.text)
    assert builder.mutations == []


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
@pytest.mark.parametrize("form", FORMATS_FOR_PEOPLE)
def test_control_characters_in_data_are_shown_as_escapes(run, builder, control, form):
    """No byte from the server drives the terminal or hides from the eye."""
    builder.add(f"ok{control}x")
    builder.add("okx")
    completed = run("users", "list", "-o", form, env={"COLUMNS": "200"})
    assert completed.code == 0, completed
    assert obeyed(completed.out + completed.err) == set()
    lines = completed.out.splitlines()
    shown = [line for line in lines if "ok" in line]
    assert len(shown) == 2, completed
    if form == "tsv":
        assert len(lines) == 2, "a record spilled over its line"
        assert len({line.count("\t") for line in lines}) == 1, "a cell spilled over its column"
    assert sum("okx" in line for line in shown) == 1, "one passes for the other"


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_json_keeps_control_characters_but_only_as_escapes(run, builder, control):
    """Lossless for programs, harmless for a terminal."""
    user = builder.add(f"ok{control}x")
    for form in ("json", "jsonl"):
        completed = run("users", "get", user["customer_id"], "-o", form)
        assert completed.json["external_id"] == f"ok{control}x"
        assert all(0x20 <= byte < 0x7F or byte == 0x0A for byte in completed.out_bytes)


def test_a_lone_surrogate_from_the_server_breaks_nothing(run_at, server):
    """JSON can hold what no encoding can: shown escaped, kept in JSON."""
    user = {"customer_id": "11111111-1111-4111-8111-111111111111", "external_id": "a\ud800b"}
    server.respond(json_answer(200, {"users": [user], "count": 1}))
    for form in ("table", "tsv", "csv", "ids", "json", "jsonl"):
        completed = run_at("users", "list", "-o", form)
        assert completed.code == 0, completed
    assert completed.json["external_id"] == "a\ud800b"


@pytest.mark.parametrize("where", ["error", "code", "validation_errors"])
@pytest.mark.parametrize("control", ["\x1b[1A\x1b[2K", "\x9b2K", "\u202e", "\r", "\x07"])
def test_error_text_from_the_server_cannot_forge_the_screen(run_at, server, where, control):
    """An error body is data as well."""
    text = f"bad {control} fake ok"
    body = {"error": "refused", "code": "validation_error", "retryable": False}
    body[where] = [text] if where == "validation_errors" else text
    server.script(json_answer(400, body))
    completed = run_at("pool", "show")
    assert completed.code == 5, completed
    assert obeyed(completed.err) == set()


@pytest.mark.parametrize("control", ["\x1b[2J", "\x9b2J", "\u202e", "\x07"])
@pytest.mark.parametrize(
    "argv",
    [
        ["users", "get", "x{}"],
        ["users", "x{}"],
        ["x{}"],
        ["users", "list", "--x{}"],
        ["users", "list", "--limit", "x{}"],
        ["users", "list", "-o", "x{}"],
        ["users", "set-qps", "u1", "x{}"],
        ["help", "x{}"],
        ["pool", "show", "-p", "x{}"],
    ],
    ids=lambda argv: " ".join(argv).format(""),
)
def test_text_echoed_from_the_command_line_is_escaped(run, builder, argv, control):
    """What a script passes on may come from a customer."""
    completed = run(*[part.format(control) for part in argv])
    # an id may hold a bidi character, and then belongs to nobody
    assert completed.code == 2 or (completed.code == 3 and control == "\u202e"), completed
    assert obeyed(completed.out + completed.err) == set()
    assert builder.mutations == []


def test_a_plain_terminal_gets_no_escape_byte_at_all(terminal, builder, key_env):
    """With colours off every ESC on the screen would have come from data."""
    for control in CONTROLS.values():
        builder.add(f"ok{control}x")
    env = {**key_env(builder), "NO_COLOR": "1", "TERM": "dumb"}
    session = terminal(["users", "list"], env=env, cols=200)
    assert session.code == 0, session
    assert obeyed(session.text) == set()


@pytest.mark.parametrize("columns", ["1", "20", "60", "80", "300", "0", "-5", "abc", "", None])
def test_off_a_terminal_every_value_is_whole_on_one_line(run, builder, columns):
    """No width, set or unset, shortens what goes into a pipe."""
    long_id = "customer-" + "x" * 300
    users = [builder.add(name) for name in ("u1", long_id, "日本語ユーザー", "❤️x")]
    completed = run("users", "list", env={"COLUMNS": columns})
    lines = completed.out.splitlines()
    assert [sorted(line.split("\t")[:2]) for line in lines] == [
        sorted([user["customer_id"], user["external_id"]]) for user in users
    ]
    assert "…" not in completed.out


@pytest.mark.parametrize("cols", [40, 60, 80, 120])
def test_ids_are_never_shortened_on_a_terminal(terminal, builder, key_env, cols):
    """Lesser columns go first; what can be pasted stays whole."""
    users = [builder.add(name) for name in ("u1", "customer-0001-x", "日本語ユーザー")]
    session = terminal(["users", "list"], env=key_env(builder), cols=cols)
    assert session.code == 0, session
    shown = plain(session.text)
    for user in users:
        assert user["customer_id"] in shown
        assert user["external_id"] in shown


def test_no_table_line_is_wider_than_the_terminal(terminal, builder, key_env):
    """A line that wraps by itself tears the columns apart."""
    for name in ("u1", "日本語ユーザー", "customer-0001"):
        builder.add(name)
    session = terminal(["users", "list"], env=key_env(builder), cols=70)
    assert max(cells(line) for line in plain(session.text).splitlines()) <= 70


def test_columns_stay_aligned_behind_wide_characters(run, builder):
    """Width is counted in cells, not characters."""
    for name in ("u1", "日本語ユーザー", "\uff46ull", "e\u0301"):
        builder.add(name, tier="level-x")
    completed = run("users", "list", "-o", "table", env={"COLUMNS": "150"})
    found = [line for line in completed.out.splitlines() if "level-x" in line]
    assert len(found) == 4, completed
    assert len({cells(line[: line.index("level-x")]) for line in found}) == 1, completed.out


def test_terminal_width_settings_never_crash_a_table(run, builder):
    """Absurd widths fall back to plain lines with whole ids."""
    user = builder.add("customer-0001")
    for columns in ("1", "5", "10", "99999", "0", "-1", "1e3", "٣٠", ""):
        completed = run("users", "list", "-o", "table", env={"COLUMNS": columns})
        assert completed.code == 0, completed
        assert user["customer_id"] in re.sub(r"\s", "", completed.out), columns
