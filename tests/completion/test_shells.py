"""Completion in real shells: what TAB offers, and what the tool is given after it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.programs import needed
from support.shells import FILES, ODD_IDS, REPOSITORY, Shell, typed
from support.steady import FULL

from parsec_cli.cli.topics import OPTIONS, TOPICS
from parsec_cli.cli.tree import COMMANDS

COMPLETIONS = REPOSITORY / "completions"
SCRIPTS = {name: COMPLETIONS / FILES[name] for name in ("bash", "fish")}
# behind a backslash and within quotes, shells treat few characters in a way of their own
SPECIAL_IDS = [name for name in ODD_IDS if FULL or set(name) & set("'\"$`\\!:* ")]
# bash's own; ids are cut at some of these
WORDBREAKS = " \t\n\"'@><=;|&(:"
ASK_BASH = """
source "$1"
for COMP_LINE in "${@:2}"; do
    COMP_POINT=${#COMP_LINE} COMPREPLY=()
    _parsec parsec
    printf '%s\\n' "${COMPREPLY[@]}" --
done
"""
ASK = {
    "bash": ["bash", "--norc", "--noprofile", "-c", ASK_BASH, "bash"],
    "fish": ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"'],
}
INTERACTIVE = {
    "bash": (["--norc", "--noprofile", "-i"], ["PS1='$ '", f"source {SCRIPTS['bash']}"]),
    "fish": (
        ["--no-config", "-i"],
        ["function fish_prompt; echo '$ '; end", f"source {SCRIPTS['fish']}"],
    ),
    "zsh": (
        ["-f", "-i"],
        [
            "unsetopt zle_bracketed_paste prompt_sp; PS1='$ '",
            f"fpath=({COMPLETIONS} $fpath)",
            "autoload -Uz compinit && compinit -D -u",
        ],
    ),
}


def asked(shell, line, env, cwd):
    """Return what a shell offers at the end of a line, as it writes it."""
    program, *arguments = ASK[shell]
    done = subprocess.run(
        [needed(program), *arguments, SCRIPTS[shell], line],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stderr == ""
    return [word for word in done.stdout.splitlines() if word not in {"", "--"}]


@pytest.fixture
def offer(shell_environment, work):
    """What one shell offers, without the descriptions and backslashes."""

    def ask(shell, line, **env):
        whole = {**shell_environment, "COMP_WORDBREAKS": WORDBREAKS, **env}
        words = asked(shell, line, whole, work)
        return sorted(word.split("\t")[0].replace("\\", "") for word in words)

    return ask


@pytest.fixture(params=["bash", "fish"])
def offered(request, offer):
    return lambda line, **env: offer(request.param, line, **env)


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request, shell_environment, work):
    name = request.param
    options, setup = INTERACTIVE[name]
    notes = Path(shell_environment["NOTES"])
    return Shell(name, [needed(name), *options], setup, shell_environment, work, notes)


OFFERED = {
    "parsec us": ["usage", "users"],
    "parsec users set": ["set-qps"],
    "parsec -p prod users l": ["list"],
    "parsec -qv users l": ["list"],
    "parsec users list --wallet ": ["eoa", "none", "safe"],
    "parsec users list -o js": ["json", "jsonl"],
    "parsec users onboard x --mode ": ["managed", "self"],
    "parsec help ": sorted([*TOPICS, OPTIONS, *COMMANDS]),
    "parsec completion f": ["fish"],
    "parsec api P": ["PATCH", "POST"],
    "parsec config set ou": ["output"],
    "parsec users list --fields external_id,qp": ["external_id,qps_limit"],
    "parsec pool show --fields q": ["qps_pool"],
    "parsec users list --sort ti": ["tier"],
    "parsec users set-qps x ": [],
    "parsec users create ": [],
    "parsec users list --limit ": [],
}
# where the shells differ: bash replaces the word after the option, fish the whole word
OWN = {
    ("bash", "parsec users list --wallet=s"): ["safe"],
    ("fish", "parsec users list --wallet=s"): ["--wallet=safe"],
    ("bash", "parsec users list -ojs"): ["-ojson", "-ojsonl"],
    ("fish", "parsec -pprod users l"): ["list"],
    ("bash", "parsec users onboard x --mo"): ["--mode"],
    ("bash", "parsec users get -- --"): [],
    ("fish", "parsec users get list --mod"): [],
    ("fish", "parsec users list --fields=external_id,qp"): ["--fields=external_id,qps_limit"],
}
CASES = [(shell, line, words) for shell in ASK for line, words in OFFERED.items()]


@pytest.mark.parametrize(
    ("name", "line", "words"), [*CASES, *((*key, words) for key, words in OWN.items())]
)
def test_commands_options_and_choices_are_offered(offer, name, line, words):
    """They come from the script alone: there is no `parsec` on the path."""
    found = offer(name, line, PATH="/usr/bin:/bin")
    start = line.split(" ")[-1] if name == "fish" else ""
    assert [word for word in found if word.startswith(start)] == words


def test_every_option_of_a_command_is_offered(offered):
    words = offered("parsec users list -", PATH="/usr/bin:/bin")
    assert {"--limit", "--wallet", "--sort", "--profile", "--no-headers"} <= set(words)
    assert "--mode" not in words


def test_descriptions_of_fish_are_the_summaries(shell_environment, work):
    (line,) = asked("fish", "parsec users ge", shell_environment, work)
    assert line == "get\tShow all fields of one user, or of several."


def test_profiles_are_offered(offer, offered):
    assert offered("parsec -p ") == ["a b", "prod", "sandbox"]
    assert offered("parsec config use pr") == ["prod"]
    assert offer("bash", "parsec users list --profile=s") == ["sandbox"]
    assert offer("fish", "parsec users list --profile=sa") == ["--profile=sandbox"]


@pytest.mark.parametrize("line", ["runs show ", "history revert r-", "history list --run r"])
def test_runs_are_offered_wherever_a_run_is_expected(offered, line):
    assert offered(f"parsec {line}") == ["r-20260921-1413"]


@pytest.mark.parametrize("option", ["-p sandbox", "-psandbox", "--profile=sandbox"])
def test_users_are_those_of_the_profile_on_the_line(offered, option):
    assert offered(f"parsec {option} users get s") == ["sandy"]


@pytest.mark.parametrize(
    "line",
    ["users set-qps j", "users deactivate x j", "api GET /x --as j", "history list --user j"],
)
def test_users_are_offered_wherever_a_user_is_expected(offered, line):
    assert "j@k.example" in offered(f"parsec {line}")


TYPED = {
    "parsec usag\ts\t": ["usage", "show"],
    "parsec -p prod users l\t": ["-p", "prod", "users", "list"],
    "parsec users list --wallet s\t": ["users", "list", "--wallet", "safe"],
    "parsec users list --wallet=s\t": ["users", "list", "--wallet=safe"],
    "parsec users onboard x --mode s\t": ["users", "onboard", "x", "--mode", "self"],
    "parsec help exi\t": ["help", "exit-codes"],
    "parsec completion f\t": ["completion", "fish"],
    "parsec api PO\t": ["api", "POST"],
    "parsec config set ou\tjson": ["config", "set", "output", "json"],
    "parsec users list --sort ti\t": ["users", "list", "--sort", "tier"],
    "parsec -p pr\tdoctor": ["-p", "prod", "doctor"],
    "parsec config use a\t": ["config", "use", "a b"],
    "parsec -p sandbox users get s\t": ["-p", "sandbox", "users", "get", "sandy"],
    "parsec users get --profile=sandbox s\t": ["users", "get", "--profile=sandbox", "sandy"],
    "parsec users set-qps j\t5": ["users", "set-qps", "j@k.example", "5"],
    "parsec users deactivate x j\t": ["users", "deactivate", "x", "j@k.example"],
    "parsec api GET /x --as j\t": ["api", "GET", "/x", "--as", "j@k.example"],
    "parsec users get ext:b:\t": ["users", "get", "ext:b:c:d"],
    "parsec api GET /x --as=ext:a\t": ["api", "GET", "/x", "--as=ext:a b c"],
    "parsec users create \t": ["users", "create"],
    "parsec runs show r\t--failed": ["runs", "show", "r-20260921-1413", "--failed"],
}


def test_tab_completes_commands_options_choices_profiles_and_users(shell):
    assert shell.given(*TYPED) == list(TYPED.values())


@pytest.mark.parametrize("quote", ["", '"', "'"], ids=["plain", "double", "single"])
def test_every_id_reaches_the_tool_unchanged(shell, quote):
    names = ODD_IDS if not quote else SPECIAL_IDS
    lines = [f"parsec users get {quote}{name[0]}\t" for name in names]
    assert shell.given(*lines) == [["users", "get", name] for name in names]


def test_ids_are_completed_after_backslashes(shell):
    # fish 3.6 takes a star for a wildcard even after a backslash
    names = [name for name in SPECIAL_IDS if shell.name != "fish" or "*" not in name]
    lines = [f"parsec users get {typed(name[:-1])}\t" for name in names]
    assert shell.given(*lines) == [["users", "get", name] for name in names]


def test_files_are_offered_where_a_file_is_expected(shell, work):
    (work / "my users.csv").touch()
    calls = shell.given("parsec users plan my\t", "parsec users deactivate --from-file=my\t")
    assert calls == [
        ["users", "plan", "my users.csv"],
        ["users", "deactivate", "--from-file=my users.csv"],
    ]


def test_completion_is_silent_if_everything_is_broken(shell, home):
    (home / ".config" / "parsec" / "config.toml").write_text("[", encoding="utf-8")
    assert shell.given("parsec -p sandb\tdoctor", "parsec users get a\t") == [
        ["-p", "sandbox", "doctor"],
        ["users", "get", "a"],
    ]
