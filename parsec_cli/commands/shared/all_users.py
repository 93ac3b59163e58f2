"""Read the whole listing, for commands that need all users before they show anything."""

from __future__ import annotations

from collections.abc import Iterator

from parsec_cli.api.reads import pages
from parsec_cli.errors import ParsecError
from parsec_cli.models import JsonObject
from parsec_cli.runtime import Runtime


def all_users(runtime: Runtime) -> Iterator[JsonObject]:
    """Yield all users; if the listing breaks off, the error says how many were read."""
    read = 0
    try:
        for page in pages(runtime.client):
            runtime.index.remember(page.ids)
            read += len(page.users)
            yield from page.users
    except ParsecError as fault:
        if not read:
            raise
        detail = f"the listing is incomplete: {read} users were read before"
        raise fault.but(details=(*fault.details, detail)) from None
