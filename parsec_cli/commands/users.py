"""`parsec users`: read and change end-users, one by one or a few at a time."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.commands import columns
from parsec_cli.commands.nouns import Noun
from parsec_cli.commands.options import (
    ApiKeyId,
    Credentials,
    DryRun,
    OddIds,
    Overcommit,
    Reason,
    UserName,
)
from parsec_cli.commands.parsers import whole
from parsec_cli.commands.shared import runtime_of
from parsec_cli.field_rules import QPS_MAX
from parsec_cli.results import Listing, Record

noun = Noun("users", "List, read and change the end-users.")


@noun.command("list")
def list_users(
    ctx: typer.Context,
    *,
    limit: Annotated[
        int | None,
        typer.Option(parser=whole(1, 10**9, "--limit"), metavar="N", help="Stop after N users."),
    ] = None,
    cursor: Annotated[
        str | None, typer.Option(metavar="C", help="Go on where an earlier listing stopped.")
    ] = None,
    page_size: Annotated[
        int,
        typer.Option(parser=whole(1, 100, "--page-size"), metavar="N", help="Users per request."),
    ] = 100,
    match: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only ids or addresses that contain TEXT.")
    ] = None,
    exchange: Annotated[
        str | None,
        typer.Option(metavar="polymarket|kalshi|none", help="Only users linked to it, or nowhere."),
    ] = None,
    tier: Annotated[str | None, typer.Option(metavar="T", help="Only users of tier T.")] = None,
    wallet: Annotated[
        str | None, typer.Option(metavar="eoa|safe|none", help="Only users with such a wallet.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Sort by a field, once all are read.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Sort in descending order.")] = False,
) -> Listing:
    """List all end-users, page by page as they arrive.

    Filters and sorting happen here, not on the server: they read the whole listing.

    Examples:
      parsec users list --match user_0 --wallet safe
      parsec users list --json | jq -r '.users[].external_id'

    """
    from parsec_cli.commands.listing import Filters, list_users

    filters = Filters.checked(match=match, exchange=exchange, tier=tier, wallet=wallet)
    return list_users(
        runtime_of(ctx),
        filters,
        limit=limit,
        cursor=cursor or None,
        page_size=page_size,
        sort=sort,
        reverse=reverse,
    )


@noun.command("get")
def get(
    ctx: typer.Context,
    user: Annotated[
        list[str], typer.Argument(metavar="USER...", help="customer_ids or external_ids.")
    ],
) -> Record | Listing:
    """Show all fields of one user, or of several.

    Examples:
      parsec users get user_001
      parsec users get ext:user_001 id:0a1b2c3d-0000-4000-8000-000000000001 --json

    """
    from parsec_cli.commands.cards import balances_text, user_card

    users = runtime_of(ctx).resolver.several(user)
    if len(users) == 1:
        summary = balances_text(users[0])
        return Record(users[0].raw, columns.USER, user_card(users[0]), summary=summary)
    records = [found.raw for found in users]
    footer = {"count": len(records), "complete": True, "next_cursor": None}
    return Listing("users", columns.USER, [records], lambda: footer)


@noun.command("create", changes=True)
def create(
    ctx: typer.Context,
    external_id: Annotated[
        str, typer.Argument(metavar="EXTERNAL_ID", help="Your own id for the user.")
    ],
    *,
    email: Annotated[str | None, typer.Option(metavar="E", help="Email address.")] = None,
    qps_limit: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, QPS_MAX, "--qps-limit"),
            metavar="N",
            help="Requests per second.",
        ),
    ] = None,
    eoa_address: Annotated[
        str | None, typer.Option(metavar="0x..", help="The user's own wallet address.")
    ] = None,
    allow_overcommit: Overcommit = False,
    allow_odd_ids: OddIds = False,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Record:
    """Create an end-user, or find that it exists.

    The same external_id never makes two.

    Examples:
      parsec users create user_042 --qps-limit 5
      parsec users create user_042 --email ops@example.com --json | jq .created

    """
    from parsec_cli.commands.changing import create_user

    return create_user(
        runtime_of(ctx),
        external_id,
        email=email,
        qps_limit=qps_limit,
        eoa_address=eoa_address,
        allow_overcommit=allow_overcommit,
        allow_odd_ids=allow_odd_ids,
        dry_run=dry_run,
        reason=reason,
    )


@noun.command("set-qps", changes=True)
def set_qps(
    ctx: typer.Context,
    limit: Annotated[
        list[str],
        typer.Argument(
            metavar="USER QPS|USER=QPS...", help="A user and its new limit, or several pairs."
        ),
    ],
    *,
    allow_overcommit: Overcommit = False,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Record | Listing:
    """Set the limits of one user or several, in requests per second.

    Shows the old and the new limit and the pool before and after. Several limits are one plan:
    the pool must have room for their sum, and decreases are sent before increases.

    Examples:
      parsec users set-qps user_001 20
      parsec users set-qps user_001=5 user_002=5 user_003=40 --dry-run --reason "ticket 4711"

    """
    from parsec_cli.commands.changing import Limits, set_limit

    limits = Limits.parse(limit)
    if limits.several:
        from parsec_cli.commands.fleet_limits import set_limits

        return set_limits(
            runtime_of(ctx),
            limits,
            allow_overcommit=allow_overcommit,
            dry_run=dry_run,
            reason=reason,
        )
    return set_limit(
        runtime_of(ctx),
        *limits.pairs[0],
        allow_overcommit=allow_overcommit,
        dry_run=dry_run,
        reason=reason,
    )


@noun.command("onboard", changes=True)
def onboard(
    ctx: typer.Context,
    user: UserName,
    *,
    exchange: Annotated[str, typer.Option(metavar="polymarket|kalshi", help="The exchange.")],
    mode: Annotated[
        str,
        typer.Option(
            metavar="managed|self", help="Parsec makes a wallet, or the user's keys are stored."
        ),
    ],
    wallet_type: Annotated[
        str | None, typer.Option(metavar="eoa|safe", help="Wallet of a managed user [default eoa].")
    ] = None,
    eoa_address: Annotated[
        str | None, typer.Option(metavar="0x..", help="Owner of a safe wallet.")
    ] = None,
    chain_id: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 2**53, "--chain-id"),
            metavar="N",
            help="Chain of a safe wallet [default 137].",
        ),
    ] = None,
    credentials: Credentials = None,
    api_key_id: ApiKeyId = None,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Record:
    """Link a user to an exchange, by a managed wallet or by own keys.

    Keys come from a file or stdin only: a JSON object, or a PEM file beside --api-key-id.

    Examples:
      parsec users onboard user_001 --exchange polymarket --mode managed
      parsec users onboard user_001 --exchange kalshi --mode self --credentials keys.json

    """
    from parsec_cli.commands.onboarding import Wish, onboard_user

    wish = Wish(exchange, mode, wallet_type, eoa_address, chain_id, credentials, api_key_id)
    return onboard_user(runtime_of(ctx), user, wish, dry_run=dry_run, reason=reason)


@noun.command("check")
def check(
    ctx: typer.Context,
    user: UserName,
    *,
    exchange: Annotated[str, typer.Option(metavar="polymarket|kalshi", help="The exchange.")],
    credentials: Credentials = None,
    api_key_id: ApiKeyId = None,
) -> Record:
    """Prove by one balance read that a user's credentials work.

    Examples:
      parsec users check user_001 --exchange polymarket
      parsec users check user_001 --exchange kalshi --credentials keys.json

    """
    from parsec_cli.commands.onboarding import check_user

    return check_user(runtime_of(ctx), user, exchange, credentials, api_key_id)
