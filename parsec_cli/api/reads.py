"""The reads that give one object: a user, the pool, the usage, and what else the API shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from parsec_cli.api.answer import Answer
from parsec_cli.api.call import Call, Kind
from parsec_cli.api.client import Client, segment, with_query
from parsec_cli.api.error_of import error_of
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject, Pool, Usage, User, WrongShape, response_object

Parsed = TypeVar("Parsed")


def fetch(
    client: Client,
    path: str,
    parse: Callable[[Any], Parsed],
    headers: Mapping[str, str] | None = None,
) -> Parsed:
    """GET `path` and parse its JSON; `parse` raises WrongShape for what was not promised."""

    def promise(answer: Answer) -> str:
        if answer.unfit:
            return answer.unfit
        try:
            parse(answer.value)
        except WrongShape as why:
            return str(why)
        return ""

    call = Call(Kind.READ, "GET", path, headers=headers or {}, promise=promise)
    exchange = client.read(call)
    if exchange.good is None:
        raise error_of(exchange, call, client.host)
    return parse(exchange.good.value)


def an_object(value: Any) -> JsonObject:
    return response_object(value, "it")


def _escrow(value: Any) -> JsonObject:
    raw = an_object(value)
    if not isinstance(raw.get("fee_escrow_enabled", ""), (bool, type(None))):
        raise WrongShape("it has no `fee_escrow_enabled` that is true or false")
    return raw


def user_path(customer_id: str) -> str:
    return f"/builder/users/{segment(customer_id)}"


def get_user(client: Client, customer_id: str) -> User:
    """GET one user; another user's record in the answer is Unreadable."""

    def parse(value: Any) -> User:
        user = User.parse(value)
        if user.customer_id.lower() != customer_id.lower():
            raise WrongShape("it is another user's record")
        return user

    return fetch(client, user_path(customer_id), parse)


def get_pool(client: Client) -> Pool:
    return fetch(client, "/builder/pool", Pool.parse)


def get_usage(client: Client) -> Usage:
    return fetch(client, "/usage", Usage.parse)


def get_escrow(client: Client) -> JsonObject:
    return fetch(client, "/builder/escrow/config", _escrow)


def impersonation(customer_id: str, credentials: str | None = None) -> dict[str, str]:
    """The headers that make a call act for an end-user, with per-request credentials if given.

    UsageFault for an id that no header can carry.
    """
    blank_edged = customer_id != customer_id.strip()
    if blank_edged or not (customer_id.isascii() and customer_id.isprintable()):
        raise UsageFault("this user's customer_id cannot be sent in a header")
    headers = {"x-builder-customer-id": customer_id}
    if credentials is not None:
        headers["x-exchange-credentials"] = credentials
    return headers


def get_balance(
    client: Client, customer_id: str, exchange: str, credentials: str | None
) -> JsonObject:
    """GET an end-user's balance on `exchange`, with the credentials that are stored or given."""
    return fetch(
        client,
        with_query("/balance", {"exchange": exchange}),
        an_object,
        impersonation(customer_id, credentials),
    )
