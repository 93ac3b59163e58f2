"""Start-up stays quick: gates that count modules, requests and connections, never time."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

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
HEAVY = {"rich", "pydantic", "asyncio", "importlib.metadata", "click", "h2", "anyio.to_thread"}
NETWORK = {"httpx", "httpcore", "ssl", "socket"}
# grows with the tool, but not by accident: whoever raises it says why a listing needs it
MOST_OWN = 63
MOST_MODULES = 310  # Python 3.13's own library needs four more for the same than 3.11's
FILES = {"tomlkit", "tomllib", "waitress", "sqlite3"}
LOCAL = [
    "--version",
    "completion bash",
    "config path",
    "help exit-codes",
    "users list --help",
    "__complete user --profile= --base-url= a",
]


@pytest.fixture
def loaded(isolated_environment, work, tmp_path):
    """Run the tool and return the modules that it loaded beyond a bare interpreter's."""

    def run(command, **environ):
        report = tmp_path / "modules.txt"
        completed = subprocess.run(
            [sys.executable, "-c", PROBE, str(report), *command.split()],
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


def own(modules):
    return {name for name in modules if name.startswith("parsec_cli")}


@pytest.mark.parametrize("command", LOCAL)
def test_what_needs_no_network_loads_none(command, loaded):
    assert loaded(command) & (HEAVY | NETWORK | FILES) == set()


def test_version_loads_no_parser(loaded):
    modules = loaded("--version")
    assert "typer" not in modules
    assert own(modules) == {"parsec_cli", "parsec_cli.main"}


def test_a_listing_loads_nothing_heavy(loaded, builder, key_env):
    builder.add_many(3)
    modules = loaded("users list --json", **key_env(builder))
    assert "httpx" in modules
    assert modules & (HEAVY | FILES) == set()


def test_a_listing_loads_no_more_modules_than_it_used_to(loaded, builder, key_env):
    builder.add_many(3)
    modules = loaded("users list --json", **key_env(builder))
    assert len(own(modules)) <= MOST_OWN
    # with room for what another Python or a patch release adds
    assert len(modules) <= MOST_MODULES


def test_only_the_command_at_hand_is_loaded(loaded):
    commands = {
        "parsec_cli.commands.users.declared",
        "parsec_cli.commands.pool",
        "parsec_cli.commands.api",
    }
    assert loaded("config path") & commands == set()


@pytest.mark.parametrize("name", ["json", "jsonl", "tsv", "csv", "ids"])
def test_no_format_for_machines_loads_the_tables(name, loaded, builder, key_env):
    builder.add_many(3)
    modules = loaded(f"users list -o {name}", **key_env(builder))
    assert modules & {"parsec_cli.output.table", "parsec_cli.output.layout", "rich"} == set()


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


def test_one_page_is_one_request(tool, builder, key_env):
    builder.add_many(100)
    assert tool("users", "list", env=key_env(builder)).code == 0
    assert len(builder.requests) == 1


def test_no_version_of_typer_loads_pydantic_or_click(loaded):
    """With click, httpx loads its own command line; pydantic costs more than the whole parser."""
    assert importlib.util.find_spec("pydantic"), "the gate proves nothing without pydantic"
    assert importlib.util.find_spec("click") is None
    modules = loaded("config path")
    assert "typer" in modules
    assert modules & {"pydantic", "pydantic_core", "click"} == set()


@pytest.mark.parametrize(
    "switch",
    [{"PYTHONOPTIMIZE": "2"}, {"_PARSEC_COMPLETE": "x"}, {"_PARSEC_COMPLETE": "complete_bash"}],
    ids=str,
)
@pytest.mark.parametrize("command", ["users set-qps --help", "config path", "help"])
def test_switches_of_the_interpreter_and_the_libraries_change_nothing(command, switch, parsec):
    usual, switched = parsec(*command.split()), parsec(*command.split(), env=switch)
    assert (switched.code, switched.out, switched.err) == (0, usual.out, usual.err)
