"""What people see of users: the card of one, and the line below a table of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from parsec_cli import columns
from parsec_cli.cells import time_text
from parsec_cli.commands.shared.cards import on_off, short_address, shown
from parsec_cli.holdings import Holdings, balances_in
from parsec_cli.models import JsonObject, User, WrongShape
from parsec_cli.results import Card, Record, Tone, Words
from parsec_cli.runtime import Runtime

_FULL_ADDRESSES = 100  # the columns of a terminal that shows addresses in full
_POLYGON = 137
_USUAL_STATUS = ("complete", "active")  # of a user who was just created


def user_record(runtime: Runtime, raw: JsonObject, *, notes: tuple[str, ...] = ()) -> Record:
    """Return a user with all fields; `notes` about the limit follow it on the card."""
    user = User(raw)
    profile, width = runtime.profile, runtime.screen.width
    full = width is None or width >= _FULL_ADDRESSES
    pairs: list[tuple[str, Words]] = []
    if user.external_id is not None:
        pairs.append(("customer_id", user.customer_id))
    pairs += [
        ("limit", _words(" · ".join((_limit(user), *notes)))),
        ("strategy", _words(_strategy(user))),
        *_wallet(user, full=full),
        ("fee escrow", _words(_escrow(raw, full=full))),
        ("tier", _words(_tier(raw))),
        # masked by its label unless `--reveal-keys`
        ("api_key", raw["api_key"] if isinstance(raw.get("api_key"), str) else ""),
    ]
    place = profile.name if profile.sandbox else f"{profile.name} · {profile.base_url.display}"
    card = Card(tuple(pairs), title=user.name, aside=place)
    return Record(raw, columns.USER, (card,), summary=_balances_text(user))


def _words(text: str, tone: Tone = "plain") -> Words:
    return ((text, tone),) if text else ""


def _limit(user: User) -> str:
    if "qps_limit" not in user.raw:
        return "unknown"
    qps = user.qps_limit
    return f"{qps:,} QPS" if qps is not None else shown(user.raw["qps_limit"]) or "none"


def _strategy(user: User) -> str:
    """Describe how the exchange credentials are stored; managed wallets are Polymarket only."""
    linked = user.linked_exchanges
    if user.wallet is None:
        if linked:
            return f"stored exchange keys (self), linked to {', '.join(linked)}"
        return "no exchange linked: keys come with each request (per-request), or not onboarded"
    managed = [name for name in linked if name == "polymarket"]
    stored = [name for name in linked if name != "polymarket"]
    text = f"managed wallet, {f'linked to {managed[0]}' if managed else 'polymarket not linked'}"
    return f"{text}; stored keys (self) for {', '.join(stored)}" if stored else text


def _wallet(user: User, *, full: bool) -> list[tuple[str, Words]]:
    """Return the lines about the wallet: kind and addresses, then the money."""
    wallet = user.wallet
    if wallet is None:
        return [("wallet", shown(user.raw.get("wallet")))]
    names = "eoa_address", "safe_address"
    owner, safe = (_address(wallet.get(name), full=full) for name in names)
    parts = [" ".join(filter(None, (shown(wallet.get("wallet_type")), safe or owner)))]
    lines = [f"owner {owner}"] if safe and owner else []
    if lines and not full:
        parts.append(lines.pop())
    if (chain := wallet.get("chain_id")) is not None:
        number = shown(chain)
        parts.append(f"polygon ({number})" if chain == _POLYGON else f"chain {number}")
    lines.insert(0, ", ".join(parts))
    words = [_words(line) for line in lines]
    if user.balances:
        words.append(_money(user))
    return [("" if place else "wallet", one) for place, one in enumerate(words)]


def _money(user: User) -> Words:
    try:
        held = balances_in(user.balances)
    except WrongShape:
        return _words(f"not readable: {_balances_text(user)}", "unknown")
    if held:
        return _words(Holdings(held).text, "warning")
    return _words(
        ", ".join(f"0.00 {shown(balance.get('token'))}" for balance in user.balances), "dim"
    )


def _balances_text(user: User) -> str:
    """Return the balances as they were sent, "" if there are none."""
    sent = (
        f"{shown(b.get('balance', b.get('raw_balance')))} {shown(b.get('token'))}"
        for b in user.balances
    )
    return f"balances: {', '.join(sent)}" if user.balances else ""


def _escrow(raw: JsonObject, *, full: bool) -> str:
    fee = raw.get("fee_bps")
    parts = [on_off(raw.get("fee_escrow_enabled")), f"{shown(fee)} bps" if fee is not None else ""]
    address = _address(raw.get("affiliate_address"), full=full)
    parts.append(f"affiliate {address}" if address else "")
    return ", ".join(filter(None, parts))


def _tier(raw: JsonObject) -> str:
    created = time_text(shown(raw.get("created_at")))
    parts = [shown(raw.get("tier")), f"created {created}" if created else ""]
    if raw.get("status") not in (None, *_USUAL_STATUS):
        parts.append(f"status {shown(raw['status'])}")
    return " · ".join(filter(None, parts))


def _address(value: object, *, full: bool) -> str:
    text = shown(value)
    return text if full else short_address(text)


def with_footer(
    runtime: Runtime, pages: Iterable[Sequence[JsonObject]], users: Callable[[], str]
) -> Iterator[Sequence[JsonObject]]:
    """Yield the pages, then print such as `12 users · 1,055 QPS`; `users()` may be "" for none."""
    qps = 0
    for page in pages:
        yield page
        limits = (raw.get("qps_limit") for raw in page)
        # without a User for each of many thousands
        qps += sum(q if type(q) is int else User({"qps_limit": q}).qps_limit or 0 for q in limits)
    if text := users():
        runtime.screen.notice(f"{text} · {qps:,} QPS", tone="dim")
