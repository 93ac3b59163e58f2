"""A quick HTTP/1.1 server on loopback that responds like the Builder API, in a process of its own.

One thread and an epoll loop: thousands of requests a second, so that no program measured waits for
it. Latency, rate limit and the number of users are set between runs by `POST /settings`, which
also clears the counters; both settings and counters are outside of what is counted. It prints its
port and ends when its stdin does.
"""

from __future__ import annotations

import heapq
import select
import socket
import sys
import time
from dataclasses import dataclass, field

from builder import MeasuredBuilder
from support.actions import response
from support.wire import Head, Request, parse_head

_READ = 1 << 16
_HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Connection:
    """One client; `out` is what the socket has not taken yet."""

    sock: socket.socket
    received: bytearray = field(default_factory=bytearray)
    out: bytearray = field(default_factory=bytearray)
    counted: bool = False
    open: bool = True


class Sink:
    """Takes what an action of the tests' server sends to its peer."""

    data = b""

    def send(self, data: bytes) -> None:
        self.data += data


class Loop:
    """Accepts, reads whole requests, and responds to each when its latency has passed."""

    def __init__(self, builder: MeasuredBuilder) -> None:
        self.builder = builder
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)
        self.poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        self.connections: dict[int, Connection] = {}
        self.due: list[tuple[float, int, Connection, bytes]] = []
        self.order = 0

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def run(self) -> None:
        while True:
            for fd, event in self.poll.poll(self._idle()):
                if fd == self.listener.fileno():
                    self._accept()
                elif fd == sys.stdin.fileno():
                    return
                else:
                    self._serve(fd, event)
            self._send_due()

    def _idle(self) -> float:
        return max(0.0, self.due[0][0] - time.monotonic()) if self.due else -1

    def _accept(self) -> None:
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections[sock.fileno()] = Connection(sock)
        self.poll.register(sock, select.EPOLLIN)

    def _serve(self, fd: int, event: int) -> None:
        connection = self.connections[fd]
        if event & select.EPOLLOUT:
            self._flush(connection)
        if event & ~select.EPOLLOUT:
            try:
                data = connection.sock.recv(_READ)
            except OSError:
                data = b""
            if not data:
                self._drop(fd)
                return
            connection.received += data
            self._requests(connection)

    def _drop(self, fd: int) -> None:
        connection = self.connections.pop(fd)
        connection.open = False
        connection.sock.close()

    def _requests(self, connection: Connection) -> None:
        received = connection.received
        while (end := received.find(_HEAD_END)) >= 0:
            head = bytes(received[:end])
            begin = end + len(_HEAD_END)
            parsed = parse_head(head)
            length = content_length(parsed)
            if len(received) < begin + length:
                if b"100-continue" in head.lower():
                    connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body = bytes(received[begin : begin + length])
            del received[: begin + length]
            request = Request(0, 0, *parsed, body)
            out = Sink()
            if request.path.startswith("/api/"):
                self.builder.action(request).act(out, request)
                self._handle(connection, out.data)
            else:
                response(200, self._controlled(request)).act(out, request)
                connection.out += out.data
                self._flush(connection)

    def _controlled(self, request: Request) -> bytes:
        if str(request) == "POST /settings":
            self.builder.settle(**request.json())
            for connection in self.connections.values():
                connection.counted = False
        return self.builder.report()

    def _handle(self, connection: Connection, sent: bytes) -> None:
        if not connection.counted:
            connection.counted = True
            self.builder.counters.connections += 1
        if not self.builder.latency:
            connection.out += sent
            self._flush(connection)
            return
        self.order += 1
        entry = (time.monotonic() + self.builder.latency, self.order, connection, sent)
        heapq.heappush(self.due, entry)

    def _send_due(self) -> None:
        while self.due and self.due[0][0] <= time.monotonic():
            _, _, connection, response = heapq.heappop(self.due)
            if connection.open:
                connection.out += response
                self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        try:
            sent = connection.sock.send(connection.out)
        except BlockingIOError:
            sent = 0
        except OSError:
            connection.out.clear()
            return
        del connection.out[:sent]
        more = select.EPOLLOUT if connection.out else 0
        self.poll.modify(connection.sock, select.EPOLLIN | more)


def content_length(head: Head) -> int:
    return next((int(value) for name, value in head[2] if name.lower() == "content-length"), 0)


def main() -> None:
    loop = Loop(MeasuredBuilder())
    sys.stdout.write(f"{loop.port}\n")
    sys.stdout.flush()
    loop.run()


if __name__ == "__main__":
    main()
