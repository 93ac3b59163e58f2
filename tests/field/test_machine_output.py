"""Output for programs: one lossless document, alone on stdout."""

from __future__ import annotations

import json

import pytest
from support.views import masked

ERROR_KEYS = {"code", "message", "http_status", "retryable", "hint", "exit_code"}


@pytest.mark.parametrize("columns", ["1", "200", "abc", "", None])
def test_json_equals_what_the_server_sent_at_every_width(run, builder, columns):
    user = builder.add(("customer [prod] \n" * 20)[:300], note={"deep": [1, None, "x" * 200]})
    env = {"COLUMNS": columns, "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}
    assert run("users", "get", user["customer_id"], "--json", env=env).json == masked(user)
    listing = run("users", "list", "--json", env=env).json
    assert listing == {"users": [masked(user)], "count": 1, "complete": True, "next_cursor": None}


@pytest.mark.parametrize(
    ("form", "empty"),
    [
        ("json", {"users": [], "count": 0, "complete": True, "next_cursor": None}),
        ("jsonl", ""),
        ("tsv", ""),
        ("ids", ""),
    ],
)
def test_an_empty_account_is_an_empty_result_of_the_same_shape(run, builder, form, empty):
    """A sentence instead would break the program that reads it."""
    completed = run("users", "list", "-o", form)
    assert completed.code == 0, completed
    assert (completed.json if form == "json" else completed.out) == empty
    assert len(builder.requests) == 1


def test_questions_and_warnings_stay_off_a_stdout_that_is_a_file(
    terminal, builder, key_env, config_file, work
):
    """stdin and stderr are a terminal, stdout is data."""
    user = builder.add("alice")
    config = config_file('[profiles.default]\napi_key = "pk_live_OTHER_000000"\n', 0o644)
    out = work / "out.json"
    session = terminal(
        ["users", "deactivate", "alice", "--json"],
        env={**key_env(builder), "PARSEC_CONFIG": str(config)},
        answers=[("alice", "alice\n")],
        stdout=out,
    )
    assert session.code == 0, session
    document = json.loads(out.read_text())
    assert [row["customer_id"] for row in document["results"]] == [user["customer_id"]]
    assert "alice" in session.text
    assert builder.effects == [("DELETE", user["customer_id"])]


def check_error(completed, exit_code, status, code=None):
    assert completed.code == exit_code, completed
    assert completed.out_bytes == b"" or completed.json["complete"] is False
    assert "\x1b" not in completed.err
    found = completed.error
    assert set(found) >= ERROR_KEYS
    assert found["exit_code"] == exit_code
    assert found["http_status"] == status
    assert isinstance(found["retryable"], bool)
    assert found["message"]
    if code is not None:
        assert found["code"] == code


def test_a_missing_user_is_an_error_object(run, builder):
    check_error(run("users", "get", "11111111-1111-4111-8111-111111111111", "--json"), 3, 404)
    check_error(run("users", "get", "nobody", "--json"), 3, 404)
    assert builder.mutations == []


def test_a_missing_key_is_an_error_object(tool):
    check_error(tool("pool", "show", "--json"), 4, None, "no_key")


@pytest.mark.parametrize(
    "argv",
    [
        ["users", "list", "--limit", "0"],
        ["users", "get"],
        ["users", "nonsense"],
        ["users", "set-qps", "u1", "abc"],
    ],
    ids=" ".join,
)
def test_a_usage_mistake_is_an_error_object(run, builder, argv):
    check_error(run(*argv, "--json"), 2, None)
    check_error(run("--json", *argv), 2, None)
    check_error(run(*argv, env={"PARSEC_OUTPUT": "json"}), 2, None)
    assert builder.requests == []


@pytest.mark.parametrize("how", ["-ojson", "-o=json", "-qo json", "-vojsonl", "--output=jsonl"])
def test_json_is_understood_in_every_spelling_of_the_option(run, how):
    check_error(run("users", "nonsense", *how.split()), 2, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"PARSEC_API_BASE_URL": "http://127.0.0.1?x"},
        {"PARSEC_PROFILE": "nobody"},
        {"PARSEC_CONFIG": "{home}/broken.toml"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_environment_selects_json_even_without_a_usable_profile(run, home, wrong):
    """A script must be able to read that the config is broken."""
    (home / "broken.toml").write_text("[profiles.default\n")
    env = {name: value.format(home=home) for name, value in wrong.items()}
    check_error(run("pool", "show", env={**env, "PARSEC_OUTPUT": "json"}), 2, None)
    plain = run("pool", "show", env={**env, "PARSEC_OUTPUT": "nonsense"})
    assert plain.err.startswith("error: ")
