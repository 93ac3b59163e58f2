"""Read a user's holdings before a deactivation; a part that cannot be read is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from parsec_cli.api.client import Client, with_query
from parsec_cli.api.reads import fetch, get_user, impersonation
from parsec_cli.errors import (
    ConnectFailed,
    KeyFault,
    LocalFault,
    NameNotFound,
    ParsecError,
    RateFault,
    Stopped,
    TlsFailed,
)
from parsec_cli.holdings import (
    EXCHANGE,
    Holdings,
    balances_in,
    base_units_in,
    has_wallet,
    is_linked,
    orders_in,
    positions_in,
)
from parsec_cli.models import User

Value = TypeVar("Value")
# the change would fail as well, so these end the command before the operator is asked
_FATAL = (Stopped, LocalFault, KeyFault, RateFault, ConnectFailed, NameNotFound, TlsFailed)


def read_holdings(
    client: Client, user: User, *, fetched: bool, balances_only: bool = False
) -> tuple[User, Holdings | None]:
    """Return the current user and its holdings; None for a user without a wallet.

    `fetched`: the record comes from a GET of this command. Raises a fault that every request would
    meet (key, quota, `--max-wait`, connection); any other makes its part unknown.
    """
    if not has_wallet(user):
        return user, None
    reading = _Reading(client, user)
    if not fetched:
        now = reading.part("balances", lambda: get_user(client, user.customer_id))
        if now is not None:
            reading.user = user = User({**user.raw, **now.raw})
            if not has_wallet(user):
                return user, None
    linked = is_linked(user)
    balances = None if reading.unknown else reading.balances(linked=bool(linked))
    orders = positions = None
    if linked and not balances_only:
        orders = reading.of("open_orders", "/orders", orders_in, status="open")
        positions = reading.of("positions", "/positions", positions_in)
    elif linked is None and not balances_only:
        reading.unknown += ["open_orders", "positions"]
    return user, Holdings(balances, orders, positions, tuple(reading.unknown))


class _Reading:
    """The reads for one user; `unknown` are the parts that failed."""

    def __init__(self, client: Client, user: User) -> None:
        self.user = user
        self.unknown: list[str] = []
        self._client = client

    def part(self, name: str, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except _FATAL:
            raise
        except (ParsecError, ValueError):  # WrongShape is a ValueError
            self.unknown.append(name)
            return None

    def of(self, name: str, path: str, parse: Callable[[Any], Value], **query: str) -> Value | None:
        """GET `path` on behalf of the user."""
        full = with_query(path, {"exchange": EXCHANGE, **query})
        return self.part(
            name,
            lambda: fetch(self._client, full, parse, impersonation(self.user.customer_id)),
        )

    def balances(self, *, linked: bool) -> tuple[tuple[str, str], ...] | None:
        """Return the record's balances, or those of the exchange where the record has none."""
        wallet = self.user.raw["wallet"]
        value = wallet.get("balances") if isinstance(wallet, dict) else {}
        if value is None and linked:
            return self.of("balances", "/balance", base_units_in)
        return self.part("balances", lambda: balances_in(value))
