"""Read the whole listing, for commands that need all users before they show anything."""

from __future__ import annotations

from collections.abc import Iterator

from parsec_cli import exact_json
from parsec_cli.api.reads import pages
from parsec_cli.errors import ParsecError, Unreadable, counted
from parsec_cli.models import JsonObject, User
from parsec_cli.runtime import Runtime

_LONGEST = 60  # characters of a value in a message


def all_users(runtime: Runtime) -> Iterator[JsonObject]:
    """Yield all users; if the listing breaks off, the error says how many were read."""
    read = 0
    try:
        for page in pages(runtime.client):
            runtime.index.remember(page.ids)
            read += len(page.users)
            yield from page.users
    except ParsecError as fault:
        raise (incomplete(fault, read) if read else fault) from None


def incomplete(fault: ParsecError, read: int) -> ParsecError:
    """Return the error of a listing that broke off after some users were read."""
    were = "was" if read == 1 else "were"
    detail = f"the listing is incomplete: {counted(read, 'user')} {were} read before"
    return fault.but(details=(*fault.details, detail))


def with_whole_limits(runtime: Runtime) -> Iterator[User]:
    """Yield all users, for commands that add up limits: none may count as having no limit.

    Raises Unreadable for a limit that is not a whole number.
    """
    for raw in all_users(runtime):
        user = User(raw)
        if user.has_odd_limit:
            raise Unreadable(
                f"{runtime.client.host} returned a qps_limit of `{user.name}` that is not a whole "
                f"number from 0: `{exact_json.dumps(raw['qps_limit'])[:_LONGEST]}`",
                hint="report it to the API's support",
                http_status=200,
            )
        yield user
