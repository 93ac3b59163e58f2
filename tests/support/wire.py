"""Raw HTTP/1.1 on a socket: what a client sent, byte for byte, and a peer to respond with.

No HTTP library is used, so that a test sees and sends exactly what it says.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

# no test waits longer than this for a client that neither speaks nor leaves
PATIENCE = 60.0
_LIMIT = 64 * 1024 * 1024


Headers = tuple[tuple[str, str], ...]
Head = tuple[str, str, Headers]


class ClientLeft(Exception):
    """The client closed, reset or went silent; the connection is over."""


@dataclass(frozen=True)
class Request:
    """One request; `order` counts over all connections, `target` is as sent, never decoded."""

    order: int
    connection: int
    method: str
    target: str
    headers: Headers
    body: bytes = b""
    complete: bool = True

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        assert len({name for name, _ in pairs}) == len(pairs), f"repeated parameter: {self.target}"
        return dict(pairs)

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"header {name} sent {len(values)} times"
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass
class Connection:
    """Every byte that one connection received, including incomplete requests."""

    number: int
    received: bytearray = field(default_factory=bytearray)


def parse_head(head: bytes) -> Head:
    """Return method, target and headers of a request."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    assert version == "HTTP/1.1", first
    parts = (line.partition(":") for line in lines)
    return method, target, tuple((name, value.strip()) for name, _, value in parts)


class Peer:
    """The client's end of one connection, as an action sees it."""

    def __init__(
        self, sock: socket.socket, connection: Connection, stopped: threading.Event
    ) -> None:
        self._sock = sock
        self._stopped = stopped
        self._pending = bytearray()
        self.connection = connection
        sock.settimeout(PATIENCE)

    def wait_for_data(self) -> None:
        """Block until the client has sent something, without reading it."""
        if self._pending or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            return
        ready, _, _ = select.select([self._sock], [], [], PATIENCE)
        if not ready:
            raise ClientLeft

    def read_head(self) -> Head:
        """Return method, target and headers of the next request."""
        while b"\r\n\r\n" not in self._pending:
            self._receive()
        head, _, rest = bytes(self._pending).partition(b"\r\n\r\n")
        self._pending = bytearray(rest)
        return parse_head(head)

    def read_body(self, headers: Headers) -> bytes:
        named = {name.lower(): value for name, value in headers}
        if named.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks()
        return self._take(int(named.get("content-length", "0")))

    def send(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise ClientLeft from error

    def pause(self, seconds: float) -> None:
        """Sleep in real time; ends the connection when the server is stopped meanwhile."""
        if self._stopped.wait(seconds):
            raise ClientLeft

    def wait_until_left(self) -> None:
        """Send nothing until the client gives up or the server is stopped."""
        while True:
            self._receive()

    def reset(self) -> None:
        """Close so that the client sees a connection reset, not an orderly end."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._sock.close()

    def _receive(self) -> None:
        try:
            data = self._sock.recv(65536)
        except OSError as error:
            raise ClientLeft from error
        if not data:
            raise ClientLeft
        self.connection.received += data
        self._pending += data
        assert len(self._pending) < _LIMIT, "a request beyond all measure"

    def _take(self, size: int) -> bytes:
        while len(self._pending) < size:
            self._receive()
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._pending:
                self._receive()
            line, _, rest = bytes(self._pending).partition(b"\r\n")
            self._pending = bytearray(rest)
            size = int(line, 16)
            body += self._take(size)
            self._take(2)
            if size == 0:
                return body
