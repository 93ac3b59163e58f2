"""`parsec doctor`: what is in effect here, and does the API answer."""

from __future__ import annotations

import typer

from parsec_cli.commands import columns
from parsec_cli.commands.nouns import Verb
from parsec_cli.commands.shared import runtime_of
from parsec_cli.results import Listing


def doctor(ctx: typer.Context) -> Listing:
    """Check config, key, network and API, one line each.

    The exit code is 0 or that of the first failure.

    Examples:
      parsec doctor
      parsec doctor --json | jq -r '.checks[] | select(.status != "ok") | .detail'

    """
    from parsec_cli.commands.checks import examine

    checks, exit_code = examine(runtime_of(ctx))
    return Listing("checks", columns.CHECK, [checks], exit_code=exit_code)


noun = Verb("doctor", doctor)
