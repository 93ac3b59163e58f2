"""Orders, positions and fills of seeded users, computed from the user and never stored.

So an older sandbox file has them too, and a deactivated user loses them. A user created later has
traded nothing, even under the external_id of a seeded one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsec_cli.sandbox import seed

if TYPE_CHECKING:
    from parsec_cli.models import JsonObject

OPEN = frozenset({"pending", "open", "partially_filled"})
_FILLED = {"filled": 40.0, "partially_filled": 15.0}


@dataclass(frozen=True, slots=True)
class Trades:
    """The statuses of a user's orders, oldest first, and the sizes of the positions."""

    orders: tuple[str, ...] = ()
    positions: tuple[float, ...] = ()


_DOZEN = {
    "market-maker-1": Trades(("filled", "open"), (1500.0,)),
    "user_001": Trades(("filled",), (120.0,)),
    "user_002": Trades(("pending", "cancelled", "partially_filled"), (25.0, 0.0)),
    "user_003": Trades(("filled", "cancelled", "rejected"), (0.0,)),
    "user_005": Trades(("filled", "filled", "open"), (120.0,)),
}
# of every eight users of a fleet, one has open holdings and one closed ones
_FLEET = {0: Trades(("open",), (60.0,)), 4: Trades(("filled", "cancelled"), (0.0,))}


def trades_of(user: JsonObject | None) -> Trades:
    number = seed.seeded_number(user) if user else None
    if user is None or number is None:
        return Trades()
    if user["external_id"] in seed.DOZEN_IDS:
        return _DOZEN.get(user["external_id"], Trades())
    return _FLEET.get(number % 8, Trades())


def orders(user: JsonObject | None, market: str) -> list[JsonObject]:
    return [
        {
            "id": f"order-{number}",
            "market_id": market,
            "outcome": "No",
            "side": "sell",
            "price": 0.61,
            "size": 40.0,
            "filled": _FILLED.get(status, 0.0),
            "status": status,
            "created_at": user["created_at"] if user else "",
            "updated_at": None,
        }
        for number, status in enumerate(trades_of(user).orders, start=1)
    ]


def positions(user: JsonObject | None, market: str) -> list[JsonObject]:
    return [
        {
            "market_id": market,
            "outcome": "Yes",
            "size": size,
            "average_price": 0.42,
            "current_price": 0.47,
        }
        for size in trades_of(user).positions
    ]


def fills(user: JsonObject | None, market: str) -> list[JsonObject]:
    return [
        {
            "fill_id": f"fill-{number}",
            "order_id": order["id"],
            "market_id": market,
            "outcome": order["outcome"],
            "side": order["side"],
            "price": order["price"],
            "size": order["filled"],
            "is_taker": number == 1,
            "fee": 0.13,
            "created_at": order["created_at"],
        }
        for number, order in enumerate(orders(user, market), start=1)
        if order["filled"]
    ]
