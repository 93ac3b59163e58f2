"""A private certificate authority, and servers' certificates good and bad."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


class PrivateCa:
    """Signs for 127.0.0.1; `ca_file` is what a client must trust."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self.ca_file = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def good(self) -> ssl.SSLContext:
        return _server_context(self._ca.issue_cert("127.0.0.1"))

    def wrong_host(self) -> ssl.SSLContext:
        return _server_context(self._ca.issue_cert("elsewhere.example"))

    def expired(self) -> ssl.SSLContext:
        return _server_context(
            self._ca.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
        )

    def too_early(self) -> ssl.SSLContext:
        far = datetime(2100, 1, 1, tzinfo=UTC)
        certificate = self._ca.issue_cert(
            "127.0.0.1", not_before=far, not_after=far + timedelta(days=1)
        )
        return _server_context(certificate)


def _server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
