"""Reads of an account: usage, balance, positions, fills, orders, wallet, ping.

The builder names the user in `X-Builder-Customer-Id`; an end-user's own key means itself. The
response depends on the user alone, so that a rehearsal can be repeated: orders, positions and fills
are computed from the user and never stored.
"""

from __future__ import annotations

from parsec_cli.field_rules import QPS_MAX
from parsec_cli.models import EXCHANGES, JsonObject
from parsec_cli.sandbox.calls import BUILDER, NOT_OWNED, Call, header, whole_number
from parsec_cli.sandbox.end_users import seconds
from parsec_cli.sandbox.metering import billing_period
from parsec_cli.sandbox.onboarding import HEADER, check_header
from parsec_cli.sandbox.responses import Refusal, invalid
from parsec_cli.sandbox.seed import trades_of

IMPERSONATE = "X-Builder-Customer-Id"
_MARKETS = {"polymarket": "0x5eed" + "0" * 60, "kalshi": "KXRAIN-26AUG-NYC"}
_OPEN = frozenset({"pending", "open", "partially_filled"})
_FILLED = {"filled": 40.0, "partially_filled": 15.0}


def usage(call: Call) -> JsonObject:
    begin, end = billing_period(call.now)
    rate = call.limits.rate
    return {
        "tier": call.caller["tier"],
        "billing_period_start": begin,
        "billing_period_end": end,
        "limits": {
            "monthly_requests": call.limits.monthly,
            "rest_qps": rate.qps,
            "rest_qps_burst": rate.burst,
            "ws_max_subscriptions": 500,
            "ws_max_depth": 50,
            "history_max_age_days": 365,
        },
        "usage": {
            "monthly_requests": call.state.requests(call.caller["customer_id"], begin),
            "ws_active_connections": 0,
            "ws_active_subscriptions": 0,
        },
    }


def balance(call: Call) -> JsonObject:
    exchange, user = _account(call)
    if exchange == "kalshi":
        return {"raw": {"balance": 125_000, "portfolio_value": 41_250}}
    balances = (user["wallet"] or {}).get("balances") or ()
    units = sum(int(balance["raw_balance"]) for balance in balances)
    return {"raw": {"balance": str(units), "allowance": "115792089237316195423570985008"}}


def positions(call: Call) -> list[JsonObject]:
    exchange, user = _account(call)
    listed = [
        {
            "market_id": _MARKETS[exchange],
            "outcome": "Yes",
            "size": size,
            "average_price": 0.42,
            "current_price": 0.47,
        }
        for size in trades_of(user)[1]
    ]
    return _of_market(call, listed)


def fills(call: Call) -> list[JsonObject]:
    orders = [order for order in _orders(call) if order["filled"]]
    limit = call.query.get("limit")
    count = None if limit is None else whole_number(limit, "limit", 1, 1000)
    listed = [
        {
            "fill_id": f"fill-{number}",
            "order_id": order["id"],
            **{name: order[name] for name in ("market_id", "outcome", "side", "price")},
            "size": order["filled"],
            "is_taker": number == 1,
            "fee": 0.13,
            "created_at": order["created_at"],
        }
        for number, order in enumerate(orders, start=1)
    ]
    return _of_market(call, listed[:count])


def orders(call: Call) -> list[JsonObject]:
    """List the orders of one view, `open` unless asked, created between `start_ts` and `end_ts`."""
    query, listed = call.query, _orders(call)
    view = query.get("status", "open")
    if view not in ("open", "closed", "all"):
        raise invalid("status must be one of open, closed, all")
    start, end, limit = (
        whole_number(query.get(name, str(default)), name, 0, QPS_MAX)
        for name, default in (("start_ts", 0), ("end_ts", QPS_MAX), ("limit", 100))
    )
    shown = [
        order
        for order in listed
        if view in ("all", "open" if order["status"] in _OPEN else "closed")
        and start <= seconds(order["created_at"]) <= end
    ]
    # the API does not refuse a limit out of bounds, but moves it to the nearest bound
    return _of_market(call, shown[: min(max(1, limit), 500)])


def wallet(call: Call) -> JsonObject:
    user = _user(call)
    own, links = user["wallet"], user["linked_exchanges"]
    return {
        "wallet": own,
        "wallets": [own] if own else [],
        "linked_exchanges": [{"exchange": name, "has_credentials": True} for name in links],
        "session_signer": {"active": bool(own and own["privy_wallet_id"]), "expires_at": None},
    }


def ping(call: Call) -> list[JsonObject]:
    """Report for one exchange, or for each, whether there are credentials and whether they work."""
    asked, user = call.query.get("exchange"), _user(call)
    responses = []
    for exchange in EXCHANGES if asked is None else (_known(asked),):
        code, message = "", "ok"
        try:
            _check_credentials(call, exchange, user)
        except Refusal as refusal:
            code, message = refusal.code, refusal.error
        responses.append(
            {
                "exchange": exchange,
                "has_credentials": code != "credentials_required",
                "authenticated": not code,
                "message": message,
            }
        )
    return responses


def _account(call: Call) -> tuple[str, JsonObject]:
    """Return exchange and user with working credentials; raises Refusal 400, 403 or 404."""
    asked = call.query.get("exchange")
    if not asked:
        raise Refusal(400, "missing required parameter: exchange", "missing_parameter")
    exchange, user = _known(asked), _user(call)
    _check_credentials(call, exchange, user)
    return exchange, user


def _known(exchange: str) -> str:
    if exchange not in EXCHANGES:
        raise Refusal(404, f"exchange not found: {exchange}", "exchange_not_found")
    return exchange


def _user(call: Call) -> JsonObject:
    """Return the impersonated user, or the owner of the key; adds the rate headers of the first."""
    named = header(call.environ, IMPERSONATE).lower()
    if not named:
        return call.caller
    if call.caller is not BUILDER:
        raise Refusal(403, f"{IMPERSONATE} needs a builder key", "")
    user = call.state.user(named)
    if user is None:
        raise Refusal(403, NOT_OWNED, "")
    pool = call.state.qps_pool()
    for kind, name, limit in (("user", named, user["qps_limit"] or pool), ("pool", "", pool)):
        left = call.limits.left(name, limit, call.now)
        call.headers.append((f"x-ratelimit-{kind}-limit", str(limit)))
        call.headers.append((f"x-ratelimit-{kind}-remaining", str(left)))
    return user


def _check_credentials(call: Call, exchange: str, user: JsonObject) -> None:
    if sent := header(call.environ, HEADER):
        check_header(sent, exchange)
    elif exchange not in user["linked_exchanges"]:
        raise Refusal(403, f"no credentials for {exchange}", "credentials_required")


def _orders(call: Call) -> list[JsonObject]:
    exchange, user = _account(call)
    return [
        {
            "id": f"order-{number}",
            "market_id": _MARKETS[exchange],
            "outcome": "No",
            "side": "sell",
            "price": 0.61,
            "size": 40.0,
            "filled": _FILLED.get(status, 0.0),
            "status": status,
            "created_at": user["created_at"],
            "updated_at": None,
        }
        for number, status in enumerate(trades_of(user)[0], start=1)
    ]


def _of_market(call: Call, items: list[JsonObject]) -> list[JsonObject]:
    market = call.query.get("market_id")
    return [item for item in items if market in {None, item["market_id"]}]
