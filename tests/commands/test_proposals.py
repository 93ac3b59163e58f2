"""Each command that the tool proposes does what it says, at the same host, in any shell."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from itertools import cycle

import pytest
from commands.keys import pem
from commands.proposals import CASES, EVERYWHERE, KNOWN, UUID, Scene, no_default, protected
from commands.serving import command_in
from support.builder import BuilderServer
from support.proposals import PACKAGE, calls, read_by_a_shell, watch
from support.records import wallet

from parsec_cli.cli.tree import parser
from parsec_cli.errors import Interrupted
from parsec_cli.output.screen import Screen

# what stands for a value that only the operator knows
VALUES = {"FILE": "r.csv", "PLAN": "p2.json", "USER": "u1", "TEXT": "u", "SECONDS": "5"}
VALUES |= {"VALUE": "5", "EXTERNAL_ID": "x", "NAME": "fourth", "EXCHANGE": "polymarket"}
VALUES |= {"MODE": "managed", "FIELD=COLUMN": "qps_limit=qps_limit"}
VALUES |= {"external_id=COLUMN": "external_id=Who", "ID": "kid-0001"}
VALUES |= {"PROGRAM ARGUMENT...": "echo key"}
MODES = ["option", "variable", "variable with key", "default", "base url", "base url variable"]
MODES += ["config"]


def modes():
    """Each case with one way to name profile and host, and some with all."""
    turns = cycle(MODES)
    for case in CASES:
        named = " -p " in case.line or case.line.startswith("config") or "--api-key" in case.line
        fixed = "default" if named or case.setup in (protected, no_default) else ""
        yield case, fixed or next(turns)
    yield from ((case, mode) for case in EVERYWHERE for mode in MODES)


PAIRS = list(modes())
IDS = [f"{case.line} {case.codes[0]} {mode}" for case, mode in PAIRS]


@pytest.fixture
def scene(tool, builder, home, work):
    return arranged(tool, builder, home, work)


def arranged(tool, builder, home, work):
    """Add users and files."""
    builder.qps_pool = 1000
    for name, more in {"u1": {"customer_id": KNOWN}, "u2": {}, UUID: {}}.items():
        builder.add(name, 5, **more)
    builder.add("rich", 5, wallet=wallet("safe", "10"), linked_exchanges=[])
    for _ in range(2):
        builder.add("twin", 5)
    rows = {"r": "u1,7\n", "-f": "u1,7\n", "big": "u1,7000\n", "twin": "twin,7\n"}
    rows |= {"two": "u1,7\nu2,7\n", "many": "u1,7\n" + "".join(f"n{n},1\n" for n in range(40))}
    for name, text in {**rows, "similar": "U1,7\n", "empty": ""}.items():
        (work / f"{name}.csv").write_text(f"external_id,qps_limit\n{text}")
    for name, text in {
        "leavers.txt": "u1\nu2\n",
        "gone.txt": "nobody\n",
        "leaver.csv": "external_id,state\nU1,absent\n",
        "near.csv": "external_id,QPS\nu1,7\n",
        "share.csv": "external_id,before,after\nu1,5,7\n",
        "printed.json": '{"actions": [], "digest": "0"}',
        "who.csv": "Who,Limit\nu1,7\n",
        "key.pem": pem(),
        "cut.json": '{"complete": false, "users": [{"external_id": "u1", "qps_limit": 5}]}',
        "filtered.json": '{"filtered": true, "users": [{"external_id": "u1", "qps_limit": 5}]}',
    }.items():
        (work / name).write_text(text)
    config = home / ".config" / "parsec" / "config.toml"
    return Scene(builder, tool, work, config, builder.key.encode())


def placed(mode, scene, other):
    """Write the config; return the options and variables that reach the builder, and clean ones.

    The default profile is at a host that must not be asked.
    """
    url, key = scene.builder.url, {"PARSEC_API_KEY": scene.builder.key}
    if mode == "config":
        write_config(scene.config, "other", scene, other)
        scene.config = scene.work / "its config.toml"
    write_config(scene.config, "prod" if mode in ("default", "config") else "other", scene, other)
    return {
        "option": (["-p", "prod"], {}, {}),
        "variable": ([], {"PARSEC_PROFILE": "prod"}, {}),
        "variable with key": ([], {**key, "PARSEC_PROFILE": "bare"}, key),
        "default": ([], {}, {}),
        "base url": (["--base-url", url], key, key),
        "base url variable": ([], {**key, "PARSEC_API_BASE_URL": url}, key),
        "config": ([], {"PARSEC_CONFIG": str(scene.config)}, {}),
    }[mode]


def write_config(path, default, scene, other):
    url, key = scene.builder.url, scene.builder.key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'default_profile = "{default}"\n'
        f'[profiles.other]\nbase_url = "{other.url}"\napi_key = "pk_live_other_0001"\n'
        f'[profiles.bare]\nbase_url = "{url}"\n'
        f'[profiles.cmd]\nbase_url = "{url}"\napi_key_command = "echo key"\n'
        f'[profiles.prod]\nbase_url = "{url}"\napi_key = "{key}"\n'
    )
    path.chmod(0o600)


def at(scene, text):
    url = scene.builder.url
    return text.replace("BASE", url).replace("ALIAS", url.replace("127.0.0.1", "localhost"))


def provoked(scene, case, mode, other):
    """Run the case's command; return the proposed command line and the clean environment."""
    options, environ, clean = placed(mode, scene, other)
    case.setup(scene)
    words = shlex.split(at(scene, case.line))
    done = scene.tool(*options, *words, env=environ, stdin=scene.stdin)
    assert done.code == case.codes[0], done
    (scene.work / "FILE").write_bytes(scene.stdin or scene.builder.key.encode())
    in_brackets = re.search(r"\(.*`(parsec .*)`\)", done.out)
    # below a table, too
    text = done.out if " -o table" in case.line and "parsec " in done.out else done.err
    return in_brackets[1] if in_brackets else command_in(text), clean


@pytest.mark.parametrize(("case", "mode"), PAIRS, ids=IDS)
def test_a_proposed_command_works_in_a_clean_shell(clock, scene, other_origin, case, mode):
    line, clean = provoked(scene, case, mode, other_origin)
    clock.sleep(1)
    before, piped = len(scene.builder.requests), scene.builder.key.encode()
    for part in line.split(" | "):
        variables, words, stdin = read_by_a_shell(part, scene.work)
        words = [VALUES.get(word, word) for word in words]
        then = scene.tool(*words, env={**clean, **variables}, stdin=stdin or piped)
        piped = then.out_bytes
    assert then.code == case.codes[1], (line, then.err)
    sent = [str(request).partition("?")[0] for request in scene.builder.requests[before:]]
    seen = "\n".join([*(one.replace("/api/v1", "") for one in sent), then.out, then.err])
    assert re.search(at(scene, case.does), seen, re.MULTILINE), seen
    assert other_origin.requests == []


def test_each_place_that_proposes_a_command_has_a_case(
    tool, home, work, other_origin, private_ca, key_env, monkeypatch
):
    shown = watch(monkeypatch)
    for case in CASES:
        shutil.rmtree(home)
        builder = BuilderServer()
        try:
            provoked(arranged(tool, builder, home, work), case, "default", other_origin)
        finally:
            builder.stop()
    # the tests below run these three commands
    shutil.rmtree(home)
    cut_short(tool)
    busy_port(tool)
    with bad_certificate(tool, key_env, private_ca) as (_, words):
        assert words[0] == "parsec"
    missing = [f"{path}:{line}" for path, line, _ in sorted(set(calls()) - shown)]
    assert not missing, missing


@pytest.fixture
def program(home, work, tmp_path):
    """Run a line as a shell does: `program(line, env)`; only `parsec` is on its path besides."""
    path = tmp_path / "bin" / "parsec"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m parsec_cli "$@"\n')
    path.chmod(0o755)
    clean = {"PATH": f"{path.parent}:{os.defpath}", "HOME": str(home)}

    def run(line, env):
        return subprocess.Popen(
            ["/bin/sh", "-c", f"exec env {line}"],
            cwd=work,
            env={**clean, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.mark.parametrize("mode", ["option", "base url", "config"])
def test_a_proposed_command_works_as_a_program(program, scene, other_origin, mode):
    case = next(case for case in EVERYWHERE if case.line == "users apply r.csv")
    line, clean = provoked(scene, case, mode, other_origin)
    with program(line, clean) as child:
        assert child.wait(60) == 0
    assert scene.builder.effects == [("PATCH", KNOWN)]
    assert other_origin.requests == []


def cut_short(tool):
    """Let a signal arrive while the result of a change is shown."""

    def show(_screen, _result):
        raise Interrupted("interrupted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "show", show)
        done = tool("-p", "sandbox", "users", "set-qps", "user_001", "9")
    assert done.code == 130
    return command_in(done.err)


def test_the_history_shows_the_change_of_an_interrupted_command(tool):
    done = tool(*shlex.split(cut_short(tool))[1:])
    assert (done.code, "user_001" in done.out) == (0, True), done


def busy_port(tool):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        done = tool("sandbox", "serve", "--port", str(busy.getsockname()[1]))
    assert done.code == 1
    return command_in(done.err)


def test_serving_at_a_free_port_works(program, tool):
    with program(busy_port(tool), {}) as child:
        try:
            assert child.stdout.readline().startswith("http://127.0.0.1:")
        finally:
            child.terminate()


@contextmanager
def bad_certificate(tool, key_env, private_ca):
    """Lend a server that the tool does not trust, and what it proposes then."""
    started = BuilderServer(tls=private_ca.good())
    try:
        done = tool("users", "list", env=key_env(started))
        assert done.code == 7
        yield started, shlex.split(command_in(done.err))
    finally:
        started.stop()


def test_doctor_connects_to_the_server_whose_certificate_failed(tool, key_env, private_ca):
    with bad_certificate(tool, key_env, private_ca) as (started, words):
        before = len(started.connections)
        then = tool(*words[1:], env={"PARSEC_API_KEY": started.key})
        assert then.code == 7
        assert len(started.connections) > before


def test_no_message_contains_a_command_as_text():
    """It would lack profile, host and quoting. Help texts and docstrings are not messages."""
    groups = {
        name: group for name, group in parser().commands.items() if hasattr(group, "commands")
    }
    verbs = [f"{name} {verb}" for name, group in groups.items() for verb in group.commands]
    quoted = re.compile(f"`(?:parsec |(?:{'|'.join(verbs)})(?: [^`]+)?`)")
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name in ("topics.py", "tree.py") or path.parent.name == "shells":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docs = {
            ast.get_docstring(n, clean=False) for n in ast.walk(tree) if isinstance(n, documented)
        }
        found += [
            f"{path.name}:{node.lineno} {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if quoted.search(node.value) and node.value not in docs
        ]
    assert found == []
