"""A Builder API in this process that breaks responses at random, reproducibly by a seed.

It keeps what really happened, so that a test can tell a false success from a true one. Without its
effect a change never gets a 2xx: a lie in the exact form of the API cannot be detected.
"""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpx  # noqa: TID253 - stands in for the network
from support.builder import Builder
from support.records import customer_id, wallet
from support.wire import Request

ALICE, BOB = customer_id(0), customer_id(1)
JUNK: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**63, 10**400, -(10**400), 1.5, 1e308, "", " ", "x", "None"),
    *("\ud800", "\x1b[2J\x1b]0;x\x07", "\u202ex", "[/red]", "0", "1e999", "nan", "2026-13-99"),
    *([], {}, [None], {"a": None}, [[[[]]]], "x" * 5_000, ALICE.upper(), BOB, "=1+1", "\n", "\x00"),
    *(["x", 5, None], [{}], {"customer_id": BOB}, "pk_live_OTHER", 1790000000),
]
STATUSES = [
    *(200, 201, 202, 203, 204, 206, 226, 299, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403),
    *(404, 405, 409, 410, 413, 418, 422, 429, 451, 500, 501, 502, 503, 504, 507, 599),
]
HEADERS: list[dict[str, str]] = [
    {"retry-after": "soon"},
    {"retry-after": "9" * 5000},
    {"retry-after": "-1"},
    {"x-ratelimit-monthly-remaining": "0"},
    {"x-ratelimit-monthly-remaining": "\xff", "x-ratelimit-monthly-reset": "soon"},
    {"x-ratelimit-monthly-reset": "9" * 30},
    {"content-encoding": "gzip"},
    {"content-encoding": "br"},
    {"content-type": "text/html; charset=klingon"},
    {"location": "http://[\x01"},
    {"x-parsec-tier": "\x1b[2J"},
]
LOSSES = [httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout, httpx.WriteError]


class Cut(httpx.SyncByteStream):
    """Gives the bytes and then breaks."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data
        raise httpx.RemoteProtocolError("peer closed connection")


class MutantBuilder(httpx.BaseTransport):
    """Two users; `rate` is the share of responses that are broken."""

    def __init__(self, seed: str, rate: float) -> None:
        self.chance = random.Random(seed)
        self.rate = rate
        self.builder = Builder()
        self.builder.max_page = 1
        self.builder.add("alice", wallet=wallet("safe", "5"))
        self.builder.add("b", None)
        self.sent: list[str] = []
        self.log: list[str] = []

    @property
    def effects(self) -> list[str]:
        return [kind for kind, _ in self.builder.effects]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{request.method} {request.url.path}")
        assert len(self.sent) < 700, "no end of requests"
        broken = self.chance.random() < self.rate
        change = request.method not in ("GET", "HEAD")
        if broken and change and self.chance.random() < 0.4:
            return self._refused(request)
        status, value = self._route(request)
        if not broken:
            return self._reply(status, json.dumps(value).encode() if value is not None else b"")
        return self._mutated(status, value)

    @property
    def responses(self) -> list[tuple[str, str]]:
        """Each request, and how it ended."""
        return list(zip(self.sent, self.log, strict=True))

    def _refused(self, request: httpx.Request) -> httpx.Response:
        """Respond without the effect: refused, or lost."""
        if self.chance.random() < 0.3:
            self.log.append("lost before")
            raise self.chance.choice(LOSSES)("lost", request=request)
        # a deactivation of a missing user is not refused
        gone = (403, 404) if request.method == "DELETE" else ()
        status = self.chance.choice([s for s in STATUSES if s >= 300 and s not in gone])
        return self._mutated(status, {"error": "no", "code": "odd", "retryable": True}, keep=True)

    def _mutated(self, status: int, value: Any, *, keep: bool = False) -> httpx.Response:
        chance = self.chance
        kind = chance.choice(
            ["value", "value", "value", "bytes", "status", "headers", "cut", "lost"]
        )
        headers: dict[str, str] = {}
        body = json.dumps(value).encode() if value is not None else b""
        if kind == "value":
            value = copy.deepcopy(value)
            for _ in range(chance.choice((1, 1, 2, 4))):
                value = mutate(value, chance)
            body = json.dumps(value).encode()
        elif kind == "bytes":
            body = chance.choice(BYTES)(body, chance)
        elif kind == "status" and not keep:
            status = chance.choice(STATUSES)
        elif kind == "lost":
            self.log.append("lost after")
            raise chance.choice(LOSSES)("lost")
        if kind in ("headers", "status") or chance.random() < 0.1:
            headers = chance.choice(HEADERS)
        if kind == "cut":
            self.log.append(f"{status} cut")
            return httpx.Response(status, stream=Cut(body[: chance.randrange(len(body) + 1)]))
        return self._reply(status, body, headers)

    def _reply(
        self, status: int, body: bytes, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        self.log.append(f"{status} {headers or ''} {body[:300]!r}")
        raw = [(n.encode(), v.encode("latin-1")) for n, v in (headers or {}).items()]
        return httpx.Response(status, headers=raw, stream=httpx.ByteStream(body))

    def _route(self, request: httpx.Request) -> tuple[int, Any]:
        headers = tuple(request.headers.multi_items())
        target = request.url.raw_path.decode()
        asked = Request(0, 0, request.method, target, headers, request.content)
        response = self.builder.respond_to(asked)
        return response.status, json.loads(response.body) if response.body else None


def mutate(value: Any, chance: random.Random) -> Any:
    """Break one place in a JSON value: another type, missing, repeated, or unexpected."""
    if chance.random() < 0.15 or not isinstance(value, (dict, list)) or not value:
        return chance.choice(JUNK)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        how = chance.random()
        if how < 0.2:
            return value + value
        if how < 0.3:
            return value[:at]
        return [*value[:at], mutate(value[at], chance), *value[at + 1 :]]
    name = chance.choice(list(value))
    how = chance.random()
    if how < 0.15:
        return {key: inner for key, inner in value.items() if key != name}
    if how < 0.25:
        return {
            **value,
            chance.choice(["error", "code", "x\x1b", "retryable"]): chance.choice(JUNK),
        }
    return {**value, name: mutate(value[name], chance)}


def _flipped(body: bytes, chance: random.Random) -> bytes:
    data = bytearray(body or b"x")
    for _ in range(3):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


BYTES: list[Callable[[bytes, random.Random], bytes]] = [
    _flipped,
    lambda body, chance: body[: chance.randrange(len(body) + 1)],
    lambda body, _: body + body,
    lambda _, __: b"",
    lambda _, __: b"<!DOCTYPE html><html><title>no</title></html>",
    lambda _, __: b"null",
    lambda body, _: b"\xef\xbb\xbf" + body,
    lambda body, _: body.decode().encode("utf-16"),
    lambda body, _: gzip.compress(body, mtime=0),
    lambda body, _: b"[" * 500 + body + b"]" * 500,
    lambda body, _: body.replace(b"1", b"9" * 5000, 1),
    lambda body, _: body.replace(b"null", b"NaN"),
]
