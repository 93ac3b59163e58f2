"""Serve the sandbox over HTTP, on the loopback address only, until a signal ends it."""

from __future__ import annotations

import logging
import re
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from parsec_cli.base_url import is_loopback
from parsec_cli.errors import LocalFault
from parsec_cli.interrupts import ENDING
from parsec_cli.next_command import again
from parsec_cli.sandbox import app
from parsec_cli.sandbox.injected_faults import Fault
from parsec_cli.sandbox.metering import UNLIMITED, RateLimit
from parsec_cli.sandbox.responses import Refusal

HOST = "127.0.0.1"
# a thread sleeps for the latency of its request, so this bounds the clients at a time
THREADS = 32
# above the application's own limit, so that clients get its documented response
MAX_BODY = 1024 * 1024
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)


def serve(
    db_path: Path,
    *,
    port: int,
    announce: Callable[[str], object],
    rate_limit: RateLimit = UNLIMITED,
    latency: float = 0.0,
    faults: Sequence[Fault] = (),
) -> None:
    """Serve until a signal ends it, then return; `port` 0 takes a free one.

    `announce` is given the base URL as soon as connections are accepted; `latency` is in
    milliseconds. Raises LocalFault when the port or the file cannot be used.
    """
    from waitress.server import create_server  # type: ignore[import-untyped]  # it has no stubs

    # faults of single requests become responses; stderr belongs to the command
    logging.getLogger("waitress").setLevel(logging.CRITICAL + 1)
    sandbox = app.Sandbox(db_path, rate_limit=rate_limit, latency=latency, faults=faults)
    with closing(sandbox.store) as store:
        # report an unusable file now, not to the first client
        with store.transaction():
            pass
        opened: dict[int, Any] = {}
        server = create_server(
            partial(_respond, sandbox),
            map=opened,
            sockets=[_listener(port)],
            threads=THREADS,
            connection_limit=1000,
            max_request_body_size=MAX_BODY,
            ident=None,
        )
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _end)
        try:
            # a signal between the two calls has the same effect as one within the loop
            with suppress(SystemExit):
                announce(f"http://{HOST}:{server.effective_port}")
                server.run()
        finally:
            server.asyncore.close_all(opened)


def _respond(
    sandbox: app.Sandbox, environ: dict[str, Any], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """Respond only to local clients; a fault of this machine is a 500."""
    try:
        _check_caller(environ)
        return sandbox(environ, start_response)
    except Refusal as refusal:
        response = refusal.response
    except LocalFault:
        response = Refusal(500, "internal error").response
    start_response(response.status, response.headers)
    return [response.body]


def _listener(port: int) -> socket.socket:
    """Bind here: the server would leave its socket open when the port is taken."""
    try:
        return socket.create_server((HOST, port))
    except OSError as fault:
        raise LocalFault(
            f"cannot listen on port `{port}`: {fault.strerror or fault}",
            hint="let the system choose a free port with",
            command=again(port=0),
        ) from fault


def _end(number: int, frame: object) -> None:
    """End the server's loop, which returns on SystemExit."""
    del number, frame
    raise SystemExit


def _check_caller(environ: Mapping[str, str]) -> None:
    """Check Host, an absolute request target and Origin; raises Refusal 400, 403 or 421."""
    host = environ.get("HTTP_HOST", "")
    if not host:
        raise Refusal(400, "missing Host header")
    target = _ABSOLUTE.match(environ.get("REQUEST_URI", ""))
    if not (_is_local(host) and (target is None or _is_local(target[1]))):
        raise Refusal(421, "the sandbox responds only to loopback names", "misdirected_request")
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        page = _ABSOLUTE.fullmatch(origin)
        if page is None or not _is_local(page[1]):
            raise Refusal(403, "the sandbox does not respond to pages of other sites")


def _is_local(authority: str) -> bool:
    match = _AUTHORITY.fullmatch(authority.lower())
    return match is not None and is_loopback(match["v6"] or match["name"].removesuffix("."))
