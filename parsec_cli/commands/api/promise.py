"""What `parsec api` knows of a call: its kind, whom it changes, and what a 2xx must contain."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from parsec_cli.api import changes
from parsec_cli.api.call import Call, Kind, Promise, Response, json_promise
from parsec_cli.api.reads import user_with
from parsec_cli.commands.api.path import USERS
from parsec_cli.models import JsonObject, User, WrongShape, response_object

READS = ("GET", "HEAD", "OPTIONS")


def kind_of(method: str, path: str) -> Kind:
    """Return the kind, which decides whether the call may be repeated."""
    if method in READS:
        return Kind.READ
    if method == "DELETE":
        return Kind.DEACTIVATE
    if method == "POST" and path == USERS:
        return Kind.CREATE
    if method == "PATCH" and re.fullmatch(f"{USERS}/[^/]+", path):
        return Kind.UPDATE
    return Kind.OTHER


def patched_user(call: Call) -> User | None:
    """Return the user that a PATCH names, with nothing but its id; None for another call."""
    if call.kind is not Kind.UPDATE:
        return None
    path = call.path.partition("?")[0]
    return User({"customer_id": unquote(path.removeprefix(f"{USERS}/"))})


def promise_of(call: Call) -> Promise:
    """Promise JSON without an error; from a create or a PATCH of a user, the user's record."""
    if call.method == "DELETE":
        return changes.deletion_promise()
    no_content, body = 204, call.body or {}

    def check(value: Any) -> None:
        patched = patched_user(call)
        if patched is not None:
            _check_patched(user_with(patched.customer_id)(value), body)
        elif call.kind is Kind.CREATE:
            _check_created(User.parse(value), body)
        elif call.kind is not Kind.READ and isinstance(value, dict):
            response_object(value)

    of_json = json_promise(check)

    def promise(response: Response) -> str:
        if call.method == "HEAD" or (response.status == no_content and response.empty):
            return ""
        return of_json(response)

    return promise


def _check_patched(user: User, body: JsonObject) -> None:
    asked = body.get("qps_limit")
    if type(asked) is int and user.has_limit(asked) is False:
        raise WrongShape("it shows another `qps_limit`")


def _check_created(user: User, body: JsonObject) -> None:
    asked = body.get("external_id")
    if isinstance(asked, str) and user.external_id != asked:
        raise WrongShape("it is another user's record")
