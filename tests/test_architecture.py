"""The rooms and the arrows between them: what each module may import, held by reading the code."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import parsec_cli

PACKAGE = Path(parsec_cli.__file__).parent
ROOMS = {"api", "fleet", "output", "local", "sandbox", "shells"}
# bottom layer: the standard library and each other only
BOTTOM = {
    "errors",
    "files",
    "holdings",
    "models",
    "next_command",
    "outcomes",
    "results",
    "origin",
    "cells",
    "exact_json",
    "field_rules",
    "unseen",
    "interrupts",
    "manual",
    "records",
    "secrecy",
    "strict_json",
    "world",
}
LIBRARIES = {
    "httpx": "api",
    "httpcore": "api",
    "certifi": "api",
    "rich": "output",
    "tomlkit": "local",
    "tomllib": "local",
    "platformdirs": "local",
    "sqlite3": "sandbox",
    "waitress": "sandbox",
    "typer": "commands",
}
# where a second room has a reason
ALSO = {
    ("httpx", "runtime.py"): "names the transport's type",
    ("httpx", "world.py"): "names the transport's type",
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Every module that the file imports anywhere, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(path):
    """The first name below the package of each of its own modules that the file imports."""
    return {n.split(".")[1] for n in imports(path) if n.startswith("parsec_cli.")} - {"__version__"}


def role(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_rooms_import_only_what_lies_below_them():
    wrong = {
        f"{path.relative_to(PACKAGE)} -> {sorted(beyond)}"
        for path in modules()
        if role(path) in ROOMS
        if (beyond := own(path) - BOTTOM - {role(path)})
    }
    assert not wrong


def test_bottom_layer_needs_nothing_but_itself():
    wrong = {
        f"{path.name} -> {sorted(beyond)}"
        for path in modules()
        if role(path) in BOTTOM
        if (beyond := own(path) - BOTTOM)
    }
    assert not wrong


def test_runtime_does_not_know_commands_and_only_main_knows_all():
    allowed = {"runtime": ROOMS | BOTTOM, "commands": ROOMS | BOTTOM | {"runtime", "commands"}}
    wrong = {
        f"{path.relative_to(PACKAGE)} -> {sorted(beyond)}"
        for path in modules()
        if role(path) in allowed
        if (beyond := own(path) - allowed[role(path)])
    }
    assert not wrong


def test_each_library_is_imported_by_its_room_alone():
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {library}"
        for path in modules()
        for library in {name.partition(".")[0] for name in imports(path)} & set(LIBRARIES)
        if LIBRARIES[library] != role(path) and (library, path.name) not in ALSO
    }
    assert not wrong


def test_nobody_imports_click():
    assert not [
        str(path) for path in modules() if any(n.startswith("click") for n in imports(path))
    ]


def test_every_imported_library_is_declared_with_a_floor():
    """What comes along with another library may stay away in its next release."""
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)["project"]["dependencies"]
    names = {name.partition(".")[0] for path in modules() for name in imports(path)}
    # each library is imported by the name that it is installed by
    assert {re.split("[<>=]", line)[0] for line in declared} == {
        *(names - sys.stdlib_module_names - {"parsec_cli", "_typeshed"})
    }
    assert all(">=" in line for line in declared)


def test_one_file_knows_what_typer_does_not_document():
    private = re.compile(
        r"typer\.(?:main|models|_\w+)|TyperException|_protected_args"
        r"|param_type_name|secondary_opts|\.opts\b|_runtime_param"
    )
    knowing = [p.name for p in modules() if private.search(p.read_text(encoding="utf-8"))]
    assert knowing == ["typer_adapter.py"]
