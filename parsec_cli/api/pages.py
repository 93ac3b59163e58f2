"""Cursor paging that ends: every way a server marks the last page, loops and repeats included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b

from parsec_cli.api.answers import Answer
from parsec_cli.api.client import Client, with_query
from parsec_cli.api.exchange import Call, Kind
from parsec_cli.api.faults import error_of
from parsec_cli.errors import Unreadable
from parsec_cli.models import JsonObject, User, WrongShape
from parsec_cli.records import record

PAGE_SIZE = 100  # the API's maximum; requests are a budget
# so many pages in a row without one new user are a loop, however fresh their cursors look
_BARREN_PAGES = 20
# longer than any server's limit on a request line
_LONGEST_CURSOR = 8192
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@record
class Page:
    """One page of users, those seen on earlier pages left out.

    `next_cursor` is None on the server's last page.
    """

    users: list[JsonObject]
    next_cursor: str | None


class SeenIds:
    """A set of customer_ids in 16 bytes each, so that a listing's memory stays flat.

    A table of bits answers "never seen" for nearly every id; the few others are looked up in the
    ids themselves. UUIDs are kept exactly, other ids by a 128-bit digest.
    """

    _BITS = 1 << 24

    def __init__(self) -> None:
        self._maybe = bytearray(self._BITS // 8)
        self._ids = bytearray()

    def add(self, customer_id: str) -> bool:
        """Add the id; True when it was new. UUIDs differing in case are the same."""
        if _UUID.fullmatch(customer_id):
            key = bytes.fromhex(customer_id.replace("-", ""))
        else:
            key = blake2b(customer_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        place, bit = divmod(hash(key) % self._BITS, 8)
        if self._maybe[place] >> bit & 1 and self._holds(key):
            return False
        self._maybe[place] |= 1 << bit
        self._ids += key
        return True

    def _holds(self, key: bytes) -> bool:
        at = self._ids.find(key)
        while at % 16 > 0:  # a match across two ids is none; -1 % 16 is 15
            if at < 0:
                return False
            at = self._ids.find(key, at + 1)
        return True


def pages(
    client: Client, *, cursor: str | None = None, limit: int | None = None, size: int = PAGE_SIZE
) -> Iterator[Page]:
    """Yield the builder's users page by page, each user once, from `cursor` on.

    With `limit`, the last request asks for just the rest, so that its cursor goes on exactly
    behind the last user given; a page that is longer all the same is given whole, with the cursor
    it was asked for by. Raises the error of the page that failed; Unreadable on a loop.
    """
    seen, cursors, barren = SeenIds(), {cursor}, 0
    while True:
        wanted = size if limit is None else min(size, limit)
        page = _fetch(client, cursor, wanted)
        users = [user for user in page.users if seen.add(user["customer_id"])]
        if limit is not None and len(users) > limit:
            # a server that gives more than was asked for: going on at this page loses nobody
            yield Page(users, cursor)
            return
        cursor = page.next_cursor
        yield Page(users, cursor)
        if limit is not None:
            limit -= len(users)
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


def is_unicode(text: str) -> bool:
    """Tell whether `text` can be encoded: JSON may hold halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fetch(client: Client, cursor: str | None, limit: int) -> Page:
    path = with_query("/builder/users", {"limit": limit, "cursor": cursor})
    call = Call(Kind.READ, "GET", path, promise=_page_promise)
    exchange = client.read(call)
    answer = exchange.good
    if answer is None:
        raise error_of(exchange, call, client.host)
    return _page(answer)


def _page(answer: Answer) -> Page:
    body = answer.object
    users = body.get("users")
    if users is None and body.get("count") == 0:
        users = []
    if not isinstance(users, list):
        raise WrongShape("it has no list `users`")
    for user in users:
        User.parse(user)
    cursor = body.get("next_cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise WrongShape("its `next_cursor` is not text")
    if cursor and (len(cursor) > _LONGEST_CURSOR or not is_unicode(cursor)):
        raise WrongShape("its `next_cursor` cannot be sent back")
    return Page(users, cursor or None)


def _page_promise(answer: Answer) -> str:
    if answer.unfit:
        return answer.unfit
    try:
        _page(answer)
    except WrongShape as why:
        return str(why)
    return ""
