"""Consent for what cannot be undone: a word that names the target, typed or given, never implied.

A deactivation needs the external_id (one user) or the count (several). Nothing else counts: not
`--yes`, not CI, not an environment variable, not what a pipe says.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.commands.cards import shown
from parsec_cli.errors import ConsentMissing, GuardRefused
from parsec_cli.models import User
from parsec_cli.results import Block, Card, Column, Grid, Line
from parsec_cli.runtime import Runtime
from parsec_cli.wording import counted

_BLANK = Line("")
_LISTED = (
    Column("external_id", "EXTERNAL ID", "id", rank=0),
    Column("customer_id", "CUSTOMER ID", "id", rank=0),
    Column("qps_limit", "QPS", "number", rank=2),
    Column("exchanges", "EXCHANGES", rank=3),
    Column("money", "BALANCES", rank=1),
)


def word_for(user: User) -> str:
    """The external_id, or the customer_id where that can't be typed exactly as it is shown."""
    text = user.external_id or ""
    typable = text and text.isprintable() and text == text.strip()
    return text if typable else user.customer_id


def agree_to_one(runtime: Runtime, user: User, confirm: str | None, command: str) -> None:
    """Obtain consent to deactivate `user`; else raise ConsentMissing. `command` is for scripts."""
    word = word_for(user)
    if confirm is None:
        runtime.screen.show_people([*_one(runtime, user), _BLANK])
    matches = None if confirm is None else _names(confirm, user)
    _agree(runtime, word, matches, command, f"type {_what(user, word)} to deactivate it")


def _names(confirm: str, user: User) -> bool:
    """Whether it is one of the user's ids: a customer_id in any case, else letter by letter."""
    if not confirm:
        return False
    return confirm == user.external_id or confirm.lower() == user.customer_id.lower()


def _what(user: User, word: str) -> str:
    return "the external_id" if word == user.external_id else "the customer_id"


def agree_to_several(
    runtime: Runtime, users: Sequence[User], confirm: str | None, command: str, notes: Sequence[str]
) -> None:
    """Obtain consent to deactivate all `users`, by their count."""
    count = str(len(users))
    if confirm is None:
        runtime.screen.show_people([*_several(runtime, users, notes), _BLANK])
    matches = None if confirm is None else confirm == count
    question = f"type {count} to deactivate {counted(len(users), 'user')}"
    _agree(runtime, count, matches, command, question)


def at_most(count: int, limit: int) -> None:
    """Refuse more deactivations in one run than `--max` allows."""
    if count > limit:
        raise GuardRefused(
            f"{counted(count, 'deactivation')} would pass `--max {limit}`: nothing was sent",
            hint=f"if all are meant, allow them with `--max {count}`",
        )


def _agree(
    runtime: Runtime, word: str, confirmed: bool | None, command: str, question: str
) -> None:
    """Take `--confirm` by whether it matched; where it was not given (None) ask for the word."""
    hint = f"to run it from a script: `{command}`"
    if confirmed:
        return
    if confirmed is not None:
        raise ConsentMissing("`--confirm` does not match the target: nothing was sent", hint=hint)
    if not runtime.screen.interactive:
        raise ConsentMissing(
            "consent is missing and nobody can be asked: nothing was sent", hint=hint
        )
    answer = runtime.screen.ask(f"{question}: ")
    if answer is None or answer != word:
        raise ConsentMissing(
            "not confirmed: nothing was sent", hint="start again when you are sure"
        )


def _target(runtime: Runtime) -> tuple[tuple[str, str], ...]:
    profile = runtime.profile
    return (("profile", profile.name), ("host", profile.base_url.display))


def _one(runtime: Runtime, user: User) -> list[Block]:
    wallet = user.wallet
    pairs = [
        ("external_id", shown(user.external_id)),
        ("customer_id", user.customer_id),
        ("exchanges", shown(list(user.linked_exchanges))),
        ("qps_limit", shown(user.raw.get("qps_limit"))),
        ("wallet", "-" if wallet is None else shown(wallet.wallet_type)),
    ]
    if wallet is not None:
        pairs.append(("address", shown(wallet.safe_address or wallet.eoa_address)))
    blocks: list[Block] = [
        Line("deactivate this user: it cannot be undone", "bad"),
        Card((*pairs, *_target(runtime))),
    ]
    if wallet is not None and wallet.holds_money:
        blocks.append(Line(f"ITS WALLET HOLDS {money(user)}", "bad"))
    return blocks


def money(user: User) -> str:
    """The balances that are not zero, such as `100.50 USDC`."""
    wallet = user.wallet
    if wallet is None or not wallet.holds_money:
        return ""
    return ", ".join(
        f"{shown(b.get('balance', b.get('raw_balance')))} {shown(b.get('token'))}"
        for b in wallet.balances
        if wallet.is_money(b)
    )


def _several(runtime: Runtime, users: Sequence[User], notes: Sequence[str]) -> list[Block]:
    rows = [
        {
            "external_id": user.external_id,
            "customer_id": user.customer_id,
            "qps_limit": user.qps_limit,
            "exchanges": shown(list(user.linked_exchanges)),
            "money": money(user) or None,
        }
        for user in users
    ]
    rich = sum(1 for row in rows if row["money"])
    blocks: list[Block] = [
        Line(f"deactivate {counted(len(users), 'user')}: it cannot be undone", "bad"),
        Grid(_LISTED, rows),
        Card(_target(runtime)),
    ]
    blocks += [Line(note, "warning") for note in notes]
    if rich:
        blocks.append(Line(f"{rich} OF THEIR WALLETS HOLD MONEY", "bad"))
    return blocks
