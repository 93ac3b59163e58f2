"""Cursor paging that ends: every way a server marks the last page, loops and repeats included."""

from __future__ import annotations

from collections.abc import Iterator

from parsec_cli.api.answer import Answer
from parsec_cli.api.call import Call, Kind
from parsec_cli.api.client import Client, with_query
from parsec_cli.errors import Unreadable
from parsec_cli.field_rules import is_uuid
from parsec_cli.models import JsonObject, User, WrongShape, response_object
from parsec_cli.records import record

PAGE_SIZE = 100  # the API's maximum; requests are a budget
# pages without a new user before the listing counts as a loop, however new their cursors look
_BARREN_PAGES = 20
# longer than any server's limit on a request line
_LONGEST_CURSOR = 8192


@record
class Page:
    """One page of users, those seen on earlier pages left out.

    `next_cursor` is None on the server's last page.
    """

    users: list[JsonObject]
    next_cursor: str | None


def pages(
    client: Client, *, cursor: str | None = None, limit: int | None = None, size: int = PAGE_SIZE
) -> Iterator[Page]:
    """Yield the builder's users page by page, each user once, from `cursor` on.

    With `limit`, the last request asks for just the rest, so that its cursor goes on exactly
    behind the last user given; a page that is longer all the same is given whole, with the cursor
    it was asked for by. Raises the error of the page that failed; Unreadable on a loop.
    """
    seen: set[int] = set()
    cursors, barren = {cursor}, 0
    while True:
        page = _fetch(client, cursor, size if limit is None else min(size, limit))
        users = _unseen(page.users, seen)
        if limit is not None:
            if len(users) > limit:
                # the server sent more than was asked for: continuing at this page loses nobody
                yield Page(users, cursor)
                return
            limit -= len(users)
        cursor = page.next_cursor
        yield Page(users, cursor)
        if cursor is None or limit == 0:
            return
        barren = 0 if users else barren + 1
        if cursor in cursors or barren >= _BARREN_PAGES:
            raise Unreadable(
                f"{client.host} repeats itself: the listing cannot be completed",
                hint="try again later; if it stays so, report it to the API's support",
                http_status=200,
            )
        cursors.add(cursor)


def _unseen(users: list[JsonObject], seen: set[int]) -> list[JsonObject]:
    """Return the users whose customer_id is not in `seen` yet, and add them.

    UUIDs are the same in any case. `seen` holds hashes of 64 bits: 100,000 ids take 7 MiB, and the
    chance that two of them share a hash is one in four billion.
    """
    new = []
    for user in users:
        customer_id = user["customer_id"]
        if is_uuid(customer_id):
            customer_id = customer_id.lower()
        key = hash(customer_id)
        if key not in seen:
            seen.add(key)
            new.append(user)
    return new


def is_unicode(text: str) -> bool:
    """Tell whether `text` can be encoded: JSON may hold halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fetch(client: Client, cursor: str | None, limit: int) -> Page:
    read: list[Page] = []

    def promise(answer: Answer) -> str:
        if answer.unfit:
            return answer.unfit
        try:
            read[:] = [_page(answer)]
        except WrongShape as why:
            return str(why)
        return ""

    path = with_query("/builder/users", {"limit": limit, "cursor": cursor})
    call = Call(Kind.READ, "GET", path, promise=promise)
    exchange = client.read(call)
    if exchange.good is None:
        from parsec_cli.api.error_of import error_of

        raise error_of(exchange, call, client.host)
    return read[0]


def _page(answer: Answer) -> Page:
    body = response_object(answer.value, "the page")
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
