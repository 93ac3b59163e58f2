"""All reads of the API: single objects, and the users page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from parsec_cli import columns
from parsec_cli.api.call import Call, Kind, json_promise
from parsec_cli.api.client import Client, with_query
from parsec_cli.errors import Unreadable, UsageFault
from parsec_cli.exact_json import is_unicode
from parsec_cli.models import JsonObject, Pool, Usage, User, WrongShape, is_uuid, response_object
from parsec_cli.records import record

Parsed = TypeVar("Parsed")
PAGE_SIZE = 100  # the API's maximum: every request counts against the quota
# max pages without a new user before the listing counts as a loop
_BARREN_PAGES = 20
# longer than any server's limit on a request line
_LONGEST_CURSOR = 8192


def fetch(
    client: Client,
    path: str,
    parse: Callable[[Any], Parsed],
    headers: Mapping[str, str] | None = None,
) -> Parsed:
    """GET `path` and parse its JSON; `parse` raises WrongShape for an unexpected response."""
    return fetch_with_headers(client, path, parse, headers)[0]


def fetch_with_headers(
    client: Client,
    path: str,
    parse: Callable[[Any], Parsed],
    headers: Mapping[str, str] | None = None,
) -> tuple[Parsed, Mapping[str, str]]:
    """Do the same as `fetch`, and also return the headers of the response."""
    parsed: list[Parsed] = []
    promise = json_promise(lambda value: parsed.append(parse(value)))
    call = Call(Kind.READ, "GET", path, headers=headers or {}, promise=promise)
    exchange = client.read(call)
    if exchange.good is None:
        # imported only after a failure, because a listing starts faster without it
        from parsec_cli.api.error_of import error_of

        raise error_of(exchange, call, client.host)
    return parsed[0], exchange.good.headers


def _escrow(value: Any) -> JsonObject:
    raw = response_object(value)
    if not isinstance(raw.get("fee_escrow_enabled", ""), (bool, type(None))):
        raise WrongShape("it has no `fee_escrow_enabled` that is true or false")
    if all(raw.get(column.path) is None for column in columns.ESCROW):
        raise WrongShape("it has no value of the fee escrow")
    return raw


def user_path(customer_id: str) -> str:
    """Return the path of a user; UsageFault for an id that no path can contain."""
    if customer_id in ("", ".", "..") or not is_unicode(customer_id):
        raise UsageFault("an id must be valid Unicode text, and not empty, `.` or `..`")
    return f"/builder/users/{quote(customer_id, safe='')}"


def user_with(customer_id: str) -> Callable[[Any], User]:
    """Return a parser for the record of this user; WrongShape for another user's record."""

    def parse(value: Any) -> User:
        user = User.parse(value)
        if user.customer_id.lower() != customer_id.lower():
            raise WrongShape("it is another user's record")
        return user

    return parse


def get_user(client: Client, customer_id: str) -> User:
    """GET a user; NotFound if the API knows none, Unreadable for another user's record."""
    return fetch(client, user_path(customer_id), user_with(customer_id))


def get_pool(client: Client) -> Pool:
    """GET the builder's QPS pool."""
    return fetch(client, "/builder/pool", Pool.parse)


def get_usage(client: Client) -> Usage:
    """GET the limits of the key and its use in this billing period."""
    return fetch(client, "/usage", Usage.parse)


def get_escrow(client: Client) -> JsonObject:
    """GET the configuration of the fee escrow, as the API sends it."""
    return fetch(client, "/builder/escrow/config", _escrow)


def impersonation(customer_id: str, credentials: str | None = None) -> dict[str, str]:
    """Return the headers that make a call act for an end-user, with credentials if given.

    UsageFault for an id that no header can contain.
    """
    blank_edged = customer_id != customer_id.strip()
    if blank_edged or not (customer_id.isascii() and customer_id.isprintable()):
        raise UsageFault("this user's customer_id cannot be sent in a header")
    headers = {"x-builder-customer-id": customer_id}
    if credentials is not None:
        headers["x-exchange-credentials"] = credentials
    return headers


def get_balance(
    client: Client, customer_id: str, exchange: str, credentials: str | None
) -> tuple[JsonObject, Mapping[str, str]]:
    """GET an end-user's balance on `exchange`, with the given or the stored credentials.

    Also return the headers of the response.
    """
    return fetch_with_headers(
        client,
        with_query("/balance", {"exchange": exchange}),
        _balance,
        impersonation(customer_id, credentials),
    )


def _balance(value: Any) -> JsonObject:
    body = response_object(value)
    response_object(body.get("raw"), "its `raw`")
    return body


def get_ping(client: Client, customer_id: str) -> tuple[list[JsonObject], Mapping[str, str]]:
    """GET the state of an end-user's credentials on each exchange, and the response's headers."""
    return fetch_with_headers(client, "/ping", _ping, impersonation(customer_id))


def _ping(value: Any) -> list[JsonObject]:
    if not isinstance(value, list):
        raise WrongShape("it is not a list of exchanges")
    for entry in value:
        raw = response_object(entry, "an exchange")
        if not isinstance(raw.get("exchange"), str):
            raise WrongShape("an exchange has no name")
        if not all(isinstance(raw.get(n), bool) for n in ("has_credentials", "authenticated")):
            raise WrongShape("`has_credentials` or `authenticated` is not true or false")
    return value


@record
class Page:
    """One page of users, without those of earlier pages.

    `next_cursor` is None on the server's last page.
    """

    users: list[JsonObject]
    next_cursor: str | None

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The customer_id and external_id of each user who has both."""
        return [(u["customer_id"], u["external_id"]) for u in self.users if u.get("external_id")]


def pages(
    client: Client, *, cursor: str | None = None, limit: int | None = None, size: int = PAGE_SIZE
) -> Iterator[Page]:
    """Yield the builder's users page by page, each user once, from `cursor` on.

    With `limit`, the last request asks only for the rest, so that its cursor continues exactly
    after the last user. A page that is longer nevertheless comes whole, with the cursor that
    requested it. Raises the error of the page that failed; Unreadable on a loop.
    """
    seen: set[int] = set()
    cursors, barren = {cursor}, 0
    while True:
        query = {"limit": size if limit is None else min(size, limit), "cursor": cursor}
        page = fetch(client, with_query("/builder/users", query), _page)
        users = _unseen(page.users, seen)
        if limit is not None:
            if len(users) > limit:
                # the server sent more than requested: continuing at this page loses nobody
                yield Page(users, cursor)
                return
            limit -= len(users)
        cursor = page.next_cursor
        yield Page(users, cursor)
        if cursor is None or limit == 0:
            return
        barren = 0 if users else barren + 1
        if cursor in cursors or barren >= _BARREN_PAGES:
            what = "a cursor twice" if cursor in cursors else f"{barren} pages without a new user"
            raise Unreadable(
                f"{client.host} returned {what}; the listing cannot be completed",
                hint="try again later; if it fails again, report it to the API's support",
                http_status=200,
            )
        cursors.add(cursor)


def _unseen(users: list[JsonObject], seen: set[int]) -> list[JsonObject]:
    """Return the users whose customer_id is not in `seen` yet, and add them.

    UUIDs are the same in any case. `seen` contains hashes of 64 bits: 100,000 ids take 7 MiB, and
    the chance that two of them share a hash is one in four billion.
    """
    new = []
    for user in users:
        customer_id = user["customer_id"]
        small = customer_id.lower()
        # compared first, because most ids are in lower case, and `is_uuid` takes longer
        key = hash(small if small != customer_id and is_uuid(customer_id) else customer_id)
        if key not in seen:
            seen.add(key)
            new.append(user)
    return new


def _page(value: Any) -> Page:
    body = response_object(value, "the page")
    users = body.get("users")
    if users is None and body.get("count") == 0:
        users = []
    if not isinstance(users, list):
        raise WrongShape("it has no list `users`")
    for user in users:
        User.check(user)
    cursor = body.get("next_cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise WrongShape("its `next_cursor` is not text")
    if cursor and (len(cursor) > _LONGEST_CURSOR or not is_unicode(cursor)):
        raise WrongShape("its `next_cursor` cannot be sent back")
    return Page(users, cursor or None)
