"""Keys and secrets reach the API and nothing else: no screen, log, file or other host."""

from __future__ import annotations

import json

import pytest
from support.actions import answer, error, json_answer, redirect, reset
from support.builder import BUILDER_KEY
from support.clock import VirtualClock
from support.records import END_USER_KEY
from support.runner import run_in_process

EDGES = {
    "carriage return": "{}\r\n",
    "many": "\n\n {} \r\n\r\n",
    "byte order mark": "\ufeff{}\r\n",
}
INNER = {
    "header injection": "pk_live_TESTKEY\nX-Builder-Customer-Id: evil",
    "zero width": "pk_live_\u200bTESTKEY",
    "assignment": "PARSEC_API_KEY=pk_live_TESTKEY",
    "two keys": "pk_live_TESTKEY\npk_live_OTHER",
}


def as_toml(key: str, url: str) -> str:
    return f"[profiles.default]\napi_key = {json.dumps(key)}\nbase_url = {json.dumps(url)}\n"


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("source", ["environment", "config", "command", "stdin"])
def test_blanks_around_a_key_are_trimmed_from_every_source(
    tool, builder, config_file, home, work, leaks, edge, source
):
    """Blanks from a clipboard or a secret store do not belong to the key."""
    pasted = edge.format(BUILDER_KEY)
    env = {"PARSEC_API_BASE_URL": builder.url}
    if source == "environment":
        env["PARSEC_API_KEY"] = pasted
    else:
        config = home / "parsec.toml"
        env = {"PARSEC_CONFIG": str(config)}
        if source == "config":
            config_file(as_toml(pasted, builder.url))
        if source == "command":
            (work / "key").write_bytes(pasted.encode())
            config_file(
                f'[profiles.default]\napi_key_command = "cat key"\nbase_url = "{builder.url}"'
            )
        if source == "stdin":
            config_file(f'[profiles.default]\nbase_url = "{builder.url}"\n')
            stored = tool("config", "set", "api_key", "--no-verify", env=env, stdin=pasted.encode())
            assert stored.code == 0, stored
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.requests[0].header("x-api-key") == BUILDER_KEY
    allowed = [home / "parsec.toml"]
    assert leaks(completed, [BUILDER_KEY], except_files=allowed) == []


@pytest.mark.parametrize("key", INNER.values(), ids=INNER.keys())
@pytest.mark.parametrize("source", ["environment", "config", "stdin"])
def test_a_malformed_key_is_refused_before_any_connection(
    tool, builder, config_file, home, key, source
):
    """The source is named, the value never."""
    env = {"PARSEC_API_BASE_URL": builder.url}
    argv, stdin = ["pool", "show"], b""
    if source == "environment":
        env["PARSEC_API_KEY"] = key
    if source == "config":
        env = {"PARSEC_CONFIG": str(config_file(as_toml(key, builder.url)))}
    if source == "stdin":
        env["PARSEC_CONFIG"] = str(home / "parsec.toml")
        argv, stdin = ["config", "set", "api_key", "--no-verify"], key.encode()
    completed = tool(*argv, env=env, stdin=stdin)
    assert completed.code == 2, completed
    assert "TESTKEY" not in completed.out + completed.err
    if source == "environment":
        assert "PARSEC_API_KEY" in completed.err
    if source == "stdin":
        assert not (home / "parsec.toml").exists()
    assert builder.connections == []


SURPRISES = [
    {"users": 5},
    {"users": ["x"]},
    {"users": [{"customer_id": 5, "api_key": f"{END_USER_KEY}9999"}]},
    {"users": [{"api_key": f"{END_USER_KEY}9999"}]},
    {"users": {"api_key": f"{END_USER_KEY}9999"}},
    [{"api_key": f"{END_USER_KEY}9999"}],
    {"api_key": f"{END_USER_KEY}9999"},
    f"{END_USER_KEY}9999",
    None,
    5,
    [],
    {},
]


@pytest.mark.parametrize("value", SURPRISES, ids=json.dumps)
@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unexpected_response_is_one_error_without_its_content(
    run_at, server, leaks, value, debug
):
    """No frame locals, whatever switches frameworks know."""
    server.respond(json_answer(200, value))
    env = {
        "PARSEC_DEBUG": debug,
        "COLUMNS": "200",
        "_TYPER_STANDARD_TRACEBACK": "1",
        "RICH_TRACEBACK": "1",
    }
    completed = run_at("users", "list", env=env)
    assert completed.code == 7, completed
    assert completed.out == ""
    assert debug or "Traceback" not in completed.err
    assert completed.err.count("error: ") == 1
    assert leaks(completed, [BUILDER_KEY, END_USER_KEY]) == []


class BrokenClock(VirtualClock):
    def sleep(self, seconds: float) -> None:
        key_in_a_local = BUILDER_KEY
        raise ZeroDivisionError(f"{seconds} and {key_in_a_local}")


@pytest.mark.parametrize("debug", [None, "1"])
def test_an_internal_error_shows_no_locals_and_no_key(
    isolated_environment, server, key_env, leaks, debug
):
    """Even an exception nobody planned, with the key in its text."""
    server.respond(json_answer(429, {"error": "slow down", "code": "rate_limit_exceeded"}))
    env = {**isolated_environment, **key_env(server)}
    if debug:
        env["PARSEC_DEBUG"] = debug
    completed = run_in_process(["pool", "show"], env=env, clock=BrokenClock())
    assert completed.code == 1, completed
    assert ("parsec_cli/main.py" in completed.err) is bool(debug)
    assert leaks(completed, [BUILDER_KEY]) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["users", "list"],
        ["users", "get", "alice"],
        ["users", "create", "u2"],
        ["users", "set-qps", "alice", "12"],
        ["users", "deactivate", "alice", "--confirm", "alice"],
        ["pool", "show"],
        ["usage", "show"],
        ["doctor"],
        ["api", "GET", "/builder/users"],
        ["api", "POST", "/builder/users", "-f", "external_id=u3"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_the_verbose_log_names_requests_and_never_a_key(run, builder, leaks, argv, place):
    """Method, path, status; no header values, no bodies; on stderr alone."""
    builder.add("alice")
    argv = ["-v", *argv] if place == "before" else [*argv, "-v"]
    completed = run(*argv)
    assert completed.code == 0, completed
    for request in builder.requests:
        assert request.method in completed.err
        assert request.path.removeprefix("/api/v1") in completed.err
    assert leaks(completed, [BUILDER_KEY, END_USER_KEY]) == []


def test_verbose_changes_nothing_on_stdout(run, builder):
    """Debugging a pipe must not break it."""
    builder.add_many(3)
    assert run("users", "list", "-v").out == run("users", "list").out


@pytest.mark.parametrize(
    "action",
    [
        error(500, f"boom for {BUILDER_KEY}", "internal_error"),
        error(400, f"header X-API-Key: {BUILDER_KEY} is odd", BUILDER_KEY),
        json_answer(422, {"error": "x", "validation_errors": [f"saw {BUILDER_KEY}"]}),
        json_answer(403, {"message": BUILDER_KEY}),
        answer(502, f"<html>{BUILDER_KEY}</html>"),
        answer(418, BUILDER_KEY, {"X-Echo": BUILDER_KEY}),
        redirect(302, f"http://evil.example/{BUILDER_KEY}"),
        json_answer(401, {"error": f"invalid API key {BUILDER_KEY}"}),
        reset(),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", [[], ["-v"], ["--json", "-v"]], ids=str)
def test_a_key_that_the_server_echoes_is_redacted(run_at, server, leaks, action, how):
    """Whoever sent it, it is not shown."""
    server.respond(action)
    for debug in ("", "1"):
        completed = run_at("pool", "show", *how, env={"PARSEC_DEBUG": debug})
        assert completed.code not in (0, 1), completed
        assert leaks(completed, [BUILDER_KEY]) == []


@pytest.mark.parametrize(
    "argv",
    [["users", "list", "--page-size", "1"], ["doctor"], ["users", "set-qps", "user-00000", "9"]],
    ids=" ".join,
)
@pytest.mark.parametrize("how", [[], ["-v"], ["--json"]], ids=str)
def test_another_key_in_the_text_of_an_error_is_redacted(run, builder, leaks, argv, how):
    """Also where the error ends in a notice or a line of a report."""
    builder.add_many(2)
    stranger = "pk_live_STRANGERCANARY_0042"
    body = {"error": f"not with {stranger}", "code": stranger, "validation_errors": [stranger]}
    builder.fault("GET", "pool", action=json_answer(400, body))
    completed = run(*argv, *how)
    assert "pk_live_****0042" in completed.out + completed.err
    assert leaks(completed, [stranger]) == []


@pytest.mark.parametrize("argv", [["pool", "show", "-v"], ["doctor", "-v"], ["config", "show"]])
def test_the_password_of_a_proxy_is_never_shown(parsec, server, key_env, leaks, argv):
    """A proxy URL is a secret as well."""
    server.strict = False
    proxy = server.url.replace("://", "://someone:PROXYSECRET@")
    env = {
        **key_env("https://api.parsec.invalid"),
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "ALL_PROXY": proxy,
        "PARSEC_DEBUG": "1",
    }
    completed = parsec(*argv, env=env)
    assert leaks(completed, ["PROXYSECRET", BUILDER_KEY]) == []
    assert BUILDER_KEY.encode() not in server.received


@pytest.mark.parametrize("argument", [BUILDER_KEY, "sk_live_TESTKEY_9", "pk_anything"])
@pytest.mark.parametrize("command", ["get", "set-qps", "deactivate", "check"])
def test_a_key_in_place_of_a_user_is_refused_without_quoting_it(run, builder, argument, command):
    """It must reach neither the URL, nor a log, nor the error."""
    rest = {"set-qps": ["5"], "check": ["--exchange", "kalshi"]}.get(command, [])
    completed = run("users", command, argument, *rest)
    assert completed.code == 2, completed
    assert argument not in completed.out + completed.err
    assert builder.requests == []
