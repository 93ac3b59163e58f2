"""Send requests to an application in this process, such as the sandbox, by httpx."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import httpx

from parsec_cli.api.transport import Received, Request

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class InProcess:
    """Sends requests to a transport of httpx that uses no network; no proxy is between."""

    proxy = None

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    @classmethod
    def of(cls, app: WSGIApplication) -> InProcess:
        return cls(httpx.WSGITransport(app))

    def handle_request(self, request: Request) -> Received:
        url, content = (
            bytes(request.url).decode("ascii"),
            b"".join(cast("Iterable[bytes]", request.stream)),
        )
        sent = httpx.Request(
            request.method.decode("ascii"), url, headers=request.headers, content=content
        )
        got = self._inner.handle_request(sent)
        return Received(
            got.status_code, headers=got.headers.raw, content=cast("Iterable[bytes]", got.stream)
        )

    def close(self) -> None:
        self._inner.close()
