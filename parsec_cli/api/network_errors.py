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
_OPENSSL_REASONS = {"WRONG_VERSION_NUMBER": "the server does not speak TLS"}


def _causes(fault: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while fault is not None and fault not in chain:
        chain.append(fault)
        fault = fault.__cause__ or fault.__context__
    return chain


def not_sent_cause(fault: Exception) -> NotSentCause:
    """Classify why no byte of a request was sent."""
    chain = _causes(fault)
    if any(isinstance(cause, socket.gaierror) for cause in chain):
        return "name"
    for cause in chain:
        if isinstance(cause, _CERTIFICATE):
            code = getattr(cause, "verify_code", 0)
            return "time" if code in _TIMES else "host" if code in _HOSTS else "certificate"
    if any(isinstance(cause, ssl.SSLError) for cause in chain):
        return "tls"
    if isinstance(fault, PROXY_FAULTS) and _proxy_status(fault) < 500:
        return "proxy"
    return "connect"


def reason(fault: Exception, timeout: float | None) -> str:
    """Explain a network exception in plain words.

    `timeout` is the limit of a request in seconds; None where a signal has set another.
    """
    chain = _causes(fault)
    for cause in chain:
        if text := _tls_or_name(cause):
            return text
    if isinstance(fault, TIMEOUTS):
        return "no response in time" if timeout is None else f"no response within {timeout:g} s"
    if isinstance(fault, PROXY_FAULTS):
        return _proxy_refusal(_proxy_status(fault))
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        if isinstance(cause, PROTOCOL_FAULTS):
            return "the server closed the connection or did not speak HTTP"
    return "the connection failed"


def _tls_or_name(cause: BaseException) -> str:
    if isinstance(cause, _CERTIFICATE):
        # Python's own messages end with a period, those of OpenSSL do not
        why = getattr(cause, "verify_message", "").rstrip(".")
        return f"certificate not accepted: {why or 'invalid'}"
    if isinstance(cause, ssl.SSLError):
        name = cause.reason or "handshake"
        why = _OPENSSL_REASONS.get(name) or name.lower().replace("_", " ")
        return f"TLS failed: {why}"
    if isinstance(cause, NotLoopback):
        return "plain http is only for this machine, but the host name is another machine's"
    return "the host name could not be resolved" if isinstance(cause, socket.gaierror) else ""


def _proxy_status(fault: Exception) -> int:
    """Return the status of a proxy's response, which is the number that the text starts with."""
    digits = str(fault)[:3]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _proxy_refusal(status: int) -> str:
    if status == 407:
        return "the proxy responded with 407: it requires another user name and password"
    return f"the proxy responded with {status}" if status else "the proxy refused or failed"
