"""Cursor paging that ends: every way a server marks the last page, loops and repeats included."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import compress

from parsec_cli.api.answers import Answer
from parsec_cli.api.client import Client, with_query
from parsec_cli.api.exchange import Call, Kind
from parsec_cli.errors import Unreadable
from parsec_cli.models import JsonObject, User, WrongShape
from parsec_cli.records import record

PAGE_SIZE = 100  # the API's maximum; requests are a budget
# so many pages in a row without one new user are a loop, however fresh their cursors look
_BARREN_PAGES = 20
# seconds for a page from which on writing the one before it meanwhile pays
_SLOW = 0.005
# longer than any server's limit on a request line
_LONGEST_CURSOR = 8192
# a UUID with each of its digits as 0: cheaper to compare with than a pattern is to match
_UUID = b"00000000-0000-0000-0000-000000000000"
_SHAPES = bytes.maketrans(b"123456789abcdefABCDEF", b"0" * 21)
# of the table of seen ids: so many bits that one id in a hundred is looked up in vain at most
_FEWEST_BITS = 1 << 14
_BITS_PER_BYTE = 4


@record
class Page:
    """One page of users, those seen on earlier pages left out.

    `next_cursor` is None on the server's last page.
    """

    users: list[JsonObject]
    next_cursor: str | None


class SeenIds:
    """A set of customer_ids in some 24 bytes each, so that a listing's memory stays flat.

    A table of bits answers "never seen" for nearly every id; the few others are looked up in the
    ids themselves. UUIDs are kept exactly, other ids by a 128-bit digest.
    """

    def __init__(self) -> None:
        self._maybe = bytearray(_FEWEST_BITS // 8)
        self._ids = bytearray()

    def new(self, customer_ids: Sequence[str]) -> list[bool]:
        """Add the ids and tell of each whether it was new; UUIDs differing in case are the same."""
        keys = _keys(customer_ids)
        before, told = len(self._ids), [True] * len(keys)
        self._ids += b"".join(keys)
        if len(self._ids) * _BITS_PER_BYTE > len(self._maybe) * 8:
            self._grow(before)
        maybe, places = self._maybe, len(self._maybe) * 8 - 1
        for at, key in enumerate(keys):
            place = hash(key) & places
            bits, bit = maybe[place >> 3], 1 << (place & 7)
            if bits & bit and self._holds(key, before + 16 * at):
                told[at] = False
            else:
                maybe[place >> 3] = bits | bit
        return told

    def _holds(self, key: bytes, end: int) -> bool:
        """Tell whether `key` is among the ids before `end`."""
        at = self._ids.find(key, 0, end)
        while at % 16 > 0:  # a match across two ids is none; -1 % 16 is 15
            if at < 0:
                return False
            at = self._ids.find(key, at + 1, end)
        return True

    def _grow(self, end: int) -> None:
        """Make the table large enough for all ids and enter those before `end` anew."""
        bits = len(self._maybe) * 8
        while len(self._ids) * _BITS_PER_BYTE > bits:
            bits *= 8
        self._maybe = maybe = bytearray(bits // 8)
        for at in range(0, end, 16):
            place = hash(bytes(self._ids[at : at + 16])) & (bits - 1)
            maybe[place >> 3] |= 1 << (place & 7)


def _keys(customer_ids: Sequence[str]) -> list[bytes]:
    """Return 16 bytes for each id; a page of nothing but UUIDs is converted at once."""
    page = ",".join(customer_ids)
    if page.isascii() and page.encode().translate(_SHAPES) == b",".join(
        [_UUID] * len(customer_ids)
    ):
        whole = bytes.fromhex(page.replace("-", "").replace(",", ""))
        return [whole[at : at + 16] for at in range(0, len(whole), 16)]
    return [_key(customer_id) for customer_id in customer_ids]


def _key(customer_id: str) -> bytes:
    if customer_id.isascii() and customer_id.encode().translate(_SHAPES) == _UUID:
        return bytes.fromhex(customer_id.replace("-", ""))
    return blake2b(customer_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Fetching:
    """A page being fetched; `ahead` in a thread, while the one before it is written.

    Without it 10,000 users at 20 ms a page take 5 % longer. From a server that answers at once it
    costs more in handing over than it gains; and a listing that is abandoned leaves one request
    too many, so only those that read to the end go ahead. `seconds` is what the fetch took.
    """

    def __init__(self, client: Client, cursor: str | None, size: int, *, ahead: bool) -> None:
        self._client = client
        self._clock = client.patience.clock
        self._cursor = cursor
        self._size = size
        self._page: Page | None = None
        self._fault: BaseException | None = None
        self._thread: threading.Thread | None = None
        self.seconds = 0.0
        if ahead:
            left = threading.Event()
            self._thread = threading.Thread(target=self._caught, args=(left,), daemon=True)
            self._thread.start()
            # of two threads that compute, the one whose request keeps the server idle goes first
            left.wait(_SLOW)

    def _run(self, leaving: Callable[[], None] | None = None) -> None:
        began = self._clock()
        self._page = _fetch(self._client, self._cursor, self._size, leaving)
        self.seconds = self._clock() - began

    def _caught(self, left: threading.Event) -> None:
        try:
            self._run(left.set)
        except BaseException as fault:  # noqa: BLE001 - told by the thread that takes the page
            self._fault = fault
        finally:
            left.set()

    def page(self) -> Page:
        if self._thread is None:
            self._run()
        else:
            self._thread.join()
        if self._page is None:
            raise self._fault or AssertionError("a fetch ends with a page or a fault")
        return self._page


def pages(
    client: Client, *, cursor: str | None = None, limit: int | None = None, size: int = PAGE_SIZE
) -> Iterator[Page]:
    """Yield the builder's users page by page, each user once, from `cursor` on.

    With `limit`, the last request asks for just the rest, so that its cursor goes on exactly
    behind the last user given; a page that is longer all the same is given whole, with the cursor
    it was asked for by. Raises the error of the page that failed; Unreadable on a loop.
    """
    seen, cursors, barren = SeenIds(), {cursor}, 0
    number, fetching = 1, _fetching(client, cursor, limit, size)
    while True:
        page = fetching.page()
        last, repeated = page.next_cursor is None, page.next_cursor in cursors
        if limit is None:
            # the first page's time is that of connecting, too
            slow = number > 1 and fetching.seconds > _SLOW
            ahead = slow and not (last or repeated)
            fetching = _fetching(client, page.next_cursor, None, size, ahead=ahead)
        new = seen.new([user["customer_id"] for user in page.users])
        users = list(compress(page.users, new))
        if limit is not None:
            if len(users) > limit:
                # a server that gives more than was asked for: going on at this page loses nobody
                yield Page(users, cursor)
                return
            limit -= len(users)
            last = last or limit == 0
            fetching = _fetching(client, page.next_cursor, limit, size)
        number, cursor = number + 1, page.next_cursor
        cursors.add(cursor)
        barren = 0 if users else barren + 1
        yield Page(users, cursor)
        if last:
            return
        if repeated or barren >= _BARREN_PAGES:
            raise Unreadable(
                f"{client.host} repeats itself: the listing cannot be completed",
                hint="try again later; if it stays so, report it to the API's support",
                http_status=200,
            )


def _fetching(
    client: Client, cursor: str | None, limit: int | None, size: int, *, ahead: bool = False
) -> _Fetching:
    wanted = size if limit is None else min(size, limit)
    return _Fetching(client, cursor, wanted, ahead=ahead)


def is_unicode(text: str) -> bool:
    """Tell whether `text` can be encoded: JSON may hold halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fetch(
    client: Client, cursor: str | None, limit: int, leaving: Callable[[], None] | None
) -> Page:
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
    exchange = client.read(call, leaving)
    if exchange.good is None:
        from parsec_cli.api.faults import error_of

        raise error_of(exchange, call, client.host)
    return read[0]


def _page(answer: Answer) -> Page:
    body = answer.object
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
