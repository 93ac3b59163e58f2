"""USER arguments, and the reads that find each user; no other request is sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import pytest
from api.origins import Origin, client_of, query, reply

from parsec_cli.api.resolve import Reference, Resolver, check_id
from parsec_cli.errors import AmbiguousUser, NotFound, Unreadable, UsageFault

A, B, C = (str(uuid.UUID(int=number, version=4)) for number in (10, 11, 12))
UUID_NAME = str(uuid.UUID(int=99, version=4))


class Memory:
    """An index in memory, which a test may fill with wrong entries."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = {name: list(ids) for name, ids in known.items()}
        self.forgotten: list[str] = []

    def lookup(self, external_id: str) -> Sequence[str]:
        return self.known.get(external_id, [])

    def external_ids(self) -> Sequence[str]:
        return list(self.known)

    def remember(self, pairs: Iterable[tuple[str, str]]) -> None:
        for customer_id, external_id in pairs:
            if customer_id not in self.known.setdefault(external_id, []):
                self.known[external_id].append(customer_id)

    def forget(self, customer_id: str) -> None:
        self.forgotten.append(customer_id)


class Builder:
    """Users by customer_id; pages of one, so that a listing shows in the log."""

    def __init__(self, **users: str | None) -> None:
        self.users = [
            {"customer_id": {"a": A, "b": B, "c": C}[name], "external_id": external_id}
            for name, external_id in users.items()
        ]
        self.origin = Origin(self.respond)

    def respond(self, request):
        assert request.method == "GET"
        path = request.url.path.removeprefix("/api/v1/builder/users")
        if path:
            found = [user for user in self.users if path == "/" + user["customer_id"]]
            return reply(found[0]) if found else reply({"error": "not found"}, 404)
        start = int(query(request).get("cursor", "0"))
        body = {"users": self.users[start : start + 1], "count": 1}
        return reply(
            body | ({"next_cursor": str(start + 1)} if start + 1 < len(self.users) else {})
        )

    def resolver(self, memory: Memory | None = None) -> Resolver:
        return Resolver(client_of(self.origin), memory or Memory())

    @property
    def requests(self) -> list[str]:
        return [line.removeprefix("GET /api/v1/builder/users") for line in self.origin.log]


@pytest.mark.parametrize("typed", [A, A.upper(), f"id:{A}", f"id:{A.upper()}"])
@pytest.mark.parametrize("to_change", [False, True])
def test_a_customer_id_costs_one_request(typed, to_change):
    builder = Builder(a="alice")
    assert builder.resolver().one(typed, to_change=to_change).customer_id == A
    assert builder.requests == [f"/{A}"]


@pytest.mark.parametrize("typed", ["bob", "ext:bob"])
def test_an_external_id_is_found_in_a_listing_and_verified(typed):
    builder = Builder(a="alice", b="bob", c="carol")
    memory = Memory()
    assert builder.resolver(memory).one(typed, to_change=True).customer_id == B
    assert len(builder.requests) == 4
    assert builder.requests[-1] == f"/{B}"
    # all users of the listing are remembered
    assert memory.known == {"alice": [A], "bob": [B], "carol": [C]}


def test_a_remembered_external_id_costs_one_request():
    builder = Builder(a="alice", b="bob")
    assert builder.resolver(Memory(bob=[B])).one("bob").customer_id == B
    assert builder.requests == [f"/{B}"]


@pytest.mark.parametrize(
    ("users", "forgotten"), [({"b": "alice"}, [A]), ({"a": "renamed", "b": "alice"}, [])]
)
def test_an_outdated_index_entry_is_detected(users, forgotten):
    """The user is gone, or its id now belongs to another user: the listing decides."""
    builder, memory = Builder(**users), Memory(alice=[A])
    assert builder.resolver(memory).one("alice", to_change=True).customer_id == B
    assert memory.forgotten == forgotten


def test_an_outdated_index_entry_of_a_missing_user_is_not_found():
    builder = Builder(b="bob")
    with pytest.raises(NotFound):
        builder.resolver(Memory(alice=[A])).one("alice")


def test_a_missing_user_is_named_as_it_was_typed():
    """`id:alice` is not found although there is a user `alice`."""
    resolver = Builder(a="alice").resolver()
    for typed in ("id:alice", "ext:bob", "bob"):
        with pytest.raises(NotFound, match=f"^user `{typed}` not found in profile default$"):
            resolver.one(typed)
    with pytest.raises(NotFound) as caught:
        resolver.several(["ext:bob", "alice", "id:alice"])
    assert caught.value.details == ("user `ext:bob` not found", "user `id:alice` not found")


@pytest.mark.parametrize("known", [{}, {"alice": [A, B]}], ids=["by listing", "by memory"])
def test_two_users_with_one_external_id_are_ambiguous(known):
    builder = Builder(a="alice", b="alice", c="x")
    with pytest.raises(AmbiguousUser) as caught:
        builder.resolver(Memory(**known)).one("alice")
    assert caught.value.exit_code == 3
    assert all(any(i in line for line in caught.value.details) for i in (A, B))


def test_only_a_read_tries_a_uuid_as_an_external_id():
    builder = Builder(a=UUID_NAME)
    assert builder.resolver().one(UUID_NAME).customer_id == A
    builder.origin.requests.clear()
    with pytest.raises(NotFound) as caught:
        builder.resolver(Memory(**{UUID_NAME: [A]})).one(UUID_NAME, to_change=True)
    assert f"ext:{UUID_NAME}" in caught.value.hint
    assert builder.requests == [f"/{UUID_NAME}"]
    assert builder.resolver().one(f"ext:{UUID_NAME}", to_change=True).customer_id == A


def test_a_uuid_that_is_a_customer_id_is_not_tried_as_an_external_id():
    builder = Builder(a="alice", b=A)
    assert builder.resolver().one(A).external_id == "alice"
    assert builder.resolver().one(f"ext:{A}").customer_id == B


def test_an_explicit_customer_id_is_not_tried_as_an_external_id():
    builder = Builder(a="bob")
    with pytest.raises(NotFound):
        builder.resolver(Memory(bob=[A])).one("id:bob")
    assert builder.requests == ["/bob"]


@pytest.mark.parametrize(
    ("typed", "meaning", "name"),
    [
        ("ext:id:x", "external_id", "id:x"),
        ("id:ext:x", "customer_id", "ext:x"),
        ("other:x", "external_id", "other:x"),
        ("EXT:x", "external_id", "EXT:x"),
        (A, "either", A),
        (A + "x", "external_id", A + "x"),
        (A.replace("-", ""), "external_id", A.replace("-", "")),
    ],
)
def test_each_spelling_of_a_user_has_one_meaning(typed, meaning, name):
    assert Reference.parse(typed) == Reference(name, meaning)


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "\t", "\xa0", ".", "..", "ext:", "id:", "ext: ", "id:.", "ext:..", "a\nb"),
        *("a\x1b", "a\x9b", "a\x7f", "a\ud800", "a\u2028", "a\u2029", "pk_live_x", " sk_live_x"),
        *("ext:pk_live_x", "id:sk_x", "id: pk_x"),
    ],
)
def test_an_impossible_user_is_refused_before_any_request(typed):
    builder = Builder(a="alice")
    with pytest.raises(UsageFault) as caught:
        builder.resolver().several(["alice", typed])
    assert builder.requests == []
    assert "pk_" not in caught.value.message
    assert "sk_" not in caught.value.message


@pytest.mark.parametrize("name", [" a ", "a b", "..;", "日本", "a\u200db", "'", "-x", "..."])
def test_odd_but_possible_ids_are_valid(name):
    assert check_id(name) == name


def test_several_keep_their_order_and_share_one_listing():
    builder = Builder(a="alice", b="bob", c="carol")
    found = builder.resolver().several(["carol", A, "bob", "carol"])
    assert [user.customer_id for user in found] == [C, A, B, C]
    assert len([line for line in builder.requests if "limit=" in line]) == 3
    assert builder.requests.count(f"/{C}") == 1


def test_all_missing_users_are_named_at_once():
    builder = Builder(a="alice")
    with pytest.raises(NotFound) as caught:
        builder.resolver().several(["x", "alice", "id:y"])
    assert [line for name in "xy" for line in caught.value.details if f"`{name}`" in line]
    assert len(caught.value.details) == 2


def test_another_users_record_is_never_accepted():
    origin = Origin(lambda _: reply({"customer_id": B, "external_id": "bob"}))
    with pytest.raises(Unreadable):
        Resolver(client_of(origin), Memory()).one(A)


def test_users_without_an_external_id_match_no_external_id():
    builder = Builder(a=None, b="")
    with pytest.raises(NotFound):
        builder.resolver().one("None")
    assert builder.resolver().one(A).external_id is None
