"""`users deactivate`: find, show, obtain consent, and only then send what cannot be undone."""

from __future__ import annotations

from dataclasses import dataclass

from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.holdings import read_holdings
from parsec_cli.api.reads import user_path
from parsec_cli.commands import columns
from parsec_cli.commands.consent import (
    Consent,
    Held,
    agree_to_one,
    at_most,
    warn_of_holders,
    with_consent,
    word_for,
)
from parsec_cli.commands.earlier import (
    earlier_deactivations,
    explaining_absence,
    warn_of_unknown,
)
from parsec_cli.commands.guards import not_sent
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import run
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Listing, Record
from parsec_cli.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments of `users deactivate` as given."""

    users: tuple[str, ...]
    from_file: str | None
    consent: Consent
    balances_only: bool
    most: int
    results: str | None
    dry_run: bool
    reason: str
    mapped: tuple[str, ...] = ()


def deactivate_users(runtime: Runtime, order: Order) -> Listing | Record:
    """Deactivate one user, or several as a run; see `consent.py` for what each needs."""
    if bool(order.users) == (order.from_file is not None):
        raise UsageFault(
            "name the users, or give a file of them: one of both",
            hint="give a file with `--from-file FILE`, or name one with",
            command=run("users", "deactivate", names=["USER"]),
        )
    if order.mapped and order.from_file is None:
        raise UsageFault("`--map` is for the columns of `--from-file`")
    if len(order.users) == 1 and order.results is None:
        return _one(runtime, order)
    from parsec_cli.commands.fleet_deactivation import deactivate_several

    return deactivate_several(runtime, order)


def _one(runtime: Runtime, order: Order) -> Listing | Record:
    with explaining_absence(runtime, order.users[0]):
        user = runtime.resolver.one(order.users[0], to_change=True)
    at_most(1, order.most)
    one = held_by(runtime, user, balances_only=order.balances_only)
    if order.dry_run:
        runtime.screen.notice(f"would deactivate `{user.name}` ({user.customer_id})")
        warn_of_holders(runtime, [one])
        return not_sent("DELETE", user_path(user.customer_id), None, holdings=one.json)
    agree_to_one(
        runtime, one, order.consent, with_consent([one], word_for(user), [user.customer_id])
    )
    change = Change(
        "users deactivate", user.customer_id, user.external_id, one.record, None, order.reason
    )
    applied = or_raise(changes.deactivate(runtime.client, user, change))
    runtime.index.forget(user.customer_id)
    runtime.screen.notice(deactivated(user, applied))
    return Listing("results", columns.DEACTIVATED, [[_result(one)]])


def held_by(runtime: Runtime, user: User, *, balances_only: bool) -> Held:
    """Read what a user holds that this command fetched, and what earlier commands know of it."""
    _, holdings = read_holdings(runtime.client, user, fetched=True, balances_only=balances_only)
    warn_of_unknown(runtime, earlier_deactivations(runtime), [user])
    return Held(user, holdings)


def deactivated(user: User, applied: Applied) -> str:
    """Say that it is done, and how that is known."""
    told = f"deactivated `{user.name}`"
    if applied.learned == "repeated":
        told += "; the first answer was lost, the repeat says that it is done"
    elif applied.learned == "read_again":
        told += "; the responses were lost, a read shows that the user is gone"
    return told


def _result(one: Held) -> JsonObject:
    return {
        "customer_id": one.user.customer_id,
        "external_id": one.user.external_id,
        "outcome": "deactivated",
        "error": None,
        "holdings": one.json,
    }
