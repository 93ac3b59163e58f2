"""What a user would lose access to: balances, open orders and positions.

A user counts as a holder if a part could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from parsec_cli.errors import counted
from parsec_cli.models import JsonObject, User, WrongShape
from parsec_cli.records import record

EXCHANGE = "polymarket"
_AMOUNT = re.compile(
    r"[-+]?(?:[0-9]{1,100}(?:\.[0-9]{0,100})?|\.[0-9]{1,100})(?:[eE][-+]?[0-9]{1,2})?"
)
_OPEN = ("pending", "open", "partially_filled")
_CLOSED = ("filled", "cancelled", "rejected")
_EXACT = Context(prec=1_000)
_BASE_DIGITS = 6  # decimals of USDC
_MOST_DECIMALS = 36


@record
class Holdings:
    """(token, amount) pairs and counts; a part is None if not needed, or `unknown` if unread."""

    balances: tuple[tuple[str, str], ...] | None = None
    open_orders: int | None = None
    positions: int | None = None
    unknown: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: JsonObject) -> Holdings:
        """Read what `as_json` wrote."""
        balances = value["balances"]
        pairs = None if balances is None else tuple((b["token"], b["balance"]) for b in balances)
        return cls(pairs, value["open_orders"], value["positions"], tuple(value["unknown"]))

    @property
    def is_holder(self) -> bool:
        return bool(self.balances or self.open_orders or self.positions or self.unknown)

    def as_json(self) -> JsonObject:
        pairs = self.balances
        return {
            "balances": None if pairs is None else [{"token": t, "balance": b} for t, b in pairs],
            "open_orders": self.open_orders,
            "positions": self.positions,
            "unknown": list(self.unknown),
        }

    @property
    def text(self) -> str:
        """`48,250.75 USDC, 1 open order`, or "" without holdings."""
        return ", ".join(self.parts)

    @property
    def parts(self) -> list[str]:
        parts = [
            f"{_written(Decimal(amount), ',f')} {token}" for token, amount in self.balances or ()
        ]
        parts += [counted(self.open_orders, "open order")] if self.open_orders else []
        parts += [counted(self.positions, "position")] if self.positions else []
        parts += [f"unknown {part.replace('_', ' ')}" for part in self.unknown]
        return parts


def has_wallet(user: User, *, fetched: bool = True) -> bool:
    """Whether there is a wallet, readable or not; users without one have no holdings.

    If the record was not `fetched` by itself, it may lack `wallet`, which proves nothing where the
    exchange with wallets is linked.
    """
    if fetched or "wallet" in user.raw:
        return user.raw.get("wallet") is not None
    return bool(user.raw.get("linked_exchanges")) and is_linked(user) is not False


def is_linked(user: User) -> bool | None:
    """Whether the exchange with orders and positions is, or may be, linked; None if unreadable.

    A record without `linked_exchanges` does not say, so orders and positions are read.
    """
    names = user.raw.get("linked_exchanges")
    if names is None:
        return True
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return EXCHANGE in [name.strip().lower() for name in names]


def requests_needed(user: User, *, fetched: bool, balances_only: bool) -> int:
    """How many requests it takes to read the holdings of this user."""
    if not has_wallet(user, fetched=fetched):
        return 0
    linked = bool(is_linked(user))
    wallet = user.raw.get("wallet")
    replaced = linked and isinstance(wallet, dict) and wallet.get("balances") is None
    return (not fetched) + (2 if linked and not balances_only else 0) + replaced


def summary(everyone: Sequence[Holdings | None]) -> str:
    """`3 of 4 hold money: 50,851.25 USDC in all`, or "" without holders."""
    holders = [holdings for holdings in everyone if holdings is not None and holdings.is_holder]
    sums: dict[str, Decimal] = {}
    for token, amount in (pair for holdings in holders for pair in holdings.balances or ()):
        sums[token] = _EXACT.add(sums.get(token, Decimal(0)), Decimal(amount))
    amounts = ", ".join(f"{_written(amount, ',f')} {token}" for token, amount in sums.items())
    text = f"{len(holders):,} of {len(everyone):,} {hold_money(holders)}" if holders else ""
    return f"{text}: {amounts} in all" if amounts else text


def hold_money(holders: Sequence[Holdings]) -> str:
    """The predicate for these holders, which mentions any doubt."""
    verb = "holds" if len(holders) == 1 else "hold"
    unclear = any(holdings.unknown for holdings in holders)
    return f"{verb} money or may hold it" if unclear else f"{verb} money"


def _written(amount: Decimal, form: str = "f") -> str:
    """Write an amount exactly, with at least two decimals; the form `,f` has thousands commas."""
    whole, _, rest = format(amount, form).partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"


def _amount(value: Any) -> Decimal:
    """Read a decimal number, written as text or as a number; else WrongShape."""
    if isinstance(value, bool) or not _AMOUNT.fullmatch(str(value)):
        raise WrongShape("an amount is not a number")
    return Decimal(str(value))


def balances_in(value: Any) -> tuple[tuple[str, str], ...]:
    """Read a wallet's `balances`; a balance counts when one of its two amounts is not zero."""
    found = [_balance(item) for item in _array(value)]
    return tuple(pair for pair in found if pair is not None)


def _balance(value: Any) -> tuple[str, str] | None:
    amounts = {
        name: _amount(value[name])
        for name in ("balance", "raw_balance")
        if value.get(name) is not None
    }
    if not amounts:
        raise WrongShape("a balance has no amount")
    if not any(amounts.values()):
        return None
    token, decimals = value.get("token"), value.get("decimals")
    if not isinstance(token, str) or not token:
        raise WrongShape("a balance has no token")
    if amounts.get("balance"):
        sent = str(value["balance"])
        plain = re.fullmatch(r"-?[0-9]+\.[0-9]{2,}", sent)
        return token, sent if plain else _written(amounts["balance"])
    if type(decimals) is not int or not 0 <= decimals <= _MOST_DECIMALS:
        raise WrongShape("a raw balance has no decimals")
    return token, _scaled(amounts["raw_balance"], decimals)


def base_units_in(value: Any) -> tuple[tuple[str, str], ...]:
    """Read a response of `GET /balance`: `raw.balance` is a whole number of USDC base units."""
    raw = value.get("raw") if isinstance(value, dict) else None
    units = raw.get("balance") if isinstance(raw, dict) else None
    whole = isinstance(units, (int, str)) and not isinstance(units, bool)
    if not whole or not re.fullmatch(r"[0-9]{1,100}", str(units)):
        raise WrongShape("it has no whole number `raw.balance`")
    amount = Decimal(str(units))
    return (("USDC", _scaled(amount, _BASE_DIGITS)),) if amount else ()


def _scaled(amount: Decimal, decimals: int) -> str:
    return _written(amount.scaleb(-decimals, _EXACT))


def orders_in(value: Any) -> int:
    """Count the open orders in a response of `GET /orders`, which may contain closed ones."""
    count = 0
    for order in _array(value):
        status = order.get("status")
        if status not in (*_OPEN, *_CLOSED):
            raise WrongShape("an order has no status that the API documents")
        count += status in _OPEN
    return count


def positions_in(value: Any) -> int:
    """Count the positions in a response of `GET /positions` whose size is not zero."""
    return sum(_amount(position.get("size")) != 0 for position in _array(value))


def _array(value: Any) -> list[JsonObject]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise WrongShape("it is not an array of objects")
    return value
