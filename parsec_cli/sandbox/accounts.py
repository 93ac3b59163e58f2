"""Reads on behalf of an end-user: balance, positions, fills, orders, ping.

The builder names the user in `X-Builder-Customer-Id`; an end-user's own key means itself. What is
answered depends on the user alone, so that a rehearsal can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsec_cli.sandbox import credentials
from parsec_cli.sandbox.answers import (
    Answer,
    Headers,
    Refusal,
    forbidden,
    missing_parameter,
    not_found,
    of_json,
)
from parsec_cli.sandbox.calls import NOT_OWNED, OTHER_BUILDERS_USER, Call
from parsec_cli.sandbox.onboarding import EXCHANGES
from parsec_cli.sandbox.users import usdc_amount
from parsec_cli.sandbox.validation import MAX_INTEGER, whole_number

if TYPE_CHECKING:
    from parsec_cli.models import JsonObject

IMPERSONATE = "X-Builder-Customer-Id"


@dataclass(frozen=True, slots=True)
class Account:
    """One exchange as one user sees it; `user` is None for the builder's own account."""

    exchange: str
    user: JsonObject | None
    headers: Headers

    @property
    def opened_at(self) -> str:
        return self.user["created_at"] if self.user else "2026-01-05T08:00:00Z"


def balance(call: Call) -> Answer:
    account = _account(call)
    if account.exchange == "kalshi":
        raw: JsonObject = {"balance": 125_000, "portfolio_value": 41_250}
    else:
        raw = {"balance": _usdc(account.user), "allowance": "115792089237316195423570985008"}
    return of_json(200, {"raw": raw}).with_headers(account.headers)


def positions(call: Call) -> Answer:
    account = _account(call)
    held = {
        "market_id": _market(account),
        "outcome": "Yes",
        "size": 120.0,
        "average_price": 0.42,
        "current_price": 0.47,
    }
    return _listed(call, account, [held])


def fills(call: Call) -> Answer:
    account = _account(call)
    limit = call.request.query.get("limit")
    count = MAX_INTEGER if limit is None else whole_number(limit, "limit", 1, 1000)
    made = [
        {
            "fill_id": f"fill-{number}",
            "order_id": "order-1",
            "market_id": _market(account),
            "outcome": "Yes",
            "side": "buy",
            "price": 0.42,
            "size": 60.0,
            "is_taker": number == 1,
            "fee": 0.13,
            "created_at": account.opened_at,
        }
        for number in (1, 2)
    ]
    return _listed(call, account, made[:count])


def orders(call: Call) -> Answer:
    account = _account(call)
    resting = {
        "id": "order-2",
        "market_id": _market(account),
        "outcome": "No",
        "side": "sell",
        "price": 0.61,
        "size": 40.0,
        "filled": 0.0,
        "status": "open",
        "created_at": account.opened_at,
        "updated_at": None,
    }
    return _listed(call, account, [resting])


def ping(call: Call) -> Answer:
    """Say for one exchange, or for each, whether there are credentials and whether they work."""
    asked = call.request.query.get("exchange")
    user, headers = _whose(call)
    exchanges = EXCHANGES if asked is None else (_known(asked),)
    answers = [_pinged(call, exchange, user) for exchange in exchanges]
    return of_json(200, answers).with_headers(headers)


def _pinged(call: Call, exchange: str, user: JsonObject | None) -> JsonObject:
    try:
        _check_credentials(call, exchange, user)
    except Refusal as refusal:
        has, works, message = refusal.code != "credentials_required", False, refusal.error
    else:
        has, works, message = True, True, "ok"
    return {
        "exchange": exchange,
        "has_credentials": has,
        "authenticated": works,
        "message": message,
    }


def _account(call: Call) -> Account:
    """Find exchange, user and working credentials; raises Refusal 400, 403 or 404."""
    asked = call.request.query.get("exchange")
    if not asked:
        raise missing_parameter("exchange")
    exchange = _known(asked)
    user, headers = _whose(call)
    _check_credentials(call, exchange, user)
    return Account(exchange, user, headers)


def _known(exchange: str) -> str:
    if exchange not in EXCHANGES:
        raise not_found(f"exchange not found: {exchange}", "exchange_not_found")
    return exchange


def _whose(call: Call) -> tuple[JsonObject | None, Headers]:
    """Return the user meant, and the rate headers of a call on behalf of one."""
    named = call.request.header(IMPERSONATE).lower()
    if not named:
        return call.caller.user, ()
    if not call.caller.is_builder:
        raise Refusal(403, f"{IMPERSONATE} needs a builder key")
    user = call.state.user(named) if named != OTHER_BUILDERS_USER else None
    if user is None:
        raise Refusal(403, NOT_OWNED)
    return user, _rate_headers(call, user)


def _rate_headers(call: Call, user: JsonObject) -> Headers:
    pool_limit = call.state.pool()["qps_pool"]
    user_limit = user["qps_limit"] or pool_limit
    user_left = call.window.left(user["customer_id"], user_limit, call.now)
    pool_left = call.window.left("", pool_limit, call.now)
    return (
        ("x-ratelimit-user-limit", str(user_limit)),
        ("x-ratelimit-user-remaining", str(user_left)),
        ("x-ratelimit-pool-limit", str(pool_limit)),
        ("x-ratelimit-pool-remaining", str(pool_left)),
    )


def _check_credentials(call: Call, exchange: str, user: JsonObject | None) -> None:
    sent = call.request.header(credentials.HEADER)
    if sent:
        credentials.check_header(sent, exchange)
    elif user is None or exchange not in user["linked_exchanges"]:
        raise forbidden(f"no credentials for {exchange}", "credentials_required")


def _usdc(user: JsonObject | None) -> str:
    wallet = user["wallet"] if user else None
    balances = (wallet or {}).get("balances") or []
    return usdc_amount(sum(int(b["raw_balance"]) for b in balances))


def _market(account: Account) -> str:
    return "KXRAIN-26AUG-NYC" if account.exchange == "kalshi" else "0x5eed" + "0" * 60


def _listed(call: Call, account: Account, items: list[JsonObject]) -> Answer:
    market = call.request.query.get("market_id")
    shown = [item for item in items if market in {None, item["market_id"]}]
    return of_json(200, shown).with_headers(account.headers)
