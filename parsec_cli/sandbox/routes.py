"""Map methods and paths to handlers: the table of contents of the imitated API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsec_cli.sandbox import end_users, impersonated, metering, onboarding
from parsec_cli.sandbox.responses import Answer, method_not_allowed, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from parsec_cli.sandbox.calls import Call

USERS = "/builder/users"
ONE_USER = "/builder/users/{customer_id}"


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is below `/api/v1`; all below `/builder` is for builder keys only."""

    method: str
    path: str
    handler: Callable[[Call], Answer]

    @property
    def for_builders(self) -> bool:
        return self.path.startswith("/builder/")


ROUTES = (
    Route("POST", USERS, end_users.create),
    Route("GET", USERS, end_users.list_users),
    Route("GET", ONE_USER, end_users.get),
    Route("PATCH", ONE_USER, end_users.update),
    Route("DELETE", ONE_USER, end_users.deactivate),
    Route("POST", "/builder/onboard", onboarding.onboard),
    Route("GET", "/builder/pool", end_users.pool),
    Route("GET", "/builder/escrow/config", end_users.escrow_config),
    Route("GET", "/usage", metering.usage),
    Route("GET", "/ping", impersonated.ping),
    Route("GET", "/balance", impersonated.balance),
    Route("GET", "/positions", impersonated.positions),
    Route("GET", "/fills", impersonated.fills),
    Route("GET", "/orders", impersonated.orders),
    Route("GET", "/wallet", impersonated.wallet),
)

_BY_PATH: dict[str, dict[str, Route]] = {}
for _route in ROUTES:
    _BY_PATH.setdefault(_route.path, {})[_route.method] = _route


def find(method: str, path: str) -> tuple[Route, str]:
    """Return the route and the customer_id in the path, if any; raises Refusal 404 or 405."""
    customer_id = ""
    if path.startswith(f"{USERS}/"):
        customer_id = path.removeprefix(f"{USERS}/")
        path = ONE_USER if customer_id and "/" not in customer_id else ""
    methods = _BY_PATH.get(path)
    if methods is None:
        raise not_found("no such endpoint")
    if method not in methods:
        raise method_not_allowed(sorted(methods))
    return methods[method], customer_id
