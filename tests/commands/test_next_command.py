"""Proposed commands: what they keep, hide and quote; test_proposals.py runs each of them."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from support.actions import error, raw_json
from support.builder import BuilderServer

from parsec_cli.errors import UsageFault
from parsec_cli.next_command import run as run_command


def test_a_config_in_another_directory_is_named(tool, builder, work):
    """A shell without that variable would read another file, with other profiles."""
    config = work / "a b" / "parsec" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[profiles.x]\nbase_url = "{builder.url}"\n')
    config.chmod(0o600)
    done = tool("-p", "x", "users", "list", env={"XDG_CONFIG_HOME": str(work / "a b")})
    expected = f"  PARSEC_CONFIG='{config}' parsec -p x config set api_key"
    assert done.err.splitlines()[-1] == expected


@pytest.fixture
def twins(builder):
    """A user whose customer_id is the external_id of another one."""
    builder.add("u1", customer_id="c1")
    return builder.add("bob", customer_id="u1")


@pytest.mark.usefixtures("twins")
@pytest.mark.parametrize(
    ("method", "argv"),
    [
        (None, ["users", "deactivate", "bob"]),
        (None, ["users", "create", "bob", "--qps-limit", "9"]),
        ("DELETE", ["users", "deactivate", "bob", "--confirm", "bob"]),
        ("PATCH", ["users", "set-qps", "bob", "9"]),
        (None, ["users", "check", "bob"]),
    ],
)
def test_a_proposed_customer_id_means_no_other_user(run, builder, method, argv):
    if method:
        builder.fault(method, action=error(500, "no", "internal_error"), times=9)
        builder.strict = False
    assert " id:u1" in run(*argv).err


def test_doctor_does_not_propose_doctor(run, builder):
    done = run("doctor", "--json", env={"PARSEC_API_KEY": "pk_live_another_0001"})
    assert done.code == 4, done
    failed = [check["detail"] for check in done.json["checks"] if check["status"] == "failed"]
    assert failed[0].endswith(
        "invalid API key (store another key with `parsec config set api_key`)"
    )
    builder.fault("GET", "usage", action=error(500, "no", "internal_error"))
    failed = run("doctor", "--json").json["checks"][-1]
    assert failed["detail"] == f"{builder.url} responded with 500: no"


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (403, "forbidden", "a builder key is needed; store one with `parsec config set api_key`"),
        (403, "odd", "a builder key may be needed; store one with `parsec config set api_key`"),
    ],
)
def test_doctor_says_which_key_is_needed(run, builder, status, code, hint):
    builder.fault("GET", "builder/pool", action=error(status, "no", code))
    assert run("doctor", "--json").json["checks"][-1]["detail"].endswith(f"({hint})")


def test_doctor_says_what_to_do_about_an_unreachable_host(tool, builder, private_ca, key_env):
    builder.stop()
    line = f"`parsec --base-url {builder.url} config show`"
    done = tool("--base-url", builder.url, "doctor", "--json", env={"PARSEC_API_KEY": builder.key})
    (failed,) = [one for one in done.json["checks"] if one["status"] == "failed"]
    assert failed["detail"].endswith(f"(check the network, and the base URL with {line})")
    server = BuilderServer(tls=private_ca.good())
    try:
        done = tool("doctor", "--json", env=key_env(server))
    finally:
        server.stop()
    (failed,) = [one for one in done.json["checks"] if one["status"] == "failed"]
    assert failed["detail"].endswith("(name the file of a private CA with SSL_CERT_FILE)")


def test_a_repeated_command_keeps_every_argument(run, builder):
    user, acting = builder.add("it's"), builder.add("b")
    path = f"/builder/users/{user['customer_id']}"
    given = ["api", "DELETE", path, "--as", "b", "-f", "a=b c", "-F", "n=[1]", "--query", "q=-1"]
    refused = run(*given, "--include", "--reason=x y")
    assert refused.code == 9
    words = shlex.split(refused.error["hint"].splitlines()[-1])
    assert words[:3] == ["parsec", "--base-url", builder.url]
    assert words[3:6] == given[:3]
    assert run(*words[1:]).code == 0
    sent = builder.requests[-1]
    assert (sent.path, sent.query) == (f"/api/v1{path}", {"q": "-1"})
    assert json.loads(sent.body) == {"a": "b c", "n": [1]}
    assert dict(sent.headers)["x-builder-customer-id"] == acting["customer_id"]


@pytest.mark.parametrize("name", ["api_key", "password", "token", "clientSecret", "X-Signature"])
def test_a_proposed_command_replaces_secrets_in_the_query(run, builder, name):
    user = builder.add("a")
    query = ["--query", f"{name}=SECRETCANARY", "--query", "page=2"]
    refused = run("api", "DELETE", f"/builder/users/{user['customer_id']}", *query)
    assert refused.code == 9
    assert "SECRETCANARY" not in refused.err
    assert f" --query {name}=SECRET --query page=2 " in refused.error["hint"]
    assert "\n# SECRET stands for a secret, which is not shown\nparsec " in refused.error["hint"]


@pytest.mark.parametrize(
    ("field", "secret"),
    [
        ("-f", "private_key=SECRETCANARY"),
        ("-f", "password=SECRETCANARY"),
        ("-F", 'x={"private_key": "SECRETCANARY"}'),
        ("-F", 'x=[{"a": {"sessionToken": "SECRETCANARY"}}]'),
    ],
)
def test_a_proposed_command_replaces_a_body_with_a_secret_by_a_file(run, builder, field, secret):
    user = builder.add("a")
    path = f"/builder/users/{user['customer_id']}"
    refused = run("api", "DELETE", path, field, secret, "-f", "n=1")
    assert refused.code == 9
    assert "SECRETCANARY" not in refused.err
    _, note, command = refused.error["hint"].splitlines()
    assert note == "# FILE stands for a file with the body, which contains a secret"
    assert command.endswith(f" api DELETE {path} --confirm a --input FILE")


def test_a_proposed_command_keeps_an_id_that_looks_like_a_query(run, builder):
    builder.add("a?key=1", 5)
    refused = run("users", "set-qps", "a?key=1", "9999")
    assert refused.err.splitlines()[-1].endswith("set-qps 'a?key=1' 9999 --allow-overcommit")


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        (["config", "st", "api_key", "SECRETCANARY"], ["parsec config set api_key"]),
        (["config", "st"], ["parsec config set KEY"]),
        (
            ["--base-url", "https://user:SECRETCANARY@api.test", "users", "lst"],
            ["parsec --base-url https://api.test users list"],
        ),
        (
            ["api", "GET", "C:/Git/builder/pool?token=SECRETCANARY&page=2", "-o", "table"],
            [
                "# SECRET stands for a secret, which is not shown",
                "parsec api GET 'builder/pool?token=SECRET&page=2' --output table",
            ],
        ),
        (
            ["api", "/builder/pool?token=SECRETCANARY", "--query", "page=2"],
            [
                "# SECRET stands for a secret, which is not shown",
                "parsec api GET '/builder/pool?token=SECRET' --query page=2",
            ],
        ),
        (["api", "https://user:SECRETCANARY@api.test/x"], ["parsec api --help"]),
    ],
    ids=[
        "typed key",
        "no key",
        "password of a base URL",
        "query of a path",
        "query without a method",
        "password of a URL",
    ],
)
def test_a_proposed_command_contains_no_secret(tool, typed, proposed):
    refused = tool(*typed)
    assert refused.code == 2
    assert "SECRETCANARY" not in refused.err
    shown = refused.err.splitlines()[-len(proposed) :]
    assert [line.removeprefix("  ") for line in shown] == proposed


def test_a_proposed_command_says_that_it_hides_a_key(run, builder):
    builder.add("a")
    refused = run("users", "deactivate", "a", "--reason", "lost pk_live_SECRETCANARY_77", "--json")
    assert refused.code == 9
    assert "SECRETCANARY" not in refused.err
    _, note, command = refused.error["hint"].splitlines()
    assert note == "# **** hides a key"
    assert " --reason 'lost pk_live_****Y_77' " in command


def test_a_proposed_command_reads_again_what_came_from_stdin(run, builder):
    builder.add("a", 5)
    refused = run("users", "apply", "-", "--json", stdin=b"external_id,qps_limit\na,7\n")
    assert refused.code == 9
    _, note, command = refused.error["hint"].splitlines()
    assert note == "# FILE stands for what was read from stdin"
    assert command.endswith(" users apply - --json --yes < FILE")


def test_a_key_of_the_environment_stays_in_use(tool, builder, config):
    """With `-p`, the key of the config file would be used, which may belong to another builder."""
    stored = "pk_live_another_builder_1"
    path = config(f'[profiles.x]\nbase_url = "{builder.url}"\napi_key = "{stored}"\n')
    user = builder.add("a", 5)
    env = {"PARSEC_CONFIG": str(path), "PARSEC_API_KEY": builder.key}
    refused = tool("users", "deactivate", "a", env={**env, "PARSEC_PROFILE": "x"})
    command = f"parsec users deactivate {user['customer_id']} --confirm a"
    expected = f"  PARSEC_CONFIG={path} PARSEC_PROFILE=x {command}"
    assert refused.err.splitlines()[-1] == expected


def test_the_last_line_of_a_json_hint_is_the_command(tool):
    done = tool("-p", "sandbox", "users", "deactivate", "user_007", "--json")
    text, command = done.error["hint"].split("\n")
    assert text == "to run it from a script:"
    assert command.startswith("parsec -p sandbox users deactivate ")


def test_no_command_is_proposed_with_an_id_that_no_shell_can_pass(run, builder):
    record = '{"customer_id": "\\ud800", "external_id": "new", "api_key": "k", "wallet": null}'
    builder.fault("POST", action=raw_json(201, record))
    done = run("users", "create", "new", "-o", "table")
    assert done.code == 0
    assert "created user `new`" in done.err
    assert "--reveal-keys" not in done.err
    assert "\\u{d800}" in done.out


def test_an_invisible_character_is_quoted_so_that_a_shell_restores_it(tool, work):
    """It could be neither seen nor copied."""
    (work / "a\u200bb.csv").write_text("external_id,qps_limit\nnew,5\n")
    refused = tool("-p", "sandbox", "users", "apply", "a\u200bb.csv")
    line = refused.err.splitlines()[-1].strip()
    assert line.isascii()
    words = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert words == ["parsec", "-p", "sandbox", "users", "apply", "a\u200bb.csv", "--yes"]


def test_errors_are_immutable():
    fault = UsageFault("a", hint="b", command=run_command("doctor"))
    with pytest.raises(AttributeError, match="frozen"):
        fault.message = "c"
    other = fault.but("c", hint="d")
    assert (type(other), other.message, other.hint, other.command) == (UsageFault, "c", "d", None)
    assert (fault.message, fault.hint) == ("a", "b")
