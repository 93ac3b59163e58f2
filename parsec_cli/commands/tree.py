"""The table of contents: every command group, each from the file that bears its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer

from parsec_cli.commands.nouns import Noun
from parsec_cli.commands.shared import show_version

# the files of each noun, the first of which names it, in the order in which help shows them
_ENTRIES = {
    "users": ("users", "fleet"),
    "pool": ("pool",),
    "escrow": ("escrow",),
    "usage": ("usage",),
    "credentials": ("credentials",),
    "config": ("config",),
    "history": ("history",),
    "sandbox": ("sandbox",),
    "api": ("raw",),
    "doctor": ("doctor",),
    "completion": ("completion",),
    "help": ("help_topics",),
}

_SUMMARY = """Manage the end-users, limits and credentials of a Parsec builder.

To try it without a key, put `-p sandbox` into any command.

Examples:
  parsec -p sandbox users list
  parsec users create user_042 --qps-limit 5 --dry-run
"""


@cache
def parser() -> Any:
    """Build the parser once a process; of the commands only those that the line names."""
    root = Noun("parsec", _SUMMARY, _parsec)
    return root.over({name: _builder(files) for name, files in _ENTRIES.items()})


def _builder(files: tuple[str, ...]) -> Callable[[], Any]:
    first, *others = [f"parsec_cli.commands.{file}" for file in files]

    def build() -> Any:
        return import_module(first).noun.build(lambda: [import_module(file) for file in others])

    return build


def _parsec(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=show_version, help="Show the version."),
    ] = False,
) -> None:
    """Manage the end-users, limits and credentials of a Parsec builder."""
    del version
