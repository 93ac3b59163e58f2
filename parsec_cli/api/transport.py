"""The network below httpx: one deadline for a whole request, and whether anything left.

httpx has time-outs between two bytes, but none for a request, and its exceptions do not tell
"nothing was sent" from "sent, no answer" (a reset while sending shows as RemoteProtocolError).
Both are known exactly where the sockets are, so this module wraps httpcore's network backend.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import httpcore
import httpx
from httpcore._sync import connection, http_proxy

from parsec_cli.base_url import is_loopback
from parsec_cli.records import state

Done = TypeVar("Done")

# how long one blocking read may last before the deadline, which a signal may have moved, is
# looked at again
_SLICE = 1.0
# how much is written before the deadline is looked at again
_PIECE = 64 * 1024


@state
class Attempt:
    """The request that a thread is making: when it must be over, and whether it has left.

    `sent` is about this attempt, `touched` about all attempts of the call.
    """

    deadline: float | None = None
    sent: bool = False
    touched: bool = False


class NotLoopback(socket.gaierror):
    """The host of a plain http URL, or of its proxy, has no loopback address."""


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.attempt = Attempt()


class Wire:
    """What all connections of one client share.

    `clock` is monotonic seconds; `drain_at` may move every deadline forward (see Interrupts).
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        drain_at: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.clock = clock
        self._drain_at = drain_at
        self._own = _PerThread()

    def call(self) -> Attempt:
        """Start a call of this thread, of one or more attempts."""
        self._own.attempt = Attempt()
        return self._own.attempt

    def begin(self, seconds: float) -> None:
        """Start the deadline of this thread's next request."""
        self._own.attempt.deadline = self.clock() + seconds
        self._own.attempt.sent = False

    def leave(self) -> None:
        """Note that a byte of this thread's request is about to be handed to the network."""
        attempt = self._own.attempt
        attempt.sent = attempt.touched = True

    @property
    def sent(self) -> bool:
        """True once a byte of this thread's request was handed to the network."""
        return self._own.attempt.sent

    def left(self, fault: type[Exception]) -> float:
        """Return the seconds left for this thread's request; raise `fault` when there are none."""
        ends = [t for t in (self._own.attempt.deadline, self._drain_at()) if t is not None]
        remaining = min(ends) - self.clock() if ends else _SLICE
        if remaining <= 0:
            raise fault("the deadline of the request has passed")
        return remaining

    def within(self, job: Callable[[], Done], late: str) -> Done:
        """Do what has no time-out, or one that no signal moves; ConnectTimeout when it is `late`.

        What becomes of it later, in a thread of its own, is dropped.
        """
        done: list[Done] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                done.append(job())
            except Exception as fault:  # noqa: BLE001 - told by the thread that waits
                failed.append(fault)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            try:
                thread.join(min(self.left(httpcore.ConnectTimeout), _SLICE))
            except httpcore.ConnectTimeout:
                raise httpcore.ConnectTimeout(late) from None
        if failed:
            raise failed[0]
        return done[0]


class Stream(httpcore.NetworkStream):
    """A connection whose every wait is bounded by the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        while True:
            left = self._wire.left(httpcore.ReadTimeout)
            try:
                return self._inner.read(max_bytes, min(left, _SLICE))
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # what asks a proxy for a tunnel is not the request: nothing reaches the API by it
        tunnelling = buffer.startswith(b"CONNECT ")
        for start in range(0, len(buffer), _PIECE):
            left = self._wire.left(httpcore.WriteTimeout)
            if not tunnelling:
                self._wire.leave()
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = self._wire.left(httpcore.ConnectTimeout)
        start = partial(self._inner.start_tls, ssl_context, server_hostname, left)
        return Stream(self._wire.within(start, "the TLS handshake did not end in time"), self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Opens connections within the deadline, name look-up and all addresses included.

    With `loopback_only`, to addresses of this machine alone, whatever a name promises.
    """

    def __init__(self, wire: Wire, *, loopback_only: bool = False) -> None:
        self._wire = wire
        self._loopback_only = loopback_only
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolve(host, port)
        for n, address in enumerate(addresses):
            # one address that swallows packets must leave time for the others
            left = self._wire.left(httpcore.ConnectTimeout) / (len(addresses) - n)
            connect = partial(
                self._inner.connect_tcp, address, port, left, local_address, socket_options
            )
            try:
                inner = self._wire.within(connect, "connecting did not end in time")
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if n + 1 == len(addresses):
                    raise
                continue
            return Stream(inner, self._wire)
        raise httpcore.ConnectError("the host name has no address")

    def _resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host` in the system's order."""
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            try:
                infos = self._wire.within(look_up, "the name look-up did not end in time")
            except (ValueError, OverflowError):  # no host name, or no port, at all
                raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
            addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
            if self._loopback_only:
                addresses = [address for address in addresses if is_loopback(address)]
                if not addresses:
                    raise NotLoopback
        except OSError as fault:
            # httpcore re-raises `from None`: only the context that a handler sets survives
            raise httpcore.ConnectError("the host name could not be resolved") from fault
        return addresses


class _Connection(httpcore.HTTP11Connection):
    """Closed, not used again, where bytes came behind an answer: they would pass for the next one.

    So do the body of a 204, and a second answer to one request.
    """

    def _response_closed(self) -> None:
        if self._h11_state.trailing_data[0]:
            self.close()
        else:
            super()._response_closed()


# httpcore offers no parameter for it; the tests of what comes behind an answer guard these lines
for _module in (connection, http_proxy):
    vars(_module)["HTTP11Connection"] = _Connection


class NetworkTransport(httpx.HTTPTransport):
    """httpx's own transport over the deadline-keeping backend; no retries, no environment.

    `proxy` is the variable that named the proxy in use, or "".
    """

    def __init__(
        self,
        wire: Wire,
        context: ssl.SSLContext,
        proxy: str | None,
        variable: str = "",
        *,
        loopback_only: bool = False,
    ) -> None:
        super().__init__(verify=context, trust_env=False, proxy=proxy)
        self.proxy = variable if proxy else ""
        # httpx offers no parameter for it; the pin on httpx and the deadline tests guard this line
        self._pool._network_backend = Backend(wire, loopback_only=loopback_only)  # noqa: SLF001
