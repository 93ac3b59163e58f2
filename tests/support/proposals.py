"""The places in the package that propose a command, and what a POSIX shell makes of one."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import parsec_cli
from parsec_cli import next_command
from parsec_cli.next_command import NextCommand
from parsec_cli.runtime import Runtime

PACKAGE = Path(parsec_cli.__file__).parent
_MAKERS = ("run", "again")
_PARSEC = 'parsec() { printf "%s\\0" "$PARSEC_CONFIG" "$PARSEC_PROFILE" "$@"; cat >&2; }\n'


@cache
def modules() -> tuple[ModuleType, ...]:
    """Import the whole package."""
    walked = pkgutil.walk_packages([str(PACKAGE)], "parsec_cli.")
    return tuple(
        importlib.import_module(found.name) for found in walked if found.name[-8:] != "__main__"
    )


@cache
def calls() -> dict[tuple[str, int], tuple[str, ast.Call]]:
    """Return each call that makes a command, by file and line, with a name that edits keep.

    `api/resolve:Resolver._not_found 2` is the second one in that method.
    """
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        imported = [n for n in imports if n.module == "parsec_cli.next_command"]
        makers = {alias.name for node in imported for alias in node.names} & set(_MAKERS)
        numbers = Counter[str]()
        for scope, call in _calls(tree, makers, ()):
            numbers[scope] += 1
            name = f"{path.relative_to(PACKAGE).with_suffix('')}:{scope}"
            name += f" {numbers[scope]}" if numbers[scope] > 1 else ""
            found[str(path), call.lineno] = name, call
    return found


def _calls(
    node: ast.AST, makers: set[str], scope: tuple[str, ...]
) -> Iterator[tuple[str, ast.Call]]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        scope = (*scope, node.name)
    if isinstance(node, ast.Assign | ast.AnnAssign) and not scope:
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        scope = (ast.unparse(target),)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
        yield ".".join(scope), node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, makers, scope)


def watch(monkeypatch: Any) -> list[str]:
    """Return a list that gets the place of each command that is shown from now on."""
    made = {id(command): (place, command) for place, command in _constants()}
    shown: list[str] = []

    def recorded(make: Any) -> Any:
        def maker(*args: Any, **members: Any) -> NextCommand:
            caller = sys._getframe(1)
            command: NextCommand = make(*args, **members)
            place, _ = calls()[caller.f_code.co_filename, caller.f_lineno]
            made[id(command)] = place, command
            return command

        return maker

    for maker in _MAKERS:
        original = getattr(next_command, maker)
        for module in modules():
            if getattr(module, maker, None) is original:
                monkeypatch.setattr(module, maker, recorded(original))
    complete = Runtime.complete

    def completed(runtime: Runtime, command: NextCommand) -> list[str] | None:
        shown.append(made[id(command)][0])
        return complete(runtime, command)

    monkeypatch.setattr(Runtime, "complete", completed)
    return shown


def _constants() -> Iterator[tuple[str, NextCommand]]:
    """Yield the commands that importing the package made."""
    named = {module.__file__: module for module in modules()}
    for (path, _), (place, _) in calls().items():
        value = getattr(named[path], place.rpartition(":")[2].partition(".")[0], None)
        value = getattr(value, "default_hint", value)
        for member in value if isinstance(value, tuple) else (value,):
            if isinstance(member, NextCommand):
                yield place, member


def read_by_a_shell(line: str, work: Path) -> tuple[dict[str, str], list[str], bytes]:
    """Return the variables, the arguments and the stdin that a clean shell gives to `parsec`."""
    done = subprocess.run(
        ["/bin/sh", "-c", _PARSEC + line],
        cwd=work,
        env={"PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    config, profile, *words = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    variables = {"PARSEC_CONFIG": config, "PARSEC_PROFILE": profile}
    return {name: value for name, value in variables.items() if value}, words, done.stderr
