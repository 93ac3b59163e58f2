"""The table of contents: every command group, each from the file that bears its name."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer

from parsec_cli.commands import (
    config,
    credentials,
    doctor,
    escrow,
    fleet,  # noqa: F401 - adds `plan` and `apply` to the users
    help_topics,
    history,
    pool,
    raw,
    sandbox,
    usage,
    users,
)
from parsec_cli.commands.options import Noun, show_version

# in the order in which help shows them
_ENTRIES = (
    users.noun,
    pool.noun,
    escrow.noun,
    usage.noun,
    credentials.noun,
    config.noun,
    history.noun,
    sandbox.noun,
    raw.noun,
    doctor.noun,
    help_topics.noun,
)


_SUMMARY = """Manage the end-users, limits and credentials of a Parsec builder.

To try it without a key, put `-p sandbox` into any command.

Examples:
  parsec -p sandbox users list
  parsec users create user_042 --qps-limit 5 --dry-run
"""


def tree() -> Noun:
    """Build the whole command tree."""
    root = Noun("parsec", _SUMMARY)
    root.callback()(_parsec)
    for entry in _ENTRIES:
        entry.join(root)
    return root


@cache
def parser() -> Any:
    """Build the parser once a process: it keeps nothing of a call, and takes its time."""
    built: Any = typer.main.get_command(tree())
    # Typer puts verbs before nouns
    built.commands = {entry.name: built.commands[entry.name] for entry in _ENTRIES}
    return built


def _parsec(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=show_version, help="Show the version."),
    ] = False,
) -> None:
    """Manage the end-users, limits and credentials of a Parsec builder."""
    del version
