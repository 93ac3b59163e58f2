"""`parsec users list`: filter, limit and sort the pages, and say whether all were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from parsec_cli import columns
from parsec_cli.api.reads import Page, get_pool, pages
from parsec_cli.cli.common_options import number, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.errors import ParsecError, Stopped, UsageFault, counted, unknown
from parsec_cli.exact_json import Digits
from parsec_cli.models import EXCHANGES, JsonObject, User
from parsec_cli.next_command import NextCommand, again, run
from parsec_cli.output.format import ABSENT, reader
from parsec_cli.records import record, state
from parsec_cli.results import Listing
from parsec_cli.runtime import Runtime

NONE = "none"  # selects users without a wallet, or linked to no exchange
WALLETS = ("eoa", "safe", NONE)
_CREATE = run("users", "create", names=["EXTERNAL_ID"])


@verb("list")
def command(
    ctx: typer.Context,
    *,
    limit: int | None = number("--limit N", 1, 10**9, "Stop after N users."),
    cursor: str | None = option("--cursor C", "Continue where an earlier listing stopped."),
    page_size: int = number("--page-size N", 1, 100, "Users per request.", default=100),
    match: str | None = option("--match TEXT", "Only ids or addresses that contain TEXT."),
    exchange: str | None = option(
        "--exchange polymarket|kalshi|none", "Only users linked to this exchange, or to none."
    ),
    tier: str | None = option("--tier T", "Only users of tier T."),
    wallet: str | None = option(
        "--wallet eoa|safe|none", "Only users with this wallet type, or none."
    ),
    sort: str | None = option("--sort FIELD", "Sort by a field, after reading all users."),
    reverse: bool = option("--reverse", "Sort in descending order."),
) -> Listing:
    """List all end-users, page by page as they arrive.

    Filters and sorting happen on this machine, so they read the whole listing.

    Examples:
      parsec users list --match user_0 --wallet safe
      parsec users list --json | jq -r '.users[].external_id'

    """
    filters = Filters(match and match.casefold(), exchange, tier, wallet)
    _check(filters, sort, reverse=reverse)
    chosen, start = filters.any or sort is not None, cursor or None
    runtime = runtime_of(ctx)
    walk = _Walk(runtime, filters, limit, start, page_size, chosen, {}, start)
    records = walk.records() if sort is None else walk.sorted_records(sort, reverse=reverse)
    if runtime.screen.shows_table:
        from parsec_cli.commands.shared.user_card import with_footer

        records = with_footer(runtime, records, walk.summary)
    return Listing(
        "users",
        columns.USER,
        records,
        walk.footer,
        failure=lambda: walk.failure,
        empty="no user matches" if filters.any else "no users yet; create one with",
        empty_command=None if filters.any else _CREATE,
        filtered=filters.any,
    )


@record
class Filters:
    """Which users to show; None selects all. `match` is in folded case."""

    match: str | None
    exchange: str | None
    tier: str | None
    wallet: str | None

    @property
    def any(self) -> bool:
        return any(vars(self).values())

    def match_user(self, raw: JsonObject) -> bool:
        user = User(raw)
        wallet = user.wallet
        texts, kind = [user.external_id, user.customer_id], NONE
        if wallet is not None:
            kind = wallet.get("wallet_type") or ""
            texts += [wallet.get("eoa_address"), wallet.get("safe_address")]
        match = self.match or ""
        return (
            any(match in text.casefold() for text in texts if isinstance(text, str))
            and self.exchange in (None, *(user.linked_exchanges or (NONE,)))
            and self.tier in (None, user.tier)
            and self.wallet in (None, kind)
        )


def _check(filters: Filters, sort: str | None, *, reverse: bool) -> None:
    if "" in vars(filters).values():
        raise UsageFault("a filter is empty", hint="was a shell variable unset?")
    for what, name, known in (
        ("wallet type", filters.wallet, WALLETS),
        ("exchange", filters.exchange, (*EXCHANGES, NONE)),
        ("field", sort, [column.path for column in columns.USER]),
    ):
        if name is not None and name not in known:
            raise unknown(what, name, known)
    if sort is None and reverse:
        raise UsageFault("`--reverse` needs `--sort FIELD`")


@state
class _Walk:
    """Reads the pages of a listing; its footer and notices describe what was read.

    `chosen` means that filters or sorting decide which users are shown, so all are read.
    """

    runtime: Runtime
    filters: Filters
    limit: int | None
    cursor: str | None
    page_size: int
    chosen: bool
    tiers: dict[str, None]
    next_cursor: str | None
    count: int = 0
    read: int = 0
    pages: int = 0
    complete: bool = False
    cut: bool = False
    failure: ParsecError | None = None

    def footer(self) -> JsonObject:
        footer = {
            "count": self.count,
            "complete": self.complete,
            "next_cursor": None if self.chosen and self.cut else self.next_cursor,
        }
        return footer | ({"filtered": True} if self.filters.any or self.cursor else {})

    def summary(self) -> str:
        """Return how many users were shown, "" unless they are all that there are."""
        if not self.complete or not self.count:
            return ""
        if self.filters.any:
            return f"{self.count:,} of {counted(self.read, 'user')}"
        return counted(self.count, "more user" if self.cursor else "user")

    def records(self) -> Iterator[Sequence[JsonObject]]:
        """Yield the users to show, page by page; then say whether there are more.

        An error ends the pages and becomes the `failure`.
        """
        ask = None if self.chosen else self.limit
        client = self.runtime.client
        try:
            for page in pages(client, cursor=self.cursor, limit=ask, size=self.page_size):
                taken = self._take(page)
                if taken or not page.next_cursor:
                    yield taken
                if self.cut:
                    break
        except ParsecError as fault:
            self.complete, self.failure = False, fault
            if self.pages:
                from parsec_cli.commands.shared.all_users import incomplete

                self.failure = incomplete(fault, self.read)
                if self.next_cursor and not fault.hint.startswith("continue"):
                    command = self._next_command()
                    self.failure = self.failure.but(hint="continue with", command=command)
        else:
            self._notice_end()

    def sorted_records(self, sort: str, *, reverse: bool) -> Iterator[Sequence[JsonObject]]:
        """Read all, then sort: numbers before text, users without the field always last.

        With a limit, no more users than that are in memory.
        """
        limit, self.limit = self.limit, None
        field = reader(sort)
        users = (user for page in self.records() for user in page)

        def key(user: JsonObject) -> tuple[bool, tuple[int, int | float, str]]:
            value = field(user)
            absent = value in (None, ABSENT)
            return (absent is not reverse, _sort_key("" if absent else value))

        if limit is None:
            chosen = sorted(users, key=key, reverse=reverse)
        else:
            from heapq import nlargest, nsmallest

            chosen = (nlargest if reverse else nsmallest)(limit, users, key)
        if self.failure is not None and not self.complete:
            return
        if self.count > len(chosen):
            self.cut, self.complete, self.count = True, False, len(chosen)
            self.runtime.screen.notice(f"stopped after {counted(self.count, 'user')}")
        yield chosen

    def _take(self, page: Page) -> list[JsonObject]:
        """Count a page and return its users that are shown."""
        self.pages += 1
        self.read += len(page.users)
        self.next_cursor = page.next_cursor
        self.runtime.index.remember(page.ids)
        users = page.users
        if self.filters.tier is not None:
            self.tiers |= dict.fromkeys(str(user["tier"]) for user in users if user.get("tier"))
        if self.filters.any:
            users = [user for user in users if self.filters.match_user(user)]
        if self.limit is not None and self.count + len(users) >= self.limit:
            rest = self.limit - self.count
            self.cut = len(users) > rest or page.next_cursor is not None
            if len(users) > rest and not self.filters.any:  # a server that ignores the limit
                self.next_cursor = None  # it would skip users
            users = users[:rest]
        self.count += len(users)
        self.complete = page.next_cursor is None and not self.cut
        return users

    def _next_command(self) -> NextCommand:
        if self.next_cursor is None:
            return again(limit=None)
        rest = None if self.limit is None else max(self.limit - self.count, 0)
        return again(cursor=self.next_cursor, limit=rest or self.limit)

    def _notice_end(self) -> None:
        screen = self.runtime.screen
        if self.filters.tier is not None and self.filters.tier not in self.tiers:
            seen = ", ".join(f"`{tier}`" for tier in self.tiers) or "unknown"
            screen.notice(f"no user has tier `{self.filters.tier}`; the tiers are {seen}")
        if self.cut:
            stopped = f"stopped after {counted(self.count, 'user')}"
            if self.chosen:
                screen.notice(f"{stopped}; more may match")
            else:
                screen.notice(f"{stopped}; continue with", self._next_command())
        elif self.complete and self.pages > 1 and self.limit is None and not self.cursor:
            try:
                number = get_pool(self.runtime.client).end_user_count
            except Stopped as stop:
                self.failure = stop  # after the records, which are complete
                return
            except ParsecError as fault:
                screen.notice(f"the count of users could not be compared: {fault.message}")
                return
            if number != self.read:
                screen.notice(
                    f"{self.read} users were listed, but the pool counts {number}: users may have "
                    "been created or deactivated meanwhile, or deactivated ones are counted"
                )


def _sort_key(value: Any) -> tuple[int, int | float, str]:
    if isinstance(value, Digits):
        value = float(value)
    if isinstance(value, (bool, int, float)):
        return (0, value, "")
    if isinstance(value, list):
        return (1, 0, ",".join(str(item) for item in value))
    return (1, 0, str(value))
