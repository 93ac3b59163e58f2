"""Connect to the API: directly or through a proxy, and over TLS with which certificates."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping

from parsec_cli.api.deadline import Deadline
from parsec_cli.api.transport import NetworkTransport, Transport, place_of
from parsec_cli.base_url import BaseUrl, is_loopback
from parsec_cli.errors import UsageFault

# compiled where there is a proxy or a NO_PROXY
_HOST = r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
# a name or a bracketed address, and a port
_WITH_PORT = r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})"


def connect(base_url: BaseUrl, deadline: Deadline, environ: Mapping[str, str]) -> Transport:
    """Build the transport to `base_url`; UsageFault for a wrong proxy or CA in the environment."""
    variable, proxy = proxy_of(base_url, environ)
    context = _context(base_url, proxy, environ)
    try:
        if proxy is not None:
            _check_place(proxy)
        plain = base_url.scheme == "http"
        return NetworkTransport(deadline, context, proxy, variable, loopback_only=plain)
    except ValueError:
        # the value may contain a password, so the error names only the variable
        raise UsageFault(
            f"the proxy in {variable} cannot be used",
            hint=f"set an http:// or https:// proxy in {variable}, or add the host to NO_PROXY",
        ) from None


def _check_place(url: str) -> None:
    """Raise ValueError for a host or port to which nothing could connect."""
    host, port = place_of(url)
    if not re.fullmatch(_HOST, host) or not 0 < (port or 1) <= 65535:
        raise ValueError


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
    try:
        return is_loopback(place_of(proxy)[0].strip("[]"))
    except ValueError:
        return True  # `connect` refuses it


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
        if name and (_same_network(base_url.host, name) or _same_name(base_url, name)):
            return True
    return False


def _same_network(host: str, entry: str) -> bool:
    try:
        plain = entry.replace("[", "").replace("]", "")
        network = ipaddress.ip_network(plain, strict=False)
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False


def _same_name(base_url: BaseUrl, entry: str) -> bool:
    parts = re.fullmatch(_WITH_PORT, entry)
    if parts is not None and int(parts[2]) != base_url.port:
        return False
    name = parts[1] if parts is not None else entry
    name = name.strip("[]").lstrip("*").strip(".")
    return bool(name) and (base_url.host == name or base_url.host.endswith(f".{name}"))


def _context(base_url: BaseUrl, proxy: str | None, environ: Mapping[str, str]) -> ssl.SSLContext:
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
