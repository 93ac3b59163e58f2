"""`users deactivate`: find, show, obtain consent, and only then send what cannot be undone."""

from __future__ import annotations

from dataclasses import dataclass

from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.reads import user_path
from parsec_cli.commands import columns
from parsec_cli.commands.again import again
from parsec_cli.commands.consent import agree_to_one, at_most, word_for
from parsec_cli.commands.guards import not_sent
from parsec_cli.commands.options import DEFAULT_MAX
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject, User
from parsec_cli.outcomes import Applied, or_raise
from parsec_cli.results import Listing, Record
from parsec_cli.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments of `users deactivate` as given."""

    users: tuple[str, ...]
    from_file: str | None
    confirm: str | None
    most: int
    results: str | None
    dry_run: bool
    reason: str


def deactivate_users(runtime: Runtime, order: Order) -> Listing | Record:
    """Deactivate one user, or several as a run; see `consent.py` for what each needs."""
    if bool(order.users) == (order.from_file is not None):
        raise UsageFault(
            "name the users, or give a file of them: one of both",
            hint="`parsec users deactivate USER` or `--from-file FILE`",
        )
    if len(order.users) == 1 and order.results is None:
        return _one(runtime, order)
    from parsec_cli.commands.fleet_deactivation import deactivate_several

    return deactivate_several(runtime, order)


def _one(runtime: Runtime, order: Order) -> Listing | Record:
    user = runtime.resolver.one(order.users[0], to_change=True)
    at_most(1, order.most)
    if order.dry_run:
        runtime.screen.notice(f"would deactivate `{user.name}` ({user.customer_id})")
        return not_sent("DELETE", user_path(user.customer_id), None)
    agree_to_one(runtime, user, order.confirm, script(runtime, order, user))
    change = Change(
        "users deactivate", user.customer_id, user.external_id, user.raw, None, order.reason
    )
    applied = or_raise(changes.deactivate(runtime.client, user, change))
    runtime.index.forget(user.customer_id)
    runtime.screen.notice(deactivated(user, applied))
    return Listing("results", columns.DEACTIVATED, [[_result(user)]])


def deactivated(user: User, applied: Applied) -> str:
    """Say that it is done, and how that is known."""
    told = f"deactivated `{user.name}`"
    if applied.learned == "repeated":
        told += "; the first answer was lost, the repeat says that it is done"
    return told


def _result(user: User) -> JsonObject:
    return {
        "customer_id": user.customer_id,
        "external_id": user.external_id,
        "outcome": "deactivated",
        "error": None,
    }


def script(runtime: Runtime, order: Order, target: User | int | None) -> str:
    """Return the command that needs no answer: for one user, or for so many; None: that asks."""
    words = ["users", "deactivate"]
    words += ["--from-file", order.from_file] if order.from_file is not None else []
    words += ["--max", str(order.most)] if order.most != DEFAULT_MAX else []
    words += ["--results", order.results] if order.results is not None else []
    words += ["--reason", order.reason] if order.reason else []
    if isinstance(target, User):
        return again(runtime, [*words, "--confirm", word_for(target)], names=[target.customer_id])
    words += ["--confirm", str(target)] if target is not None else []
    return again(runtime, words, names=order.users)
