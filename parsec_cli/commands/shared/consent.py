"""Consent: what an operator must allow before a change is sent.

A deactivation cannot be undone, so its target must be typed or passed: the external_id (one user)
or the count (several). Nothing else counts: no `--yes`, CI, environment variable or pipe. Scripts
must also pass the number of users who hold money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from parsec_cli.api.resolve import Reference
from parsec_cli.bulk.run.journal import EarlierDeactivations, read_earlier_runs
from parsec_cli.commands.shared.cards import shown
from parsec_cli.errors import ConsentMissing, GuardRefused, LocalFault, NotFound, counted, shortened
from parsec_cli.holdings import Holdings, hold_money, summary
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.next_command import NextCommand, again
from parsec_cli.records import record
from parsec_cli.results import Block, Card, Column, Grid, Line, Tone, Words
from parsec_cli.runtime import Runtime
from parsec_cli.visible import visible

_PLAIN = re.compile(r"[\w.@:+-]+")  # an id that a sentence can contain
_NAMED = 20  # users named in a refusal or in warnings
_LISTED = (
    Column("external_id", "EXTERNAL ID", "id", rank=0),
    Column("customer_id", "CUSTOMER ID", "id", rank=0),
    Column("qps_limit", "QPS", "number", rank=1),
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
        return self.holdings.as_json() if self.holdings else None

    @property
    def line(self) -> str:
        return f"`{self.user.name}` HOLDS {self.holdings.text}" if self.holdings else ""


@record
class Consent:
    """The consent of a script: `--confirm` and `--allow-holdings`, None where not given."""

    confirm: str | None
    allow_holdings: int | None


def check_pool(
    pool: Pool,
    after: int,
    *,
    allow_overcommit: bool,
    command: NextCommand | None = None,
    details: Sequence[str] = (),
) -> None:
    """Refuse to raise the sum of limits beyond the pool; `command` is what would allow it."""
    before = pool.total_allocated_qps
    if allow_overcommit or after <= max(before, pool.qps_pool):
        return
    raise GuardRefused(
        f"the sum of limits would exceed the pool: {before:,} → {after:,} of "
        f"{pool.qps_pool:,}, {pool.free:,} free; nothing was sent",
        details=details,
        hint=f"lower other limits by {after - pool.qps_pool:,} QPS, or allow it with",
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


def agree(
    runtime: Runtime,
    everyone: Sequence[Held],
    given: Consent,
    *,
    by_name: bool = False,
    listed: bool = False,
    names: Sequence[str] | None = None,
    request: str = "",
) -> None:
    """Obtain consent to deactivate these users, or raise ConsentMissing or GuardRefused.

    The word is their count; `by_name` it is the external_id of the only one. If they are `listed`
    already, the question does not list them again. `names` replace the arguments of this command
    where it is proposed to scripts. `request` is another DELETE below the path of the only user.
    """
    user = everyone[0].user if by_name else None
    word, why = str(len(everyone)), ""
    if user:  # by its customer_id where the external_id cannot be typed as shown
        name = user.external_id or ""
        word = name if name and name == visible(name) == name.strip() else user.customer_id
    command = partial(script_command, everyone, word, names)
    if given.confirm is None:
        runtime.screen.show_people(_question(runtime, everyone, user, request, listed=listed))
        if not runtime.screen.interactive:
            why = "consent is missing and no prompt is possible"
    elif given.confirm != ((user and user.external_id) or word) and (
        user is None or given.confirm.lower() != user.customer_id.lower()
    ):
        target = "target" if user else f"count of {counted(len(everyone), 'user')}"
        why = f"`--confirm` does not match the {target}"
    if why:
        raise ConsentMissing(
            f"{why}: nothing was sent", hint="to run it from a script:", command=command()
        )
    check_holders(everyone, given, command, request)
    if given.confirm is not None:
        warn_of_holders(runtime, everyone)
        return
    question = f"Type {word} to deactivate {counted(len(everyone), 'user')}"
    if user:
        id_name = "external_id" if word == user.external_id else "customer_id"
        question = f"Type the {id_name} to {'send' if request else 'deactivate'} it"
    if runtime.screen.ask(f"{question}: ") != word:
        raise ConsentMissing(
            "not confirmed: nothing was sent", hint="run the command again when you are sure"
        )


def script_command(
    everyone: Sequence[Held] = (), word: str = "", names: Sequence[str] | None = None
) -> NextCommand:
    """Return this command with all options that a script needs."""
    if not everyone:
        return again(confirm=None, allow_holdings=None, yes=True)
    holders = sum(one.is_holder for one in everyone)
    return again(names=names, confirm=word, allow_holdings=holders or None)


def check_holders(
    everyone: Sequence[Held],
    given: Consent,
    command: Callable[[], NextCommand],
    request: str = "",
) -> None:
    """Refuse unless `--allow-holdings` is the number of holders; not for typed consent."""
    holders = [one for one in everyone if one.is_holder]
    if given.allow_holdings == len(holders):
        return
    if given.allow_holdings is None and (given.confirm is None or not holders):
        return
    if not everyone:
        raise GuardRefused(
            f"nobody is deactivated, so `--allow-holdings {given.allow_holdings}` does not apply; "
            "nothing was sent",
            hint="run it without `--allow-holdings`:",
            command=again(allow_holdings=None),
        )
    verb = hold_money([one.holdings for one in holders if one.holdings is not None])
    message = f"{counted(len(holders), 'user')} {verb}"
    if given.allow_holdings is not None:
        message = f"`--allow-holdings {given.allow_holdings}` does not match: {message}"
    action = "deactivate it" if len(everyone) == 1 else "deactivate them"
    action = "send the request" if request else action
    raise GuardRefused(
        f"{message}; nothing was sent",
        details=shortened([one.line for one in holders], _NAMED),
        hint=f"to {action} anyway, run",
        command=command(),
    )


def warn_of_holders(runtime: Runtime, everyone: Sequence[Held]) -> None:
    """Warn of what the users hold where no prompt shows it."""
    text = summary([one.holdings for one in everyone])
    if text:
        runtime.screen.warning(everyone[0].line if len(everyone) == 1 else text)


def target_lines(runtime: Runtime) -> list[Line]:
    """Return the first line of a question: the target of the change, unless it was shown."""
    return [] if runtime.announced else [Line(*runtime.place)]


def _question(
    runtime: Runtime, everyone: Sequence[Held], user: User | None, request: str, *, listed: bool
) -> list[Block]:
    """Show who would be deactivated and what they hold; `user` is set for a single user.

    `request` is another DELETE below the path of that user.
    """
    details = _card(user, everyone[0]) if user else [] if listed else [_table(everyone)]
    name = user.name if user else counted(len(everyone), "user")
    action = f"Send {request} of user {name}" if request else f"Deactivate {name}"
    question = Line(f"{action}? This cannot be undone.", "bad")
    held = "" if user else summary([one.holdings for one in everyone])
    total = [Line(held, "alarm")] if held else []
    return [*target_lines(runtime), question, *details, *total, Line("")]


def _card(user: User, one: Held) -> list[Block]:
    """Show the only user that would be deactivated, and what it holds."""
    limit = "none" if user.qps_limit is None else f"{user.qps_limit:,} QPS"
    linked, wallet = ", ".join(user.linked_exchanges), user.wallet
    address = "none"
    if wallet is not None:
        addresses = wallet.get("safe_address") or wallet.get("eoa_address")
        address = " ".join(filter(None, map(shown, (wallet.get("wallet_type"), addresses))))
    pairs: list[tuple[str, Words]] = [
        ("customer_id", user.customer_id),
        ("limit", f"{limit}, linked to {linked}" if linked else f"{limit}, not linked"),
        ("wallet", address),
    ]
    if user.name != user.external_id or not _PLAIN.fullmatch(user.name):
        pairs.insert(0, ("external_id", shown(user.external_id)))
    if one.holdings is not None and one.is_holder:
        pairs.append(("HOLDS", ((" · ".join(one.holdings.parts), "alarm"),)))
    return [Card(tuple(pairs), indent=True)]


def _table(everyone: Sequence[Held]) -> Grid:
    """Show the users that would be deactivated, and what they hold."""
    rows: list[JsonObject] = [
        {
            "external_id": one.user.external_id,
            "customer_id": one.user.customer_id,
            "qps_limit": one.user.qps_limit,
            "holdings": one.json,
        }
        for one in everyone
    ]
    tones = tuple[Tone, ...]("alarm" if one.is_holder else "plain" for one in everyone)
    return Grid(_LISTED, rows, tones=tones)


def earlier_deactivations(runtime: Runtime) -> EarlierDeactivations:
    """Find earlier deactivations. The history is read last, as every command writes to it."""
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    earlier = read_earlier_runs(runtime.places.runs_dir, host, key)
    try:
        known = runtime.history.deactivations(host, key)
    except LocalFault as fault:
        runtime.screen.warning(f"earlier deactivations could not be read: {fault.message}")
        return earlier
    for customer_id, entry in known.items():
        earlier.add(customer_id, entry["target"]["external_id"], entry["outcome"])
    return earlier


def warn_of_unknown(
    runtime: Runtime, everyone: Sequence[Held], earlier: EarlierDeactivations | None = None
) -> None:
    """Warn of users whose earlier deactivation has an unknown outcome."""
    if not everyone:
        return
    unknown = (earlier or earlier_deactivations(runtime)).unknown
    warnings = [
        f"the outcome of an earlier deactivation of `{one.user.name}` is unknown"
        for one in everyone
        if one.user.customer_id.lower() in unknown
    ]
    for warning in warnings and shortened(warnings, _NAMED):
        runtime.screen.warning(warning)


@contextmanager
def explaining_absence(runtime: Runtime, text: str) -> Iterator[None]:
    """Warn if a user that is not found was, or may have been, deactivated by an earlier command."""
    try:
        yield
    except NotFound:
        with suppress(LocalFault):  # the error that the user is not found matters more
            name, earlier = Reference.parse(text).id, earlier_deactivations(runtime)
            customer = earlier.by_external_id().get(name, name.lower())
            if customer in earlier.done:
                runtime.screen.warning(f"`{name}` was deactivated by an earlier command")
            elif customer in earlier.unknown:
                runtime.screen.warning(
                    f"an earlier deactivation of `{name}` had an unknown outcome; it was probably "
                    "applied"
                )
        raise
