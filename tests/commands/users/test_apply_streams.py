"""A bulk run whose streams fail, and its progress display."""

from __future__ import annotations

import json

import pytest
from commands.users.bulk_files import creates, journals, lines_of, outcomes, roster
from support.actions import error
from support.runner import run_to_reader

ROWS = 40


@pytest.fixture
def command(work, builder):
    builder.rest_qps = 0
    return ["users", "apply", creates(work / "u.csv", ROWS), "--yes"]


def test_runs_with_the_same_process_id_keep_their_results(run, work, home):
    """Such as the first process of several containers that share a directory."""
    for number in range(3):
        assert run("users", "apply", roster(work / "u.csv", f"u{number},5"), "--yes").code == 0
    kept = [kept_rows(path) for path in journals(home)]
    assert sorted(kept) == [["u0"], ["u1"], ["u2"]]


def kept_rows(path):
    """Return the ids of the rows that have an outcome in the file of a run."""
    lines = lines_of(path)
    named = {line["n"]: line["external_id"] for line in lines if "row" in line}
    return [named[line["n"]] for line in lines if "done" in line]


@pytest.mark.parametrize("how", [["--json"], []])
def test_a_full_stdout_does_not_stop_the_run(parsec, builder, command, key_env, home, how):
    completed = parsec(*command, *how, env=key_env(builder), stdout="/dev/full")

    assert completed.code == 1, completed
    assert len(builder.effects) == ROWS
    (kept,) = journals(home)
    assert len(kept_rows(kept)) == ROWS
    assert kept.stem in completed.err
    assert f"{ROWS} created" in completed.err


def test_a_closed_stdout_does_not_stop_the_run(parsec, builder, command, key_env):
    completed = parsec(*command, env=key_env(builder), stdout="closed")

    assert completed.code == 1, completed
    assert len(builder.effects) == ROWS


def test_a_reader_that_leaves_does_not_stop_the_run(
    builder, isolated_environment, work, command, key_env, home
):
    env = {**isolated_environment, **key_env(builder)}

    completed = run_to_reader(command, env=env, cwd=work, lines=0)

    assert completed.code == 1, completed
    assert len(builder.effects) == ROWS
    assert len(kept_rows(journals(home)[0])) == ROWS


def test_failed_rows_are_reported_without_a_stdout_too(parsec, builder, command, key_env):
    builder.fault("POST", nth=3, action=error(400, "no such thing", "bad_request"))

    completed = parsec(*command, "--json", env=key_env(builder), stdout="/dev/full")

    assert completed.code == 1
    assert f"{ROWS - 1} created, 1 failed, but the result was not shown" in completed.err
    assert "is done" not in completed.err


def test_a_full_results_file_stops_the_run(parsec, builder, command, key_env):
    """No change is sent whose result cannot be kept."""
    completed = parsec(
        *command, "--json", "--concurrency", "1", "--results", "/dev/full", env=key_env(builder)
    )

    assert completed.code == 1, completed
    assert len(builder.effects) <= 1
    summary = completed.json["summary"]
    assert completed.error["code"] == "local_error"
    assert completed.error["message"].startswith("cannot write the results file `/dev/full`")
    assert summary["created"] == len(builder.effects)
    assert summary["not_attempted"] == ROWS - len(builder.effects)


def test_results_can_go_into_a_pipe(parsec, builder, command, key_env):
    completed = parsec(*command, "--json", "--results", "/dev/stderr", env=key_env(builder))

    assert completed.code == 0
    lines = [json.loads(line) for line in completed.err.splitlines() if line.startswith("{")]
    assert {line["external_id"] for line in lines} == set(outcomes(completed))


def test_stderr_is_plain_text_off_a_terminal(parsec, builder, command, key_env):
    completed = parsec(*command, env=key_env(builder))

    assert "\x1b" not in completed.err
    assert "\r" not in completed.err
    assert len(completed.err.splitlines()) == 2  # the target, and the counts with the run


def test_a_progress_bar_on_a_terminal(terminal, builder, command, key_env):
    builder.latency = 0.05

    session = terminal(command, env=key_env(builder), cols=100)

    assert session.code == 0, session
    assert f"/{ROWS}" in session.text or f"of {ROWS}" in session.text
    assert "new-00039" in session.text


def test_a_quiet_run_on_a_terminal_has_no_bar(terminal, builder, command, key_env, work):
    session = terminal([*command, "-q"], env=key_env(builder), stdout=work / "out", cols=100)

    assert session.code == 0
    assert session.text == ""


def test_the_ids_of_created_users_can_be_piped(run, builder, command):
    completed = run(*command, "-o", "ids")

    assert sorted(completed.out.split()) == sorted(builder.users)
