"""The table of contents: every command group, each from the file that bears its name."""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from typing import Annotated, Any

import typer

from parsec_cli.cli.common_options import show_version
from parsec_cli.cli.groups import Noun

# in the order in which help shows them; each is a file or a folder of `commands`
_NOUNS = (
    "users",
    "pool",
    "escrow",
    "usage",
    "credentials",
    "config",
    "history",
    "sandbox",
    "api",
    "doctor",
    "completion",
    "help",
)

_SUMMARY = """Manage the end-users, limits and credentials of a Parsec builder.

To try it without a key, put `-p sandbox` into any command.

Examples:
  parsec -p sandbox users list
  parsec users create user_042 --qps-limit 5 --dry-run
"""


@cache
def parser() -> Any:
    """Build the parser once a process; of the commands only those that the line names."""
    root = Noun("parsec", _SUMMARY, callback=_parsec)
    return root.over({name: partial(_built, name) for name in _NOUNS})


def _built(name: str) -> Any:
    return import_module(f"parsec_cli.commands.{name}").noun.build()


def _parsec(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=show_version, help="Show the version."),
    ] = False,
) -> None:
    """Manage the end-users, limits and credentials of a Parsec builder."""
    del version
