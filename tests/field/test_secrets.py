"""Keys and secrets reach the API and nothing else: no screen, log, file or other host."""

from __future__ import annotations

import json

import pytest
from support.actions import json_response
from support.builder import BUILDER_KEY
from support.clock import VirtualClock
from support.records import END_USER_KEY
from support.runner import run_in_process

EDGES = {"carriage return": "{}\r\n", "many": "\n\n {} \r\n\r\n", "byte order mark": "\ufeff{}\r\n"}
INNER = {
    "header injection": "pk_live_TESTKEY\nX-Builder-Customer-Id: evil",
    "zero width": "pk_live_\u200bTESTKEY",
    "assignment": "PARSEC_API_KEY=pk_live_TESTKEY",
    "two keys": "pk_live_TESTKEY\npk_live_OTHER",
}


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("source", ["environment", "config", "command", "stdin"])
def test_blanks_around_a_key_are_trimmed_from_every_source(
    tool, builder, config_file, home, work, leaks, edge, source
):
    """Blanks often come with a key from a clipboard or a secret store."""
    pasted = edge.format(BUILDER_KEY)
    stored = {"config": f"api_key = {json.dumps(pasted)}", "command": 'api_key_command = "cat key"'}
    profile = f'[profiles.default]\nbase_url = "{builder.url}"\n{stored.get(source, "")}\n'
    env = {"PARSEC_CONFIG": str(config_file(profile))}
    if source == "environment":
        env = {"PARSEC_API_BASE_URL": builder.url, "PARSEC_API_KEY": pasted}
    if source == "command":
        (work / "key").write_bytes(pasted.encode())
    if source == "stdin":
        set_key = ["config", "set", "api_key", "--no-verify"]
        assert tool(*set_key, env=env, stdin=pasted.encode()).code == 0
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.requests[0].header("x-api-key") == BUILDER_KEY
    assert leaks(completed, [BUILDER_KEY], except_files=[home / "parsec.toml"]) == []


@pytest.mark.parametrize("key", INNER.values(), ids=INNER.keys())
@pytest.mark.parametrize("source", ["environment", "config"])
def test_a_malformed_key_is_refused_before_any_connection(tool, builder, config_file, key, source):
    env = {"PARSEC_API_BASE_URL": builder.url, "PARSEC_API_KEY": key}
    if source == "config":
        profile = f'[profiles.default]\napi_key = {json.dumps(key)}\nbase_url = "{builder.url}"\n'
        env = {"PARSEC_CONFIG": str(config_file(profile))}
    completed = tool("pool", "show", env=env)
    assert completed.code == 2, completed
    assert "TESTKEY" not in completed.out + completed.err
    assert source == "config" or "PARSEC_API_KEY" in completed.err
    assert builder.connections == []


SURPRISES = [
    {"users": [{"customer_id": 5, "api_key": f"{END_USER_KEY}9999"}]},
    [{"api_key": f"{END_USER_KEY}9999"}],
    f"{END_USER_KEY}9999",
]


@pytest.mark.parametrize("value", SURPRISES, ids=json.dumps)
@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unexpected_response_is_one_error_without_its_content(
    run_at, server, leaks, value, debug
):
    """Other tools' switches for tracebacks show no local variables either."""
    server.respond(json_response(200, value))
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
    """The text of the unexpected exception contains the key."""
    server.respond(json_response(429, {"error": "slow down", "code": "rate_limit_exceeded"}))
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
        ["users", "set-qps", "alice", "12"],
        ["users", "deactivate", "alice", "--confirm", "alice"],
        ["doctor"],
        ["api", "GET", "/builder/users"],
        ["api", "POST", "/builder/users", "-f", "external_id=u3"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_the_verbose_log_names_requests_and_never_a_key(run, builder, leaks, argv, place):
    """It contains method, path and status, but no header values and no bodies."""
    builder.add("alice")
    argv = ["-v", *argv] if place == "before" else [*argv, "-v"]
    completed = run(*argv)
    assert completed.code == 0, completed
    for request in builder.requests:
        assert request.method in completed.err
        assert request.path.removeprefix("/api/v1") in completed.err
    assert leaks(completed, [BUILDER_KEY, END_USER_KEY]) == []


def test_verbose_changes_nothing_on_stdout(run, builder):
    builder.add_many(3)
    assert run("users", "list", "-v").out == run("users", "list").out


@pytest.mark.parametrize(
    "argv",
    [["users", "list", "--page-size", "1"], ["doctor"], ["users", "set-qps", "user-00000", "9"]],
    ids=" ".join,
)
@pytest.mark.parametrize("how", [[], ["-v"], ["--json"]], ids=str)
def test_another_key_in_the_text_of_an_error_is_redacted(run, builder, leaks, argv, how):
    builder.add_many(2)
    stranger = "pk_live_STRANGERCANARY_0042"
    body = {"error": f"not with {stranger}", "code": stranger, "validation_errors": [stranger]}
    builder.fault("GET", "pool", action=json_response(400, body))
    completed = run(*argv, *how)
    assert "pk_live_****0042" in completed.out + completed.err
    assert leaks(completed, [stranger]) == []


@pytest.mark.parametrize("argv", [["doctor", "-v"], ["config", "show"]], ids=" ".join)
def test_the_password_of_a_proxy_is_never_shown(tool, server, key_env, leaks, argv):
    server.strict = False
    proxy = server.url.replace("://", "://someone:PROXYSECRET@")
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), proxy)
    env = {**key_env("https://api.parsec.invalid"), **proxies, "PARSEC_DEBUG": "1"}
    completed = tool(*argv, env=env)
    assert leaks(completed, ["PROXYSECRET", BUILDER_KEY]) == []
    assert BUILDER_KEY.encode() not in server.received
