"""Completion in a real zsh: lines are typed, and what the tool is given is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.shells import ODD_IDS, REPOSITORY, Shell, needed, typed


@pytest.fixture
def zsh(shell_environment, work):
    return Shell(
        "zsh",
        [needed("zsh"), "-f", "-i"],
        [
            "unsetopt zle_bracketed_paste prompt_sp; PS1='$ '",
            f"fpath=({REPOSITORY / 'completions'} $fpath)",
            "autoload -Uz compinit && compinit -D -u",
        ],
        shell_environment,
        work,
        Path(shell_environment["NOTES"]),
    )


LINES = {
    "parsec usag\ts\t": ["usage", "show"],
    "parsec -p prod users l\t": ["-p", "prod", "users", "list"],
    "parsec users list --wallet s\t": ["users", "list", "--wallet", "safe"],
    "parsec users list --wall\ts\t": ["users", "list", "--wallet=safe"],
    "parsec users list --wallet=s\t": ["users", "list", "--wallet=safe"],
    "parsec users list -o js\t": ["users", "list", "-o", "json"],
    "parsec users onboard x --mode s\t": ["users", "onboard", "x", "--mode", "self"],
    "parsec help exi\t": ["help", "exit-codes"],
    "parsec completion f\t": ["completion", "fish"],
    "parsec api PO\t": ["api", "POST"],
    "parsec config set ou\tjson": ["config", "set", "output", "json"],
    "parsec users list --fields external_id,qp\t": [
        "users",
        "list",
        "--fields",
        "external_id,qps_limit",
    ],
    "parsec users list --sort ti\t": ["users", "list", "--sort", "tier"],
    "parsec -p pr\tdoctor": ["-p", "prod", "doctor"],
    "parsec config use a\t": ["config", "use", "a b"],
    "parsec -p sandbox users get s\t": ["-p", "sandbox", "users", "get", "sandy"],
    "parsec users get --profile=sandbox s\t": ["users", "get", "--profile=sandbox", "sandy"],
    "parsec users set-qps j\t5": ["users", "set-qps", "j@k.example", "5"],
    "parsec users deactivate x j\t": ["users", "deactivate", "x", "j@k.example"],
    "parsec api GET /x --as j\t": ["api", "GET", "/x", "--as", "j@k.example"],
    "parsec users get ext:b:\t": ["users", "get", "ext:b:c:d"],
    "parsec users create \t": ["users", "create"],
}


def test_commands_options_choices_profiles_and_users(zsh):
    assert zsh.given(*LINES) == list(LINES.values())


@pytest.mark.parametrize("quote", ["", '"', "'"], ids=["plain", "double", "single"])
def test_every_id_reaches_the_tool_as_it_is(zsh, quote):
    lines = [f"parsec users get {quote}{name[0]}\t" for name in ODD_IDS]
    assert zsh.given(*lines) == [["users", "get", name] for name in ODD_IDS]


def test_ids_go_on_from_what_was_typed_with_backslashes(zsh):
    lines = [f"parsec users get {typed(name[:-1])}\t" for name in ODD_IDS]
    assert zsh.given(*lines) == [["users", "get", name] for name in ODD_IDS]


def test_files_are_completed_where_a_file_is_wanted(zsh, work):
    (work / "my users.csv").touch()
    calls = zsh.given("parsec users plan my\t", "parsec users deactivate --from-file=my\t")
    assert calls == [
        ["users", "plan", "my users.csv"],
        ["users", "deactivate", "--from-file=my users.csv"],
    ]


def test_nothing_is_said_where_everything_is_broken(zsh, home):
    (home / ".config" / "parsec" / "config.toml").write_text("[", encoding="utf-8")
    assert zsh.given("parsec -p sandb\tdoctor", "parsec users get a\t") == [
        ["-p", "sandbox", "doctor"],
        ["users", "get", "a"],
    ]
