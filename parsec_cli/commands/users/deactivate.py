"""`parsec users deactivate`: one user here, several as a run by `deactivate_several`."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli import columns
from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.holdings import read_holdings
from parsec_cli.api.reads import user_path
from parsec_cli.cli.common_options import (
    DEFAULT_MAX,
    AllowHoldings,
    BalancesOnly,
    Confirm,
    DryRun,
    Mapped,
    Most,
    Reason,
    ResultsFile,
    runtime_of,
)
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import not_sent
from parsec_cli.commands.shared.consent import (
    Consent,
    DeactivateOptions,
    Held,
    agree_to_one,
    check_max,
    warn_of_holders,
    with_consent,
    word_for,
)
from parsec_cli.commands.shared.earlier_deactivations import (
    earlier_deactivations,
    explaining_absence,
    warn_of_unknown,
)
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import run
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Listing, Record
from parsec_cli.runtime import Runtime


@verb("deactivate", changes=True)
def command(
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
            help="One USER per line; or csv, tsv or JSON with a customer_id or external_id.",
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
    """Deactivate users, with their wallets, credentials and keys.

    This cannot be undone. One USER is confirmed by its external_id, several by their count. What
    they hold is shown first; a script also needs --allow-holdings if a user holds money.

    Examples:
      parsec users deactivate user_007
      parsec users deactivate --from-file leavers.csv --confirm 3 --reason "left in May"

    """
    runtime, users = runtime_of(ctx), tuple(user or ())
    options = DeactivateOptions(
        Consent(confirm, allow_holdings), most, balances_only, results, dry_run, reason
    )
    _check_source(users, from_file, mapped)
    if len(users) == 1 and results is None:
        return _deactivate_one(runtime, users[0], options)
    from parsec_cli.commands.users.deactivate_several import deactivate_several

    return deactivate_several(runtime, users, from_file, tuple(mapped or ()), options)


def _check_source(users: tuple[str, ...], from_file: str | None, mapped: list[str] | None) -> None:
    if bool(users) == (from_file is not None):
        raise UsageFault(
            "specify either users or a file of them",
            hint="give a file with `--from-file FILE`, or name one with",
            command=run("users", "deactivate", names=["USER"]),
        )
    if mapped and from_file is None:
        raise UsageFault("`--map` needs `--from-file`")


def _deactivate_one(runtime: Runtime, name: str, options: DeactivateOptions) -> Listing | Record:
    with explaining_absence(runtime, name):
        user = runtime.resolver.one(name, to_change=True)
    check_max(1, options.most)
    one = held_by(runtime, user, balances_only=options.balances_only)
    if options.dry_run:
        runtime.screen.notice(f"would deactivate `{user.name}` ({user.customer_id})")
        warn_of_holders(runtime, [one])
        return not_sent("DELETE", user_path(user.customer_id), None, holdings=one.json)
    command = with_consent([one], word_for(user), [user.customer_id])
    agree_to_one(runtime, one, options.consent, command)
    change = Change(
        "users deactivate", user.customer_id, user.external_id, one.record, None, options.reason
    )
    applied = or_raise(changes.deactivate(runtime.client, user, change))
    runtime.index.forget(user.customer_id)
    runtime.screen.notice(deactivated(user, applied))
    return Listing("results", columns.DEACTIVATED, [[_result(one)]])


def held_by(runtime: Runtime, user: User, *, balances_only: bool) -> Held:
    """Read what a fetched user holds, and warn if an earlier deactivation of it is unknown."""
    _, holdings = read_holdings(runtime.client, user, fetched=True, balances_only=balances_only)
    warn_of_unknown(runtime, earlier_deactivations(runtime), [user])
    return Held(user, holdings)


def deactivated(user: User, applied: Applied) -> str:
    """Return the notice that a user was deactivated, and how that is known."""
    how = {
        "repeat": "; the first response was lost, the repeated request confirms it",
        "reread": "; the responses were lost, a read shows that the user is gone",
    }
    return f"deactivated `{user.name}`{how.get(applied.evidence, '')}"


def _result(one: Held) -> JsonObject:
    return {
        "customer_id": one.user.customer_id,
        "external_id": one.user.external_id,
        "outcome": "deactivated",
        "error": None,
        "holdings": one.json,
    }
