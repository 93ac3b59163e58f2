"""`users list` from pages to a Listing: filters, limit, sorting, and whether it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from parsec_cli import columns
from parsec_cli.api.reads import Page, get_pool, pages
from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.option_types import whole
from parsec_cli.cli.tree import verb
from parsec_cli.errors import ParsecError, UsageFault, unknown
from parsec_cli.exact_json import Digits
from parsec_cli.models import EXCHANGES, JsonObject, User
from parsec_cli.next_command import NextCommand, again, run
from parsec_cli.records import record, state
from parsec_cli.results import Listing
from parsec_cli.runtime import Runtime

NONE = "none"  # selects users without a wallet, or linked to no exchange


WALLETS = ("eoa", "safe", NONE)


@verb("list")
def command(
    ctx: typer.Context,
    *,
    limit: Annotated[
        int | None,
        typer.Option(parser=whole(1, 10**9, "--limit"), metavar="N", help="Stop after N users."),
    ] = None,
    cursor: Annotated[
        str | None, typer.Option(metavar="C", help="Continue where an earlier listing stopped.")
    ] = None,
    page_size: Annotated[
        int,
        typer.Option(parser=whole(1, 100, "--page-size"), metavar="N", help="Users per request."),
    ] = 100,
    match: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only ids or addresses that contain TEXT.")
    ] = None,
    exchange: Annotated[
        str | None,
        typer.Option(metavar="polymarket|kalshi|none", help="Only users linked to it, or to none."),
    ] = None,
    tier: Annotated[str | None, typer.Option(metavar="T", help="Only users of tier T.")] = None,
    wallet: Annotated[
        str | None,
        typer.Option(metavar="eoa|safe|none", help="Only users with this wallet type, or none."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Sort by a field, after reading all users.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Sort in descending order.")] = False,
) -> Listing:
    """List all end-users, page by page as they arrive.

    Filters and sorting happen on this machine, so they read the whole listing.

    Examples:
      parsec users list --match user_0 --wallet safe
      parsec users list --json | jq -r '.users[].external_id'

    """
    filters = Filters.checked(match=match, exchange=exchange, tier=tier, wallet=wallet)
    return list_users(
        runtime_of(ctx),
        filters,
        limit=limit,
        cursor=cursor or None,
        page_size=page_size,
        sort=sort,
        reverse=reverse,
    )


@record
class Filters:
    """Which users to keep; None keeps all."""

    match: str | None = None
    exchange: str | None = None
    tier: str | None = None
    wallet: str | None = None

    @classmethod
    def checked(
        cls, *, match: str | None, exchange: str | None, tier: str | None, wallet: str | None
    ) -> Filters:
        if "" in (match, exchange, tier):
            raise UsageFault("an empty filter keeps everyone", hint="was a shell variable unset?")
        if wallet is not None and wallet not in WALLETS:
            raise unknown("wallet type", wallet, WALLETS)
        if exchange is not None and exchange not in (*EXCHANGES, NONE):
            raise unknown("exchange", exchange, (*EXCHANGES, NONE))
        return cls(match.casefold() if match else None, exchange, tier, wallet)

    @property
    def any(self) -> bool:
        return any((self.match, self.exchange, self.tier, self.wallet))

    def keep(self, raw: JsonObject) -> bool:
        user = User(raw)
        wallet = user.wallet
        kind = NONE if wallet is None else wallet.wallet_type
        exchanges = user.linked_exchanges or (NONE,)
        return (
            (self.match is None or self._matches(user))
            and (self.exchange is None or self.exchange in exchanges)
            and (self.tier is None or self.tier == user.tier)
            and (self.wallet is None or self.wallet == kind)
        )

    def _matches(self, user: User) -> bool:
        wallet = user.wallet
        texts = [user.external_id, user.customer_id]
        if wallet is not None:
            texts += [wallet.eoa_address, wallet.safe_address]
        return any(self.match in text.casefold() for text in texts if text and self.match)


@state
class Progress:
    """How far a listing has come; the footer of its JSON and the notices are made from it."""

    count: int = 0
    read: int = 0
    pages: int = 0
    complete: bool = False
    next_cursor: str | None = None
    filtered: bool = False
    cut: bool = False
    tiers: dict[str, None] | None = None

    def footer(self) -> JsonObject:
        return {
            "count": self.count,
            "complete": self.complete,
            "next_cursor": None if self.filtered and self.cut else self.next_cursor,
        }


def list_users(
    runtime: Runtime,
    filters: Filters,
    *,
    limit: int | None,
    cursor: str | None,
    page_size: int,
    sort: str | None,
    reverse: bool,
) -> Listing:
    """Return the users as they arrive; a sorted listing arrives when all have been read."""
    if sort is not None and sort not in (fields := [column.path for column in columns.USER]):
        raise unknown("field", sort, fields)
    progress = Progress(next_cursor=cursor, filtered=filters.any or sort is not None)
    progress.tiers = {} if filters.tier is not None else None
    walk = _Walk(runtime, filters, limit, cursor, page_size, progress)
    records = walk.records() if sort is None else _sorted(walk, sort, reverse=reverse)
    if sort is None and reverse:
        raise UsageFault("`--reverse` needs `--sort FIELD`")
    empty = "no user matches" if filters.any else "no users yet; create one with"
    create = None if filters.any else run("users", "create", names=["EXTERNAL_ID"])
    return Listing(
        "users",
        columns.USER,
        records,
        progress.footer,
        empty=empty,
        empty_command=create,
        filtered=filters.any,
    )


@record
class _Walk:
    runtime: Runtime
    filters: Filters
    limit: int | None
    cursor: str | None
    page_size: int
    progress: Progress

    def records(self) -> Iterator[list[JsonObject]]:
        """Yield the users to show, page by page; afterwards say what a reader must know."""
        # a filter hides users, so only then is the server asked for more than `limit`
        ask = None if self.progress.filtered else self.limit
        client = self.runtime.client
        try:
            for page in pages(client, cursor=self.cursor, limit=ask, size=self.page_size):
                chosen = self._taken(page)
                if chosen or not page.next_cursor:
                    yield chosen
                if self.progress.cut:
                    break
        except ParsecError as fault:
            raise self._interrupted(fault) from None
        self._close()

    def _taken(self, page: Page) -> list[JsonObject]:
        progress = self.progress
        progress.pages += 1
        progress.read += len(page.users)
        progress.next_cursor = page.next_cursor
        self.runtime.index.remember(
            (user["customer_id"], user["external_id"])
            for user in page.users
            if user.get("external_id")
        )
        kept = page.users
        if progress.tiers is not None:
            progress.tiers.update(
                dict.fromkeys(str(user["tier"]) for user in kept if user.get("tier"))
            )
        if self.filters.any:
            kept = [user for user in kept if self.filters.keep(user)]
        if self.limit is not None and progress.count + len(kept) >= self.limit:
            rest = self.limit - progress.count
            progress.cut = len(kept) > rest or page.next_cursor is not None
            kept = kept[:rest]
        progress.count += len(kept)
        progress.complete = page.next_cursor is None and not progress.cut
        return kept

    def _interrupted(self, fault: ParsecError) -> ParsecError:
        progress = self.progress
        progress.complete = False
        if progress.pages:
            told = f"the listing is incomplete: {progress.read} users were read before"
            fault = fault.but(details=(*fault.details, told))
            if progress.next_cursor and not fault.hint.startswith("continue"):
                fault = fault.but(hint="continue with", command=self._onward())
        return fault

    def _onward(self) -> NextCommand:
        rest = None if self.limit is None else max(self.limit - self.progress.count, 0)
        return again(cursor=self.progress.next_cursor or "", limit=rest or self.limit)

    def _close(self) -> None:
        progress, screen = self.progress, self.runtime.screen
        if progress.tiers is not None and self.filters.tier not in progress.tiers:
            seen = ", ".join(f"`{tier}`" for tier in progress.tiers) or "unknown"
            screen.notice(f"no user has tier `{self.filters.tier}`; the tiers are {seen}")
        if progress.cut and progress.filtered:
            screen.notice(f"stopped after {_users(progress.count)}; more may match")
        elif progress.cut:
            told = f"stopped after {_users(progress.count)}; continue with"
            screen.notice(told, self._onward())
        elif progress.complete and progress.pages > 1 and self.limit is None and not self.cursor:
            self._compare()

    def _compare(self) -> None:
        """Hold a listing of several pages against the pool's count of users."""
        try:
            counted = get_pool(self.runtime.client).end_user_count
        except ParsecError as fault:
            self.runtime.screen.notice(f"the count of users could not be compared: {fault.message}")
            return
        if counted != self.progress.read:
            self.runtime.screen.notice(
                f"{self.progress.read} users were listed, but the pool counts {counted}: users may "
                "have been created or deactivated meanwhile, or deactivated ones are counted"
            )


def _sorted(walk: _Walk, path: str, *, reverse: bool) -> Iterator[list[JsonObject]]:
    """Read all, then sort: numbers before text, users without the field last either way."""
    unlimited = _Walk(walk.runtime, walk.filters, None, walk.cursor, walk.page_size, walk.progress)
    users = [user for page in unlimited.records() for user in page]
    with_value = [user for user in users if _field(user, path) is not None]
    without = [user for user in users if _field(user, path) is None]
    with_value.sort(key=lambda user: _sort_key(_field(user, path)), reverse=reverse)
    ordered = with_value + without
    progress = walk.progress
    if walk.limit is not None and len(ordered) > walk.limit:
        progress.cut, progress.complete = True, False
        ordered = ordered[: walk.limit]
        progress.count = len(ordered)
        walk.runtime.screen.notice(f"stopped after {_users(progress.count)}")
    yield ordered


def _field(raw: JsonObject, path: str) -> Any:
    value: Any = raw
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _sort_key(value: Any) -> tuple[int, int | float, str]:
    if isinstance(value, Digits):
        value = float(value)
    if isinstance(value, (bool, int, float)):
        return (0, value, "")
    if isinstance(value, list):
        return (1, 0, ",".join(str(item) for item in value))
    return (1, 0, str(value))


def _users(number: int) -> str:
    from parsec_cli.errors import counted

    return counted(number, "user")
