"""Completion in a real fish: what it offers, and what the tool is given after TAB."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.shells import FILES, ODD_IDS, REPOSITORY, Shell, needed, typed

ASK = 'source $argv[1]; complete -C "$argv[2]"'
SCRIPT = REPOSITORY / "completions" / FILES["fish"]


@pytest.fixture
def fish(shell_environment, work):
    return Shell(
        "fish",
        [needed("fish"), "--no-config", "-i"],
        ["function fish_prompt; echo '$ '; end", f"source {SCRIPT}"],
        shell_environment,
        work,
        Path(shell_environment["NOTES"]),
    )


@pytest.fixture
def offered(shell_environment, work):
    """What fish offers at the end of a line, without the descriptions."""

    def ask(line, **env):
        done = subprocess.run(
            [needed("fish"), "--no-config", "-c", ASK, str(SCRIPT), line],
            env={**shell_environment, **env},
            cwd=work,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        assert done.stderr == ""
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    return ask


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("parsec us", ["usage", "users"]),
        ("parsec users set", ["set-qps"]),
        ("parsec -p prod users l", ["list"]),
        ("parsec -qv users l", ["list"]),
        ("parsec -pprod users l", ["list"]),
        ("parsec users list --wallet ", ["eoa", "none", "safe"]),
        ("parsec users list --wallet=s", ["--wallet=safe"]),
        ("parsec users list -o js", ["json", "jsonl"]),
        ("parsec users onboard x --mode ", ["managed", "self"]),
        ("parsec help ", ["environment", "exit-codes", "output", "safety"]),
        ("parsec completion f", ["fish"]),
        ("parsec api P", ["PATCH", "POST"]),
        ("parsec config set ou", ["output"]),
        ("parsec users list --fields external_id,qp", ["external_id,qps_limit"]),
        ("parsec users list --fields=external_id,qp", ["--fields=external_id,qps_limit"]),
        ("parsec users list --sort ti", ["tier"]),
        ("parsec users set-qps x ", []),
        ("parsec users create ", []),
        ("parsec users get list --mod", []),
        ("parsec users list --limit ", []),
    ],
)
def test_commands_options_and_choices(offered, line, words):
    """All of it comes from the script: there is no `parsec` to ask."""
    found = [w for w in offered(line, PATH="/usr/bin:/bin") if w.startswith(line.split(" ")[-1])]
    assert sorted(found) == words


def test_descriptions_are_the_summaries(shell_environment, work):
    done = subprocess.run(
        [needed("fish"), "--no-config", "-c", f"source {SCRIPT}; complete -C 'parsec users ge'"],
        env=shell_environment,
        cwd=work,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "get\tShow all fields of one user, or of several.\n"


def test_profiles(offered):
    assert sorted(offered("parsec -p ")) == ["a b", "prod", "sandbox"]
    assert offered("parsec users list --profile=sa") == ["--profile=sandbox"]
    assert offered("parsec config use pr") == ["prod"]


@pytest.mark.parametrize("option", ["-p sandbox", "-psandbox", "--profile=sandbox"])
def test_users_are_those_of_the_profile_on_the_line(offered, option):
    assert offered(f"parsec {option} users get s") == ["sandy"]


@pytest.mark.parametrize(
    "line",
    ["users set-qps j", "users deactivate x j", "api GET /x --as j", "history list --user j"],
)
def test_users_stand_wherever_a_user_is_wanted(offered, line):
    assert "j@k.example" in offered(f"parsec {line}")


def test_nothing_is_said_where_everything_is_broken(offered, home):
    (home / ".config" / "parsec" / "config.toml").write_text("[", encoding="utf-8")
    assert offered("parsec users get a") == []
    assert offered("parsec -p s") == ["sandbox"]


@pytest.mark.parametrize("quote", ["", '"', "'"], ids=["plain", "double", "single"])
def test_every_id_reaches_the_tool_as_it_is(fish, quote):
    lines = [f"parsec users get {quote}{name[0]}\t" for name in ODD_IDS]
    assert fish.given(*lines) == [["users", "get", name] for name in ODD_IDS]


def test_ids_go_on_from_what_was_typed_with_backslashes(fish):
    # fish 3.6 takes a star for a wildcard even behind a backslash, whatever a script offers
    names = [name for name in ODD_IDS if "*" not in name]
    lines = [f"parsec users get {typed(name[:-1])}\t" for name in names]
    assert fish.given(*lines) == [["users", "get", name] for name in names]


def test_files_are_completed_where_a_file_is_wanted(fish, work):
    (work / "my users.csv").touch()
    calls = fish.given("parsec users plan my\t", "parsec users deactivate --from-file=my\t")
    assert calls == [
        ["users", "plan", "my users.csv"],
        ["users", "deactivate", "--from-file=my users.csv"],
    ]
