"""What an error tells the operator, for a comparison with all that it should tell."""

from __future__ import annotations

from parsec_cli.errors import ParsecError
from parsec_cli.next_command import NextCommand


def told(fault: ParsecError) -> tuple[str, tuple[str, ...], str, NextCommand | None]:
    """Return all that an error tells: its message, details, hint and proposed command."""
    return fault.message, fault.details, fault.hint, fault.command
