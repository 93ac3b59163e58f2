"""Reads on behalf of an end-user: balance, positions, fills, orders, wallet, ping.

The builder names the user in `X-Builder-Customer-Id`; an end-user's own key means itself. The
response depends on the user alone, so that a rehearsal can be repeated: orders, positions and fills
are computed from the user and never stored.
"""

from __future__ import annotations

from parsec_cli.field_rules import QPS_MAX
from parsec_cli.models import JsonObject
from parsec_cli.records import record
from parsec_cli.sandbox.calls import NOT_OWNED, OTHER_BUILDERS_USER, Call, whole_number
from parsec_cli.sandbox.end_users import seconds
from parsec_cli.sandbox.onboarding import EXCHANGES, HEADER, check_header
from parsec_cli.sandbox.responses import (
    Answer,
    Headers,
    Refusal,
    forbidden,
    invalid,
    not_found,
    of_json,
)
from parsec_cli.sandbox.seed import trades_of

IMPERSONATE = "X-Builder-Customer-Id"
VIEWS = ("open", "closed", "all")
MOST_ORDERS = 500
_OPEN = frozenset({"pending", "open", "partially_filled"})
_FILLED = {"filled": 40.0, "partially_filled": 15.0}


@record
class Account:
    """One exchange as one user sees it; `user` is None for the builder's own account."""

    exchange: str
    user: JsonObject | None
    headers: Headers

    @property
    def market(self) -> str:
        return "KXRAIN-26AUG-NYC" if self.exchange == "kalshi" else "0x5eed" + "0" * 60


def balance(call: Call) -> Answer:
    account = _account(call)
    raw: JsonObject = {"balance": 125_000, "portfolio_value": 41_250}
    if account.exchange == "polymarket":
        wallet = (account.user or {}).get("wallet") or {}
        units = sum(int(b["raw_balance"]) for b in wallet.get("balances") or ())
        raw = {"balance": str(units), "allowance": "115792089237316195423570985008"}
    return of_json(200, {"raw": raw}).with_headers(account.headers)


def positions(call: Call) -> Answer:
    account = _account(call)
    listed = [
        {
            "market_id": account.market,
            "outcome": "Yes",
            "size": size,
            "average_price": 0.42,
            "current_price": 0.47,
        }
        for size in trades_of(account.user).positions
    ]
    return _of_market(call, account, listed)


def fills(call: Call) -> Answer:
    account = _account(call)
    limit = call.request.query.get("limit")
    count = QPS_MAX if limit is None else whole_number(limit, "limit", 1, 1000)
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
        for number, order in enumerate(_orders(account), start=1)
        if order["filled"]
    ]
    return _of_market(call, account, listed[:count])


def orders(call: Call) -> Answer:
    """List the orders of one view, `open` unless asked, created between `start_ts` and `end_ts`."""
    account = _account(call)
    query = call.request.query
    view = query.get("status", "open")
    if view not in VIEWS:
        raise invalid([f"status must be one of {', '.join(VIEWS)}"])
    start, end, limit = (
        whole_number(query.get(name, str(default)), name, 0, QPS_MAX)
        for name, default in (("start_ts", 0), ("end_ts", QPS_MAX), ("limit", MOST_ORDERS // 5))
    )
    listed = [
        order
        for order in _orders(account)
        if view in ("all", "open" if order["status"] in _OPEN else "closed")
        and start <= seconds(order["created_at"]) <= end
    ]
    # the API does not refuse a limit out of bounds, but moves it to the nearest bound
    return _of_market(call, account, listed[: min(max(1, limit), MOST_ORDERS)])


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
    answers = []
    for exchange in exchanges:
        refusal = None
        try:
            _check_credentials(call, exchange, user)
        except Refusal as fault:
            refusal = fault
        answers.append(
            {
                "exchange": exchange,
                "has_credentials": refusal is None or refusal.code != "credentials_required",
                "authenticated": refusal is None,
                "message": refusal.error if refusal else "ok",
            }
        )
    return of_json(200, answers).with_headers(headers)


def _account(call: Call) -> Account:
    """Find exchange, user and working credentials; raises Refusal 400, 403 or 404."""
    asked = call.request.query.get("exchange")
    if not asked:
        raise Refusal(400, "missing required parameter: exchange", "missing_parameter")
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
    if call.caller.user is not None:
        raise Refusal(403, f"{IMPERSONATE} needs a builder key")
    user = call.state.user(named) if named != OTHER_BUILDERS_USER else None
    if user is None:
        raise Refusal(403, NOT_OWNED)
    headers: Headers = ()
    pool_limit = call.state.qps_pool()
    limits = {"user": (named, user["qps_limit"] or pool_limit), "pool": ("", pool_limit)}
    for kind, (name, limit) in limits.items():
        left = call.limits.left(name, limit, call.now)
        headers += (
            (f"x-ratelimit-{kind}-limit", str(limit)),
            (f"x-ratelimit-{kind}-remaining", str(left)),
        )
    return user, headers


def _check_credentials(call: Call, exchange: str, user: JsonObject | None) -> None:
    sent = call.request.header(HEADER)
    if sent:
        check_header(sent, exchange)
    elif user is None or exchange not in user["linked_exchanges"]:
        raise forbidden(f"no credentials for {exchange}", "credentials_required")


def _orders(account: Account) -> list[JsonObject]:
    user = account.user
    return [
        {
            "id": f"order-{number}",
            "market_id": account.market,
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


def _of_market(call: Call, account: Account, items: list[JsonObject]) -> Answer:
    market = call.request.query.get("market_id")
    shown = [item for item in items if market in {None, item["market_id"]}]
    return of_json(200, shown).with_headers(account.headers)
