"""Options and arguments that several commands take, each declared once with its help."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.cli.option_values import whole

DEFAULT_MAX = 10  # deactivations in one run


DryRun = Annotated[
    bool,
    typer.Option("-n", "--dry-run", help="Read and check everything, but send no change."),
]


Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]


UserName = Annotated[
    str, typer.Argument(metavar="USER", help="A customer_id or an external_id; see `ext:`, `id:`.")
]


Overcommit = Annotated[
    bool, typer.Option("--allow-overcommit", help="Let the sum of limits pass the QPS pool.")
]


Credentials = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Exchange keys: a JSON object or a PEM file."),
]


ApiKeyId = Annotated[
    str | None, typer.Option(metavar="ID", help="Id of the key in a PEM file (not secret).")
]


OddIds = Annotated[
    bool,
    typer.Option(
        "--allow-odd-ids", help="Allow new ids such as `NULL`, or ones that look like another."
    ),
]


Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Read a field from a column of another name; repeatable. Ignores unknown columns.",
    ),
]


Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="VALUE", help="Consent for scripts: the external_id, or the count."
    ),
]


Most = Annotated[
    int,
    typer.Option(
        "--max",
        parser=whole(0, 100_000, "--max"),
        metavar="N",
        help="Deactivations in one run at most.",
    ),
]


AllowHoldings = Annotated[
    int | None,
    typer.Option(
        "--allow-holdings",
        parser=whole(0, 100_000, "--allow-holdings"),
        metavar="N",
        help="For scripts: allow the deactivation of exactly N users who hold money.",
    ),
]


BalancesOnly = Annotated[
    bool,
    typer.Option(
        "--balances-only", help="Do not read open orders and positions before a deactivation."
    ),
]


ResultsFile = Annotated[
    str | None, typer.Option("--results", metavar="FILE", help="Where to write the result rows.")
]


Prune = Annotated[
    bool, typer.Option("--prune", help="Deactivate every user that is not in the file.")
]
