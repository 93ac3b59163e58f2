"""Which requests a served sandbox accepts: addressed to this machine, and from no foreign page.

A web page can give its own name the address 127.0.0.1 (DNS rebinding); its requests then reach any
local server, but still carry the page's name. The sandbox never allows other origins (CORS).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parsec_cli.base_url import is_loopback
from parsec_cli.sandbox.responses import Refusal, bad_request, forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)


def check_caller(environ: Mapping[str, str]) -> None:
    """Check Host, an absolute request target and Origin; raises Refusal 400, 403 or 421."""
    host = environ.get("HTTP_HOST", "")
    if not host:
        raise bad_request("missing Host header")
    target = _ABSOLUTE.match(environ.get("REQUEST_URI", ""))
    if not (_is_local(host) and (target is None or _is_local(target[1]))):
        raise Refusal(421, "the sandbox answers only to loopback names", "misdirected_request")
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        page = _ABSOLUTE.fullmatch(origin)
        if page is None or not _is_local(page[1]):
            raise forbidden("the sandbox does not answer pages of other sites")


def _is_local(authority: str) -> bool:
    match = _AUTHORITY.fullmatch(authority.lower())
    return match is not None and is_loopback(match["v6"] or match["name"].removesuffix("."))
