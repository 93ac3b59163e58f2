"""Cards: show one object, or a request that a dry run does not send, to people."""

from __future__ import annotations

from typing import Any

from parsec_cli import columns, exact_json
from parsec_cli.base_url import API_PREFIX
from parsec_cli.holdings import holds_money
from parsec_cli.models import JsonObject, User
from parsec_cli.redaction import Redaction, is_secret
from parsec_cli.results import Block, Card, Column, Line, Record

_STRATEGY = {
    "managed": "managed wallet",
    "self": "linked with its own keys",
    "per-request": "per-request: nothing linked",
}


# a card masks by label, and fields inside a value have none
_INSIDE = Redaction(lambda: ())


def shown(value: object) -> str:
    """Write a JSON value for people: null is "", an object JSON without its secrets."""
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(shown(item) for item in value)
        case dict():
            return exact_json.dumps(_INSIDE.value(value), ensure_ascii=False, separators=(",", ":"))
        case _:
            return str(value)


def user_card(user: User) -> tuple[Block, ...]:
    """Show all fields of a user and its wallet, with a line of its own for money."""
    raw, fee, wallet = user.raw, user.raw.get("fee_bps"), user.wallet
    fees = f", {shown(fee)} bps" if fee is not None else ""
    pairs = [
        ("external_id", shown(user.external_id)),
        ("customer_id", user.customer_id),
        ("qps_limit", shown(raw.get("qps_limit"))),
        ("strategy", _STRATEGY[user.strategy]),
        ("exchanges", shown(list(user.linked_exchanges))),
        ("tier", shown(raw.get("tier"))),
        ("created", shown(raw.get("created_at"))),
        # masked by its label unless `--reveal-keys`
        ("api_key", raw["api_key"] if isinstance(raw.get("api_key"), str) else ""),
        ("fee escrow", shown(raw.get("fee_escrow_enabled")) + fees),
    ]
    if raw.get("status") is not None:
        pairs.append(("status", shown(raw["status"])))
    if wallet is None:
        return (Card(tuple(pairs)),)
    names = ("wallet_type", "eoa_address", "safe_address", "chain_id", "created_at")
    facts = [(n, shown(wallet[n])) for n in names if wallet.get(n) is not None]
    facts += [(f"balance {token}", amount) for token, amount in _balances(user)]
    money = [Line("this wallet holds money", "warning")] if holds_money(user) else []
    return (Card(tuple(pairs)), Card(tuple(facts), "wallet"), *money)


def _balances(user: User) -> list[tuple[str, str]]:
    return [
        (shown(b.get("token")), shown(b.get("balance", b.get("raw_balance"))))
        for b in user.balances
    ]


def balances_text(user: User) -> str:
    """Return the balances of a user on one line, "" if there are none."""
    pairs = _balances(user)
    return f"balances: {', '.join(f'{amount} {token}' for token, amount in pairs)}" if pairs else ""


def user_record(raw: JsonObject) -> Record:
    return Record(raw, columns.USER, user_card(User(raw)))


def not_sent(method: str, path: str, body: JsonObject | None, **more: Any) -> Record:
    """Show the request that a dry run does not send, with `more` members of the JSON."""
    full = API_PREFIX + path
    value = {"dry_run": True, "method": method, "path": full, "body": body, **more}
    columns = tuple(
        Column(name, name.upper().replace("_", " "), "holdings" if name == "holdings" else "text")
        for name in value
    )
    # a card shows no part of a secret
    shown = {name: "****" if is_secret(name) else text for name, text in (body or {}).items()}
    pairs = tuple((name, str(text)) for name, text in shown.items())
    return Record(value, columns, (Line(f"dry run: would send {method} {full}"), Card(pairs)))
