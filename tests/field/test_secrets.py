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
    "newline": "{}\n",
    "leading blank": " {}",
    "trailing blank": "{} ",
    "carriage return": "{}\r\n",
    "tabs": "\t{}\t",
    "many": "\n\n {} \r\n\r\n",
}
INNER = {
    "header injection": "pk_live_TESTKEY\nX-Builder-Customer-Id: evil",
    "carriage return": "pk_live_TESTKEY\rX: y",
    "blank": "pk_live_ TESTKEY",
    "tab": "pk_live_\tTESTKEY",
    "escape": "pk_live_TESTKEY\x1b[2J0",
    "delete": "pk_live_TESTKEY\x7f0",
    "accent": "pk_live_TESTKEYé0",
    "zero width": "pk_live_\u200bTESTKEY",
    "no-break space": "pk_live_TESTKEY\xa00",
    "typographic quotes": "“pk_live_TESTKEY”",
    "two keys": "pk_live_TESTKEY\npk_live_OTHER",
}
REDIRECTS = [301, 302, 303, 307, 308]


def as_toml(key: str, url: str) -> str:
    return f"[profiles.default]\napi_key = {json.dumps(key)}\nbase_url = {json.dumps(url)}\n"


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("source", ["environment", "config", "command", "stdin"])
def test_blanks_around_a_key_are_trimmed_for_every_source(
    tool, builder, config_file, home, work, leaks, edge, source
):
    """What the clipboard or a secret store adds is no part of the key (F09)."""
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
            stored = tool("config", "set", "api_key", env=env, stdin=pasted.encode())
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
    """The source is named, the value never (F09)."""
    env = {"PARSEC_API_BASE_URL": builder.url}
    argv, stdin = ["pool", "show"], b""
    if source == "environment":
        env["PARSEC_API_KEY"] = key
    if source == "config":
        env = {"PARSEC_CONFIG": str(config_file(as_toml(key, builder.url)))}
    if source == "stdin":
        env["PARSEC_CONFIG"] = str(home / "parsec.toml")
        argv, stdin = ["config", "set", "api_key"], key.encode()
    completed = tool(*argv, env=env, stdin=stdin)
    assert completed.code == 2, completed
    assert "TESTKEY" not in completed.out + completed.err
    if source == "environment":
        assert "PARSEC_API_KEY" in completed.err
    if source == "stdin":
        assert not (home / "parsec.toml").exists()
    assert builder.connections == []


def locations(target, other) -> list[str]:
    return [
        f"{other.url}/api/v1/builder/users",
        f"//127.0.0.1:{other.port}/x",
        f"{target.url}/api/v1/elsewhere",
        "/api/v1/elsewhere",
        "http://evil.example/?a=\x1b[2J".replace("\x1b", "%1b"),
    ]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("which", range(5))
def test_no_redirect_is_followed_by_a_read(run_at, server, other_origin, status, which):
    """A key header would travel along; the target is named instead (F10)."""
    location = locations(server, other_origin)[which]
    server.script(redirect(status, location))
    completed = run_at("users", "list")
    assert completed.code == 7, completed
    assert completed.out == ""
    assert location.partition("?")[0].removeprefix("http:").lstrip("/")[:20] in completed.err
    assert other_origin.connections == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_no_redirect_is_followed_by_a_change(run, builder, other_origin, status, method):
    """Neither the key nor a body reaches the second origin; nothing was applied (F10, F14)."""
    user = builder.add("alice")
    argv = {
        "POST": ["users", "create", "u1"],
        "PATCH": ["users", "set-qps", user["customer_id"], "20"],
        "DELETE": ["users", "deactivate", user["customer_id"], "--confirm", "alice"],
    }[method]
    builder.fault(method, action=redirect(status, f"{other_origin.url}/api/v1/builder/users/"))
    completed = run(*argv)
    assert completed.code == 7, completed
    assert completed.out == ""
    assert other_origin.connections == []
    assert [request.method for request in builder.mutations] == [method]
    assert builder.requests[-1].method == method, "the change was repeated as a read"
    assert builder.effects == []


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
def test_an_unforeseen_answer_is_one_error_without_its_content(run_at, server, leaks, value, debug):
    """No frame locals, whatever switches frameworks know (F11)."""
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
def test_a_fault_of_the_tool_itself_shows_no_locals_and_no_key(
    isolated_environment, server, key_env, leaks, debug
):
    """Even an exception nobody planned, with the key in its text (F11)."""
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
    """Method, path, status; no header values, no bodies; on stderr alone (F12)."""
    builder.add("alice")
    argv = ["-v", *argv] if place == "before" else [*argv, "-v"]
    completed = run(*argv)
    assert completed.code == 0, completed
    for request in builder.requests:
        assert request.method in completed.err
        assert request.path.removeprefix("/api/v1") in completed.err
    assert leaks(completed, [BUILDER_KEY, END_USER_KEY]) == []


def test_verbose_changes_nothing_on_stdout(run, builder):
    """Debugging a pipe must not break it (F12)."""
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
    """Whoever sent it, it is not shown (F12)."""
    server.respond(action)
    for debug in ("", "1"):
        completed = run_at("pool", "show", *how, env={"PARSEC_DEBUG": debug})
        assert completed.code not in (0, 1), completed
        assert leaks(completed, [BUILDER_KEY]) == []


@pytest.mark.parametrize("argv", [["pool", "show", "-v"], ["doctor", "-v"], ["config", "show"]])
def test_the_password_of_a_proxy_is_never_shown(parsec, server, key_env, leaks, argv):
    """A proxy URL is a secret as well (F12)."""
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


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "ids"])
@pytest.mark.parametrize(
    "argv",
    [
        ["users", "list"],
        ["users", "get", "alice"],
        ["users", "create", "alice"],
        ["users", "create", "new"],
        ["users", "set-qps", "alice", "11"],
        ["users", "list", "--fields", "customer_id,api_key"],
        ["users", "create", "new", "--dry-run"],
        ["users", "deactivate", "alice", "--confirm", "alice", "--reason", "left"],
        ["api", "GET", "/builder/users"],
    ],
    ids=" ".join,
)
def test_an_end_users_key_is_masked_in_every_format_and_file(run, builder, leaks, argv, form):
    """The API returns one with every user; a screen or CI log keeps none (F13)."""
    builder.add("alice")
    completed = run(*argv, "-o", form)
    # `ids` has nothing to print where a record has no customer_id, and says so
    assert completed.code == 0 or (completed.code == 2 and form == "ids"), completed
    assert leaks(completed, [END_USER_KEY, BUILDER_KEY]) == []


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl"])
def test_reveal_keys_shows_them_in_that_command_only(run, builder, leaks, form):
    """An explicit wish is granted on stdout, and leaves no trace on disk (F13)."""
    user = builder.add("alice")
    fields = ["--fields", "customer_id,api_key"]
    shown = run("users", "get", "alice", "--reveal-keys", "-o", form, *fields)
    assert user["api_key"] in shown.out
    assert leaks(None, [END_USER_KEY]) == []
    assert user["api_key"] not in run("users", "get", "alice", "-o", form, *fields).out


def test_reveal_keys_never_shows_other_secrets(run, builder, leaks):
    """`--reveal-keys` is about `api_key`; a private key stays masked (F13)."""
    builder.add("alice", private_key="PRIVATECANARY1", nested={"clob_api_secret": "CLOBCANARY12"})
    completed = run("users", "get", "alice", "--reveal-keys", "--json")
    assert completed.code == 0, completed
    assert leaks(completed, ["PRIVATECANARY1", "CLOBCANARY12"]) == []


def test_a_bulk_run_leaves_no_key_in_its_results_and_journals(run, builder, work, leaks):
    """Result files are passed around (F13)."""
    builder.add("alice")
    (work / "fleet.csv").write_text("external_id,qps_limit\nalice,11\nnew,5\n")
    completed = run("users", "apply", "fleet.csv", "--yes", "--results", "out.jsonl")
    assert completed.code == 0, completed
    assert leaks(completed, [END_USER_KEY, BUILDER_KEY]) == []
    written = b"".join(path.read_bytes() for path in work.iterdir())
    assert END_USER_KEY.encode() not in written
    assert b"new" in written


@pytest.mark.parametrize("argument", [BUILDER_KEY, "sk_live_TESTKEY_9", "pk_anything"])
@pytest.mark.parametrize("command", ["get", "set-qps", "deactivate", "check"])
def test_a_key_pasted_where_a_user_belongs_is_refused_unquoted(run, builder, argument, command):
    """It must reach neither the URL, nor a log, nor the error (F09, F19)."""
    rest = {"set-qps": ["5"], "check": ["--exchange", "kalshi"]}.get(command, [])
    completed = run("users", command, argument, *rest)
    assert completed.code == 2, completed
    assert argument not in completed.out + completed.err
    assert builder.requests == []
