"""The base URL as people write it, and the origin that a key is bound to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from parsec_cli.errors import UsageFault

DEFAULT_BASE_URL = "https://api.parsecapi.com"
API_PREFIX = "/api/v1"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A checked base URL; `prefix` is the path before `/api/v1`, without a trailing slash."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def parse(cls, text: str, source: str = "base URL") -> BaseUrl:
        """Take `https://host[:port][/prefix][/api/v1][/]`; anything careless is a UsageFault.

        `source` names where the text came from; the text itself may hold a password and is not
        quoted in errors.
        """
        return _parse(text.strip(), source)

    @property
    def origin(self) -> str:
        """`scheme://host:port`, the port always written, so that two spellings compare equal."""
        return f"{self.scheme}://{self._bracketed}:{self.port}"

    @property
    def root(self) -> str:
        """The URL that every API path is appended to; ends in `/api/v1`."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self._bracketed}{port}{self.prefix}{API_PREFIX}"

    @property
    def display(self) -> str:
        """`host[:port]` for people, with the scheme where it is not https."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        scheme = "" if self.scheme == "https" else f"{self.scheme}://"
        return f"{scheme}{self._bracketed}{port}"

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(self.host)

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parse(text: str, source: str) -> BaseUrl:
    hint = f"write it like {DEFAULT_BASE_URL}"

    def fault(why: str) -> UsageFault:
        return UsageFault(f"the {source} {why}", hint=hint)

    if any(ord(c) <= 0x20 or ord(c) >= 0x7F or c == "\\" for c in text):  # noqa: PLR2004
        raise fault("holds a blank, control or non-ASCII character")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise fault("is not a valid URL") from None
    if parts.scheme not in _PORTS or not text[len(parts.scheme) :].startswith("://"):
        raise fault("has no `https://` in front")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise fault("must not hold a user name or password")
    if "?" in text or "#" in text:
        raise fault("must not hold a query or fragment")
    if not host or port == 0 or parts.netloc.endswith(":"):
        raise fault("has no usable host and port")
    path = parts.path.rstrip("/").removesuffix(API_PREFIX).rstrip("/")
    if "%" in path or "//" in path or any(part in (".", "..") for part in path.split("/")):
        raise fault("has a path with empty, dotted or escaped parts")
    if parts.scheme == "http" and not _is_loopback(host):
        raise fault("must be https, except on loopback")
    return BaseUrl(parts.scheme, host, port or _PORTS[parts.scheme], path)
