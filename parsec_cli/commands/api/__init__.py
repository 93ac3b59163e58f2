"""`parsec api`: any path of the API, for what has no command yet."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.cli.common_options import (
    AllowHoldings,
    BalancesOnly,
    Confirm,
    DryRun,
    Reason,
    runtime_of,
)
from parsec_cli.cli.tree import Verb
from parsec_cli.results import Result


def api(
    ctx: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="The HTTP method.")],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Such as /builder/pool, with or without /api/v1.")
    ],
    *,
    query: Annotated[
        list[str] | None, typer.Option(metavar="key=value", help="Add to the query; repeatable.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("-f", metavar="key=value", help="Text member of the JSON body; repeatable."),
    ] = None,
    json_field: Annotated[
        list[str] | None,
        typer.Option("-F", metavar="key=json", help="JSON member of the body; repeatable."),
    ] = None,
    input_file: Annotated[
        str | None, typer.Option("--input", metavar="FILE|-", help="The whole JSON body.")
    ] = None,
    as_user: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="Send the request for this end-user.")
    ] = None,
    include: Annotated[
        bool, typer.Option("--include", help="Print status and headers before the body.")
    ] = False,
    confirm: Confirm = None,
    allow_holdings: AllowHoldings = None,
    balances_only: BalancesOnly = False,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Result:
    """Send one request to any path of the API.

    It uses the profile's key, retries, masking and history. A DELETE of a user needs the same
    consent as `users deactivate`.

    Examples:
      parsec api GET /builder/pool
      parsec api GET /positions --query exchange=polymarket --as user_001

    """
    from parsec_cli.commands.api.request import RequestOptions, send_request
    from parsec_cli.commands.shared.consent import Consent

    options = RequestOptions(
        method.upper(),
        path,
        query or (),
        field or (),
        json_field or (),
        input_file,
        as_user,
        include,
        Consent(confirm, allow_holdings),
        balances_only,
        dry_run,
        reason,
    )
    return send_request(runtime_of(ctx), options)


noun = Verb("api", api)
