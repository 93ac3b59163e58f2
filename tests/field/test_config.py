"""Settings: where they come from, what a broken one does, and how they are kept."""

from __future__ import annotations

import json
import os
import stat
import threading
import tomllib
from pathlib import Path

import pytest
from support.builder import BUILDER_KEY

KEY_A = "pk_live_STOREDCANARY_a001"


def profile(url: str | None = None, key: str | None = KEY_A, name: str = "default") -> str:
    lines = [f"[profiles.{name}]"]
    lines += [f"api_key = {json.dumps(key)}"] if key else []
    lines += [f"base_url = {json.dumps(url)}"] if url else []
    return "\n".join(lines) + "\n"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Set the process's umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("blank", ["", "   ", "\t", "\n"])
def test_a_blank_key_variable_counts_as_unset(tool, builder, config_file, blank):
    """CI exports an undefined secret as nothing (F47)."""
    builder.key = KEY_A
    env = {"PARSEC_CONFIG": str(config_file(profile(builder.url))), "PARSEC_API_KEY": blank}
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.requests[0].header("x-api-key") == KEY_A


@pytest.mark.parametrize(
    "name",
    ["PARSEC_API_BASE_URL", "PARSEC_PROFILE", "PARSEC_OUTPUT", "PARSEC_DEBUG", "SSL_CERT_FILE"],
)
@pytest.mark.parametrize("blank", ["", "  "])
def test_every_blank_variable_counts_as_unset(tool, builder, config_file, name, blank):
    """The kind, not only the key (F47)."""
    builder.key = KEY_A
    env = {"PARSEC_CONFIG": str(config_file(profile(builder.url))), name: blank}
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.log == ["GET /api/v1/builder/pool"]


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_without_a_key_the_places_looked_at_are_named(tool, builder, blank):
    """A local error; an empty header is never sent (F47)."""
    env = {"PARSEC_API_BASE_URL": builder.url, "PARSEC_API_KEY": blank}
    completed = tool("pool", "show", env=env)
    assert completed.code == 4, completed
    assert "PARSEC_API_KEY" in completed.err
    assert "config" in completed.err
    assert builder.connections == []


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_key_in_the_config_is_none(tool, builder, config_file, value):
    """Stored blanks are no key either (F47)."""
    env = {"PARSEC_CONFIG": str(config_file(profile(builder.url, key=value or " ")))}
    completed = tool("pool", "show", env=env)
    assert completed.code == 4, completed
    assert builder.connections == []


@pytest.mark.parametrize("mask", [0o022, 0o000, 0o077])
def test_a_new_config_is_private_whatever_the_umask(tool, home, umask, mask):
    """File 0600 in a directory 0700 (F48)."""
    umask(mask)
    completed = tool("config", "set", "api_key", stdin=KEY_A.encode())
    assert completed.code == 0, completed
    path = Path(tool("config", "path").out.strip())
    assert KEY_A in path.read_text()
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert home in path.parents


def test_an_open_config_with_a_key_is_warned_about_and_tightened(tool, builder, config_file, umask):
    """On stderr, at every use, until the next save closes it (F48)."""
    umask(0o022)
    builder.key = KEY_A
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


@pytest.mark.parametrize("before", [0o600, 0o400])
def test_a_save_never_loosens_the_mode(tool, config_file, umask, before):
    """What the operator tightened stays (F48)."""
    umask(0o022)
    path = config_file(profile(), before)
    assert tool("config", "set", "output", "tsv", env={"PARSEC_CONFIG": str(path)}).code == 0
    assert mode(path) & 0o077 == 0


BROKEN = {
    "cut": b'[profiles.default]\napi_key = "pk_live_STOREDCANARY\nbase_url = "http://staging',
    "not UTF-8": b'[profiles.default]\napi_key = "pk_live_STOREDCANARY\xff\xfe"\n',
    "duplicate": b'[profiles.default]\napi_key = "pk_live_STOREDCANARY"\napi_key = "x"\n',
    "binary": bytes(range(256)),
    "JSON": b'{"api_key": "pk_live_STOREDCANARY"}',
    "INI": b"[default]\napi_key: pk_live_STOREDCANARY\n",
    "unquoted": b"[profiles.default]\napi_key = pk_live_STOREDCANARY\n",
    "nul bytes": b"\0" * 100,
}
WRONG_TYPES = {
    "key is a number": b"[profiles.default]\napi_key = 5\n",
    "profile is text": b'[profiles]\ndefault = "pk_live_STOREDCANARY"\n',
    "profiles is a list": b'profiles = ["pk_live_STOREDCANARY"]\n',
    "default_profile is a list": b"default_profile = []\n",
    "base_url is a table": b"[profiles.default.base_url]\nx = 1\n",
    "output unknown": b'[profiles.default]\noutput = "xml"\n',
    "rate unknown": b'[profiles.default]\nrate = "fast"\n',
    "base_url careless": b'[profiles.default]\nbase_url = "ftp://someone:STOREDCANARY@h"\n',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("argv", [["pool", "show"], ["config", "set", "output", "tsv"]])
def test_a_config_that_cannot_be_parsed_is_an_error_not_a_default(
    tool, builder, config_file, content, argv
):
    """Named with its line, never quoted, never overwritten (F49)."""
    path = config_file(content)
    env = {"PARSEC_CONFIG": str(path), "PARSEC_API_KEY": BUILDER_KEY}
    completed = tool(*argv, env=env)
    assert completed.code == 2, completed
    assert str(path) in completed.err
    assert "line" in completed.err
    assert "STOREDCANARY" not in completed.err
    assert path.read_bytes() == content
    assert builder.connections == []


@pytest.mark.parametrize("content", WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
def test_a_setting_of_the_wrong_kind_is_an_error_not_a_default(tool, config_file, content):
    """A staging setup must not talk to production (F49)."""
    path = config_file(content)
    env = {"PARSEC_CONFIG": str(path)}
    completed = tool("pool", "show", env=env)
    assert completed.code == 2, completed
    assert "STOREDCANARY" not in completed.err
    assert completed.err.count("error: ") == 1


def test_a_config_path_that_is_a_directory_is_an_error(tool, home):
    """Unreadable in any way (F49, F11)."""
    completed = tool("pool", "show", env={"PARSEC_CONFIG": str(home)})
    assert completed.code == 2, completed
    assert str(home) in completed.err


def test_an_unknown_profile_is_an_error(tool, builder, config_file):
    """Never the default instead (F49, F51)."""
    builder.key = KEY_A
    env = {"PARSEC_CONFIG": str(config_file(profile(builder.url)))}
    assert tool("pool", "show", "-p", "stagin", env=env).code == 2
    assert tool("pool", "show", env={**env, "PARSEC_PROFILE": "stagin"}).code == 2
    assert builder.connections == []


def test_comments_order_and_unknown_settings_survive_a_save(tool, config_file):
    """The file is the operator's (F49)."""
    before = '# mine\nfuture = 1\n\n[profiles.default]\nbase_url = "https://h"  # why\nodd = [1]\n'
    path = config_file(before)
    assert tool("config", "set", "output", "csv", env={"PARSEC_CONFIG": str(path)}).code == 0
    after = path.read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert tomllib.loads(after)["profiles"]["default"]["output"] == "csv"


def test_saves_at_the_same_time_lose_nothing_and_never_show_half_a_file(tool, config_file):
    """Two writers and a reader (F49)."""
    path = config_file("# mine\n" + "# padding\n" * 500 + "[profiles.default]\n")
    env = {"PARSEC_CONFIG": str(path)}
    failures: list[object] = []
    done = threading.Event()

    def write(name: str) -> None:
        for number in range(15):
            url = f"https://h{number}.example"
            completed = tool("config", "set", "base_url", url, "-p", name, env=env)
            failures.extend([completed] if completed.code else [])

    def read() -> None:
        while not done.is_set():
            text = path.read_text()
            if not text.startswith("# mine\n") or text.count("# padding") != 500:
                failures.append(text)
            tomllib.loads(text)

    writers = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    reader.join(10)
    assert failures == []
    profiles = tomllib.loads(path.read_text())["profiles"]
    assert profiles["one"]["base_url"] == profiles["two"]["base_url"] == "https://h14.example"
    assert [p.name for p in path.parent.iterdir() if "tmp" in p.name] == []


HOMES = {
    "nothing at all": {"HOME": None, "TERM": None, "LANG": None, "TZ": None},
    "no such home": {"HOME": "/nonexistent"},
    "home is a file": {"HOME": "/dev/null"},
    "home is relative": {"HOME": "rel"},
    "home is empty": {"HOME": ""},
    "relative config": {"XDG_CONFIG_HOME": "rel", "XDG_STATE_HOME": "rel"},
    "empty config": {"XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""},
    "unwritable": {"XDG_CONFIG_HOME": "/proc/none", "XDG_STATE_HOME": "/proc/none"},
}
NO_XDG = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"))


@pytest.mark.parametrize("changes", HOMES.values(), ids=HOMES.keys())
def test_reading_works_without_a_usable_home(parsec, builder, key_env, work, changes):
    """Containers have none; nothing is dropped where the command runs (F50)."""
    user = builder.add("alice")
    env = {**NO_XDG, **key_env(builder), **changes}
    for argv in (["users", "list"], ["users", "get", "alice"]):
        completed = parsec(*argv, env=env)
        assert completed.code == 0, completed
        assert user["customer_id"] in completed.out
        assert "Traceback" not in completed.err
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("changes", HOMES.values(), ids=HOMES.keys())
def test_help_works_without_a_usable_home(tool, changes):
    """So does everything that needs no file (F50, F55)."""
    assert tool("--help", env={**NO_XDG, **changes}).code == 0


def test_nothing_is_created_by_commands_that_keep_nothing(tool, builder, key_env, home, work):
    """Not at start-up, not by reading (F50)."""
    for argv in (
        ["--help"],
        ["--version"],
        ["pool", "show"],
        ["config", "path"],
        ["usage", "show"],
    ):
        assert tool(*argv, env=key_env(builder)).code == 0
    assert list(home.iterdir()) == []
    assert list(work.iterdir()) == []


def test_a_save_without_a_writable_place_is_one_clear_line(tool):
    """Not a traceback, not a silent loss (F50)."""
    completed = tool(
        "config", "set", "output", "csv", env={"PARSEC_CONFIG": "/proc/none/config.toml"}
    )
    assert completed.code == 1, completed
    assert completed.err.count("error: ") == 1
    assert "/proc/none" in completed.err


def test_a_change_is_not_sent_when_its_history_cannot_be_kept(tool, builder, key_env):
    """No record, no change (F50)."""
    builder.add("alice")
    env = {**key_env(builder), "XDG_STATE_HOME": "/proc/none"}
    for argv in (
        ["users", "create", "u2"],
        ["users", "set-qps", "alice", "5"],
        ["users", "deactivate", "alice", "--confirm", "alice"],
    ):
        completed = tool(*argv, env=env)
        assert completed.code == 1, completed
    assert builder.mutations == []


@pytest.mark.parametrize(
    "argv", [["pool", "show"], ["users", "deactivate", "alice", "--confirm", "alice"]]
)
@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_stored_key_is_not_sent_to_another_origin(
    tool, builder, other_origin, config_file, how, argv
):
    """A key belongs to the host of its profile (F51)."""
    env = {"PARSEC_CONFIG": str(config_file(profile(other_origin.url)))}
    if how == "option":
        argv = [*argv, "--base-url", builder.url]
    else:
        env["PARSEC_API_BASE_URL"] = builder.url
    completed = tool(*argv, env=env)
    assert completed.code == 10, completed
    assert KEY_A not in completed.err
    assert builder.connections == other_origin.connections == []


@pytest.mark.parametrize("spelling", ["{}/", "{}/api/v1", "{}/gw"])
def test_another_spelling_of_the_same_origin_is_no_other_host(tool, builder, config_file, spelling):
    """Scheme, host and port count; the path does not (F51)."""
    builder.key = KEY_A
    if spelling.endswith("gw"):
        builder.prefix = "/gw/api/v1"
    env = {"PARSEC_CONFIG": str(config_file(profile(builder.url)))}
    completed = tool("pool", "show", "--base-url", spelling.format(builder.url), env=env)
    assert completed.code == 0, completed


def test_the_environment_beats_the_default_profile_key_by_key(tool, builder, config_file):
    """Per setting: here the key, with a base URL from the environment as well (F51)."""
    env = {
        "PARSEC_CONFIG": str(config_file(profile("https://elsewhere.invalid"))),
        "PARSEC_API_KEY": BUILDER_KEY,
        "PARSEC_API_BASE_URL": builder.url,
    }
    assert tool("pool", "show", env=env).code == 0
    assert builder.requests[0].header("x-api-key") == BUILDER_KEY


def test_an_explicit_profile_beats_the_environment(tool, builder, config_file):
    """`-p` means that profile, with its own key (F51)."""
    builder.key = KEY_A
    env = {
        "PARSEC_CONFIG": str(config_file(profile(builder.url, name="prod"))),
        "PARSEC_API_KEY": "pk_live_WRONGCANARY_b002",
        "PARSEC_API_BASE_URL": "https://elsewhere.invalid",
    }
    completed = tool("pool", "show", "-p", "prod", env=env)
    assert completed.code == 0, completed
    assert b"WRONGCANARY" not in builder.received


def test_an_explicit_profile_without_a_key_does_not_borrow_one(tool, builder, config_file):
    """The environment's key was meant for another host (F51)."""
    path = config_file(profile(builder.url, key=None, name="prod"))
    env = {"PARSEC_CONFIG": str(path), "PARSEC_API_KEY": BUILDER_KEY}
    completed = tool("pool", "show", "-p", "prod", env=env)
    assert completed.code == 4, completed
    assert builder.connections == []


def test_config_show_names_each_value_with_its_source_and_masks_the_key(tool, config_file, builder):
    """One command answers: which key, which host, and why (F51)."""
    env = {
        "PARSEC_CONFIG": str(config_file(profile("https://stored.example") + 'output = "csv"\n')),
        "PARSEC_API_KEY": BUILDER_KEY,
        "PARSEC_API_BASE_URL": builder.url,
    }
    completed = tool("config", "show", "--json", env=env)
    assert completed.code == 0, completed
    values = completed.json["values"]
    assert values["base_url"]["value"].startswith(builder.url)
    assert "PARSEC_API_BASE_URL" in values["base_url"]["source"]
    assert "PARSEC_API_KEY" in values["api_key"]["source"]
    assert BUILDER_KEY not in completed.out
    assert KEY_A not in completed.out
    assert builder.connections == []


@pytest.mark.parametrize("kind", ["link", "dangling", "chain", "relative"])
def test_a_save_goes_through_a_symlinked_config(tool, home, kind):
    """Dotfile users keep their link (F52)."""
    repository = home / "dotfiles"
    repository.mkdir()
    target = repository / "parsec.toml"
    link = home / "parsec.toml"
    if kind != "dangling":
        target.write_text("# mine\n[profiles.default]\n")
    if kind == "chain":
        (home / "middle").symlink_to(target)
        link.symlink_to(home / "middle")
    else:
        link.symlink_to("dotfiles/parsec.toml" if kind == "relative" else target)
    completed = tool("config", "set", "output", "csv", env={"PARSEC_CONFIG": str(link)})
    assert completed.code == 0, completed
    assert link.is_symlink()
    saved = target.read_text()
    assert tomllib.loads(saved)["profiles"]["default"]["output"] == "csv"
    assert saved.startswith("# mine") or kind == "dangling"
    left = {path.name for path in repository.iterdir()} - {".parsec.toml.lock"}
    assert left == {"parsec.toml"}


def test_a_link_to_where_nothing_can_be_written_is_a_clean_error(tool, home):
    """The link and its target stay as they were (F52)."""
    link = home / "parsec.toml"
    link.symlink_to("/proc/none/parsec.toml")
    completed = tool("config", "set", "output", "csv", env={"PARSEC_CONFIG": str(link)})
    assert completed.code == 1, completed
    assert completed.err.count("error: ") == 1
    assert link.is_symlink()


STATES = {
    "corrupt config": b'api_key = "cut',
    "directory": None,
    "no key": b"",
}


@pytest.mark.parametrize("content", STATES.values(), ids=STATES.keys())
@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--version"],
        ["users", "--help"],
        ["users", "deactivate", "--help"],
        ["config", "set", "--help"],
        ["help", "environment"],
        ["help", "exit-codes"],
        ["help", "output"],
        ["help", "safety"],
        ["completion", "bash"],
        ["completion", "zsh"],
        ["completion", "fish"],
        ["completion", "powershell"],
        ["config", "path"],
    ],
    ids=" ".join,
)
def test_help_needs_neither_config_nor_key_nor_network(tool, config_file, home, content, argv):
    """One needs help to repair the config (F55)."""
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
    """A secret store may ask for a finger (F55)."""
    path = config_file('[profiles.default]\napi_key_command = "touch ran"\n')
    for argv in (["--help"], ["config", "path"], ["config", "show"], ["completion", "bash"]):
        assert tool(*argv, env={"PARSEC_CONFIG": str(path)}).code == 0
    assert not (work / "ran").exists()
