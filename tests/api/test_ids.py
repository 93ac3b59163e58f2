"""An id becomes exactly one encoded segment of the path, or nothing is sent."""

from __future__ import annotations

import random
import unicodedata
import uuid

import pytest
from api.origins import Origin, client_of, reply

from parsec_cli.api.reads import get_user, impersonation, user_path
from parsec_cli.api.resolve import Reference
from parsec_cli.errors import NotFound, UsageFault

COUNT = 5_000
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
PIECES = [
    *("..", ".", "/", "\\", "%", "%2F", "%2e%2e", "%00", "?", "#", "?limit=1", "#note", ";", "&"),
    *("=", "+", " ", "@", ":", "//", "http://evil.invalid/", "users", "[", "]", "*", "~", "|"),
    *("é", "日本", "🙂", "\u202e", "\u200b", "\ufeff", "\x00", "\n", "\x7f", "\x85"),
    *("\ud800", "\uff21"),
    *("ext:", "id:", "pk_live_x", "sk_", "PK_"),
]


def expected_segment(text: str) -> str | None:
    """Encode by RFC 3986; None for an id that must be refused."""
    if not text.strip() or text in (".", "..") or text.strip().startswith(("pk_", "sk_")):
        return None
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):
        return None
    data = text.encode("utf-8")
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in data)


def random_id(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.choice((0, 1, 1, 2, 3, 5, 9))):
        kind = chance.random()
        if kind < 0.45:
            parts.append(chance.choice(PIECES))
        elif kind < 0.55:
            parts.append(str(uuid.UUID(int=chance.getrandbits(128))))
        elif kind < 0.8:
            parts.append(chr(chance.randrange(0x20, 0x7F)))
        else:
            parts.append(chr(chance.randrange(0x110000)))
    return "".join(parts)


def test_random_ids_are_one_segment_or_refused():
    """The raw target as it would stand in the request line is what counts."""
    chance = random.Random(20260921)
    origin = Origin(lambda _: reply({"error": "no"}, 404))
    client = client_of(origin)
    refused = 0
    for _ in range(COUNT):
        text = random_id(chance)
        expected = expected_segment(text)
        origin.requests.clear()
        try:
            reference = Reference.parse(f"id:{text}")
            get_user(client, reference.id)
        except UsageFault:
            refused += 1
            assert expected is None, text
            assert origin.requests == []
        except NotFound:
            assert origin.log == [f"GET /api/v1/builder/users/{expected}"], text
            assert origin.requests[0].url.host == "api.parsec.invalid"
        else:
            pytest.fail(f"no response was good, and yet: {text!r}")
    assert COUNT * 0.1 < refused < COUNT * 0.9


@pytest.mark.parametrize("text", ["x" * 70_000, "é" * 20_000])
def test_an_id_too_long_for_a_url_is_a_usage_error(text):
    origin = Origin(lambda _: reply({}, 404))
    with pytest.raises(UsageFault):
        get_user(client_of(origin), text)
    assert origin.requests == []


@pytest.mark.parametrize("text", ["", ".", "..", "\ud800"])
def test_a_path_is_never_built_from_an_invalid_segment(text):
    with pytest.raises(UsageFault):
        user_path(text)


@pytest.mark.parametrize("odd", ["a\r\nX-Evil: 1", "a\x00", "é", " a", "a ", "\ta"])
def test_an_id_that_no_header_can_contain_is_refused(odd):
    """Another value would name another user, and a line end would start another header."""
    with pytest.raises(UsageFault, match="cannot be sent in a header"):
        impersonation(odd)
    assert impersonation("a b") == {"x-builder-customer-id": "a b"}
