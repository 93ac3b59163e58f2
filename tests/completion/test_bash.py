"""Completion in a real bash: what TAB offers, and what the tool is given after it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.shells import FILES, ODD_IDS, REPOSITORY, Shell, needed, typed

SCRIPT = REPOSITORY / "completions" / FILES["bash"]
# bash's own; ids are cut at some of these
WORDBREAKS = " \t\n\"'@><=;|&(:"
ASK = """
source "$1"
for COMP_LINE in "${@:2}"; do
    COMP_POINT=${#COMP_LINE} COMPREPLY=()
    _parsec parsec
    printf '%s\\n' "${COMPREPLY[@]}" --
done
"""


@pytest.fixture
def offered(shell_environment, work):
    """What TAB offers at the end of a line, as bash would write it."""

    def ask(line, **env):
        done = subprocess.run(
            [needed("bash"), "--norc", "--noprofile", "-c", ASK, "bash", SCRIPT, line],
            env={**shell_environment, "COMP_WORDBREAKS": WORDBREAKS, **env},
            cwd=work,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        assert done.stderr == ""
        return [word for word in done.stdout.splitlines()[:-1] if word]

    return ask


@pytest.fixture
def bash(shell_environment, work):
    return Shell(
        "bash",
        [needed("bash"), "--norc", "--noprofile", "-i"],
        ["PS1='$ '", f"source {SCRIPT}"],
        shell_environment,
        work,
        Path(shell_environment["NOTES"]),
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("parsec us", ["users", "usage"]),
        ("parsec users set", ["set-qps"]),
        ("parsec -p prod users l", ["list"]),
        ("parsec -qv users l", ["list"]),
        ("parsec users list --wallet ", ["eoa", "safe", "none"]),
        ("parsec users list --wallet s", ["safe"]),
        ("parsec users list --wallet=s", ["safe"]),
        ("parsec users list -o js", ["json", "jsonl"]),
        ("parsec users list -ojs", ["-ojson", "-ojsonl"]),
        ("parsec users onboard x --mo", ["--mode"]),
        ("parsec users onboard x --mode ", ["managed", "self"]),
        ("parsec help ", ["environment", "exit-codes", "output", "safety"]),
        ("parsec completion f", ["fish"]),
        ("parsec api ", ["GET", "POST", "PATCH", "DELETE"]),
        ("parsec config set ou", ["output"]),
        ("parsec users list --fields external_id,qps", ["external_id,qps_limit"]),
        ("parsec pool show --fields q", ["qps_pool"]),
        ("parsec users list --sort ti", ["tier"]),
        ("parsec users set-qps x ", []),
        ("parsec users create ", []),
        ("parsec users get -- --", []),
        ("parsec users list --limit ", []),
    ],
)
def test_commands_options_and_choices(offered, line, words):
    """All of it comes from the script: there is no `parsec` to ask."""
    assert offered(line, PATH="/usr/bin:/bin") == words


def test_every_option_of_a_command_is_offered(offered):
    words = offered("parsec users list -", PATH="/usr/bin:/bin")
    assert {"--limit", "--wallet", "--sort", "-p", "--profile", "--no-headers", "-h"} <= set(words)
    assert "--mode" not in words


def test_profiles(offered):
    assert offered("parsec -p ") == ["prod", "a\\ b", "sandbox"]
    assert offered("parsec users list --profile=s") == ["sandbox"]
    assert offered("parsec config use pr") == ["prod"]


@pytest.mark.parametrize(
    "line",
    [
        "parsec -p sandbox users get s",
        "parsec users get -psandbox s",
        "parsec --profile=sandbox users get s",
    ],
)
def test_users_are_those_of_the_profile_on_the_line(offered, line):
    assert offered(line) == ["sandy"]


def test_users_stand_wherever_a_user_is_wanted(offered):
    for line in (
        "users set-qps j",
        "users deactivate x j",
        "api GET /x --as j",
        "history list --user j",
    ):
        assert offered(f"parsec {line}") == ["j@k.example"], line


def test_nothing_is_said_where_everything_is_broken(offered, home):
    (home / ".config" / "parsec" / "config.toml").write_text("[", encoding="utf-8")
    assert offered("parsec users get a") == []
    assert offered("parsec -p s") == ["sandbox"]


@pytest.mark.parametrize("quote", ["", '"', "'"], ids=["plain", "double", "single"])
def test_every_id_reaches_the_tool_as_it_is(bash, quote):
    lines = [f"parsec users get {quote}{name[0]}\t" for name in ODD_IDS]
    assert bash.given(*lines) == [["users", "get", name] for name in ODD_IDS]


def test_ids_go_on_from_what_was_typed_with_backslashes(bash):
    lines = [f"parsec users get {typed(name[:-1])}\t" for name in ODD_IDS]
    assert bash.given(*lines) == [["users", "get", name] for name in ODD_IDS]


def test_a_forced_id_and_an_option_keep_what_stands_before_the_colon(bash):
    calls = bash.given("parsec users get ext:b:\t", "parsec api GET /x --as=ext:a\t")
    assert calls == [["users", "get", "ext:b:c:d"], ["api", "GET", "/x", "--as=ext:a b c"]]


def test_files_are_completed_where_a_file_is_wanted(bash, work):
    (work / "my users.csv").touch()
    calls = bash.given("parsec users plan my\t", "parsec users deactivate --from-file=my\t")
    assert calls == [
        ["users", "plan", "my users.csv"],
        ["users", "deactivate", "--from-file=my users.csv"],
    ]
