"""Start-up stays fast: these tests count modules, files, requests and connections, never time."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

# Run by a process of its own: the real entry point, then the modules that it loaded.
PROBE = """
import sys
before = set(sys.modules)
report, sys.argv[1:] = sys.argv[1], sys.argv[2:]
from parsec_cli.main import run
try:
    run()
finally:
    with open(report, "w") as file:
        file.write("\\n".join(sorted(set(sys.modules) - before)))
"""
# Run likewise: the real entry point, then the files of the package in which a function ran,
# without what runs while a module is imported, such as decorators.
PROFILER = """
import sys, threading
ran = set()
report, sys.argv[1:] = sys.argv[1], sys.argv[2:]
def note(frame, event, argument):
    _, package, file = frame.f_code.co_filename.rpartition("/parsec_cli/")
    if event == "call" and package and file not in ran:
        while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
            frame = frame.f_back
        if frame is None:
            ran.add(file)
from parsec_cli.main import run
threading.setprofile(note)
sys.setprofile(note)
try:
    run()
finally:
    sys.setprofile(None)
    with open(report, "w") as file:
        file.write("\\n".join(ran))
"""
HEAVY = {"rich", "pydantic", "asyncio", "importlib.metadata", "click", "h2", "anyio.to_thread"}
NETWORK = {"httpx", "httpcore", "ssl", "socket"}
# may grow with the tool, if a listing needs the new module
MOST_OWN = 50
MOST_MODULES = 310  # Python 3.13's own library needs four more for the same than 3.11's
# the commands that docs/architecture.md follows, with the most files in which a function may run
MOST_FILES = {"users list --json": 25, "users deactivate X": 34, "users apply plan.json": 46}
FILES = {"tomlkit", "tomllib", "waitress", "sqlite3"}
LOCAL = [
    "--version",
    "completion bash",
    "config path",
    "help exit-codes",
    "users list --help",
    "__complete users:a users get",
]


@pytest.fixture
def probe(isolated_environment, work, tmp_path):
    """Run the tool below a program that writes a report, and return the words of the report."""

    def run(program, command, **environ):
        report = tmp_path / "report.txt"
        completed = subprocess.run(
            [sys.executable, "-c", program, str(report), *command.split()],
            env={**isolated_environment, **environ},
            cwd=work,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert completed.returncode == 0, completed.stderr
        return set(report.read_text().split())

    return run


@pytest.fixture
def loaded(probe):
    """Run the tool and return the modules that it loaded beyond a bare interpreter's."""
    return partial(probe, PROBE)


@pytest.fixture
def files_that_run(probe, builder, key_env, tool, work):
    """Run one of the three commands and return the files in which a function ran."""

    def run(command):
        environ = key_env(builder)
        builder.add_many(3)
        builder.add("X")
        (work / "users.csv").write_text("external_id,qps_limit\nX,7\nnew,3\n")
        assert tool(*["users", "plan", "users.csv", "--out", "plan.json"], env=environ).code == 0
        words = {"deactivate": " --confirm X", "apply": " --yes"}.get(command.split()[1], "")
        return probe(PROFILER, command + words, **environ)

    return run


def own(modules):
    return {name for name in modules if name.startswith("parsec_cli")}


@pytest.mark.parametrize("command", LOCAL)
def test_local_commands_load_no_network_modules(command, loaded):
    assert loaded(command) & (HEAVY | NETWORK | FILES) == set()


def test_version_loads_no_parser(loaded):
    modules = loaded("--version")
    assert "typer" not in modules
    assert own(modules) == {"parsec_cli", "parsec_cli.main"}


@pytest.mark.parametrize("command", ["__complete users:", "__complete users:a users get"])
def test_a_key_press_loads_no_parser(command, loaded):
    # `inspect` takes 8 ms of 45
    assert loaded(command) & {"typer", "subprocess", "inspect", "dataclasses"} == set()


def test_a_listing_loads_nothing_heavy(loaded, builder, key_env):
    builder.add_many(3)
    modules = loaded("users list --json", **key_env(builder))
    assert "httpx" in modules
    assert modules & (HEAVY | FILES) == set()


def test_a_listing_loads_at_most_the_pinned_modules(loaded, builder, key_env):
    builder.add_many(3)
    modules = loaded("users list --json", **key_env(builder))
    assert len(own(modules)) <= MOST_OWN
    # with room for what another Python or a patch release adds
    assert len(modules) <= MOST_MODULES


@pytest.mark.parametrize("command", MOST_FILES)
def test_a_command_runs_in_at_most_the_pinned_files(command, files_that_run):
    assert len(files_that_run(command)) <= MOST_FILES[command]


@pytest.mark.parametrize("command", MOST_FILES)
def test_the_architecture_page_names_the_files_that_run(command, files_that_run):
    """A section names files of its command only; earlier sections may have named others."""
    page = Path(__file__).parents[1] / "docs" / "architecture.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(f"## `parsec {command}`\n")
    section = rest.partition("\n## ")[0]
    named, earlier = (set(re.findall(r"`([\w/]+\.py)`", text)) for text in (section, before))
    ran = files_that_run(command)
    assert (named - ran, ran - named - earlier) == (set(), set())


def test_only_the_command_of_the_line_is_loaded(loaded):
    commands = {
        "parsec_cli.commands.users.list",
        "parsec_cli.commands.pool",
        "parsec_cli.commands.pool.show",
        "parsec_cli.commands.api",
    }
    assert loaded("config path") & commands == set()


def test_only_help_as_json_loads_the_schemas(loaded):
    assert "parsec_cli.describe.outputs" in loaded("help users list --json")
    for command in ("help users list", "users list --help"):
        assert not {name for name in loaded(command) if name.startswith("parsec_cli.describe")}


def test_help_of_a_noun_loads_only_the_verbs_whose_examples_it_shows(loaded):
    verbs = {n for n in loaded("users --help") if n.startswith("parsec_cli.commands.users.")}
    assert verbs == {"parsec_cli.commands.users.list", "parsec_cli.commands.users.get"}


@pytest.mark.parametrize("name", ["jsonl", "tsv", "ids"])
def test_no_format_for_machines_loads_the_tables(name, loaded, builder, key_env):
    builder.add_many(3)
    modules = loaded(f"users list -o {name}", **key_env(builder))
    assert modules & {"parsec_cli.output.table", "rich"} == set()


def test_pages_share_one_connection(tool, builder, key_env):
    builder.add_many(750)
    listed = tool("users", "list", "--json", env=key_env(builder))
    assert (listed.code, listed.json["count"]) == (0, 750)
    # 8 pages, and the pool to compare with
    assert [request.path for request in builder.requests] == [
        *["/api/v1/builder/users"] * 8,
        "/api/v1/builder/pool",
    ]
    assert len(builder.connections) == 1


def test_no_version_of_typer_loads_pydantic_or_click(loaded):
    """With click, httpx loads its own command line; pydantic costs more than the whole parser."""
    assert importlib.util.find_spec("pydantic"), "the test proves nothing without pydantic"
    assert importlib.util.find_spec("click") is None
    modules = loaded("config path")
    assert "typer" in modules
    assert modules & {"pydantic", "pydantic_core", "click"} == set()


@pytest.mark.parametrize(
    ("command", "switch"),
    [
        ("users set-qps --help", {"PYTHONOPTIMIZE": "2"}),
        ("config path", {"_PARSEC_COMPLETE": "x"}),
        ("help", {"_PARSEC_COMPLETE": "complete_bash"}),
    ],
)
def test_interpreter_and_library_switches_change_nothing(command, switch, parsec):
    usual, switched = parsec(*command.split()), parsec(*command.split(), env=switch)
    assert (switched.code, switched.out, switched.err) == (0, usual.out, usual.err)
