"""The base URL as people write it, the origin that a key is bound to, and the way to it.

The way is a proxy or none, and the trusted certificates, both by the variables of the environment.

This module does not use `urllib`, which drops tabs and newlines, reads `[::1]evil.example` as
`::1`, and accepts hosts that the HTTP library reads differently. Anything unusual is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from parsec_cli.errors import UsageFault
from parsec_cli.records import record

if TYPE_CHECKING:
    import ssl

DEFAULT_BASE_URL = "https://api.parsecapi.com"
API_PREFIX = "/api/v1"
_PORTS = {"https": 443, "http": 80}
_HIGHEST_PORT = 65535
_LONGEST_HOST = 253
_START = re.compile(r"(https?)://([^/?#]*)([^?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")


@record
class BaseUrl:
    """A checked base URL; `prefix` is the path before `/api/v1`, without a trailing slash."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def parse(cls, text: str, source: str = "base URL") -> BaseUrl:
        """Read `https://host[:port][/prefix][/api/v1][/]`; raise UsageFault for anything else.

        Errors name the `source` of the text, but do not quote it: it may contain a password.
        """

        def fault(why: str) -> UsageFault:
            return UsageFault(f"the {source} {why}", hint=f"write it like {DEFAULT_BASE_URL}")

        text = text.strip()
        if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
            raise fault("contains a blank, a backslash, a control or a non-ASCII character")
        start = _START.fullmatch(text)
        if start is None:
            raise fault("does not start with `https://`" if text else "is empty")
        scheme, authority, path, rest = start[1].lower(), *start.groups()[1:]
        if "@" in authority:
            raise fault("must not contain a user name or password")
        if rest:
            raise fault("must not contain a query or fragment")
        match = _AUTHORITY.fullmatch(authority)
        address, name, digits = match.groups() if match else ("", "", "")
        host = _address(address, 6) if address else _name(name.lower())
        port = int(digits or _PORTS[scheme])
        if not host or not 0 < port <= _HIGHEST_PORT:
            raise fault("has no usable host and port")
        if scheme == "http" and not is_loopback(host):
            raise fault("must be https, except on loopback")
        prefix = path.rstrip("/").removesuffix(API_PREFIX).rstrip("/")
        if not _PATH.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
            raise fault("has a path with empty, dotted or escaped parts")
        if f"{API_PREFIX}/" in f"{prefix}/":
            raise fault(f"continues after `{API_PREFIX}`")
        return cls(scheme, host, port, prefix)

    @property
    def origin(self) -> str:
        """`scheme://host:port`, always with the port, so that spellings compare equal."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def root(self) -> str:
        """The URL that every API path is appended to; ends in `/api/v1`."""
        return f"{self._start}{self.prefix}{API_PREFIX}"

    @property
    def text(self) -> str:
        """The base URL in its shortest form, as stored and shown."""
        return f"{self._start}{self.prefix}"

    @property
    def display(self) -> str:
        """`host[:port]` for people, with the scheme unless it is https."""
        return self._start.removeprefix("https://")

    @property
    def _start(self) -> str:
        return self.origin.removesuffix(f":{_PORTS[self.scheme]}")


def is_loopback(host: str) -> bool:
    """Whether a normalized host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """Return `host`, or "" if DNS or the HTTP library would reject it or read it differently.

    A trailing dot is refused too: it spells the same host in a way that no certificate has.
    """
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    try:
        if any(label.encode().decode("idna").isascii() for label in labels if label[:4] == "xn--"):
            return ""
    except UnicodeError:
        return ""
    # `127.1` and `0x7f.1` are addresses to the system's resolver, names to everyone else
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return _address(host, 4)
    return host


def _address(text: str, version: int) -> str:
    """Return an IP address in its usual spelling, or "" for anything else."""
    from ipaddress import ip_address

    try:
        address = ip_address(text)
    except ValueError:
        return ""
    return str(address) if address.version == version else ""


def proxy_of(base_url: BaseUrl, environ: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the variable that decides, and its proxy or None for a direct connection."""
    if _bypassed(base_url, _variable(environ, "no_proxy")[1]):
        return "NO_PROXY", None
    for name in (f"{base_url.scheme}_proxy", "all_proxy"):
        # HTTP_PROXY in capitals can be a request header of a CGI script, as curl warns
        variable, value = _variable(environ, name)
        if value and not (variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
            proxy = value if "://" in value else f"http://{value}"
            return (
                (variable, proxy) if not is_loopback(base_url.host) or _near(proxy) else ("", None)
            )
    return "", None


def _near(proxy: str) -> bool:
    """Whether a proxy is on this machine: only then can it reach this machine's loopback.

    Another machine's proxy would also read the key, in plain http.
    """
    found = re.match(r"[^/]*//(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)", proxy)
    host = found[1].strip("[]").lower() if found else ""
    return not host or is_loopback(host)  # `connect` refuses a proxy without a host


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if value := environ.get(variable, "").strip():
            return variable, value
    return name.upper(), ""


def _bypassed(base_url: BaseUrl, no_proxy: str) -> bool:
    """Match NO_PROXY like curl: names with subdomains, ports, addresses, CIDR ranges, `*`."""
    from ipaddress import ip_address, ip_network

    for entry in no_proxy.lower().replace(",", " ").split():
        with suppress(ValueError):  # it is neither an address nor a range
            if ip_address(base_url.host) in ip_network(re.sub(r"[][]", "", entry), strict=False):
                return True
        name = entry.removesuffix(f":{base_url.port}").strip("[]").lstrip("*").strip(".")
        if entry == "*" or (name and f".{base_url.host}".endswith(f".{name}")):
            return True
    return False


def context_of(base_url: BaseUrl, proxy: str | None, environ: Mapping[str, str]) -> ssl.SSLContext:
    # not `create_default_context`: it obeys SSLKEYLOGFILE, and fails if it cannot write that file
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # even if the system's configuration of OpenSSL allows less
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if base_url.scheme == "http" and not (proxy or "").startswith("https"):
        # without encryption nothing is verified, and loading the certificates costs 15 ms
        return context
    variable, path = _ca_setting(environ)
    try:
        if variable == "SSL_CERT_DIR":
            # OpenSSL takes a list of folders; those of Linux distributions do not all exist
            if not any(map(os.path.isdir, path.split(os.pathsep))):
                raise NotADirectoryError
            context.load_verify_locations(capath=path)
        else:
            import certifi

            context.load_verify_locations(path or certifi.where())
    except (OSError, ValueError):
        raise UsageFault(
            f"{variable} names `{path}`, where there are no usable CA certificates",
            hint=f"point {variable} at a PEM file of CA certificates, or unset it",
        ) from None
    return context


def _ca_setting(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that names the trusted certificates and its path, or "" twice."""
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := environ.get(variable, "").strip():
            return variable, path
    return "", ""


def ca_in_effect(environ: Mapping[str, str]) -> str:
    """Describe the trusted certificates, for `doctor` and for errors about them."""
    setting = "=".join(filter(None, _ca_setting(environ)))
    return setting or "the CA bundle of certifi; set SSL_CERT_FILE for a private CA"
