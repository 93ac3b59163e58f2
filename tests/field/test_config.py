"""The config file, which setting wins, and that a key is never sent to another host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.views import STORED_KEY, mode, profile


@pytest.mark.parametrize("mask", [0o022, 0o000, 0o077])
def test_a_new_config_is_private_under_every_umask(tool, home, mask):
    before = os.umask(mask)
    completed = tool("config", "set", "api_key", "--no-verify", stdin=STORED_KEY.encode())
    os.umask(before)
    assert completed.code == 0, completed
    path = Path(tool("config", "path").out.strip())
    assert STORED_KEY in path.read_text()
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert home in path.parents


def test_an_open_config_with_a_key_is_warned_about_and_tightened(tool, builder, config_file):
    builder.key = STORED_KEY
    path = config_file(profile(builder.url), 0o644)
    env = {"PARSEC_CONFIG": str(path)}
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed
    assert "warning: " in completed.err
    assert str(path) in completed.err
    assert "warning" not in completed.out
    assert mode(path) == 0o644, "a reading command changes nothing"
    assert tool("config", "set", "output", "tsv", env=env).code == 0
    assert mode(path) == 0o600
    assert "warning" not in tool("pool", "show", env=env).err


@pytest.mark.parametrize(
    "argv", [["pool", "show"], ["users", "deactivate", "alice", "--confirm", "alice"]]
)
@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_stored_key_is_not_sent_to_another_origin(
    tool, builder, other_origin, config_file, how, argv
):
    """A key belongs to the host of its profile."""
    env = {"PARSEC_CONFIG": str(config_file(profile(other_origin.url)))}
    if how == "option":
        argv = [*argv, "--base-url", builder.url]
    else:
        env["PARSEC_API_BASE_URL"] = builder.url
    completed = tool(*argv, env=env)
    assert completed.code == 10, completed
    assert STORED_KEY not in completed.err
    assert builder.connections == other_origin.connections == []
