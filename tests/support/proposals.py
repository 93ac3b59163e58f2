"""The places in the package that propose a command, and what a POSIX shell makes of one."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import parsec_cli
from parsec_cli import next_command
from parsec_cli.next_command import Completed, NextCommand
from parsec_cli.runtime import Runtime

PACKAGE = Path(parsec_cli.__file__).parent
Place = tuple[str, int, int]  # file, line and column
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
def calls() -> dict[Place, tuple[str, ast.Call]]:
    """Return each call that makes a command, with the outermost name that it stands under."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        imported = [n for n in imports if n.module == "parsec_cli.next_command"]
        makers = {alias.name for node in imported for alias in node.names} & set(_MAKERS)
        for statement in tree.body:
            for node in ast.walk(statement):
                named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                if named and node.func.id in makers:
                    found[str(path), node.lineno, node.col_offset] = _name(statement), node
    return found


def _name(statement: ast.stmt) -> str:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return statement.name
    return ast.unparse(statement).partition("=")[0].partition(":")[0].strip()


def watch(monkeypatch: Any) -> set[Place]:
    """Return a set that gets the place of each command that is shown from now on."""
    made = {id(command): (place, command) for place, command in _constants()}
    shown: set[Place] = set()

    def recorded(make: Any) -> Any:
        def maker(*args: Any, **members: Any) -> NextCommand:
            caller = sys._getframe(1)
            command: NextCommand = make(*args, **members)
            code = caller.f_code
            line, _, column, _ = next(islice(code.co_positions(), caller.f_lasti // 2, None))
            made[id(command)] = (code.co_filename, line or 0, column or 0), command
            return command

        return maker

    for maker in _MAKERS:
        original = getattr(next_command, maker)
        for module in modules():
            if getattr(module, maker, None) is original:
                monkeypatch.setattr(module, maker, recorded(original))
    complete = Runtime.complete

    def completed(runtime: Runtime, command: NextCommand) -> Completed | None:
        shown.add(made[id(command)][0])
        return complete(runtime, command)

    monkeypatch.setattr(Runtime, "complete", completed)
    return shown


def _constants() -> Iterator[tuple[Place, NextCommand]]:
    """Yield the commands that importing the package made."""
    named = {module.__file__: module for module in modules()}
    for place, (name, _) in calls().items():
        value = getattr(named[place[0]], name, None)
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
