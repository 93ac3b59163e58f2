"""`parsec api`: any endpoint, by the same rules as the other commands."""

from __future__ import annotations

import json
import shlex

import pytest
from commands.keys import SECRETS, kalshi, pem, polymarket
from commands.serving import command_in
from commands.users.bulk_files import changes
from support.actions import close, error, html, json_response, redirect, response, too_many
from support.builder import BUILDER_KEY
from support.records import END_USER_KEY, customer_id, wallet

KNOWN = customer_id(0)


@pytest.mark.parametrize("path", ["/api/v1/builder/pool", "/builder/pool", "builder/pool"])
def test_a_path_may_be_spelled_in_three_ways(run, builder, path):
    for method in ("GET", "get"):
        done = run("api", method, path)
        assert done.code == 0, done
        assert done.json["qps_pool"] == 1000
    assert builder.log == ["GET /api/v1/builder/pool"] * 2


def test_the_response_is_json_on_a_terminal_too(terminal, builder, key_env):
    done = terminal(["api", "GET", "/builder/pool"], env=key_env(builder))
    assert json.loads(done.text)["end_user_count"] == 0


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("csv", "qps_pool,end_user_count,total_allocated_qps\r\n1000,0,0\r\n"),
        ("tsv", "1000\t0\t0\n"),
        ("jsonl", '{"qps_pool": 1000, "end_user_count": 0, "total_allocated_qps": 0}\n'),
    ],
)
def test_another_format_shows_the_members_of_an_object(run, output, expected):
    assert run("api", "GET", "/builder/pool", "-o", output).out == expected


@pytest.mark.parametrize(
    "value",
    [
        {"a": None, "big": 2**70, "é": "日本語", "list": [1, {"x": False}], "f": 1.5},
        [{"exchange": "kalshi"}],
    ],
)
def test_a_response_is_shown_as_it_was_sent(run, builder, value):
    builder.fault("GET", "usage", action=json_response(200, value))
    assert run("api", "GET", "/usage").json == value


# other ways to address a user than `/builder/users/ID`
SPELLINGS = [
    "//builder/users/{}",
    "/builder//users/{}",
    "/builder/users/{}/",
    "api/v1/api/v1/builder/users/{}",
    "/API/V1/builder/users/{}",
    "/api/v1//builder/users/{}",
    "/Builder/users/{}",
    "/builder/USERS/{}",
    "/%62uilder/users/{}",
    "/builder/us%2565rs/{}",
    "/builder/users%2F{}",
    "/builder/users%252F{}",
    "/api%2Fv1/builder/users/{}",
    "/./builder/users/{}",
    "/x/../builder/users/{}",
    "/x/%2E%2E%2Fbuilder/users/{}",
    "/x/%252e%252e/builder/users/{}",
    "/builder/pool/..%5cusers/{}",
    "/builder/users;v=1/{}",
    "/builder/users/%20{}",
    "/builder/users/{}%00",
    "/builder/users/{}%0a",
    "/builder/users/{}%23x",
    "/builder/users/{}%3fx",
    "/builder/users/{}#x",
    "\\builder\\users/{}",
    "/builder/users/ {}",
    "https://api.parsecapi.com/api/v1/builder/users/{}",
    "/users/{}",
    "/builder/users",
    "/builder/users/..",
    "",
    "?",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_other_spelling_reaches_a_user(run, builder, spelling):
    builder.add("alice")
    for more in ([], ["--confirm", "alice"], ["--confirm", KNOWN]):
        done = run("api", "DELETE", spelling.format(KNOWN), *more)
        assert done.code == 2, done
    assert builder.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/x#y",
        "/x\\y",
        "/x\x7f",
        "/é",
        "/x y",
        "/x/../builder/pool",
        "/x/%252e%252e/builder/pool",
        "/x:8/y",
        "/API/V1/builder/pool",
        "/api/v1/api/v1/builder/pool",
    ],
)
def test_a_read_refuses_a_path_that_servers_may_read_differently(run, builder, path):
    assert run("api", "GET", path).code == 2
    assert builder.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"/builder/users/{KNOWN}"),
        ("delete", f"builder/users/{KNOWN}"),
        ("Delete", f"/api/v1/builder/users/{KNOWN.upper()}"),
        ("DELETE", f"/builder/users/{KNOWN}?x=1"),
        ("DELETE", f"/builder/users/{KNOWN}?"),
        ("DELETE", f"/builder/users/{KNOWN}/anything"),
    ],
)
def test_deleting_a_user_needs_consent(run, builder, method, path):
    builder.add("alice")
    for more in (["--confirm", "bob"], ["--confirm", ""], ["--confirm", "1"], []):
        done = run("api", method, path, *more)
        assert done.code == 9, done
    assert builder.mutations == []
    assert "alice" in done.err
    assert "cannot be undone" in done.err


@pytest.mark.parametrize("confirm", ["alice", KNOWN, KNOWN.upper()])
def test_deleting_a_user_with_consent_deactivates_it(run, builder, history, confirm):
    builder.add("alice")
    argv = ["api", "DELETE", f"/builder/users/{KNOWN}", "--confirm", confirm]
    done = run(*argv, "--reason", "left")
    assert (done.code, done.out) == (0, ""), done
    assert "deactivated `alice`" in done.err
    assert changes(builder) == [f"DELETE /api/v1/builder/users/{KNOWN}"]
    intent, outcome = history()
    assert intent["command"] == f"api DELETE /builder/users/{KNOWN}"
    assert intent["before"]["qps_limit"] == 10
    assert intent["target"] == {"customer_id": KNOWN, "external_id": "alice"}
    assert (intent["reason"], outcome["outcome"]) == ("left", "applied")


def test_the_command_for_scripts_keeps_options_and_host(tool, builder, key_env, history):
    builder.add("it's")
    env = key_env("https://elsewhere.invalid")
    refused = tool(
        *("api", "DELETE", f"/builder/users/{KNOWN}", "--query", "a=b c", "--reason", "x y"),
        *("--base-url", builder.url),
        env=env,
    )
    assert refused.code == 9, refused
    words = shlex.split(command_in(refused.error["hint"]))
    assert tool(*words[1:], env=env).code == 0
    assert builder.log[-1] == f"DELETE /api/v1/builder/users/{KNOWN}?a=b%20c"
    assert history()[0]["reason"] == "x y"


@pytest.mark.parametrize(
    "more", [["/credentials"], ["/wallet/safe"], ["", "--query", "dry_run=true"], ["", "-f", "a=b"]]
)
def test_a_delete_that_is_more_than_a_deactivation_is_not_reported_as_one(
    run, builder, history, more
):
    builder.add("alice")
    builder.fault("DELETE", action=response(204))
    path = f"/builder/users/{KNOWN}{more[0]}"
    done = run("api", "DELETE", path, *more[1:], "--confirm", "alice")
    assert done.code == 0, done
    assert "deactivated" not in done.err
    assert f"the API accepted `DELETE {path}` (204)" in done.err
    asked = run("users", "deactivate", "alice")
    assert "earlier deactivation" not in asked.err
    assert history()[0]["command"] == f"api DELETE {path} …"


@pytest.mark.parametrize(
    ("more", "request_shown"),
    [
        (["/credentials"], "/credentials"),
        (["?token=hidden"], " with a query"),
        (["/x", "--query", "a=b", "-f", "c=d"], "/x with a query and a body"),
    ],
)
def test_a_delete_below_a_user_is_announced_and_refused_as_what_it_is(
    run, terminal, builder, key_env, more, request_shown
):
    builder.add("alice", wallet=wallet("eoa", "5.00"))
    argv = ["api", "DELETE", f"/builder/users/{KNOWN}{more[0]}", *more[1:]]
    question = (
        f"Send DELETE /builder/users/{KNOWN}{request_shown} of user alice? This cannot be undone."
    )
    missing = run(*argv)
    assert missing.code == 9, missing
    assert question in " ".join(missing.err.split())
    held = run(*argv, "--confirm", "alice")
    assert held.code == 10, held
    assert "to send the request anyway, run" in held.err
    asked = terminal(argv, env=key_env(builder), answers=[("to send it: ", "no\n")], cols=200)
    assert question in " ".join(asked.text.split())
    for text in (missing.err, held.err, asked.text):
        assert "deactivate" not in text.lower()
    assert builder.mutations == []


def test_a_404_below_a_user_after_a_lost_response_proves_nothing(run, builder):
    builder.add("alice")
    builder.fault("DELETE", action=close())
    builder.fault("DELETE", nth=2, action=error(404, "not found", "not_found"))
    done = run("api", "DELETE", f"/builder/users/{KNOWN}/credentials", "--confirm", "alice")
    assert done.code == 12, done


@pytest.mark.parametrize("name", [customer_id(1), "alice"])
def test_a_customer_id_that_no_user_has_is_not_found(run, builder, name):
    builder.add("alice")
    done = run("api", "DELETE", f"/builder/users/{name}", "--confirm", "alice")
    assert done.code == 3, done
    assert builder.mutations == []


def test_a_404_that_proves_the_success_of_a_lost_delete_is_not_shown(run, builder):
    builder.add("alice")
    builder.fault("DELETE", action=close(), after_effect=True)
    done = run("api", "DELETE", f"/builder/users/{KNOWN}", "--confirm", "alice")
    assert (done.code, done.out) == (0, ""), done
    assert "the first response was lost" in done.err


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_every_change_is_in_the_history_and_a_read_is_not(run, builder, history, method):
    builder.fault(method, action=json_response(200, {"ok": True}))
    run("api", "GET", "/builder/pool")
    done = run("api", method, "/orders/5", "--reason", "why")
    assert done.code == 0, done
    intent, outcome = history()
    assert intent["command"] == f"api {method} /orders/5"
    assert (intent["reason"], outcome["http_status"]) == ("why", 200)


def test_fields_make_the_body(run, builder):
    """-f is text, -F is JSON."""
    builder.fault("POST", action=json_response(200, {}))
    done = run(
        *("api", "POST", "/orders", "-f", "a=1", "-f", "b=x=y", "-f", "c="),
        *("-F", "d=1", "-F", 'e={"f": [true, null]}', "-F", "g=123456789012345678901234567890"),
    )
    assert done.code == 0, done
    assert builder.requests[0].json() == {
        "a": "1",
        "b": "x=y",
        "c": "",
        "d": 1,
        "e": {"f": [True, None]},
        "g": 123456789012345678901234567890,
    }
    assert builder.requests[0].header("content-type") == "application/json"


@pytest.mark.parametrize("content", [b'{"a": "\xc3\xa9"}', b'\xef\xbb\xbf{"a": "\xc3\xa9"}\r\n'])
def test_input_is_the_whole_body(run, builder, work, content):
    builder.fault("POST", times=2, action=json_response(200, {}))
    (work / "body.json").write_bytes(content)
    for where in ("body.json", "-"):
        done = run("api", "POST", "/orders", "--input", where, stdin=content)
        assert done.code == 0, done
    assert [request.json() for request in builder.requests] == [{"a": "é"}] * 2


@pytest.mark.parametrize("number", ["1.10", "1e5", "-0", "12345678901234567890", "0.1000000000001"])
def test_numbers_are_sent_with_their_digits(run, builder, number):
    builder.fault("POST", times=2, action=json_response(200, {}))
    body = f'{{"a": {number}}}'
    assert run("api", "POST", "/orders", "--input", "-", stdin=body.encode()).code == 0
    assert run("api", "POST", "/orders", "-F", f"a={number}").code == 0
    assert [request.body for request in builder.requests] == [body.encode()] * 2


FILES = {
    "body.json": b"{}",
    "text": b"hello",
    "array.json": b"[1]",
    "latin1": b'{"a": "\xe9"}',
    "twice": b'{"qps_limit": 5, "qps_limit": 500}',
    "deep twice": b'{"a": [{"b": 1, "b": 1}]}',
}


@pytest.mark.parametrize(
    "options",
    [
        ["-f", "a"],
        ["-f", "=1"],
        ["-F", "a=x"],
        ["-F", "a=NaN"],
        ["-F", "a=1e999"],
        ["-F", "a=" + "[" * 100_000],
        ["-f", "a=1", "-f", "a=2"],
        ["-f", "a=1", "-F", "a=2"],
        ["-f", "a=1", "--input", "body.json"],
        *(["--input", name] for name in ("missing", *list(FILES)[1:])),
        ["-F", 'a={"b": 1, "b": 2}'],
        ["--query", "a"],
        ["--query", "=1"],
        # a byte that is not UTF-8, as the command line passes it on
        *([option, "a=\udcff"] for option in ("--query", "-f")),
        ["-f", "\udcff=1"],
        ["-F", 'a="\udcff"'],
    ],
    ids=lambda options: ascii(" ".join(options))[1:31],
)
def test_an_invalid_body_or_query_is_refused_before_any_request(run, builder, work, options):
    for name, content in FILES.items():
        (work / name).write_bytes(content)
    done = run("api", "POST", "/orders", *options)
    assert done.code == 2, done
    assert builder.requests == []


@pytest.mark.parametrize("option", [["-f", "limit=1"], ["-F", "limit=1"], ["--input", "-"]])
def test_a_read_has_no_body_and_the_hint_names_the_option_for_a_query(run, builder, option):
    done = run("api", "GET", "/builder/users", *option, stdin=b"{}")
    assert done.code == 2, done
    assert "--query" in done.error["hint"]
    assert builder.requests == []


@pytest.mark.parametrize(
    ("path", "options", "target"),
    [
        ("/balance", ["--query", "exchange=kalshi"], "/balance?exchange=kalshi"),
        ("/x", ["--query", "q=a b&c=d#é"], "/x?q=a%20b%26c%3Dd%23%C3%A9"),
        ("/x?a=1&a=2", ["--query", "a=3"], "/x?a=1&a=2&a=3"),
        ("/x?flag", [], "/x?flag"),
        ("/x?a=%FF+b", [], "/x?a=%FF+b"),
        ("/x?", [], "/x"),
        ("/a%2Fb", [], "/a%2Fb"),
        ("/a%20b", [], "/a%20b"),
    ],
)
def test_path_and_query_arrive_as_they_were_written(run_any, builder, path, options, target):
    done = run_any("api", "GET", path, *options)
    assert done.code == 0, done
    assert builder.log == [f"GET /api/v1{target}"]


@pytest.fixture
def run_any(run, builder):
    """Run against a server that accepts everything."""
    builder.respond(json_response(200, {}))
    return run


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_as_acts_for_the_user(run_any, builder, method):
    user = customer_id(3)
    builder.script(json_response(200, {"customer_id": user, "external_id": "alice"}))
    done = run_any("api", method, "/positions", "--as", user)
    assert done.code == 0, done
    assert builder.requests[-1].header("x-builder-customer-id") == user


def test_only_a_read_takes_a_uuid_for_an_external_id(run, builder):
    named = "11111111-1111-4111-8111-111111111111"
    user = builder.add(named)
    done = run("api", "GET", "/balance?exchange=kalshi", "--as", named)
    assert done.code == 0, done
    assert builder.requests[-1].header("x-builder-customer-id") == user["customer_id"]
    assert run("api", "POST", "/orders", "--as", named).code == 3
    assert builder.mutations == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FOO", "", "G ET", "GET\r\nX: y", "-X"])
def test_a_method_is_one_of_http(run, builder, method):
    done = run("api", "--", method, "/builder/pool")
    assert done.code == 2, done
    assert builder.requests == []


@pytest.mark.parametrize(
    ("method", "more"),
    [("POST", {}), ("PATCH", {}), ("PUT", {}), ("DELETE", {"holdings": None})],
)
def test_a_dry_run_shows_the_request_and_does_not_send_it(run, builder, history, method, more):
    builder.add("alice")
    done = run("api", method, f"/builder/users/{KNOWN}", "-F", "qps_limit=5", "-n")
    assert done.code == 0, done
    request = {"method": method, "path": f"/api/v1/builder/users/{KNOWN}"}
    assert done.json == {"dry_run": True, **request, "body": {"qps_limit": 5}, **more}
    assert builder.mutations == []
    assert history() == []


def test_a_dry_run_of_a_read_reads(run, builder):
    assert run("api", "GET", "/builder/pool", "-n").json["qps_pool"] == 1000
    assert len(builder.requests) == 1


def test_include_shows_status_and_headers(run, builder):
    headers = {"X-Parsec-Tier": "pro", "Set-Cookie": "s=COOKIECANARY", "X-API-Key": BUILDER_KEY}
    builder.fault("GET", action=json_response(203, {"a": 1}, headers))
    done = run("api", "GET", "/usage", "--include")
    assert done.code == 0, done
    assert done.json["status"] == 203
    assert done.json["body"] == {"a": 1}
    assert done.json["headers"]["x-parsec-tier"] == "pro"
    assert "COOKIECANARY" not in done.out
    assert BUILDER_KEY not in done.out


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_2xx_that_contains_an_error_does_not_say_that_a_change_was_made(run, builder, method):
    builder.fault(method, action=json_response(200, {"error": "qps_limit is too high"}))
    done = run("api", method, "/builder/anything", "-F", "x=1")
    assert done.code == 12, done
    assert "it contains an error" in done.err


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"customer_id": customer_id(1), "qps_limit": 9}, "it is another user's record"),
        ({"customer_id": KNOWN, "qps_limit": 99}, "it shows another `qps_limit`"),
        ({"customer_id": KNOWN, "qps_limit": None}, "it shows another `qps_limit`"),
        ({"qps_limit": 9}, "the user has no `customer_id`"),
        (None, "the user is not an object"),
        ([], "the user is not an object"),
    ],
    ids=str,
)
def test_a_patch_of_a_user_needs_the_record_of_that_user(run, builder, history, value, why):
    builder.fault("PATCH", action=json_response(200, value))
    done = run("api", "PATCH", f"/builder/users/{KNOWN}", "-F", "qps_limit=9", "--json")
    assert (done.code, done.out) == (12, ""), done
    assert why in done.error["message"]
    assert history()[-1]["outcome"] == "unknown"
    (entry,) = run("history", "list", "--json").json["entries"]
    assert entry["target"] == {"customer_id": KNOWN, "external_id": None}


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"customer_id": KNOWN.upper(), "qps_limit": "9"}, ["-F", "qps_limit=9"]),
        ({"customer_id": KNOWN}, ["-F", "qps_limit=9"]),
        ({"customer_id": KNOWN, "qps_limit": 5}, ["-f", "email=a@b.example"]),
        ({"customer_id": KNOWN, "qps_limit": 5}, ["-f", "qps_limit=x"]),
    ],
    ids=str,
)
def test_a_patch_of_a_user_is_applied_if_the_record_does_not_contradict_it(
    run, builder, value, fields
):
    builder.fault("PATCH", action=json_response(200, value))
    path = "/builder/users/" + KNOWN.replace("-", "%2D")
    done = run("api", "PATCH", path, *fields)
    assert (done.code, done.json) == (0, value), done
    (entry,) = run("history", "list", "--json").json["entries"]
    assert (entry["target"]["customer_id"], entry["outcome"]) == (KNOWN, "applied")


@pytest.mark.parametrize("external_id", ["other", None])
def test_a_create_needs_the_record_of_the_new_user(run, builder, external_id):
    value = {"customer_id": KNOWN, "external_id": external_id}
    builder.fault("POST", action=json_response(201, value), times=2)
    done = run("api", "POST", "/builder/users", "-f", "external_id=new", "--json")
    assert (done.code, done.out) == (12, ""), done
    assert "it is another user's record" in done.error["message"]


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", "/anything", 4),
        ("POST", "/builder/users", 4),
        ("PATCH", f"/builder/users/{KNOWN}", 4),
        ("PATCH", f"/builder/users/{KNOWN}/anything", 1),
        ("PATCH", "/anything", 1),
        ("POST", "/builder/onboard", 1),
        ("POST", "/orders", 1),
        ("PUT", "/anything", 1),
        ("DELETE", "/orders/5", 3),
    ],
)
def test_only_calls_that_are_safe_to_repeat_are_repeated(run, builder, method, path, sent):
    builder.respond(close())
    done = run("api", method, path)
    assert done.code == (7 if method == "GET" else 12), done
    assert len(builder.requests) == sent


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_a_429_is_repeated_for_every_method(run_any, builder, method):
    builder.script(too_many("1"), too_many("0.5"))
    done = run_any("api", method, "/anything")
    assert done.code == 0, done
    assert len(builder.requests) == 3


@pytest.mark.parametrize(
    ("method", "action", "code"),
    [
        ("PUT", error(400, "bad", "bad_request"), 5),
        ("PUT", error(401, "invalid API key", "unauthorized"), 4),
        ("PUT", error(404, "no", "not_found"), 3),
        ("PUT", redirect(302, "https://elsewhere.invalid/"), 7),
        ("PUT", html(200), 12),
        ("PUT", html(500), 12),
        ("GET", html(200), 7),
    ],
    ids=str,
)
def test_a_failure_has_the_exit_code_of_any_command(run, builder, method, action, code):
    builder.fault(method, action=action, times=2 if method == "GET" else 1)
    done = run("api", method, "/anything")
    assert done.code == code, done
    assert done.out == ""
    assert "<html" not in done.err


def test_keys_in_responses_are_masked_by_default(run, builder):
    builder.add("alice")
    path = f"/builder/users/{KNOWN}"
    assert END_USER_KEY not in run("api", "GET", path).out
    assert run("api", "GET", path, "--reveal-keys").json["api_key"].startswith(END_USER_KEY)


@pytest.mark.parametrize("source", ["-f", "-F", "--input"])
@pytest.mark.parametrize("status", [200, 400, None])
def test_secrets_in_a_body_are_seen_nowhere(run, builder, work, leaks, source, status):
    """The server repeats them in other places; without a status it is a dry run."""
    secrets = {**polymarket(), "api_key": "pk_live_BODYCANARY1", "keys": [kalshi()]}
    (work / "body.json").write_text(json.dumps(secrets))
    given = {
        "-f": [w for k, v in polymarket().items() for w in ("-f", f"{k}={v}")],
        "-F": ["-F", f"x={json.dumps(secrets)}"],
        "--input": ["--input", "body.json"],
    }[source]
    if status:
        echo = " ".join((*polymarket().values(), "pk_live_BODYCANARY1" * (source != "-f")))
        # a 2xx with an error would not count as applied
        where = "error" if status == 400 else "note"
        value = {where: echo, "seen": [echo], "code": "bad_request"}
        builder.fault("POST", action=json_response(status, value))
    dry = [] if status else ["-n"]
    done = run("api", "POST", "/anything", *given, *dry, "-v", "--reason", "BODYCANARY is no key")
    assert done.code == (5 if status == 400 else 0), done
    assert leaks(done, [*SECRETS, "pk_live_BODYCANARY1", pem().splitlines()[1]]) == []


def test_the_builder_key_in_a_query_is_not_logged(run_any, leaks):
    done = run_any("api", "POST", f"/anything?key={BUILDER_KEY}", "-v", "--reason", BUILDER_KEY)
    assert done.code == 0, done
    assert leaks(done, [BUILDER_KEY]) == []


def test_names_from_the_server_are_escaped_on_a_terminal(run, builder):
    builder.fault("GET", "usage", action=json_response(200, {"\x1b[2J\u202e[/x]": "\x1b]0;t\x07"}))
    done = run("api", "GET", "/usage", "-o", "table")
    assert done.code == 0, done
    assert not {"\x1b", "\x07", "\u202e"} & set(done.out)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("C:/Program Files/Git/builder/pool", "builder/pool"),
        ("C:/Git/api/v1/builder/pool", "builder/pool"),
        ("D:\\msys64\\builder\\pool", "builder/pool"),
        ("c:/builder/pool", "builder/pool"),
        ("//builder/pool", "builder/pool"),
        ("C:/Git/usage", "usage"),
        ("C:/Git/builder/users?limit=1", "'builder/users?limit=1'"),
    ],
)
def test_a_path_rewritten_by_git_bash_is_recognised(run, builder, path, meant):
    done = run("api", "GET", path)
    assert done.code == 2, done
    assert builder.requests == []
    line = command_in(done.error["hint"])
    assert line == f"parsec --base-url {builder.url} api GET {meant}"
    assert run(*shlex.split(line)[1:]).code == 0


def test_for_a_rewritten_path_that_is_unknown_the_hint_is_an_example(run):
    done = run("api", "GET", "C:/Git/new/thing")
    assert (done.code, done.error["hint"]) == (2, "leave that slash out, like builder/pool")


@pytest.mark.parametrize(
    ("words", "missing", "proposed"),
    [
        (["/builder/pool"], "METHOD", "api GET /builder/pool"),
        (["builder/pool", "-o", "csv"], "METHOD", "api GET builder/pool --output csv"),
        (["/builder/users", "-f", "a=b"], "METHOD", "api --help"),
        (["/builder/users", "-F", "a=1"], "METHOD", "api --help"),
        (["/builder/users", "--input", "x"], "METHOD", "api --help"),
        (["GET"], "PATH", "api --help"),
    ],
)
def test_a_path_alone_lacks_the_method(tool, words, missing, proposed):
    done = tool("api", *words)
    assert done.err.startswith(f"error: missing argument `{missing}`\n")
    assert done.err.endswith(f"\n  parsec {proposed}\n")
