"""`parsec config`, as an operator and as a script use it."""

import stat
import tomllib
from pathlib import Path

import pytest

KEY = "pk_live_TYPEDCANARY_c123"
STORED = '[profiles.default]\nbase_url = "https://h.example"\napi_key = "pk_live_OLDCANARY_d456"\n'


def profiles(path: Path) -> dict:
    return tomllib.loads(path.read_text())["profiles"]


def test_init_off_a_terminal_takes_the_key_from_stdin(tool, config):
    argv = ["config", "init", "--base-url", "https://h.example", "--no-verify"]
    done = tool(*argv, stdin=f"{KEY}\n".encode())
    assert (done.code, done.out) == (0, ""), done
    assert KEY not in done.err
    assert profiles(config())["default"] == {"base_url": "https://h.example", "api_key": KEY}
    assert stat.S_IMODE(config().stat().st_mode) == 0o600


def test_init_on_a_terminal_asks_for_the_host_and_hides_the_key(terminal, config):
    done = terminal(
        ["config", "init", "-p", "eu", "--no-verify"],
        answers=[
            ("base URL [https://api.parsecapi.com]: ", "https://eu.example\n"),
            ("(not shown): ", f"{KEY}\n"),
        ],
    )
    assert done.code == 0, done
    assert KEY not in done.text
    assert profiles(config())["eu"] == {"base_url": "https://eu.example", "api_key": KEY}


@pytest.mark.parametrize(
    ("answer", "code", "kept"), [("y\n", 0, KEY), ("\n", 9, "pk_live_OLDCANARY_d456")]
)
def test_init_on_a_terminal_asks_before_it_replaces_a_key(terminal, config, answer, code, kept):
    path = config(STORED)
    answers = [("replace it? [y/N] ", answer)]
    if code == 0:
        answers += [("base URL [https://h.example]: ", "\n"), ("(not shown): ", f"{KEY}\n")]
    done = terminal(["config", "init", "--no-verify"], answers=answers)
    assert done.code == code, done
    assert profiles(path)["default"]["api_key"] == kept


def test_the_rest_of_a_pasted_key_does_not_reach_the_shell(terminal, config):
    # what a shell would read next: lines wait in the terminal until someone reads them
    shell = """
import select, subprocess, sys
code = subprocess.call([sys.executable, "-m", "parsec_cli", *sys.argv[1:]])
print("waiting:", select.select([0], [], [], 0)[0])
sys.exit(code)
"""
    done = terminal(
        ["config", "init", "--no-verify", "--base-url", "https://h.example"],
        answers=[("(not shown): ", f"{KEY}\necho the-rest\n")],
        program=("-c", shell),
    )
    assert done.code == 0, done
    assert "waiting: []" in done.text
    assert "the-rest" not in done.text
    assert profiles(config())["default"]["api_key"] == KEY


def test_init_off_a_terminal_never_replaces_a_key(tool, config):
    path = config(STORED)
    done = tool("config", "init", stdin=KEY.encode())
    assert done.code == 9, done
    assert "or replace the key with\n  parsec -p default config set api_key\n" in done.err
    assert path.read_text() == STORED


@pytest.mark.parametrize("stdin", [b"", b"\n", b"two words", b"line\nline", b"\xff\xfe"])
def test_invalid_text_on_stdin_is_refused_as_a_key(tool, config, stdin):
    done = tool("config", "set", "api_key", stdin=stdin)
    assert done.code == 2, done
    assert "the key from stdin" in done.err
    assert not config().exists()


def test_without_stdin_a_key_cannot_be_given(parsec, config):
    done = parsec("config", "set", "api_key", stdin="closed")
    assert done.code == 2, done
    assert "neither is available" in done.err
    assert not config().exists()


@pytest.mark.parametrize("more", [[], ["-p", "eu"], ["--json"]])
def test_a_key_as_an_argument_is_refused_and_not_repeated(tool, config, more):
    done = tool("config", "set", "api_key", KEY, *more)
    assert done.code == 2, done
    assert "CANARY" not in done.err + done.out
    assert "a key is not read from the command line" in done.err
    assert " config set api_key < FILE" in done.err
    assert not config().exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["output"], "`output` needs a value"),
        (["rate", "fast"], "`rate`: `fast` is not a rate"),
    ],
)
def test_a_missing_or_invalid_value_is_refused(tool, config, words, message):
    done = tool("config", "set", *words, "--json")
    assert (done.code, done.error["message"]) == (2, message)
    assert tool("config", "path").out == f"{config()}\n"
    assert not config().parent.exists()


def test_unset_and_use_say_what_they_did(tool, config):
    path = config(STORED + "[profiles.eu]\n")
    assert "removed `api_key` of profile `default`" in tool("config", "unset", "api_key").err
    assert "was not set; nothing to do" in tool("config", "unset", "api_key").err
    assert tool("config", "use", "eu").code == 0
    assert tomllib.loads(path.read_text())["default_profile"] == "eu"
    assert tool("config", "use", "nobody").code == 2


def test_show_gives_each_value_its_source_in_json(tool, config):
    config(STORED + "rate = 5\n")
    done = tool("config", "show", "--json")
    assert done.code == 0, done
    assert done.json == {
        "profile": "default",
        "values": {
            "base_url": {"value": "https://h.example", "source": "profile default"},
            "api_key": {"value": "pk_live_****d456", "source": "profile default"},
            "output": {"value": "json", "source": "--output"},
            "rate": {"value": "5", "source": "profile default"},
            "protected": {"value": False, "source": "default"},
        },
    }


def test_a_masked_value_keeps_its_place(tool, config):
    config(STORED)
    done = tool("config", "show", "--json", "--fields", "values.api_key.value")
    assert done.json == {"values": {"api_key": {"value": "pk_live_****d456"}}}


def test_show_is_a_short_table_on_a_terminal(tool, config):
    config(STORED)
    lines = tool("config", "show", "-o", "table").out.splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["profile", "default", "default"],
        ["base_url", "https://h.example", "profile", "default"],
        ["api_key", "pk_live_****d456", "profile", "default"],
    ]


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl"])
def test_no_format_shows_a_stored_key(tool, config, form):
    config(STORED)
    for argv in (["show"], ["profiles"], ["show", "--reveal-keys"]):
        done = tool("config", *argv, "-o", form)
        assert done.code == 0, done
        assert "OLDCANARY" not in done.out + done.err


def test_a_malformed_key_is_shown_without_a_tail(tool, config):
    config('[profiles.default]\napi_key = "pk_live_two words"\n')
    assert tool("config", "show", "--json").json["values"]["api_key"]["value"] == "****"


def test_profiles_are_listed_with_the_sandbox_last(tool, config):
    config(STORED + '[profiles.ci]\napi_key_command = "op read x"\n[profiles.none]\n')
    done = tool("config", "profiles", "--json")
    rows = [(p["name"], p["key"], p["default"]) for p in done.json["profiles"]]
    assert rows == [
        ("default", "stored", True),
        ("ci", "command", False),
        ("none", "none", False),
        ("sandbox", "built in", False),
    ]


def test_an_empty_config_file_is_an_error_until_it_is_written_again(tool, config):
    """A crash can leave a file of zero bytes, which is never a reason for defaults."""
    path = config("")
    done = tool("pool", "show", env={"PARSEC_API_KEY": KEY})
    assert done.code == 2, done
    assert f"`{path}` is empty, as after a crash" in done.err
    assert tool("config", "set", "output", "json").code == 0
    assert profiles(path) == {"default": {"output": "json"}}
