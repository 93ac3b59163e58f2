"""Streams that are closed, full, for reading only, or whose reader leaves."""

from __future__ import annotations

from itertools import cycle

import pytest
from support.views import FORMATS

READERS = {"head -1": 1, "true": 0, "sed q": 1}
BROKEN = {">/dev/full": "no space left", "1</dev/null": "bad file descriptor", ">&-": "closed"}
WORDS = [
    ["--version"],
    ["--help"],
    ["users", "list", "--help"],
    ["help", "safety"],
    ["completion", "bash"],
    ["config", "path"],
    ["config", "show"],
    ["doctor"],
    ["history", "list", "--json"],
    ["sandbox", "path"],
]


def quiet(completed):
    """No output of the interpreter: no traceback, and no error about a stream at exit."""
    return not any(word in completed.err for word in ("Traceback", "Exception ignored", "Errno"))


@pytest.mark.parametrize(("form", "reader"), [*zip(FORMATS, [*READERS] * 2, strict=True)])
def test_a_reader_that_leaves_causes_no_message(shell, builder, builder_env, form, reader):
    """The output exceeds a pipe's buffer, so the reader is gone before the tool ends."""
    builder.add_many(900)
    completed = shell(["users", "list", "-o", form], f"| {reader}", env=builder_env)
    # there may be no more than a pipe contains
    assert completed.code in ((0, 141) if form == "ids" else (141,)), completed
    assert completed.err == ""
    assert len(completed.out.splitlines()) == READERS[reader]


@pytest.mark.parametrize("argv", WORDS, ids=" ".join)
def test_text_for_a_closed_pipe_ends_without_a_message(shell, argv):
    completed = shell(argv, "| true", env={"PYTHONUNBUFFERED": "1"})
    assert completed.code in ((0, 4, 141) if argv == ["doctor"] else (0, 141)), completed
    assert completed.err == ""


@pytest.mark.parametrize("argv", [WORDS[0], WORDS[1], WORDS[6]], ids=" ".join)
@pytest.mark.parametrize("broken", BROKEN)
def test_text_that_cannot_be_written_is_a_local_error(shell, argv, broken):
    """This includes text that is printed before the parser is loaded."""
    completed = shell(argv, broken, env={})
    assert completed.code == 1, completed
    assert quiet(completed), completed
    assert completed.err.startswith("error: could not write to stdout: "), completed
    assert BROKEN[broken] in completed.err


@pytest.mark.parametrize("form", FORMATS)
def test_data_that_cannot_be_written_is_a_local_error_in_every_format(
    shell, builder, builder_env, form
):
    builder.add_many(3)
    completed = shell(["users", "list", "-o", form], ">/dev/full", env=builder_env)
    assert completed.code == 1, completed
    assert quiet(completed), completed
    assert "could not write to stdout: no space left on device" in completed.err


CHANGES = {
    "create": ["users", "create", "zoe"],
    "set-qps": ["users", "set-qps", "alice", "7"],
    "onboard": ["users", "onboard", "alice", "--exchange", "polymarket", "--mode", "managed"],
    "deactivate": ["users", "deactivate", "alice", "--confirm", "alice"],
    "api": ["api", "POST", "/builder/users", "-f", "external_id=zoe"],
}


def spread(broken):
    """Break each stream of the changes in turn: every pair would prove no more."""
    return [*zip(CHANGES, cycle(broken), strict=False)]


@pytest.mark.parametrize(("name", "broken"), spread([">&-", "-q >/dev/full"]))
def test_a_change_is_reported_on_stderr_if_its_result_cannot_be_written(
    shell, builder, builder_env, name, broken
):
    """Even with `-q`: a script that sees only the exit code would send it again."""
    builder.add("alice", 10)
    completed = shell(CHANGES[name], broken, env=builder_env)
    assert completed.code == 1, completed
    assert len(builder.effects) == 1
    assert "the change was made" in completed.err
    assert quiet(completed), completed


@pytest.mark.parametrize(("name", "broken"), spread(["2>/dev/full", "2>&- <&-"]))
def test_a_broken_stderr_does_not_stop_a_change(shell, builder, builder_env, home, name, broken):
    """A file that is opened now gets the number of the closed one; no word may end up in it."""
    builder.add("alice", 10)
    completed = shell([*CHANGES[name], "-v"], broken, env=builder_env)
    assert completed.code == 0, completed
    assert completed.out
    assert completed.err == ""
    assert len(builder.effects) == 1
    written = [path for path in home.rglob("*") if path.is_file()]
    assert {path.name for path in written} <= {"history.jsonl", "index"}
    history = next(path for path in written if path.name == "history.jsonl").read_text()
    assert [line[:7] for line in history.splitlines()] == ['{"id":"'] * 2


@pytest.mark.parametrize(
    ("redirections", "code"),
    [(">&- 2>&-", 1), (">&- 2>&- <&-", 1), (">/dev/full 2>/dev/full", 1), ("2>&-", 0)],
)
def test_the_exit_code_is_right_when_nothing_can_be_printed(
    shell, builder, builder_env, redirections, code
):
    builder.add("alice", 10)
    completed = shell(["users", "list"], redirections, env=builder_env)
    assert completed.code == code, completed
    assert shell(["users", "get", "bob"], redirections, env=builder_env).code == 3
    assert shell(["users", "list", "--nope"], redirections, env=builder_env).code == 2


@pytest.mark.parametrize(
    ("line", "code", "stdin"),
    [
        ("users list", 0, "<&-"),
        ("users create zoe", 0, "0>/dev/null"),
        ("users deactivate alice", 9, "<&-"),
        ("users plan -", 2, "0>/dev/null"),
        ("users deactivate --from-file - --confirm 1", 2, "<&-"),
        ("users apply - --yes", 2, "<&-"),
        ("users apply - --yes", 2, "0>/dev/null"),
        ("credentials encode --exchange kalshi -", 2, "<&-"),
        ("api POST /builder/users --input -", 2, "0>/dev/null"),
        ("config set api_key", 2, "<&-"),
    ],
)
def test_an_unreadable_stdin_is_an_error_instead_of_an_empty_file(
    shell, builder, builder_env, line, code, stdin
):
    """An empty desired state with `--prune` would deactivate everybody."""
    builder.add("alice", 10)
    completed = shell(line.split(), stdin, env=builder_env)
    assert completed.code == code, completed
    assert quiet(completed), completed
    assert "alice" in {user["external_id"] for user in builder.users.values()}
    if code == 2:
        assert builder.mutations == []
        assert "stdin" in completed.err


def test_a_broken_pipe_in_the_middle_of_a_table_ends_paging(shell, builder, builder_env):
    """A reader that leaves later than after the first page, with rows still to come."""
    builder.add_many(3_000)
    completed = shell(["users", "list"], "| head -150", env=builder_env)
    assert completed.code == 141, completed
    assert len(completed.out.splitlines()) == 150
    assert completed.err == ""
    assert len(builder.requests) < 25
