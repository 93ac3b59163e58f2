"""`parsec api`: any path of the API, for what has no command yet."""

from __future__ import annotations

import typer

from parsec_cli.cli.common_options import (
    ALLOW_HOLDINGS,
    BALANCES_ONLY,
    CONFIRM,
    DRY_RUN,
    REASON,
    argument,
    option,
    runtime_of,
)
from parsec_cli.cli.tree import Verb
from parsec_cli.results import Result


def api(
    ctx: typer.Context,
    method: str = argument("METHOD", "The HTTP method."),
    path: str = argument("PATH", "Such as /builder/pool, with or without /api/v1."),
    *,
    query: list[str] | None = option("--query key=value", "Add to the query; repeatable."),
    field: list[str] | None = option("-f key=value", "Text member of the JSON body; repeatable."),
    json_field: list[str] | None = option("-F key=json", "JSON member of the body; repeatable."),
    input_file: str | None = option("--input FILE|-", "The whole JSON body."),
    as_user: str | None = option("--as USER", "Send the request for this end-user."),
    include: bool = option("--include", "Print status and headers before the body."),
    confirm: str | None = CONFIRM,
    allow_holdings: int | None = ALLOW_HOLDINGS,
    balances_only: bool = BALANCES_ONLY,
    dry_run: bool = DRY_RUN,
    reason: str = REASON,
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
