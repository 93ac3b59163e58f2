"""`parsec users deactivate`, `plan` and `apply`: many users at once, by name or from a file."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.commands.options import (
    DEFAULT_MAX,
    AllowHoldings,
    BalancesOnly,
    Confirm,
    DryRun,
    Mapped,
    Most,
    OddIds,
    Overcommit,
    Reason,
    ResultsFile,
)
from parsec_cli.commands.parsers import whole
from parsec_cli.commands.shared import runtime_of
from parsec_cli.commands.users import noun
from parsec_cli.results import Listing, Record

Prune = Annotated[
    bool, typer.Option("--prune", help="Deactivate every user that is not in the file.")
]


@noun.command("deactivate", changes=True)
def deactivate(
    ctx: typer.Context,
    user: Annotated[
        list[str] | None,
        typer.Argument(metavar="[USER...]", help="customer_ids or external_ids."),
    ] = None,
    *,
    from_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="A USER a line; or csv, tsv or JSON with a customer_id or external_id.",
        ),
    ] = None,
    mapped: Mapped = None,
    confirm: Confirm = None,
    most: Most = DEFAULT_MAX,
    allow_holdings: AllowHoldings = None,
    balances_only: BalancesOnly = False,
    results: ResultsFile = None,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Listing | Record:
    """Deactivate users: their wallets, credentials and keys.

    This cannot be undone. One USER is confirmed by its external_id, several by their count. What
    they hold is shown first; a script also needs --allow-holdings where somebody holds money.

    Examples:
      parsec users deactivate user_007
      parsec users deactivate --from-file leavers.csv --confirm 3 --reason "left in May"

    """
    from parsec_cli.commands.consent import Consent
    from parsec_cli.commands.deactivating import Order, deactivate_users

    order = Order(
        tuple(user or ()),
        from_file,
        Consent(confirm, allow_holdings),
        balances_only,
        most,
        results,
        dry_run,
        reason,
        tuple(mapped or ()),
    )
    return deactivate_users(runtime_of(ctx), order)


@noun.command("plan", changes=True)
def plan(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="csv, tsv, JSON Lines or JSON.")],
    *,
    prune: Prune = False,
    allow_overcommit: Overcommit = False,
    balances_only: BalancesOnly = False,
    allow_odd_ids: OddIds = False,
    mapped: Mapped = None,
    out: Annotated[
        str | None, typer.Option(metavar="PLAN", help="Save the plan, bound to host and key.")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 11 when anything would change.")
    ] = False,
) -> Listing:
    """Show what would bring the users to the state in FILE.

    Sends no change. Columns: external_id, customer_id, qps_limit, email, eoa_address, state (active
    or absent). Any export of `users list` is a valid FILE.

    Examples:
      parsec users plan users.csv --out plan.json
      parsec users list -o csv | parsec users plan - --exit-code

    """
    from parsec_cli.commands.fleet_plan import Wish, plan_file

    wish = Wish(file, prune, allow_overcommit, balances_only, allow_odd_ids, tuple(mapped or ()))
    return plan_file(runtime_of(ctx), wish, out, exit_code=exit_code)


@noun.command("apply", changes=True)
def apply(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE|PLAN|-", help="A file of users, or a saved plan.")
    ],
    *,
    prune: Prune = False,
    allow_overcommit: Overcommit = False,
    allow_odd_ids: OddIds = False,
    mapped: Mapped = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, as long as nobody is deactivated.")
    ] = False,
    confirm: Confirm = None,
    most: Most = DEFAULT_MAX,
    allow_holdings: AllowHoldings = None,
    balances_only: BalancesOnly = False,
    max_failures: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 1_000_000, "--max-failures"),
            metavar="N",
            help="Stop after N failed rows [default 20; 1 for deactivations].",
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(parser=whole(1, 64, "--concurrency"), metavar="N", help="Requests at once."),
    ] = 8,
    results: ResultsFile = None,
    dry_run: DryRun = False,
    reason: Reason = "",
) -> Listing:
    """Bring the users to the state in FILE: plan, show, ask, apply.

    Running the same command again goes on where an interrupted run ended.

    Examples:
      parsec users apply plan.json --yes
      parsec users apply users.csv --confirm 2 --reason "quarterly limits"

    """
    from parsec_cli.commands.consent import Consent
    from parsec_cli.commands.fleet_apply import Orders, apply_file
    from parsec_cli.commands.fleet_plan import Wish

    consent = Consent(confirm, allow_holdings)
    orders = Orders(yes, consent, most, max_failures, concurrency, results, dry_run, reason)
    wish = Wish(file, prune, allow_overcommit, balances_only, allow_odd_ids, tuple(mapped or ()))
    return apply_file(runtime_of(ctx), wish, orders)
