"""A scripted HTTP server on a loopback socket that records every connection and request."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from support.actions import Action, error
from support.wire import PATIENCE, ClientLeft, Connection, Peer, Request

Respond = Callable[[Request], Action]
_MAX_CONNECTIONS = 5_000


class ScriptedServer:
    """Does the scripted actions in order, then what `respond` says, on 127.0.0.1, port 0.

    A request beyond the script gets 501 and counts as unexpected; `check()` fails on those and
    on actions that were never used. Threads end with `stop()`.
    """

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self.host, self.port = self._listener.getsockname()[:2]
        self._tls = tls
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._last: object = None
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._script: deque[Action] = deque()
        self._respond: Respond | None = None
        self._failures: list[str] = []
        self.unexpected: list[Request] = []
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self.strict = True
        self._acceptor = threading.Thread(target=self._accept, name="acceptor", daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def log(self) -> list[str]:
        """`METHOD target` of every request, in order."""
        return [str(request) for request in self.requests]

    @property
    def mutations(self) -> list[Request]:
        return [r for r in self.requests if r.method not in ("GET", "HEAD")]

    @property
    def received(self) -> bytes:
        """Every byte of every connection."""
        return b"".join(bytes(c.received) for c in self.connections)

    def script(self, *actions: Action) -> None:
        """Add actions for the next requests."""
        with self._lock:
            self._script.extend(actions)

    def respond(self, respond: Respond | Action) -> None:
        """Say what happens to requests beyond the script, for as many as come."""
        self._respond = (lambda _: respond) if isinstance(respond, Action) else respond

    def check(self) -> None:
        """Fail on scripted actions nobody asked for, and on requests nobody scripted."""
        assert not self._failures, "\n".join(self._failures)
        if not self.strict:
            return
        assert not self._script, f"scripted but never used: {[str(a) for a in self._script]}"
        assert not self.unexpected, f"not scripted: {[str(r) for r in self.unexpected]}"

    def settle(self) -> None:
        """Wait until all requests of clients that have ended are handled, responses included."""
        self._accept_all()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a client is still connected"

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        self._stopped.set()
        self._accept_all()
        self._acceptor.join(PATIENCE)
        self._listener.close()
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept_all(self) -> None:
        """Wait until each connection that was made has a thread; wake `accept` once more."""
        # a connection to itself is the portable way, because it waits behind all others
        with contextlib.suppress(OSError), socket.socket(self._listener.family) as last:
            last.bind((self.host, 0))
            self._last = last.getsockname()
            last.settimeout(PATIENCE)
            last.connect((self.host, self.port))
            last.recv(1)  # until it is closed

    def _accept(self) -> None:
        for number in range(_MAX_CONNECTIONS):
            try:
                sock, address = self._listener.accept()
            except OSError:
                return
            if address == self._last:
                last = self._stopped.is_set()  # asked first: `stop` may follow at once
                sock.close()
                if last:
                    return
                continue
            with self._lock:
                self._sockets.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        connection = Connection(number)
        with self._lock:
            self.connections.append(connection)
        current = sock
        try:
            if self._tls is not None:
                sock.settimeout(PATIENCE)
                current = self._tls.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._sockets.add(current)
                if self._stopped.is_set():
                    return
            peer = Peer(current, connection, self._stopped)
            while self._one(peer):
                pass
        except (ClientLeft, OSError):
            pass
        except Exception:  # noqa: BLE001 - shown by `check`, in the test that caused it
            self._failures.append(traceback.format_exc())
        finally:
            with self._lock:
                self._sockets -= {sock, current}
            current.close()
            sock.close()

    def _one(self, peer: Peer) -> bool:
        peer.wait_for_data()
        with self._lock:
            scripted = self._script[0] if self._script else None
            if scripted is not None and scripted.reads == "nothing":
                self._script.popleft()
                return scripted.act(peer, None)
        method, target, headers = peer.read_head()
        with self._lock:
            order, number = len(self.requests), peer.connection.number
            request = Request(order, number, method, target, headers, complete=False)
            self.requests.append(request)
            # looked up again: another connection may have taken what stood here a moment ago
            action = self._script.popleft() if self._script else None
        if action is not None and action.reads == "head":
            return action.act(peer, request)
        request = replace(request, body=peer.read_body(headers), complete=True)
        self.requests[order] = request
        action = action or self._beyond_script(request)
        goes_on = action.act(peer, request)
        return goes_on and (request.header("connection") or "").lower() != "close"

    def _beyond_script(self, request: Request) -> Action:
        if self._respond is not None:
            return self._respond(request)
        self.unexpected.append(request)
        return error(501, f"not scripted: {request}", "not_supported")


@contextlib.contextmanager
def refused_port() -> Iterator[int]:
    """Reserve a port that refuses connections: nobody listens, and nobody else can take it."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]
