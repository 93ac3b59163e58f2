"""What every connection obeys: the deadline of its request, a proxy, and trusted certificates.

HTTP libraries limit only the time between two bytes, and their exceptions do not distinguish
"nothing was sent" from "sent, no response". The code at the sockets reports both to `Deadline`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from parsec_cli.base_url import BaseUrl, is_loopback
from parsec_cli.errors import UsageFault
from parsec_cli.records import state

Done = TypeVar("Done")
# seconds after which a blocking call looks at the deadline again: a signal may have moved it
SLICE = 1.0
# compiled where there is a proxy or a NO_PROXY: the host of a proxy's URL; a name or a bracketed
# address, and a port
_PROXY_HOST = r"[^/]*//(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)"
_WITH_PORT = r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})"


@state
class Attempt:
    """The request that a thread is making: when it must end, and whether a byte was sent.

    `sent` is about this attempt, `touched` about all attempts of the call.
    """

    deadline: float | None = None
    sent: bool = False
    touched: bool = False


class Deadline(threading.local):
    """The deadline that all connections of one client share; `attempt` is this thread's own.

    `clock` returns monotonic seconds; `drain_at` may bring every deadline forward (see Interrupts).
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        drain_at: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._drain_at = drain_at
        self.attempt = Attempt()

    def call(self) -> Attempt:
        """Start a call of this thread; it may take several attempts."""
        self.attempt = Attempt()
        return self.attempt

    def begin(self, seconds: float) -> None:
        """Start the deadline of this thread's next request."""
        self.attempt.deadline = self._clock() + seconds
        self.attempt.sent = False

    def leave(self) -> None:
        """Note that a byte of this thread's request is about to be sent."""
        self.attempt.sent = self.attempt.touched = True

    def left(self, fault: type[Exception]) -> float:
        """Return the seconds left for this thread's request; raise `fault` when there are none."""
        ends = [t for t in (self.attempt.deadline, self._drain_at()) if t is not None]
        remaining = min(ends) - self._clock() if ends else SLICE
        if remaining <= 0:
            raise fault("the deadline of the request has passed")
        return remaining

    def within(self, job: Callable[[], Done], late: Exception) -> Done:
        """Run a job that has no time-out or ignores signals; raise `late` at the deadline.

        The job runs in a thread of its own, and a result after the deadline is dropped.
        """
        done: list[Done] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                done.append(job())
            except Exception as fault:  # noqa: BLE001 - raised by the thread that waits
                failed.append(fault)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            try:
                thread.join(min(self.left(TimeoutError), SLICE))
            except TimeoutError:
                raise late from None
        if failed:
            raise failed[0]
        return done[0]


def proxy_of(base_url: BaseUrl, environ: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the variable that decides, and its proxy or None for a direct connection."""
    if _bypassed(base_url, _variable(environ, "no_proxy")[1]):
        return "NO_PROXY", None
    names = [f"{base_url.scheme}_proxy", "all_proxy"]
    for name in names:
        # HTTP_PROXY in capitals can be a request header of a CGI script, as curl warns
        variable, value = _variable(environ, name)
        if value and not (variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
            proxy = value if "://" in value else f"http://{value}"
            return (variable, proxy) if not base_url.is_loopback or _near(proxy) else ("", None)
    return "", None


def _near(proxy: str) -> bool:
    """Tell whether a proxy is on this machine: only then can it reach this machine's loopback.

    Another machine's proxy would also read the key, in plain http.
    """
    found = re.match(_PROXY_HOST, proxy)
    host = found[1].strip("[]").lower() if found else ""
    return not host or is_loopback(host)  # `connect` refuses a proxy without a host


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if value := environ.get(variable, "").strip():
            return variable, value
    return name.upper(), ""


def _bypassed(base_url: BaseUrl, no_proxy: str) -> bool:
    """Match NO_PROXY like curl: names with subdomains, ports, addresses, CIDR ranges, `*`."""
    for entry in no_proxy.replace(" ", ",").split(","):
        name = entry.strip().lower()
        if name == "*":
            return True
        with suppress(ValueError):  # it is no address or range of addresses
            network = ipaddress.ip_network(re.sub(r"[][]", "", name), strict=False)
            if ipaddress.ip_address(base_url.host) in network:
                return True
        parts = re.fullmatch(_WITH_PORT, name)
        if parts is not None and int(parts[2]) != base_url.port:
            continue
        name = (parts[1] if parts is not None else name).strip("[]").lstrip("*").strip(".")
        if name and f".{base_url.host}".endswith(f".{name}"):
            return True
    return False


def context_of(base_url: BaseUrl, proxy: str | None, environ: Mapping[str, str]) -> ssl.SSLContext:
    # not `create_default_context`: it obeys SSLKEYLOGFILE, and fails if it cannot write that file
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # whatever the system's configuration of OpenSSL says
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if base_url.scheme == "http" and not (proxy or "").startswith("https"):
        # without encryption nothing is verified, and loading the certificates costs 15 ms
        return context
    variable, path = _ca_setting(environ)
    if variable:
        _load(context, variable, path)
        return context
    import certifi

    context.load_verify_locations(certifi.where())
    return context


def _ca_setting(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that names the trusted certificates and its path, or "" twice."""
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := environ.get(variable, "").strip():
            return variable, path
    return "", ""


def _load(context: ssl.SSLContext, variable: str, path: str) -> None:
    hint = f"point {variable} at a PEM file of CA certificates, or unset it"
    folders = variable == "SSL_CERT_DIR"
    # OpenSSL takes a list of folders; those of Linux distributions do not all exist
    names = path.split(os.pathsep) if folders else [path]
    if not any(map(os.path.exists, names)):
        raise UsageFault(f"{variable} names `{path}`, which does not exist", hint=hint)
    try:
        if folders and not any(map(os.path.isdir, names)):
            raise NotADirectoryError
        context.load_verify_locations(None if folders else path, path if folders else None)
    except (OSError, ValueError):
        raise UsageFault(
            f"{variable} names `{path}`, which contains no usable CA certificates", hint=hint
        ) from None


def ca_in_effect(environ: Mapping[str, str]) -> str:
    """Describe the trusted certificates, for `doctor` and for errors about them."""
    variable, path = _ca_setting(environ)
    if variable:
        return f"{variable}={path}"
    return "the CA bundle of certifi; set SSL_CERT_FILE for a private CA"
