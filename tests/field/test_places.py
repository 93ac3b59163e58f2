"""Missing or locked home directories, and help, which does not need one."""

from __future__ import annotations

import pytest

# below /proc nobody can create anything, root included: no run leaves a trace
HOMES = {
    "nothing at all": {
        **dict.fromkeys(("HOME", "TERM", "LANG", "TZ")),
        "XDG_STATE_HOME": "/proc/none/state",
    },
    "no such home": {"HOME": "/proc/none/home"},
    "home is relative": {"HOME": "rel"},
    "home is empty": {"HOME": ""},
    "relative config": {"XDG_CONFIG_HOME": "rel", "XDG_STATE_HOME": "rel"},
    "unwritable": {"XDG_CONFIG_HOME": "/proc/none", "XDG_STATE_HOME": "/proc/none"},
    "full": {"XDG_CONFIG_HOME": "/dev/full", "XDG_STATE_HOME": "/dev/full"},
}
NO_XDG = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"))


@pytest.mark.parametrize("changes", HOMES.values(), ids=HOMES.keys())
def test_reading_works_without_a_usable_home(parsec, tool, builder, key_env, work, changes):
    """Containers have none; no file is written to the working directory."""
    user = builder.add("alice")
    env = {**NO_XDG, **key_env(builder), **changes}
    for way, argv in ((parsec, ["users", "list"]), (tool, ["users", "get", "alice"])):
        completed = way(*argv, env=env)
        assert completed.code == 0, completed
        assert user["customer_id"] in completed.out
        assert "Traceback" not in completed.err
    assert tool("--help", env=env).code == 0
    assert list(work.iterdir()) == []


def test_commands_that_save_nothing_create_no_files(run, home, work):
    for argv in (["--help"], ["--version"], ["pool", "show"], ["config", "path"]):
        assert run(*argv).code == 0
    assert list(home.iterdir()) == []
    assert list(work.iterdir()) == []


def test_a_save_without_a_writable_place_is_one_clear_line(tool):
    env = {"PARSEC_CONFIG": "/proc/none/config.toml"}
    completed = tool("config", "set", "output", "csv", env=env)
    assert completed.code == 1, completed
    assert completed.err.count("error: ") == 1
    assert "/proc/none" in completed.err


@pytest.mark.parametrize("content", [b'api_key = "cut', None, b""], ids=["broken", "dir", "empty"])
@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["users", "deactivate", "--help"],
        ["config", "set", "--help"],
        ["help", "exit-codes"],
        ["completion", "bash"],
        ["config", "path"],
    ],
    ids=" ".join,
)
def test_help_needs_neither_config_nor_key_nor_network(tool, config_file, home, content, argv):
    """Operators need help to repair the config."""
    path = home if content is None else config_file(content)
    env = {
        "PARSEC_CONFIG": str(path),
        "PARSEC_API_BASE_URL": "not a url",
        "PARSEC_API_KEY": "not a key",
        "PARSEC_OUTPUT": "nonsense",
        "PARSEC_PROFILE": "missing",
    }
    completed = tool(*argv, env=env)
    assert completed.code == 0, completed
    assert completed.out
    assert completed.err == ""


def test_help_does_not_run_the_key_command(tool, config_file, work):
    """A secret store may ask for a fingerprint."""
    path = config_file('[profiles.default]\napi_key_command = "touch ran"\n')
    for argv in (["--help"], ["config", "path"], ["config", "show"], ["completion", "bash"]):
        assert tool(*argv, env={"PARSEC_CONFIG": str(path)}).code == 0
    assert not (work / "ran").exists()
