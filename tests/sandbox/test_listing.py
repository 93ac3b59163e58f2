from __future__ import annotations

import base64

import pytest
from sandbox.client import problems


def ids(*pages):
    return [user["external_id"] for page in pages for user in page["users"]]


def test_a_page_has_50_users_by_default_and_the_last_one_has_no_cursor(empty):
    for number in range(51):
        empty.create(f"u{number}")
    assert (empty.page()["count"], bool(empty.page()["next_cursor"])) == (50, True)
    assert (empty.page(limit=51)["count"], empty.page(limit=51)["next_cursor"]) == (51, None)


def test_a_cursor_stays_valid_while_users_come_and_go(empty):
    users = {name: empty.create(name) for name in ("a", "c", "e", "g")}
    page = empty.page(limit=2)
    for name in ("a", "c", "e"):
        empty.delete(users[name]["customer_id"])
    empty.create("b")
    empty.create("f")
    rest = empty.page(limit=100, cursor=page["next_cursor"])
    assert ids(page, rest) == ["a", "c", "f", "g"]


def test_a_cursor_is_base64_that_must_be_escaped(empty):
    """Standard base64 has `+`, `/` and `=`, which a careless client damages."""
    empty.create("a>>>?")
    empty.create("b")
    cursor = empty.page(limit=1)["next_cursor"]
    assert cursor.endswith("=")
    assert ids(empty.page(cursor=cursor)) == ["b"]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "%%%",
        "eyJidWlsZGVyX2V4dGVybmFsX2lkIjogImEifQ",
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"7").decode(),
        base64.b64encode(b'{"builder_external_id": 7}').decode(),
        base64.b64encode(b'{"builder_external_id": "\\ud800"}').decode(),
        base64.b64encode(b"[" * 30_000).decode(),
    ],
)
def test_a_foreign_cursor_is_refused(api, cursor):
    response = api("GET", "/builder/users", params={"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "", "ten", "1.5", "\u0665", "9" * 5000])
def test_a_limit_outside_1_to_100_is_refused(api, limit):
    response = api("GET", "/builder/users", params={"limit": limit})
    assert problems(response) == ["limit must be an integer from 1 to 100"]
