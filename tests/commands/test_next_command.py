"""Commands that hints quote go where the command that failed went."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from support.actions import close, error

from parsec_cli.errors import UsageFault
from parsec_cli.next_command import run as run_command


def test_a_hint_names_the_base_url_that_was_given(run, builder):
    url = f"http://127.0.0.1:{builder.port}"
    user = builder.add("u1", 5)
    builder.fault("PATCH", action=close(), times=4)
    done = run("--base-url", url, "users", "set-qps", "u1", "9")
    assert done.code == 12
    assert f"\n  parsec --base-url {url} users get {user['customer_id']}\n" in done.err


def test_a_cut_listing_continues_in_its_profile(tool):
    done = tool("-p", "sandbox", "users", "list", "--limit", "2", "--page-size", "2")
    assert done.code == 0
    assert "\n  parsec -p sandbox users list --page-size 2 --cursor " in done.err


def test_a_hint_about_the_key_names_the_profile(tool, builder, home):
    """The default profile's key would have been replaced instead."""
    config = home / "c.toml"
    config.write_text(f'[profiles.x]\nbase_url = "{builder.url}"\napi_key = "pk_live_wrong_1"\n')
    config.chmod(0o600)
    env = {"PARSEC_CONFIG": str(config)}
    done = tool("-p", "x", "users", "list", env=env)
    assert done.code == 4
    assert done.err.endswith(f"  PARSEC_CONFIG={config} parsec -p x doctor\n")


def test_a_hint_with_its_own_profile_keeps_it(tool, home):
    config = home / "c.toml"
    config.write_text('[profiles.x]\nrate = "5"\n')
    config.chmod(0o600)
    done = tool("-p", "x", "users", "list", env={"PARSEC_CONFIG": str(config)})
    assert done.code == 4
    assert done.err.endswith(f"  PARSEC_CONFIG={config} parsec -p x config set api_key\n")


def test_doctor_does_not_propose_doctor(run, builder):
    """The hint of the fault goes on from here, or says nothing."""
    done = run("doctor", "--json", env={"PARSEC_API_KEY": "pk_live_another_0001"})
    assert done.code == 4, done
    failed = [check["detail"] for check in done.json["checks"] if check["status"] == "failed"]
    assert failed[0].endswith(
        "invalid API key (store another key with `parsec config set api_key`)"
    )
    builder.fault("GET", "usage", action=error(500, "no", "internal_error"))
    failed = run("doctor", "--json").json["checks"][-1]
    assert failed["detail"] == f"{builder.url} responded with 500: no"


def test_a_profile_from_the_environment_is_named(tool, work):
    """Pasted into another shell, the command would change the default profile's users."""
    (work / "g.csv").write_text("external_id,qps_limit\nnew,5\n")
    done = tool("users", "apply", "g.csv", env={"PARSEC_PROFILE": "sandbox"})
    assert done.code == 9
    assert done.err.endswith("\n  parsec -p sandbox users apply g.csv --yes\n")


def test_the_base_url_of_the_environment_is_named(run, builder):
    done = run("users", "get", "nobody")
    assert done.err.endswith(f"\n  parsec --base-url {builder.url} users list --match TEXT\n")


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


def test_a_proposed_command_replaces_secrets_in_the_query(run, builder):
    user = builder.add("a")
    query = ["--query", "api_key=SECRETCANARY", "--query", "page=2"]
    refused = run("api", "DELETE", f"/builder/users/{user['customer_id']}", *query)
    assert refused.code == 9
    assert "SECRETCANARY" not in refused.err
    assert " --query api_key=VALUE --query page=2 " in refused.error["hint"]


@pytest.mark.parametrize("field", ["-f", "-F"])
def test_a_proposed_command_replaces_secret_fields_by_a_file(run, builder, field):
    user = builder.add("a")
    secret = 'x={"private_key": "SECRETCANARY"}' if field == "-F" else "private_key=SECRETCANARY"
    refused = run("api", "DELETE", f"/builder/users/{user['customer_id']}", field, secret)
    assert refused.code == 9
    assert "SECRETCANARY" not in refused.err
    assert refused.error["hint"].endswith(" --input FILE --confirm a")


def test_in_json_the_last_line_of_the_hint_is_the_command(tool):
    done = tool("-p", "sandbox", "users", "deactivate", "user_007", "--json")
    told, command = done.error["hint"].split("\n")
    assert told == "to run it from a script:"
    assert command.startswith("parsec -p sandbox users deactivate ")


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
