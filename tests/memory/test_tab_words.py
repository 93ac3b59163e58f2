"""Words for TAB: profiles and users, from local files alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from parsec_cli.config.profiles import SANDBOX_KEY
from parsec_cli.config.settings import Places, fingerprint
from parsec_cli.memory.tab_words import note_key, suggest
from parsec_cli.memory.user_index import Index

HOST = "https://api.example:443"
KEY = "pk_live_CANARY_0001"
UUID = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def environ(isolated_environment):
    return {
        **isolated_environment,
        "PARSEC_API_KEY": KEY,
        "PARSEC_API_BASE_URL": "https://api.example",
    }


@pytest.fixture
def places(environ):
    return Places(environ)


def remember(places, *names, host=HOST, key=KEY):
    index = Index(places.index_file, host, fingerprint(key))
    index.remember([(f"customer-{name}", name) for name in names])
    index.close()


def configure(places, text):
    places.config_file.parent.mkdir(parents=True, exist_ok=True)
    places.config_file.write_text(text, encoding="utf-8")
    places.config_file.chmod(0o600)


def test_users_of_this_host_and_key_with_the_prefix_are_suggested(places, environ):
    remember(places, "alice", "alan", "bob")
    remember(places, "alexa", host="https://other.example:443")
    remember(places, "albert", key="pk_live_another_key")
    assert suggest(["users:al"], environ) == ["alice", "alan"]


def test_ids_are_suggested_unchanged(places, environ):
    odd = ["a b", "a:b", "a'b", 'a"b', "a[b]", "a$b", "a`b", "a\\b", "日本"]
    remember(places, *odd)
    assert suggest(["users:"], environ) == odd


def test_ids_with_another_meaning_get_the_prefix_ext(places, environ):
    remember(places, "-n", "ext:x", "id:y", UUID)
    forced = ["ext:-n", "ext:ext:x", "ext:id:y", f"ext:{UUID}"]
    assert suggest(["users:"], environ) == forced
    assert suggest(["users:ext:ext"], environ) == ["ext:ext:x"]
    assert suggest(["users:-"], environ) == []


def test_the_prefix_ext_is_kept(places, environ):
    remember(places, "alice", "bob")
    assert suggest(["users:ext:a"], environ) == ["ext:alice"]


def test_ids_that_commands_refuse_are_not_suggested(places, environ):
    remember(places, "pk_live_x", " sk_x", ".", "..", " ", "fine")
    assert suggest(["users:"], environ) == ["fine"]


@pytest.mark.parametrize(
    "typed", ["--profile=sandbox", "--profile sandbox", "-p sandbox", "-psandbox", "-qp sandbox"]
)
def test_the_profile_on_the_command_line_is_used(places, environ, typed):
    remember(places, "sandy", host="http://sandbox.localhost:80", key=SANDBOX_KEY)
    assert suggest(["users:", *typed.split(), "users", "get"], environ) == ["sandy"]
    assert suggest(["users:", "-p", "x", *typed.split()], environ) == ["sandy"]
    assert suggest(["users:", "users", "get", "--", *typed.split()], environ) == []
    assert suggest(["users:"], environ) == []


def test_the_base_url_on_the_command_line_is_used(places, environ):
    remember(places, "other", host="https://other.example:443")
    assert suggest(["users:", "--base-url=https://other.example"], environ) == ["other"]


def test_a_key_command_is_not_run(places, environ, tmp_path):
    ran = tmp_path / "ran"
    configure(places, f"[profiles.vault]\napi_key_command = \"touch '{ran}'\"\n")
    assert suggest(["users:", "--profile=vault"], environ) == []
    assert not ran.exists()


def test_users_of_a_profile_whose_key_comes_from_a_command(places, environ):
    configure(
        places, "[profiles.vault]\nbase_url = 'https://api.example'\napi_key_command = 'false'\n"
    )
    remember(places, "alice")
    remember(places, "anna", key="pk_live_newer_key")
    note_key(places.index_file, HOST, "vault", fingerprint(KEY))
    typed = ["users:a", "--profile=vault", "--base-url=", "users"]
    assert suggest(typed, environ) == ["alice"]
    note_key(places.index_file, HOST, "vault", fingerprint("pk_live_newer_key"))
    assert suggest(typed, environ) == ["anna", "alice"]


def test_the_sandbox_is_the_last_profile(places, environ):
    configure(places, "[profiles.prod]\n[profiles.staging]\n")
    assert suggest(["profiles:"], environ) == ["prod", "staging", "sandbox"]
    assert suggest(["profiles:s"], environ) == ["staging", "sandbox"]


@pytest.mark.parametrize("text", ["[profiles", "", "[profiles.a]\napi_key = 5\n"])
def test_with_a_broken_config_only_the_sandbox_is_suggested(places, environ, text):
    configure(places, text)
    remember(places, "alice")
    assert suggest(["users:"], environ) == []
    assert suggest(["profiles:"], environ) == ["sandbox"]


def test_the_ids_of_runs_are_suggested(places, environ):
    assert suggest(["runs:"], environ) == []
    places.runs_dir.mkdir(parents=True)
    for name in ("r-20260921-1414.jsonl", "r-20260921-1413.jsonl", "0a0a-x-d.jsonl", "a.lock"):
        (places.runs_dir / name).touch()
    assert suggest(["runs:r-"], environ) == ["r-20260921-1413", "r-20260921-1414"]


@pytest.mark.parametrize("words", [[], ["users"], ["nonsense:a"], ["users:", "-p", "unknown"]])
def test_incomplete_or_unknown_words_suggest_nothing(words, environ):
    assert suggest(words, environ) == []


def complete(environ, *words):
    return subprocess.run(
        [sys.executable, "-m", "parsec_cli", "__complete", *words],
        env=environ,
        capture_output=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    "changes",
    [{}, {"PARSEC_API_KEY": ""}, {"PARSEC_CONFIG": os.devnull}, {"HOME": "", "LANG": "C"}],
    ids=["key", "no key", "odd config", "no home"],
)
def test_a_key_press_sends_no_request_and_prints_nothing(environ, changes):
    """The host never responds, and the tool never asks it."""
    away = {**environ, "PARSEC_API_BASE_URL": "https://10.255.255.1", **changes}
    for kind in ("users:zzz", "profiles:zzz", "runs:zzz"):
        done = complete(away, kind)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_users_of_a_listing_are_suggested(parsec, builder, key_env):
    builder.add("alice")
    builder.add("acct:7 x")
    env = key_env(builder)
    assert parsec("users", "list", env=env).code == 0
    before = len(builder.requests)
    done = parsec("__complete", "users:a", env=env)
    assert (done.code, done.out, done.err) == (0, "alice\nacct:7 x\n", "")
    assert len(builder.requests) == before


def test_users_of_a_listing_with_a_key_command_are_suggested(parsec, builder, places, tmp_path):
    builder.add("alice")
    count = tmp_path / "count"
    script = tmp_path / "key.sh"
    script.write_text(f"#!/bin/sh\necho run >> '{count}'\necho {builder.key}\n", encoding="utf-8")
    script.chmod(0o700)
    url = builder.url
    configure(places, f"[profiles.vault]\nbase_url = '{url}'\napi_key_command = '{script}'\n")
    listed = parsec("-p", "vault", "users", "list")
    assert listed.code == 0, listed
    assert parsec("__complete", "users:", "--profile=vault").out == "alice\n"
    assert count.read_text(encoding="utf-8") == "run\n"


def test_ids_are_utf_8_in_every_locale(places, environ):
    remember(places, "日本語", "日時")
    bare = {name: value for name, value in environ.items() if not name.startswith("L")}
    for locale in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}):
        done = complete({**bare, **locale}, "users:日本")
        assert done.stdout.decode() == "日本語\n"
