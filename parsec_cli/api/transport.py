"""Send requests over the network: the one module that names the HTTP library.

The connection pool is built from httpcore's public parts over a backend that keeps the deadline,
and is offered as a transport of httpx.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import h11
import httpcore
import httpx

from parsec_cli.base_url import BaseUrl, context_of, is_loopback, proxy_of
from parsec_cli.errors import UsageFault
from parsec_cli.interrupts import SLICE, Deadline

if TYPE_CHECKING:
    from parsec_cli.api.call import NotSentCause

Request = httpx.Request
Received = httpx.Response
Transport = httpx.BaseTransport
InProcess = httpx.WSGITransport
_TIMEOUTS = (httpcore.TimeoutException, httpx.TimeoutException, TimeoutError)
# every exception by which a request or a response fails
FAILURES = (
    httpcore.ConnectionNotAvailable,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
    httpx.StreamError,
    OSError,
)
# by OpenSSL's codes: not yet valid and expired; another host name or IP address
_CERTIFICATE_CAUSES: dict[int, NotSentCause] = {9: "time", 10: "time", 62: "host", 64: "host"}
_NO_ADDRESS = "the host name could not be resolved"
_NOT_LOOPBACK = "plain http is only for this machine, but the host name is another machine's"
_Late = httpcore.ConnectTimeout
_HOST = rb"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
_HIGHEST_PORT = 65535
# bytes that are written before the deadline is looked at again
_PIECE = 64 * 1024


class Stream(httpcore.NetworkStream):
    """A connection whose waits all end at the deadline.

    It also notices bytes after the end of a response, such as the body of a 204. The HTTP library
    would take them for the response to the next request.
    """

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self._parser: h11.Connection | None = None  # parses the expected response
        self._has_more = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        while True:
            left = self._deadline.left(httpcore.ReadTimeout)
            try:
                data = self._inner.read(max_bytes, min(left, SLICE))
            except httpcore.ReadTimeout:
                continue
            self._check_end(data)
            return data

    def _check_end(self, data: bytes) -> None:
        if self._parser is None or self._has_more:
            # also after a response that the parser refused: it would keep all that follows
            self._has_more = True
            return
        try:
            self._parser.receive_data(data)
            event = self._parser.next_event()
            while isinstance(event, (h11.InformationalResponse, h11.Response, h11.Data)):
                event = self._parser.next_event()
            if isinstance(event, h11.EndOfMessage):
                self._has_more = bool(self._parser.trailing_data[0])
                self._parser = None
        except h11.RemoteProtocolError:
            self._has_more = True

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # a CONNECT asks a proxy for a tunnel: nothing of it reaches the API
        method = buffer.split(b" ", 1)[0]
        if self._parser is None and buffer:
            self._parser = h11.Connection(h11.CLIENT)
            self._parser.send(h11.Request(method=method, target=b"/", headers=[("host", "x")]))
            self._parser.send(h11.EndOfMessage())
        for start in range(0, len(buffer), _PIECE):
            left = self._deadline.left(httpcore.WriteTimeout)
            if method != b"CONNECT":
                self._deadline.leave()
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(httpcore.ConnectTimeout)
        start = partial(self._inner.start_tls, ssl_context, server_hostname, left)
        return Stream(
            self._deadline.within(start, _Late("the TLS handshake was too slow")), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._has_more:
            return True  # the pool closes an idle connection of which this is true
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Opens connections within the deadline, name look-up and all addresses included.

    With `loopback_only`, it connects only to this machine, even if the name resolves to another.
    """

    def __init__(self, deadline: Deadline, *, loopback_only: bool = False) -> None:
        self._deadline = deadline
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
            # an address that does not respond must leave time for the others
            left = self._deadline.left(httpcore.ConnectTimeout) / (len(addresses) - n)
            connect = partial(
                self._inner.connect_tcp, address, port, left, local_address, socket_options
            )
            try:
                inner = self._deadline.within(connect, _Late("connecting was too slow"))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if n + 1 == len(addresses):
                    raise
                continue
            return Stream(inner, self._deadline)
        raise httpcore.ConnectError(_NO_ADDRESS)

    def _resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host` in the system's order."""
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            infos = self._deadline.within(look_up, _Late("the name look-up was too slow"))
        except (OSError, ValueError, OverflowError):  # the last two: no host name, or no port
            raise httpcore.ConnectError(_NO_ADDRESS) from None
        addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
        if not self._loopback_only:
            return addresses
        addresses = [address for address in addresses if is_loopback(address)]
        if not addresses:
            raise httpcore.ConnectError(_NOT_LOOPBACK)
        return addresses


class NetworkTransport(httpx.BaseTransport):
    """Sends requests; `proxy` is the variable that names the proxy in use, or "".

    `make` builds a pool. Each connection has one of its own, because for each request a pool looks
    at all its connections: with eight workers, that took a tenth of a run's CPU time.
    """

    def __init__(self, make: Callable[[], httpcore.ConnectionPool], proxy: str) -> None:
        self.proxy, self._make = proxy, make
        self._pools: list[httpcore.ConnectionPool] = []
        self._idle: list[httpcore.ConnectionPool] = []  # the one used last is the next

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            pool = self._idle.pop()
        except IndexError:
            pool = self._make()
            self._pools.append(pool)
        url, headers = _url(request.url, request.extensions.get("target")), request.headers.raw
        sent = httpcore.Request(request.method, url, headers=headers, content=request.stream)
        give_back = partial(self._idle.append, pool)
        try:
            got = pool.handle_request(sent)
        except BaseException:
            give_back()
            raise
        return httpx.Response(got.status, headers=got.headers, stream=_Body(got, give_back))

    def close(self) -> None:
        for pool in self._pools:
            pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, closed: Callable[[], None]) -> None:
        self._response = response
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()
        self._closed()


def _url(of: httpx.URL, target: bytes | None = None) -> httpcore.URL:
    target = target or of.raw_path
    return httpcore.URL(scheme=of.raw_scheme, host=of.raw_host, port=of.port, target=target)


def connect(base_url: BaseUrl, deadline: Deadline, environ: Mapping[str, str]) -> Transport:
    """Build the transport to `base_url`; UsageFault for a wrong proxy or CA in the environment."""
    variable, proxy = proxy_of(base_url, environ)
    context = context_of(base_url, proxy, environ)
    backend = Backend(deadline, loopback_only=base_url.scheme == "http")
    if proxy is None:
        pool = partial(httpcore.ConnectionPool, context, network_backend=backend)
        return NetworkTransport(pool, "")
    try:
        way = httpx.Proxy(proxy)
        usable = way.url.scheme in ("http", "https") and re.fullmatch(_HOST, way.url.raw_host)
    except (ValueError, httpx.InvalidURL):
        usable = None
    if not usable or not 0 < (way.url.port or 1) <= _HIGHEST_PORT:
        # the value may contain a password, so the error names only the variable
        raise UsageFault(
            f"the proxy in {variable} cannot be used",
            hint=f"set an http:// or https:// proxy in {variable}, or add the host to NO_PROXY",
        )
    make = partial(
        httpcore.HTTPProxy,
        _url(way.url),
        proxy_auth=way.raw_auth,
        ssl_context=context,
        proxy_ssl_context=context if way.url.scheme == "https" else None,
        network_backend=backend,
    )
    return NetworkTransport(make, variable)


def explain(fault: Exception, timeout: float | None) -> tuple[NotSentCause, str]:
    """Return why a request failed, if no byte of it was sent, and the reason in plain words.

    The texts of the libraries are not repeated, because some quote a header's value. `timeout` is
    the limit of a request in seconds; None where a signal has set another.
    """
    chain: list[BaseException] = [fault]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) and inner not in chain:
        chain.append(inner)
    for cause in chain:
        if isinstance(cause, ssl.SSLError):
            return _of_tls(cause)
        if str(cause) in (_NO_ADDRESS, _NOT_LOOPBACK):
            return "name", str(cause)
        if isinstance(cause, _TIMEOUTS):
            within = "in time" if timeout is None else f"within {timeout:g} s"
            return "connect", f"no response {within}"
        if isinstance(cause, (httpcore.ProxyError, httpx.ProxyError)):
            return _refusal(str(cause)[:3])  # the text starts with the status of the response
        if isinstance(cause, (httpcore.RemoteProtocolError, httpx.RemoteProtocolError)):
            return "connect", "the server closed the connection or did not speak HTTP"
        if isinstance(cause, OSError) and cause.strerror:
            return "connect", cause.strerror.lower()
    return "connect", "the connection failed"


def _of_tls(fault: ssl.SSLError) -> tuple[NotSentCause, str]:
    if isinstance(fault, ssl.CertificateError):
        kind: NotSentCause = _CERTIFICATE_CAUSES.get(fault.verify_code, "certificate")
        # Python's own messages end with a period, those of OpenSSL do not
        return kind, f"certificate not accepted: {fault.verify_message.rstrip('.')}"
    if fault.reason == "WRONG_VERSION_NUMBER":
        return "tls", "TLS failed: the server does not speak TLS"
    return "tls", f"TLS failed: {(fault.reason or 'handshake').lower().replace('_', ' ')}"


def _refusal(status: str) -> tuple[NotSentCause, str]:
    if not (status.isascii() and status.isdigit()):
        return "proxy", "the proxy refused or failed"
    need = ": it requires another user name and password" if status == "407" else ""
    return "connect" if status >= "500" else "proxy", f"the proxy responded with {status}{need}"
