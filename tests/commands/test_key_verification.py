"""A new key is verified with one request before it replaces the old one."""

from __future__ import annotations

import tomllib

import pytest
from support.actions import error, html

from parsec_cli.config.settings import fingerprint

NEW, OLD = "pk_live_NEWCANARY_c123", "pk_live_OLDCANARY_d456"
SET, INIT = ["config", "set", "api_key"], ["config", "init", "-p", "new"]
FAILURES = {
    "401": (error(401, "invalid API key", "unauthorized"), 1, 4),
    "403": (error(403, "forbidden", "forbidden"), 1, 4),
    "a page": (html(200, "<html>hello</html>"), 2, 7),
    "500": (error(500, "no", "internal_error"), 1, 7),
    "429": (error(429, "slow", "rate_limit_exceeded"), 1, 6),
}


@pytest.fixture
def path(builder, config):
    """A config whose default profile has another key for the builder's server."""
    builder.key = NEW
    return config(f'[profiles.default]\nbase_url = "{builder.url}"\napi_key = "{OLD}"\n')


def key_of(path, name="default"):
    return tomllib.loads(path.read_text())["profiles"][name]["api_key"]


def test_a_valid_key_replaces_the_old_one(tool, builder, path):
    done = tool(*SET, stdin=NEW.encode())
    assert done.code == 0, done
    assert key_of(path) == NEW
    assert builder.log == ["GET /api/v1/usage"]
    message = f"fingerprint {fingerprint(OLD)} → {fingerprint(NEW)}, tier "
    assert message in done.err


def test_a_new_profile_is_verified_at_its_own_host(tool, builder, path):
    env = {"PARSEC_API_KEY": OLD, "PARSEC_API_BASE_URL": "https://elsewhere.invalid"}
    done = tool(*INIT, "--base-url", builder.url, stdin=NEW.encode(), env=env)
    assert done.code == 0, done
    assert key_of(path, "new") == NEW
    assert builder.log == ["GET /api/v1/usage"]
    assert f"fingerprint none → {fingerprint(NEW)}, tier " in done.err


@pytest.mark.parametrize("command", [SET, INIT], ids=["set", "init"])
@pytest.mark.parametrize(("response", "times", "code"), FAILURES.values(), ids=FAILURES)
def test_a_key_that_is_not_accepted_is_not_stored(
    tool, builder, path, command, response, times, code
):
    before = path.read_text()
    builder.fault("GET", "usage", action=response, times=times)
    how = ["--base-url", builder.url, "--max-wait", "0"]
    done = tool(*command, *how, stdin=NEW.encode())
    assert done.code == code, done
    assert "; the key was not stored" in done.err
    assert path.read_text() == before
    assert "CANARY" not in done.err
    assert done.err.endswith(" --no-verify < FILE\n")


def test_an_unreachable_host_is_exit_7_and_the_old_key_stays(tool, builder, path):
    builder.stop()
    assert tool(*SET, stdin=NEW.encode()).code == 7
    assert key_of(path) == OLD


@pytest.mark.parametrize("text", ["null", "https://api.parsecapi.com", "--help"])
def test_what_cannot_be_a_key_is_not_stored_without_a_check(tool, builder, path, text):
    done = tool(*SET, "--no-verify", stdin=text.encode())
    assert done.code == 2, done
    assert done.err.startswith("error: the key from stdin ")
    assert key_of(path) == OLD
    used = tool("pool", "show", env={"PARSEC_API_KEY": text})
    assert used.code == 2
    path.write_text(path.read_text().replace(OLD, text))
    assert tool("pool", "show").code == 2
    assert builder.log == []


def test_without_a_check_nothing_is_sent(tool, builder, path):
    done = tool(*SET, "--no-verify", stdin=NEW.encode())
    assert done.code == 0, done
    assert builder.requests == []
    assert key_of(path) == NEW
    assert f"→ {fingerprint(NEW)}, not verified" in done.err


def test_a_key_is_sent_to_no_host_but_that_of_its_profile(tool, builder, path, other_origin):
    done = tool(*SET, "--base-url", other_origin.url, stdin=NEW.encode())
    assert done.code == 10, done
    assert builder.requests == other_origin.requests == []
    assert key_of(path) == OLD


def test_a_key_beside_a_command_is_refused_before_it_is_sent(tool, builder, path):
    path.write_text(path.read_text().replace(f'api_key = "{OLD}"', 'api_key_command = "pass x"'))
    assert tool(*SET, stdin=NEW.encode()).code == 2
    assert builder.requests == []


def test_no_verify_is_an_option_for_keys_only(tool):
    assert tool("config", "set", "rate", "5", "--no-verify").code == 2
