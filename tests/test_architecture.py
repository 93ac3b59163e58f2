"""The rooms and their imports: each module imports only what the table allows."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import parsec_cli

PACKAGE = Path(parsec_cli.__file__).parent
LONGEST_FUNCTION, LONGEST_FILE = 50, 300
# what every room may use: the standard library and each other only
SHARED = {
    "base_url",
    "cells",
    "columns",
    "errors",
    "exact_json",
    "field_rules",
    "files",
    "holdings",
    "interrupts",
    "models",
    "next_command",
    "records",
    "redaction",
    "results",
    "spreadsheets",
    "visible",
}
# each room with the rooms below it that it may use, from the bottom to the top
ROOMS = {
    "api": set(),
    "bulk": set(),
    "output": set(),
    "sandbox": set(),
    "config": set(),
    "memory": {"config"},
    "runtime": {"api", "bulk", "config", "memory", "output", "sandbox"},
    "cli": {"config", "output", "runtime"},
    "describe": {"cli"},
    "shells": {"cli"},
    "commands": {
        "api",
        "bulk",
        "cli",
        "config",
        "describe",
        "memory",
        "output",
        "runtime",
        "sandbox",
    },
    "main": {"api", "cli", "memory", "runtime"},
}
LIBRARIES = {
    "httpx": "api/transport.py",
    "httpcore": "api/transport.py",
    "h11": "api/transport.py",
    "certifi": "base_url.py",
    "rich": "output/",
    "tomlkit": "config/",
    "tomllib": "config/",
    "platformdirs": "config/settings.py",
    "sqlite3": "sandbox/",
    "waitress": "sandbox/",
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def nodes(tree):
    """Every node of the tree, except those that only a type checker reads."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from nodes(child)


def imports(path, read=ast.walk):
    """Every module that the file imports anywhere, as dotted names."""
    for node in read(ast.parse(path.read_text(encoding="utf-8"))):
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


def test_every_module_belongs_to_a_room_of_the_table():
    assert {role(path) for path in modules()} - {"__init__", "__main__"} == SHARED | set(ROOMS)


def test_imports_follow_the_table_of_rooms():
    wrong = {
        f"{path.relative_to(PACKAGE)} -> {sorted(beyond)}"
        for path in modules()
        if role(path) in ROOMS
        if (beyond := own(path) - SHARED - ROOMS[role(path)] - {role(path)})
    }
    assert not wrong


def test_shared_modules_import_only_each_other():
    wrong = {
        f"{path.name} -> {sorted(beyond)}"
        for path in modules()
        if role(path) in SHARED
        if (beyond := own(path) - SHARED)
    }
    assert not wrong


def test_no_modules_import_each_other_in_a_circle():
    names = {}
    for path in modules():
        module = path.parent if path.stem == "__init__" else path.with_suffix("")
        names[".".join(module.relative_to(PACKAGE.parent).parts)] = path
    # a module that another one names, not the packages around it
    graph = {name: set(imports(path, nodes)) & names.keys() for name, path in names.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError with the modules of a circle


def test_no_file_and_no_function_is_too_long():
    functions = [
        (f"{path.relative_to(PACKAGE)}: {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    assert [name for name, lines in functions if lines > LONGEST_FUNCTION] == []
    files = {str(path): path.read_text(encoding="utf-8").count("\n") for path in modules()}
    assert [name for name, lines in files.items() if lines > LONGEST_FILE] == []


def test_each_library_is_named_in_one_place():
    wrong = {
        f"{file} imports {library}"
        for path in modules()
        for library in {name.partition(".")[0] for name in imports(path)} & set(LIBRARIES)
        if not (file := path.relative_to(PACKAGE).as_posix()).startswith(LIBRARIES[library])
    }
    assert not wrong


def is_verb(path: Path) -> bool:
    """Whether a file of the package is a verb: `commands/<noun>/<verb>.py`."""
    return path.match("commands/*/*.py") and path.parent.name != "shared"


def test_no_two_modules_share_a_name_unless_they_mean_the_same():
    """The same thing in two rooms: see docs/architecture.md. Nouns may have the same verbs."""
    files = [path for path in modules() if path.stem != "__init__"]
    verbs = [path for path in files if is_verb(path.relative_to(PACKAGE))]
    names = [*{path.stem for path in verbs}, *(path.stem for path in files if path not in verbs)]
    twice = {name for name in names if names.count(name) > 1}
    assert twice == {"credentials", "diff", "plan", "share"}


def test_no_module_imports_click():
    assert not [
        str(path) for path in modules() if any(n.startswith("click") for n in imports(path))
    ]


def test_one_file_knows_what_typer_does_not_document():
    private = re.compile(
        r"typer\.(?:main|models|_\w+)|TyperException|_protected_args"
        r"|param_type_name|secondary_opts|\.opts\b|_runtime_param"
        r"|(?<!ctx)\.params\b|(?<!parsec_cli)\.commands\b"
    )
    knowing = [p.name for p in modules() if private.search(p.read_text(encoding="utf-8"))]
    assert knowing == ["typer_adapter.py"]
