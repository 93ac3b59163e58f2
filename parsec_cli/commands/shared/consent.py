"""Consent: what an operator must allow before a change is sent.

A deactivation cannot be undone, so it needs a word that names its target, typed or given: the
external_id (one user) or the count (several). Nothing else counts: no `--yes`, CI, environment
variable or pipe. Where nobody types the word, the number of users who hold money is needed, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.commands.shared.cards import shown
from parsec_cli.errors import ConsentMissing, GuardRefused, counted, shortened
from parsec_cli.holdings import Holdings, hold_money, json_of, summary
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.next_command import NextCommand, again
from parsec_cli.records import record
from parsec_cli.results import Block, Card, Column, Grid, Line
from parsec_cli.runtime import Runtime
from parsec_cli.visible import visible

_BLANK = Line("")
_NAMED = 20  # holders named in a refusal
_LISTED = (
    Column("external_id", "EXTERNAL ID", "id", rank=0),
    Column("customer_id", "CUSTOMER ID", "id", rank=0),
    Column("qps_limit", "QPS", "number", rank=2),
    Column("exchanges", "EXCHANGES", rank=3),
    Column("holdings", "HOLDS", "holdings", rank=0),
)


@record
class Held:
    """A user about to be deactivated and what it holds; None without a wallet."""

    user: User
    holdings: Holdings | None

    @property
    def is_holder(self) -> bool:
        return self.holdings is not None and self.holdings.is_holder

    @property
    def json(self) -> JsonObject | None:
        return json_of(self.holdings)

    @property
    def record(self) -> JsonObject:
        """The user's record as the history stores it."""
        return {**self.user.raw, "holdings": self.json}

    @property
    def line(self) -> str:
        return f"`{self.user.name}` HOLDS {self.holdings.text}" if self.holdings else ""


@record
class Consent:
    """The consent of a script: `--confirm` and `--allow-holdings`, None where not given."""

    confirm: str | None
    allow_holdings: int | None


@record
class DeactivateOptions:
    """The options of `users deactivate`, without those that name the users."""

    consent: Consent
    most: int
    balances_only: bool
    results: str | None
    dry_run: bool
    reason: str


def check_pool(
    pool: Pool, after: int, *, allow_overcommit: bool, command: NextCommand | None = None
) -> None:
    """Refuse to raise the sum of limits to `after` beyond the pool; lowering it is always allowed.

    `command` allows it where that is not the same command with `--allow-overcommit`.
    """
    before = pool.total_allocated_qps
    if allow_overcommit or after <= max(before, pool.qps_pool):
        return
    raise GuardRefused(
        f"the sum of limits would exceed the pool: {before:,} -> {after:,} of "
        f"{pool.qps_pool:,}, {pool.free:,} free; nothing was sent",
        hint="lower other limits, or allow it with",
        command=command or again(allow_overcommit=True),
    )


def check_max(deactivations: int, limit: int) -> None:
    """Refuse more deactivations in one run than `--max` allows."""
    if deactivations > limit:
        raise GuardRefused(
            f"{counted(deactivations, 'deactivation')} would exceed `--max {limit}`: "
            "nothing was sent",
            hint="to allow all of them, run",
            command=again(max=deactivations),
        )


def with_consent(
    everyone: Sequence[Held], word: str | int, names: Sequence[str] | None = None
) -> NextCommand:
    """Return this command with all that a script needs; `names` replace its arguments."""
    holders = sum(1 for one in everyone if one.is_holder)
    return again(names=names, confirm=word, allow_holdings=holders or None)


def word_for(user: User) -> str:
    """Return the external_id, or the customer_id if the external_id cannot be typed as shown."""
    text = user.external_id or ""
    typable = text and text == visible(text) == text.strip()
    return text if typable else user.customer_id


def agree_to_one(runtime: Runtime, one: Held, given: Consent, command: NextCommand) -> None:
    """Obtain consent to deactivate a user; else raise ConsentMissing or GuardRefused.

    `command` is the same command with all that a script needs.
    """
    user = one.user
    word = word_for(user)
    if given.confirm is None:
        runtime.screen.show_people([*_one(runtime, one), _BLANK])
    matches = None if given.confirm is None else _matches(given.confirm, user)
    what = "the external_id" if word == user.external_id else "the customer_id"
    _agree(runtime, word, matches, given, [one], command, f"type {what} to deactivate it")


def _matches(confirm: str, user: User) -> bool:
    """Return whether it is the user's external_id, or its customer_id in any case."""
    if not confirm:
        return False
    return confirm == user.external_id or confirm.lower() == user.customer_id.lower()


def agree_to_several(
    runtime: Runtime, everyone: Sequence[Held], given: Consent, command: NextCommand
) -> None:
    """Obtain consent to deactivate all of them, by their count."""
    count = str(len(everyone))
    if given.confirm is None:
        runtime.screen.show_people([*_several(runtime, everyone), _BLANK])
    matches = None if given.confirm is None else given.confirm == count
    question = f"type {count} to deactivate {counted(len(everyone), 'user')}"
    _agree(runtime, count, matches, given, everyone, command, question)


def _agree(
    runtime: Runtime,
    word: str,
    confirmed: bool | None,
    given: Consent,
    everyone: Sequence[Held],
    command: NextCommand,
    question: str,
) -> None:
    """Continue if `--confirm` matched; if it was not given (None), ask for the word."""
    why = "`--confirm` does not match the target" if confirmed is False else ""
    if confirmed is None and not runtime.screen.interactive:
        why = "consent is missing and nobody can be asked"
    if why:
        raise ConsentMissing(
            f"{why}: nothing was sent", hint="to run it from a script:", command=command
        )
    check_holders(everyone, given, command)
    if confirmed:
        warn_of_holders(runtime, everyone)
        return
    answer = runtime.screen.ask(f"{question}: ")
    if answer is None or answer != word:
        raise ConsentMissing(
            "not confirmed: nothing was sent", hint="run the command again when you are sure"
        )


def check_holders(everyone: Sequence[Held], given: Consent, command: NextCommand) -> None:
    """Refuse unless `--allow-holdings` is the number of holders; whoever types needs none."""
    holders = [one for one in everyone if one.is_holder]
    if given.allow_holdings == len(holders):
        return
    if given.allow_holdings is None and (given.confirm is None or not holders):
        return
    verb = hold_money([one.holdings for one in holders if one.holdings is not None])
    message = f"{counted(len(holders), 'user')} {verb}"
    if given.allow_holdings is not None:
        message = f"`--allow-holdings {given.allow_holdings}` does not match: {message}"
    raise GuardRefused(
        f"{message}; nothing was sent",
        details=shortened([one.line for one in holders], _NAMED),
        hint="to deactivate them anyway, run",
        command=command,
    )


def warn_of_holders(runtime: Runtime, everyone: Sequence[Held]) -> None:
    """Warn of what the users hold where no prompt shows it."""
    text = summary([one.holdings for one in everyone])
    if text:
        runtime.screen.warning(everyone[0].line if len(everyone) == 1 else text)


def target_line(runtime: Runtime) -> Line:
    """Return the first line of each question: the target of the change."""
    if not runtime.profile.protected:
        return Line(runtime.place, "strong")
    return Line(f"{runtime.place} {runtime.screen.dot} protected", "bad")


def _one(runtime: Runtime, one: Held) -> list[Block]:
    user = one.user
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
        target_line(runtime),
        Line("deactivate this user: it cannot be undone", "bad"),
        Card(tuple(pairs)),
    ]
    if one.is_holder and one.holdings is not None:
        blocks.append(Line(f"HOLDS {one.holdings.text}", "bad"))
    return blocks


def _several(runtime: Runtime, everyone: Sequence[Held]) -> list[Block]:
    rows = [
        {
            "external_id": one.user.external_id,
            "customer_id": one.user.customer_id,
            "qps_limit": one.user.qps_limit,
            "exchanges": shown(list(one.user.linked_exchanges)),
            "holdings": one.json,
        }
        for one in everyone
    ]
    blocks: list[Block] = [
        target_line(runtime),
        Line(f"deactivate {counted(len(everyone), 'user')}: it cannot be undone", "bad"),
        Grid(_LISTED, rows),
    ]
    if text := summary([one.holdings for one in everyone]):
        blocks.append(Line(text, "bad"))
    return blocks
