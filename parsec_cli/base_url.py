"""The base URL as people write it, and the origin that a key is bound to.

This module does not use `urllib`, which drops tabs and newlines, reads `[::1]evil.example` as
`::1`, and accepts hosts that the HTTP library reads differently. Anything unusual is refused.
"""

from __future__ import annotations

import re

from parsec_cli.errors import UsageFault
from parsec_cli.records import record

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

        Errors name the `source` of the text, and do not quote it, because it may contain a
        password.
        """
        return _parse(text.strip(), source)

    @property
    def origin(self) -> str:
        """`scheme://host:port`, always with the port, so that spellings compare equal."""
        return f"{self.scheme}://{self._bracketed}:{self.port}"

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
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def _start(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self._bracketed}{port}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def is_loopback(host: str) -> bool:
    """Whether a normalized host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parse(text: str, source: str) -> BaseUrl:
    def fault(why: str) -> UsageFault:
        return UsageFault(f"the {source} {why}", hint=f"write it like {DEFAULT_BASE_URL}")

    if not text:
        raise fault("is empty")
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise fault("contains a blank, a backslash, a control or a non-ASCII character")
    start = _START.fullmatch(text)
    if start is None:
        raise fault("does not start with `https://`")
    scheme, authority, path, rest = start[1].lower(), start[2], start[3], start[4]
    if "@" in authority:
        raise fault("must not contain a user name or password")
    if rest:
        raise fault("must not contain a query or fragment")
    host, port = _host_and_port(authority, scheme)
    if not host or not port:
        raise fault("has no usable host and port")
    if scheme == "http" and not is_loopback(host):
        raise fault("must be https, except on loopback")
    prefix, wrong = _prefix(path)
    if wrong:
        raise fault(wrong)
    return BaseUrl(scheme, host, port, prefix)


def _prefix(path: str) -> tuple[str, str]:
    """Return the path before `/api/v1` and what is wrong with it, if anything."""
    prefix = path.rstrip("/").removesuffix(API_PREFIX).rstrip("/")
    if not _PATH.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        return prefix, "has a path with empty, dotted or escaped parts"
    if f"{API_PREFIX}/" in f"{prefix}/":
        return prefix, f"continues after `{API_PREFIX}`"
    return prefix, ""


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    """Return the normalized host and the port; "" or 0 if unusable."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return "", 0
    address, name, digits = match.groups()
    port = int(digits) if digits else _PORTS[scheme]
    host = _address(address) if address else _name(name.lower())
    return host, port if port <= _HIGHEST_PORT else 0


def _address(text: str) -> str:
    from ipaddress import IPv6Address

    try:
        return str(IPv6Address(text))
    except ValueError:
        return ""


def _name(host: str) -> str:
    """Return `host`, or "" if DNS or the HTTP library would reject it or read it differently.

    A trailing dot is refused, too: it is a second spelling of the same host, which no certificate
    has.
    """
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    if any(label.startswith("xn--") and not _decodes(label) for label in labels):
        return ""
    # `127.1` and `0x7f.1` are addresses to the system's resolver, names to everyone else
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return host if _is_dotted_quad(host) else ""
    return host


def _decodes(label: str) -> bool:
    try:
        return not label.encode().decode("idna").isascii()
    except UnicodeError:
        return False


def _is_dotted_quad(host: str) -> bool:
    from ipaddress import IPv4Address

    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True
