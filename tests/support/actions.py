"""What a scripted server can do with one request: responses, good and bad, or none at all."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from support.wire import PATIENCE, Peer, Request

_REASONS = {item.value: item.phrase for item in HTTPStatus}
Headers = Mapping[str, str]
Reads = Literal["nothing", "head", "all"]
Passes = Callable[[], None]


@dataclass(frozen=True)
class Action:
    """`act` responds to the peer and returns whether the connection stays open.

    `reads` tells how much of the request is read before: with "nothing" `act` gets no request.
    """

    name: str
    act: Callable[[Peer, Request | None], bool]
    reads: Reads = "all"
    # of a plain response, for a test without sockets
    status: int = 0
    body: bytes = b""

    def __str__(self) -> str:
        return self.name


def response(
    status: int,
    body: bytes | str = b"",
    headers: Headers | None = None,
    *,
    keep_alive: bool = True,
    length: int | None = None,
) -> Action:
    """Respond in one piece; `length` overrides Content-Length, which may then lie."""
    data = body.encode() if isinstance(body, str) else body

    def act(peer: Peer, _request: Request | None) -> bool:
        fields = dict(headers or {})
        names = {name.lower() for name in fields}
        if "transfer-encoding" not in names and (status != HTTPStatus.NO_CONTENT or data):
            fields.setdefault("Content-Length", str(len(data) if length is None else length))
        if not keep_alive:
            fields["Connection"] = "close"
        peer.send(head(status, fields) + data)
        return keep_alive and length in (None, len(data))

    return Action(f"response {status}", act, status=status, body=data)


def json_response(
    status: int, value: Any, headers: Headers | None = None, *, keep_alive: bool = True
) -> Action:
    fields = {"Content-Type": "application/json", **(headers or {})}
    return response(status, json.dumps(value), fields, keep_alive=keep_alive)


def error(
    status: int, text: str, code: str, *, retryable: bool = False, headers: Headers | None = None
) -> Action:
    """Respond with the API's documented error object."""
    return json_response(status, {"error": text, "code": code, "retryable": retryable}, headers)


def too_many(retry_after: str | None = "1", limit_qps: int = 60) -> Action:
    """Respond with the documented per-second 429."""
    value = {"error": "rate limit exceeded", "code": "rate_limit_exceeded", "retryable": True}
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return json_response(429, {**value, "tier": "pro", "limit_qps": limit_qps}, headers)


def html(status: int, text: str = "<html><body><h1>Bad gateway</h1></body></html>") -> Action:
    return response(status, text, {"Content-Type": "text/html; charset=utf-8"})


def redirect(status: int, location: str) -> Action:
    return response(status, b"", {"Location": location})


def chunked(status: int, parts: Iterable[bytes], headers: Headers | None = None) -> Action:
    """Respond in chunks, made one by one while they are sent."""

    def act(peer: Peer, _request: Request | None) -> bool:
        peer.send(head(status, {"Transfer-Encoding": "chunked", **(headers or {})}))
        for part in parts:
            if part:
                peer.send(b"%x\r\n%b\r\n" % (len(part), part))
        peer.send(b"0\r\n\r\n")
        return True

    return Action(f"chunked {status}", act)


def drip(
    status: int, body: bytes, *, delay: float, size: int = 1, begun: Passes = lambda: None
) -> Action:
    """Send the head, then `size` bytes after each `delay` seconds; call `begun` after the first."""

    def act(peer: Peer, _request: Request | None) -> bool:
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        peer.send(head(status, fields))
        for start in range(0, len(body), size):
            peer.pause(delay)
            peer.send(body[start : start + size])
            if start == 0:
                begun()
        return True

    return Action(f"drip {status}", act)


def slow(delay: float, then: Action) -> Action:
    """Do `then` after `delay` seconds of real time."""

    def act(peer: Peer, request: Request | None) -> bool:
        peer.pause(delay)
        return then.act(peer, request)

    return Action(f"{then.name}, late", act, then.reads)


def held(released: threading.Event, then: Action) -> Action:
    """Do `then` once the event is set."""

    def act(peer: Peer, request: Request | None) -> bool:
        assert released.wait(PATIENCE)
        return then.act(peer, request)

    return Action(f"{then.name}, held", act, then.reads)


def reset(after: Reads = "all") -> Action:
    """Reset the connection with nothing, the head, or the whole request read."""

    def act(peer: Peer, _request: Request | None) -> bool:
        peer.reset()
        return False

    return Action(f"reset after {after}", act, after)


def close(after: Reads = "all") -> Action:
    """End the connection in an orderly way and without a response."""

    def act(peer: Peer, _request: Request | None) -> bool:
        peer.close()
        return False

    return Action(f"close after {after}", act, after)


def truncated(status: int, body: bytes, *, missing: int = 10) -> Action:
    """Promise `missing` bytes more than are sent, then close."""
    fields = {"Content-Type": "application/json"}
    return response(status, body, fields, keep_alive=False, length=len(body) + missing)


def stall(begun: Passes = lambda: None) -> Action:
    """Read the request, call `begun`, and say nothing until the client gives up."""

    def act(peer: Peer, _request: Request | None) -> bool:
        begun()
        peer.wait_until_left()
        return False

    return Action("stall", act)


def gzip_bomb(megabytes: int = 512) -> Action:
    """Respond with JSON text whose blanks inflate to `megabytes`, compressed while it is sent."""

    def parts() -> Iterator[bytes]:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
        yield squeeze.compress(b'{"users": [') + squeeze.flush(zlib.Z_SYNC_FLUSH)
        blanks = b" " * 1024 * 1024
        for _ in range(megabytes):
            yield squeeze.compress(blanks) + squeeze.flush(zlib.Z_SYNC_FLUSH)
        yield squeeze.compress(b"]}") + squeeze.flush()

    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return Action("gzip bomb", lambda peer, _: chunked(200, parts(), headers).act(peer, _))


def broken_gzip(status: int = 200) -> Action:
    whole = gzip.compress(b'{"users": []}' * 50, mtime=0)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return response(status, whole[:12] + b"\xff" * 20 + whole[32:], headers)


def wrong_charset(status: int = 500) -> Action:
    """Bytes that are not the UTF-8 they claim to be."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return response(status, '{"error": "défaut"}'.encode("latin-1"), headers)


def raw_json(status: int, text: str) -> Action:
    """JSON text as it stands, for what no encoder would write."""
    return response(status, text, {"Content-Type": "application/json"})


def deep_json(depth: int = 100_000) -> Action:
    return raw_json(200, '{"users": ' + "[" * depth + "]" * depth + "}")


def head(status: int, fields: Headers) -> bytes:
    reason = _REASONS.get(status, "Unknown")
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {fields[name]}" for name in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
