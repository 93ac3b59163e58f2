"""Each command that a hint or notice proposes does what it says, at the same host, in any shell."""

from __future__ import annotations

import ast
import subprocess
from itertools import cycle
from pathlib import Path

import pytest
from commands.serving import command_in
from support.actions import close, error, redirect
from support.records import wallet

import parsec_cli
from parsec_cli.cli.tree import parser

PACKAGE = Path(parsec_cli.__file__).parent
UUID = "298a59f8-5e1e-4978-90a7-6e49fa60dbd6"
KNOWN = "11111111-2222-4333-8444-555555555555"
# what stands for a value that only the operator knows
VALUES = {"FILE": "r.csv", "PLAN": "p2.json", "USER": "u1", "TEXT": "u", "SECONDS": "5"}
VALUES |= {"VALUE": "5", "EXTERNAL_ID": "x", "NAME": "third"}
USAGE, LISTING = ("GET", "usage"), ("GET", "/builder/users$")
QUOTA = error(429, "used up", "monthly_limit_exceeded")

# command line: exit code, exit code of what it proposes, and faults of the server before that
CASES = {
    "users deactivate u1": (9, 0),
    "users deactivate u1 u2 --reason it's": (9, 0),
    "users deactivate --from-file leavers.txt --max 5 -q": (9, 0),
    "users deactivate rich --confirm rich": (10, 0),
    "users deactivate u1 u2 --max 1": (10, 9),
    "users deactivate": (2, 9),
    "users apply r.csv": (9, 0),
    "users apply r.csv --prune --balances-only": (9, 0),
    "users apply -f.csv": (2, 0),
    "users apply r.csv --prune --max 1": (10, 9),
    "users apply big.csv --yes": (10, 0),
    "users apply p.json --prune": (2, 0),
    "users apply changed.json": (10, 0),
    "users plan r.csv --out new.json": (0, 9),
    "users create big --qps-limit 99999": (10, 0),
    "users create u1 --qps-limit 9": (0, 0),
    "users create new": (0, 0),
    "users set-qps u1 99999": (10, 0),
    "users onboard u1": (2, 0),
    f"users set-qps {UUID} 6": (3, 0),
    "users list --limit 1": (0, 0),
    "users get nobody": (3, 0),
    "users get  --fields email": (2, 0),
    "users lst --limit 1": (2, 0),
    "usres list --limit 1": (2, 0),
    "users rm u1": (2, 9),
    "users reactivate u1": (2, 0),
    f"api DELETE /builder/users/{KNOWN} --as u2 -f a=b -F n=[1] --include": (9, 0),
    "api GET C:/Git/builder/pool": (2, 0),
    "history show nothing": (3, 0),
    "config set rate": (2, 0),
    "help safty": (2, 0),
}
FAULTS = {
    ("users set-qps u1 9", "PATCH", close(), 4): (12, 0),
    ("users deactivate u1 --confirm u1", "DELETE", close(), 3): (12, 0),
    ("users list", "GET", error(401, "no", "unauthorized"), 1): (4, 0),
    ("users list", "GET", redirect(302, "https://elsewhere.invalid"), 1): (7, 0),
    ("users list --max-wait 0", "GET", error(500, "no", "internal_error"), 1): (7, 0),
    ("users list", "GET", QUOTA, 1): (6, 0),
    ("users apply r.csv --yes", "PATCH", error(409, "busy", "conflict"), 1): (8, 0),
}
MODES = ("option", "variable", "default", "base url", "base url variable")
PAIRS = [
    *(
        (line, (), codes, mode)
        for (line, codes), mode in zip(CASES.items(), cycle(MODES), strict=False)
    ),
    *(
        (line, fault, codes, mode)
        for ((line, *fault), codes), mode in zip(FAULTS.items(), cycle(MODES), strict=False)
    ),
    *(
        (line, (), CASES[line], mode)
        for line in ("users apply r.csv", "users get nobody")
        for mode in MODES
    ),
]


@pytest.fixture
def scene(builder, other_origin, home, work):
    """Users, files, and a config whose other profile is at a host that must not be asked."""
    builder.qps_pool = 1000
    for name, more in {"u1": {"customer_id": KNOWN}, "u2": {}, UUID: {}}.items():
        builder.add(name, 5, **more)
    builder.add("rich", 5, wallet=wallet("safe", "10"), linked_exchanges=[])
    (work / "leavers.txt").write_text("u1\nu2\n")
    (work / "r.csv").write_text("external_id,qps_limit\nu1,7\n")
    (work / "-f.csv").write_text("external_id,qps_limit\nu1,7\n")
    (work / "big.csv").write_text("external_id,qps_limit\nu1,7000\n")
    path = home / ".config" / "parsec" / "config.toml"
    path.parent.mkdir(parents=True)

    def write(default):
        path.write_text(
            f'default_profile = "{default}"\n'
            f'[profiles.prod]\nbase_url = "{builder.url}"\napi_key = "{builder.key}"\n'
            f'[profiles.other]\nbase_url = "{other_origin.url}"\napi_key = "pk_live_other_0001"\n'
        )
        path.chmod(0o600)
        return builder, other_origin, work

    return write


def placed(mode, builder):
    """Return the options and variables that reach the builder, and those a clean shell has."""
    key = {"PARSEC_API_KEY": builder.key}
    return {
        "option": (["-p", "prod"], {}, {}),
        "variable": ([], {"PARSEC_PROFILE": "prod"}, {}),
        "default": ([], {}, {}),
        "base url": (["--base-url", builder.url], key, key),
        "base url variable": ([], {**key, "PARSEC_API_BASE_URL": builder.url}, key),
    }[mode]


def in_a_shell(line):
    """Return the arguments that a POSIX shell gives to the command, placeholders filled in."""
    script = f"parsec() {{ printf '%s\\0' \"$@\"; }}\n{line}"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    return [VALUES.get(word, word) for word in done.stdout.split("\0")[:-1]]


@pytest.mark.parametrize(("line", "fault", "codes", "mode"), PAIRS)
def test_a_proposed_command_works_in_a_clean_shell(tool, clock, scene, line, fault, codes, mode):
    builder, other_origin, work = scene("prod" if mode == "default" else "other")
    options, environ, clean = placed(mode, builder)
    if ".json" in line:
        tool(*options, "users", "plan", "r.csv", "--out", "p.json", env=environ)
        (work / "changed.json").write_text((work / "p.json").read_text().replace("u1", "u2"))
    if fault:
        method, action, times = fault
        builder.fault(method, action=action, times=times)
    done = tool(*options, *line.split(), env=environ)
    assert done.code == codes[0], done
    proposed = in_a_shell(command_in(done.err))
    clock.sleep(1)
    again = tool(*proposed, env=clean)
    assert again.code == codes[1], (proposed, again.err)
    assert other_origin.requests == []


def calls():
    """Each call of `run` and `again` in the package that makes a proposed command."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "parsec_cli.next_command"
            for alias in node.names
        }
        for node in ast.walk(tree):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if named and node.func.id in names & {"run", "again"}:
                yield f"{path.name}:{node.lineno}", node


def command_of(words):
    """Return the command that the words name and the words behind its name."""
    node = parser()
    while words and words[0] in getattr(node, "commands", ()):
        node, words = node.commands[words[0]], words[1:]
    return node, words


def test_each_proposal_names_a_command_and_options_that_exist():
    every = {option for group in parser().commands.values() for option in options_below(group)}
    for place, call in calls():
        words = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
        node, rest = command_of(words)
        known = {name for param in node.params for name in param.opts} | {"--help"}
        assert not hasattr(node, "commands") or len(words) < len(call.args) or not call.args, place
        assert {word for word in rest if word.startswith("--")} <= known, place
        if call.func.id == "again":
            given = {f"--{k.arg.replace('_', '-')}" for k in call.keywords if k.arg}
            assert given - {"--names", "--replace", "--stdin"} <= every, place


def options_below(node):
    commands = getattr(node, "commands", {}).values()
    own = {name for param in node.params for name in (*param.opts, *param.secondary_opts)}
    return own.union(*map(options_below, commands))


def test_no_message_contains_a_command_as_text():
    """It would lack profile, host and quoting. Help texts and docstrings are not messages."""
    rooms = [p for p in PACKAGE.rglob("*.py") if p.name not in ("topics.py", "tree.py")]
    found = []
    for path in rooms:
        if path.parent.name == "shells":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docs = {
            ast.get_docstring(n, clean=False) for n in ast.walk(tree) if isinstance(n, documented)
        }
        found += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if "`parsec " in node.value and node.value not in docs
        ]
    assert found == []
