"""What an exception of the network libraries means, by its causes, not by its text.

Texts of those libraries are not repeated: some quote a header's value.
"""

from __future__ import annotations

import socket
import ssl

from parsec_cli.api.call import NotSentCause
from parsec_cli.api.transport import (
    PROTOCOL_FAULTS,
    PROXY_FAULTS,
    TIMEOUTS,
    NotLoopback,
)

# what a TLS library says when the other side's certificate, not the line, is at fault
# OpenSSL's verification codes: not yet valid and expired; another host name or IP address
_TIMES, _HOSTS = (9, 10), (62, 64)
_CERTIFICATE = (ssl.SSLCertVerificationError, ssl.CertificateError)


def _causes(fault: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while fault is not None and fault not in chain:
        chain.append(fault)
        fault = fault.__cause__ or fault.__context__
    return chain


def not_sent_cause(fault: Exception) -> NotSentCause:
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


def _proxy_status(fault: Exception) -> int:
    """What a proxy answered instead of a tunnel: of the text just the number that begins it."""
    digits = str(fault)[:3]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def reason(fault: Exception, timeout: float | None) -> str:
    """Say in plain words what a network exception means; never quote its text on headers.

    `timeout` is the limit that a time-out was about; None where a signal had set another.
    """
    chain = _causes(fault)
    for cause in chain:
        if isinstance(cause, _CERTIFICATE):
            return f"certificate not accepted: {getattr(cause, 'verify_message', '') or 'invalid'}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {_of_tls(cause.reason or 'handshake')}"
        if isinstance(cause, socket.gaierror):
            return _of_name(cause)
    if isinstance(fault, TIMEOUTS):
        return "no answer in time" if timeout is None else f"no answer within {timeout:g} s"
    if isinstance(fault, PROXY_FAULTS):
        return _refusal(_proxy_status(fault))
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        if isinstance(cause, PROTOCOL_FAULTS):
            return "the server closed the connection or did not speak HTTP"
    return "the connection failed"


def _of_name(fault: socket.gaierror) -> str:
    if isinstance(fault, NotLoopback):
        return "plain http is only for this machine, but the name leads to another one"
    return "the host name could not be resolved"


def _of_tls(name: str) -> str:
    """Word OpenSSL's name of a failure; the commonest is said of whatever is no TLS at all."""
    if name == "WRONG_VERSION_NUMBER":
        return "what answers there does not speak TLS"
    return name.lower().replace("_", " ")


def _refusal(status: int) -> str:
    if status == 407:
        return "the proxy answered 407: it asks for another user name and password"
    return f"the proxy answered {status}" if status else "the proxy refused or failed"
