"""Read what a user holds, before a deactivation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from parsec_cli import errors, holdings
from parsec_cli.api.client import Client, with_query
from parsec_cli.api.reads import fetch, get_user, impersonation
from parsec_cli.models import User

Value = TypeVar("Value")
# the change would fail, too, so these end the command before the operator is asked
_UNSENT = (errors.ConnectFailed, errors.NameNotFound, errors.TlsFailed)
_FATAL = (errors.Stopped, errors.LocalFault, errors.KeyFault, errors.RateFault, *_UNSENT)


def read_holdings(
    client: Client, user: User, *, fetched: bool, balances_only: bool = False
) -> tuple[User, holdings.Holdings | None]:
    """Return the current user and its holdings; None for a user without a wallet.

    `fetched`: the record comes from a GET of this command. Raises a fault that every request would
    meet (key, quota, `--max-wait`, connection); any other makes its part unknown.
    """
    if not holdings.has_wallet(user, fetched=fetched):
        return user, None
    unknown: list[str] = []

    def of(name: str, path: str, parse: Callable[[Any], Value], **query: str) -> Value | None:
        """GET `path` on behalf of the user."""
        full = with_query(path, {"exchange": holdings.EXCHANGE, **query})
        return _part(
            unknown, name, lambda: fetch(client, full, parse, impersonation(user.customer_id))
        )

    if not fetched:
        now = _part(unknown, "balances", lambda: get_user(client, user.customer_id))
        if now is not None:
            user = User({**user.raw, **now.raw})
            if not holdings.has_wallet(user):
                return user, None
    linked, balances, orders, positions = holdings.is_linked(user), None, None, None
    if not unknown:
        wallet = user.raw["wallet"]
        value = wallet.get("balances") if isinstance(wallet, dict) else {}
        # the exchange's balance replaces those that the record lacks
        if value is None and linked:
            balances = of("balances", "/balance", holdings.base_units_in)
        else:
            balances = _part(unknown, "balances", lambda: holdings.balances_in(value))
    if linked and not balances_only:
        orders = of("open_orders", "/orders", holdings.orders_in, status="open")
        positions = of("positions", "/positions", holdings.positions_in)
    elif linked is None and not balances_only:
        unknown += ["open_orders", "positions"]
    return user, holdings.Holdings(balances, orders, positions, tuple(unknown))


def _part(unknown: list[str], name: str, read: Callable[[], Value]) -> Value | None:
    """Read a part of the holdings; add its name to `unknown` if that fails."""
    try:
        return read()
    except _FATAL:
        raise
    except (errors.ParsecError, ValueError):  # WrongShape is a ValueError
        unknown.append(name)
        return None
