"""Explain an exception of the network libraries by its causes.

The texts of those libraries are not repeated: some quote a header's value.
"""

from __future__ import annotations

import socket
import ssl

from parsec_cli.api.call import NotSentCause
from parsec_cli.api.transport import PROTOCOL_FAULTS, PROXY_FAULTS, TIMEOUTS, NotLoopback

# OpenSSL's verification codes: not yet valid and expired; another host name or IP address
_TIMES, _HOSTS = (9, 10), (62, 64)
_CERTIFICATE = (ssl.SSLCertVerificationError, ssl.CertificateError)
_REASONS = {"WRONG_VERSION_NUMBER": "the server does not speak TLS"}


def explain(fault: Exception, timeout: float | None) -> tuple[NotSentCause, str]:
    """Return why a request failed, if no byte of it was sent, and the reason in plain words.

    `timeout` is the limit of a request in seconds; None where a signal has set another.
    """
    chain = _causes(fault)
    for cause in chain:
        if (found := _tls_or_name(cause)) is not None:
            return found
    if isinstance(fault, TIMEOUTS):
        limit = "in time" if timeout is None else f"within {timeout:g} s"
        return "connect", f"no response {limit}"
    if isinstance(fault, PROXY_FAULTS):
        return _of_proxy(str(fault)[:3])  # the text starts with the status of the response
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            return "connect", cause.strerror.lower()
        if isinstance(cause, PROTOCOL_FAULTS):
            return "connect", "the server closed the connection or did not speak HTTP"
    return "connect", "the connection failed"


def _causes(fault: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while fault is not None and fault not in chain:
        chain.append(fault)
        fault = fault.__cause__ or fault.__context__
    return chain


def _of_proxy(status: str) -> tuple[NotSentCause, str]:
    if not (status.isascii() and status.isdigit()):
        return "proxy", "the proxy refused or failed"
    need = ": it requires another user name and password" if status == "407" else ""
    return "connect" if status >= "500" else "proxy", f"the proxy responded with {status}{need}"


def _tls_or_name(cause: BaseException) -> tuple[NotSentCause, str] | None:
    if isinstance(cause, _CERTIFICATE):
        code = getattr(cause, "verify_code", 0)
        # Python's own messages end with a period, those of OpenSSL do not
        text = getattr(cause, "verify_message", "").rstrip(".") or "invalid"
        kind: NotSentCause = "host" if code in _HOSTS else "certificate"
        return "time" if code in _TIMES else kind, f"certificate not accepted: {text}"
    if isinstance(cause, ssl.SSLError):
        name = cause.reason or "handshake"
        return "tls", f"TLS failed: {_REASONS.get(name) or name.lower().replace('_', ' ')}"
    if isinstance(cause, NotLoopback):
        why = "plain http is only for this machine, but the host name is another machine's"
        return "name", why
    if isinstance(cause, socket.gaierror):
        return "name", "the host name could not be resolved"
    return None
