"""Reads on behalf of an end-user: balance, positions, fills, orders, wallet, ping.

The builder names the user in `X-Builder-Customer-Id`; an end-user's own key means itself. The
response depends on the user alone, so that a rehearsal can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsec_cli.field_rules import QPS_MAX
from parsec_cli.sandbox import header_credentials, trading
from parsec_cli.sandbox.calls import NOT_OWNED, OTHER_BUILDERS_USER, Call
from parsec_cli.sandbox.end_users import seconds
from parsec_cli.sandbox.onboarding import EXCHANGES
from parsec_cli.sandbox.responses import (
    Answer,
    Headers,
    Refusal,
    forbidden,
    invalid,
    missing_parameter,
    not_found,
    of_json,
)
from parsec_cli.sandbox.validation import whole_number

if TYPE_CHECKING:
    from parsec_cli.models import JsonObject

IMPERSONATE = "X-Builder-Customer-Id"
VIEWS = ("open", "closed", "all")
MOST_ORDERS = 500


@dataclass(frozen=True, slots=True)
class Account:
    """One exchange as one user sees it; `user` is None for the builder's own account."""

    exchange: str
    user: JsonObject | None
    headers: Headers


def balance(call: Call) -> Answer:
    account = _account(call)
    if account.exchange == "kalshi":
        raw: JsonObject = {"balance": 125_000, "portfolio_value": 41_250}
    else:
        raw = {
            "balance": _usdc_units(account.user),
            "allowance": "115792089237316195423570985008",
        }
    return of_json(200, {"raw": raw}).with_headers(account.headers)


def positions(call: Call) -> Answer:
    account = _account(call)
    return _listed(call, account, trading.positions(account.user, _market(account)))


def fills(call: Call) -> Answer:
    account = _account(call)
    limit = call.request.query.get("limit")
    count = QPS_MAX if limit is None else whole_number(limit, "limit", 1, 1000)
    return _listed(call, account, trading.fills(account.user, _market(account))[:count])


def orders(call: Call) -> Answer:
    """List the orders of one view, `open` unless asked, created between `start_ts` and `end_ts`."""
    account = _account(call)
    query = call.request.query
    view = query.get("status", "open")
    if view not in VIEWS:
        raise invalid([f"status must be one of {', '.join(VIEWS)}"])
    start, end = (
        whole_number(query.get(name, str(default)), name, 0, QPS_MAX)
        for name, default in (("start_ts", 0), ("end_ts", QPS_MAX))
    )
    limit = whole_number(query.get("limit", str(MOST_ORDERS // 5)), "limit", 0, QPS_MAX)
    listed = [
        order
        for order in trading.orders(account.user, _market(account))
        if view in ("all", "open" if order["status"] in trading.OPEN else "closed")
        and start <= seconds(order["created_at"]) <= end
    ]
    # the API does not refuse a limit out of bounds, but moves it to the nearest bound
    return _listed(call, account, listed[: min(max(1, limit), MOST_ORDERS)])


def wallet(call: Call) -> Answer:
    user, headers = _whose(call)
    own = user["wallet"] if user else None
    links = user["linked_exchanges"] if user else []
    value = {
        "wallet": own,
        "wallets": [own] if own else [],
        "linked_exchanges": [{"exchange": name, "has_credentials": True} for name in links],
        "session_signer": {"active": bool(own and own["privy_wallet_id"]), "expires_at": None},
    }
    return of_json(200, value).with_headers(headers)


def ping(call: Call) -> Answer:
    """Report for one exchange, or for each, whether there are credentials and whether they work."""
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
    """Return the impersonated user, if any, and the rate headers."""
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
    sent = call.request.header(header_credentials.HEADER)
    if sent:
        header_credentials.check_header(sent, exchange)
    elif user is None or exchange not in user["linked_exchanges"]:
        raise forbidden(f"no credentials for {exchange}", "credentials_required")


def _usdc_units(user: JsonObject | None) -> str:
    held = user["wallet"] if user else None
    balances = (held or {}).get("balances") or []
    return str(sum(int(b["raw_balance"]) for b in balances))


def _market(account: Account) -> str:
    return "KXRAIN-26AUG-NYC" if account.exchange == "kalshi" else "0x5eed" + "0" * 60


def _listed(call: Call, account: Account, items: list[JsonObject]) -> Answer:
    market = call.request.query.get("market_id")
    shown = [item for item in items if market in {None, item["market_id"]}]
    return of_json(200, shown).with_headers(account.headers)
