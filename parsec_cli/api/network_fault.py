"""Say why a request failed. Imported only after a failure."""

from __future__ import annotations

import ssl

import httpcore

from parsec_cli.api.call import NotSentCause
from parsec_cli.api.transport import NO_ADDRESS, NOT_LOOPBACK

_TIMEOUTS = (httpcore.TimeoutException, TimeoutError)
# by OpenSSL's codes: not yet valid and expired; another host name or IP address
_CERTIFICATE_CAUSES: dict[int, NotSentCause] = {9: "time", 10: "time", 62: "host", 64: "host"}


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
        if str(cause) in (NO_ADDRESS, NOT_LOOPBACK):
            return "name", str(cause)
        if isinstance(cause, _TIMEOUTS):
            within = "in time" if timeout is None else f"within {timeout:g} s"
            return "connect", f"no response {within}"
        if isinstance(cause, httpcore.ProxyError):
            return _refusal(str(cause)[:3])  # the text starts with the status of the response
        if isinstance(cause, httpcore.RemoteProtocolError):
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
