"""Fill the sandbox with believable users: the first dozen, or as many as a rehearsal needs.

Everything is made from fixed random seeds, so two machines have the same users, ids and keys, and
a smaller fleet is the beginning of a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from parsec_cli.models import JsonObject
from parsec_cli.sandbox.end_users import (
    embedded_wallet,
    external_wallet,
    new_address,
    new_user,
    seconds,
    timestamp,
)
from parsec_cli.sandbox.store import BrokenFile, State, Store

# the builder tiers Silver and Gold; larger pools depend on the contract
_SILVER, _GOLD = 2_500, 10_000
_CUSTOM_STEP = 50_000
_MOSTLY_FILLED = 0.85
_FIRST_DAY = 1_767_600_000  # 2026-01-05T08:00:00Z
_HOUR = 3_600
_USDC = "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359"
_POLYMARKET, _KALSHI = ("polymarket",), ("kalshi",)


# external_id, qps_limit, linked exchanges, wallet (None, eoa or safe), USDC in base units
Row = tuple[str, int | None, tuple[str, ...], str | None, int | None]
_DOZEN: tuple[Row, ...] = (
    ("00417", 5, _KALSHI, None, None),
    ("acct[prod] caf\u00e9 \u65e5\u672c", 25, _POLYMARKET, "eoa", 12_340_000),
    ("market-maker-1", 800, ("polymarket", "kalshi"), "safe", 48_250_750_000),
    ("user_001", 10, _POLYMARKET, "eoa", 100_500_000),
    ("user_002", 50, _POLYMARKET, "safe", 2_500_000_000),
    ("user_003", 5, _POLYMARKET, "eoa", 0),
    ("user_004", None, _POLYMARKET, "eoa", None),
    ("user_005", 20, _KALSHI, None, None),
    ("user_006", 100, ("polymarket", "kalshi"), None, None),
    ("user_007", 25, (), None, None),
    ("user_008", None, (), None, None),
    # a wallet without a link: onboarding this one again only links it
    ("user_009", 15, (), "eoa", 0),
)
# the statuses of a user's orders, oldest first, and the sizes of the positions
Trades = tuple[tuple[str, ...], tuple[float, ...]]
_NO_TRADES: Trades = ((), ())
_DOZEN_TRADES: dict[str, Trades] = {
    "market-maker-1": (("filled", "open"), (1500.0,)),
    "user_001": (("filled",), (120.0,)),
    "user_002": (("pending", "cancelled", "partially_filled"), (25.0, 0.0)),
    "user_003": (("filled", "cancelled", "rejected"), (0.0,)),
    "user_005": (("filled", "filled", "open"), (120.0,)),
}
# of every eight users of a fleet, one has open holdings and one closed ones
_FLEET_TRADES: dict[int, Trades] = {0: (("open",), (60.0,)), 4: (("filled", "cancelled"), (0.0,))}


def seed(db_path: Path, count: int) -> None:
    """Replace all users by exactly `count`; raises LocalFault."""
    with closing(Store(db_path, lambda _: None)) as store, store.transaction() as state:
        state.replace_all(_fleet(count))
        allocated = state.pool()["total_allocated_qps"]
        # the smallest pool that leaves room above the allocated limits
        custom = int(allocated / _MOSTLY_FILLED // _CUSTOM_STEP + 1) * _CUSTOM_STEP
        sizes = (_SILVER, _GOLD, custom)
        state.set_pool(min(size for size in sizes if allocated <= size * _MOSTLY_FILLED))


def reset(db_path: Path) -> None:
    """Restore the first dozen, even if the file cannot be read; raises LocalFault."""
    with closing(Store(db_path, first_dozen)) as store:
        try:
            with store.transaction() as state:
                first_dozen(state)
        except BrokenFile:
            store.remove()
            reset(db_path)


def first_dozen(state: State) -> None:
    """Replace all users by the first dozen, with the pool of the tier Silver."""
    random = Random(12)
    state.replace_all(_user(random, number, row) for number, row in enumerate(_DOZEN))
    state.set_pool(_SILVER)


def trades_of(user: JsonObject) -> Trades:
    """Return what a user of the dozen or a fleet has traded; one created later has none."""
    number, rest = divmod(seconds(user["created_at"]) - _FIRST_DAY, _HOUR)
    if rest == 0 and user["external_id"] == f"user_{number:06}":
        return _FLEET_TRADES.get(number % 8, _NO_TRADES)
    if rest == 0 and 0 <= number < len(_DOZEN):
        return _DOZEN_TRADES.get(user["external_id"], _NO_TRADES)
    return _NO_TRADES


def _fleet(count: int) -> Iterator[JsonObject]:
    random = Random(100_000)
    for number in range(1, count + 1):
        qps_limit = random.choice((None, 1, 1, 1, 2, 2, 3, 5))
        # the strategies: half managed, a third with the user's own keys, the rest per request
        exchanges, wallet = random.choice(
            (
                (_POLYMARKET, "eoa"),
                (_POLYMARKET, "eoa"),
                (_POLYMARKET, "safe"),
                (_KALSHI, None),
                (_POLYMARKET, None),
                ((), None),
            )
        )
        units = random.randrange(0, 5_000_000_000, 10_000) if random.random() < 1 / 4 else None
        yield _user(random, number, (f"user_{number:06}", qps_limit, exchanges, wallet, units))


def _user(random: Random, number: int, row: Row) -> JsonObject:
    external_id, qps_limit, exchanges, wallet_type, units = row
    created_at = timestamp(_FIRST_DAY + number * _HOUR)
    user = new_user(external_id, random, created_at, qps_limit)
    user["linked_exchanges"] = list(exchanges)
    if wallet_type is None:
        return user
    if wallet_type == "safe":
        owned = external_wallet(new_address(random), created_at)
        wallet = {**owned, "wallet_type": "safe", "safe_address": new_address(random)}
    else:
        wallet = embedded_wallet(random, created_at)
    user["wallet"] = wallet
    if units is None:
        del wallet["balances"]
    else:
        wallet["balances"] = [
            {
                "token": "USDC",
                "balance": f"{units // 1_000_000}.{units % 1_000_000 // 10_000:02}",
                "raw_balance": str(units),
                "decimals": 6,
                "contract_address": _USDC,
            }
        ]
    return user
