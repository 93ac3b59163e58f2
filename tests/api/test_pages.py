"""Paging ends, skips no user and repeats no user, even if the server misbehaves."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest
from api.origins import Origin, client_of, query, reply
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY

from parsec_cli.api.reads import pages
from parsec_cli.errors import ServerFault, Unreadable, UsageFault


def user(number: int) -> dict[str, str]:
    return {"customer_id": str(uuid.UUID(int=number)), "external_id": f"u{number}"}


class Shelf:
    """Users in order; `page` says how many a request for `limit` gets, from where."""

    def __init__(self, numbers: list[int], give: Any = None) -> None:
        self.numbers = numbers
        self.give = give or (lambda limit: limit)
        self.asked: list[int] = []

    def __call__(self, request: Any) -> Any:
        asked = query(request)
        start, limit = int(asked.get("cursor", "0")), int(asked["limit"])
        assert 1 <= limit <= 100
        self.asked.append(limit)
        end = start + self.give(limit)
        users = [user(number) for number in self.numbers[start:end]]
        body: dict[str, Any] = {"users": users, "count": len(users)}
        if end < len(self.numbers):
            body["next_cursor"] = str(end)
        return reply(body)


def walked(origin: Origin, **how: Any) -> list[Any]:
    return list(pages(client_of(origin), **how))


def ids(found: list[Any]) -> list[str]:
    return [entry["external_id"] for page in found for entry in page.users]


@pytest.mark.parametrize("last", [{}, {"next_cursor": None}, {"next_cursor": ""}])
def test_an_absent_null_or_empty_cursor_ends_the_listing(last):
    origin = Origin(lambda _: reply({"users": [user(1)], "count": 1, **last}))
    found = walked(origin)
    assert ids(found) == ["u1"]
    assert found[-1].next_cursor is None
    assert origin.log == ["GET /api/v1/builder/users?limit=100"]


@pytest.mark.parametrize("body", [{"users": [], "count": 0}, {"users": None, "count": 0}])
def test_a_page_without_users_is_empty(body):
    assert [page.users for page in walked(Origin(lambda _: reply(body)))] == [[]]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"next_cursor": odd} for odd in (0, False, 5, ["x"], {}, "\ud800", "x" * 8193)),
        {"users": {}},
        {"users": "x"},
        {"users": [None]},
        {"users": [{"customer_id": 5}]},
        {"users": [{"external_id": "x"}]},
        {"users": [{"customer_id": "a", "external_id": 5}]},
        {"users": None},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_invalid_page_is_requested_once_more_and_refused(wrong):
    origin = Origin(lambda _: reply({"users": [user(1)], "count": 1, **wrong}))
    with pytest.raises(Unreadable):
        walked(origin)
    assert len(origin.requests) == 2


@pytest.mark.parametrize("length", [1, 2, 3, 17])
def test_a_cycle_of_cursors_ends_when_the_first_comes_again(length):
    numbers = itertools.count()
    origin = Origin(
        lambda _: reply(
            {"users": [user(next(numbers))], "next_cursor": f"c{len(origin.requests) % length}"}
        )
    )
    with pytest.raises(Unreadable, match="returned a cursor twice"):
        walked(origin)
    assert len(origin.requests) == length + 1


def test_the_cursor_of_the_first_page_counts_as_seen():
    origin = Origin(lambda _: reply({"users": [user(1)], "next_cursor": "start"}))
    with pytest.raises(Unreadable):
        walked(origin, cursor="start")
    assert len(origin.requests) == 1


@pytest.mark.parametrize("users", [[], [user(1)]], ids=["empty", "the same user"])
def test_new_cursors_without_new_users_end_the_listing(users):
    origin = Origin(lambda _: reply({"users": users, "next_cursor": str(len(origin.requests))}))
    with pytest.raises(Unreadable):
        walked(origin)
    assert len(origin.requests) <= 22


def test_a_few_empty_pages_do_not_count_as_a_loop():
    sizes = [*([0] * 15), 2, *([0] * 15), 2]

    def respond(request: Any) -> Any:
        turn = int(query(request).get("cursor", "0"))
        body = {"users": [user(2 * turn + n) for n in range(sizes[turn])]}
        return reply({**body, "next_cursor": str(turn + 1) if turn + 1 < len(sizes) else None})

    assert len(ids(walked(Origin(respond)))) == 4


@STEADY
@given(st.data())
def test_each_user_comes_once_and_in_the_order_of_the_server(data):
    numbers = data.draw(st.lists(st.integers(0, 60), max_size=250))
    sizes = data.draw(st.lists(st.integers(1, 100), min_size=1, max_size=5))
    turns = itertools.cycle(sizes)
    found = walked(Origin(Shelf(numbers, lambda limit: min(limit, next(turns)))))
    assert ids(found) == [f"u{n}" for n in dict.fromkeys(numbers)]


@STEADY
@given(
    numbers=st.lists(st.integers(0, 400), max_size=300),
    limit=st.integers(1, 320),
    size=st.integers(1, 100),
    most=st.integers(1, 100),
)
def test_a_limit_stops_exactly_and_its_cursor_continues_exactly(numbers, limit, size, most):
    """This holds with duplicates, and with pages shorter than requested."""
    shelf = Shelf(numbers, lambda asked: min(asked, most))
    found = walked(Origin(shelf), limit=limit, size=size)
    distinct = [f"u{n}" for n in dict.fromkeys(numbers)]
    assert ids(found) == distinct[:limit]
    assert max(shelf.asked) <= min(size, limit)
    cursor = found[-1].next_cursor
    rest = ids(walked(Origin(shelf), cursor=cursor)) if cursor else []
    # a duplicate of a user already given may come again; nobody is left out
    assert [*dict.fromkeys(ids(found) + rest)] == distinct


@STEADY
@given(numbers=st.integers(1, 300), limit=st.integers(1, 100), more=st.integers(1, 100))
def test_a_page_longer_than_requested_loses_no_user(numbers, limit, more):
    shelf = Shelf(list(range(numbers)), lambda asked: asked + more)
    found = walked(Origin(shelf), limit=limit, size=100)
    assert ids(found)[:limit] == [f"u{n}" for n in range(min(limit, numbers))]
    assert len(shelf.asked) == 1
    resumed = ids(walked(Origin(shelf), cursor=found[-1].next_cursor))
    if len(ids(found)) > limit:
        assert resumed[: len(ids(found))] == ids(found)
    assert all(asked >= 1 for asked in shelf.asked)


@pytest.mark.parametrize("cursor", ["a+b/c==&limit=1%2B é", "🙂", "x" * 8192, "a b", "#", "?"])
def test_a_cursor_comes_back_byte_for_byte(cursor):
    origin = Origin(
        lambda request: reply(
            {"users": [user(len(origin.requests))]}
            | ({} if "cursor" in query(request) else {"next_cursor": cursor})
        )
    )
    walked(origin, size=7)
    assert query(origin.requests[1]) == {"limit": "7", "cursor": cursor}


@pytest.mark.parametrize("cursor", ["x" * 40_000, "\ud800"])
def test_a_cursor_that_no_url_can_contain_is_a_usage_error(cursor):
    origin = Origin(lambda _: reply({"users": []}))
    with pytest.raises(UsageFault):
        walked(origin, cursor=cursor)
    assert origin.requests == []


def test_the_error_of_a_later_page_follows_the_pages_before_it():
    def respond(request: Any) -> Any:
        if "cursor" in query(request):
            return reply({"error": "boom"}, 500)
        return reply({"users": [user(1)], "next_cursor": "x"})

    walk = pages(client_of(Origin(respond)))
    assert next(walk).next_cursor == "x"
    with pytest.raises(ServerFault):
        next(walk)


@STEADY
@given(
    st.lists(
        st.uuids().map(str)
        | st.uuids().map(lambda u: str(u).upper())
        | st.uuids().map(lambda u: u.hex)
        | st.text(min_size=1, max_size=40)
        | st.sampled_from(["a", "A", "0" * 32, "00 " * 16, "-" * 32, "\ud800"]),
        max_size=60,
    )
)
def test_each_user_is_listed_once(names):
    """UUIDs that differ only in case are one user; any other difference makes two."""
    names += names[::-1]
    expected = {}
    for name in names:
        is_uuid = len(name) == 36 and name.count("-") == 4 and name.isascii()
        expected.setdefault(name.lower() if is_uuid else name, name)
    listed = [{**user(n), "customer_id": name} for n, name in enumerate(names)]
    half = len(listed) // 2
    replies = [{"users": listed[:half], "next_cursor": "x"}, {"users": listed[half:]}]
    found = walked(Origin(lambda _: reply(replies.pop(0))))
    assert [u["customer_id"] for page in found for u in page.users] == list(expected.values())


def test_the_next_page_is_fetched_only_on_demand():
    origin = Origin(Shelf(list(range(500))))
    listing = pages(client_of(origin))
    for number in range(1, 6):
        next(listing)
        assert len(origin.requests) == number
