"""Consent to a bulk run: a count for deactivations, `--yes` for the rest, nothing implied."""

from __future__ import annotations

import shlex

import pytest
from commands.serving import command_in
from commands.users.bulk_files import changes, journals, roster
from support.terminal import CTRL_C, CTRL_D
from support.views import plain

PRUNABLE = ["goes-1", "goes-2"]


@pytest.fixture
def file(builder, work):
    """Two deactivations and one create."""
    for name in PRUNABLE:
        builder.add(name, 5)
    return roster(
        work / "u.csv",
        "new,1,",
        *(f"{name},,absent" for name in PRUNABLE),
        header="external_id,qps_limit,state",
    )


@pytest.fixture
def harmless(builder, work):
    builder.add("there", 1)
    return roster(work / "harmless.csv", "new,1", "there,2")


@pytest.mark.parametrize(
    "how",
    [
        [],
        ["--yes"],
        ["--confirm", ""],
        ["--confirm", "1"],
        ["--confirm", "3"],
        ["--confirm", "02"],
        ["--confirm", "yes"],
        ["--confirm", "goes-1"],
        ["--yes", "--confirm", "1"],
        ["--no-input", "--yes"],
    ],
)
def test_deactivations_need_their_exact_count(run, builder, file, how, home):
    completed = run("users", "apply", file, *how, env={"CI": "true"}, stdin=b"y\n2\n")

    assert completed.code == 9, completed
    assert changes(builder) == []
    assert journals(home) == []


@pytest.mark.parametrize("how", [["--confirm", "2"], ["--yes", "--confirm", "2"]])
def test_the_count_is_consent_to_the_whole_plan(run, builder, file, how):
    assert run("users", "apply", file, *how).code == 0
    assert [user["external_id"] for user in builder.users.values()] == ["new"]


def test_a_refusal_proposes_the_command_with_every_option(run, builder, file):
    how = ["--max", "5", "--max-failures", "7", "--concurrency", "2", "--reason", "too many"]
    command = command_in(run("users", "apply", file, *how, "--results", "out.jsonl").err)

    assert all(shlex.quote(word) in command for word in how)
    assert run(*shlex.split(command)[1:]).code == 0
    assert len(builder.users) == 1


@pytest.mark.parametrize("how", [[], ["--no-input"]])
def test_a_plan_without_deactivations_needs_consent_too(run, builder, harmless, how):
    completed = run("users", "apply", harmless, *how, stdin=b"y\n")

    assert completed.code == 9
    assert "--yes" in completed.err
    assert changes(builder) == []


def test_without_deactivations_the_count_is_0(run, builder, harmless):
    refused = run("users", "apply", harmless, "--confirm", "1")
    assert refused.code == 9
    assert command_in(refused.err).endswith("--yes")
    assert changes(builder) == []
    assert run("users", "apply", harmless, "--confirm", "0").code == 0


def test_a_file_on_stdin_needs_consent_in_advance(run, builder):
    data = b"external_id,qps_limit\nnew,1\n"

    assert run("users", "apply", "-", stdin=data).code == 9
    assert builder.requests == []
    assert run("users", "apply", "-", "--yes", stdin=data).code == 0


def test_a_count_above_max_sends_nothing_even_with_consent(run, builder, work):
    builder.add_many(12)
    file = roster(
        work / "u.csv", *(f"user-{n:05d},absent" for n in range(11)), header="external_id,state"
    )

    completed = run("users", "apply", file, "--confirm", "11")

    assert completed.code == 10
    assert "--max 11" in completed.err
    assert changes(builder) == []
    assert run("users", "apply", file, "--confirm", "11", "--max", "11").code == 0
    assert len(builder.users) == 1


def test_the_typed_count_is_consent(terminal, builder, file, key_env):
    session = terminal(
        ["users", "apply", file], env=key_env(builder), answers=[("Type 2", "2\n")], cols=120
    )

    assert session.code == 0, session
    assert "goes-1" in session.text
    assert "1,000" in session.text
    assert [user["external_id"] for user in builder.users.values()] == ["new"]


@pytest.mark.parametrize("answer", ["y\n", "1\n", CTRL_D])
def test_any_other_answer_is_a_refusal(terminal, builder, file, key_env, answer):
    session = terminal(["users", "apply", file], env=key_env(builder), answers=[("Type 2", answer)])

    assert session.code == 9
    assert changes(builder) == []


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 9), ("\n", 9), (CTRL_D, 9)])
def test_a_plan_without_deactivations_is_a_yes_or_no_question(
    terminal, builder, harmless, key_env, answer, code
):
    session = terminal(
        ["users", "apply", harmless], env=key_env(builder), answers=[("[y/N]", answer)], cols=120
    )

    assert session.code == code, session
    assert {"there", "new", "set-qps"} <= set(plain(session.text).split())
    assert len(changes(builder)) == (2 if code == 0 else 0)


def test_ctrl_c_at_the_question_changes_nothing(terminal, builder, file, key_env, home):
    session = terminal(["users", "apply", file], env=key_env(builder), answers=[("Type 2", CTRL_C)])

    assert session.code == 130
    assert "Traceback" not in session.text
    assert "interrupted" in session.text
    assert changes(builder) == []
    assert journals(home) == []
