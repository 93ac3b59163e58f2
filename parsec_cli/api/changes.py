"""Change one user, and find out whether the change was applied, not applied, or is unknown.

What a lost response means differs from change to change; see the function of each. `command` and
`reason` are for the history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from parsec_cli import errors
from parsec_cli.api.call import Call, Exchange, Kind, Lost, NotSent, Promise, Response, json_promise
from parsec_cli.api.client import SAFE_TO_REPEAT, Client, see_state
from parsec_cli.api.error_of import error_of
from parsec_cli.api.reads import get_user, user_path, user_with
from parsec_cli.models import (
    Applied,
    Evidence,
    JsonObject,
    NotApplied,
    Outcome,
    Unknown,
    User,
    WrongShape,
    customer_argument,
    response_object,
)
from parsec_cli.next_command import run
from parsec_cli.records import changed


def settled(client: Client, exchange: Exchange, call: Call, hint: str = "") -> Outcome:
    """Judge a change by what happened to its call; `hint` is for an unknown one."""
    good = exchange.good
    if good is not None:
        known = call.kind is Kind.CREATE and not exchange.doubt and good.status in (200, 201)
        created = good.status == 201 if known else None
        evidence: Evidence = "repeat" if exchange.doubt else "response"
        return Applied(good.value, good.status, exchange.attempts, evidence, created)
    error, last = error_of(exchange, call, client.host), exchange.last
    failed = isinstance(last, Response) and last.status >= 500 and last.status != 501
    if not (exchange.doubt or exchange.broken or failed or isinstance(last, Lost)):
        if not isinstance(last, NotSent):  # its message says it already
            error = error.but(f"{error.message}; nothing was changed")
        return NotApplied(error, exchange.attempts)
    # without `api_code`: a script must see that the outcome is unknown, not why
    unknown = errors.OutcomeUnknown(
        f"outcome unknown; {error.message}",
        hint=hint,
        details=error.details,
        http_status=error.http_status,
        retry_after=error.retry_after,
    )
    return Unknown(unknown, exchange.attempts, error)


def or_raise(outcome: Outcome) -> Applied:
    """Return an applied outcome; raise the error of the two others."""
    if isinstance(outcome, Applied):
        return outcome
    raise outcome.error


def change_of(
    command: str,
    user: User | None,
    before: JsonObject | None,
    after: JsonObject | None,
    reason: str,
    external_id: str | None = None,
) -> JsonObject:
    """Return what the history contains of a change besides its outcome; no secrets.

    `before` is the user's last record, `after` the requested one. `external_id` names a new user.
    """
    ids = (None, external_id) if user is None else (user.customer_id, user.external_id)
    return {
        "command": command,
        "target": dict(zip(("customer_id", "external_id"), ids, strict=True)),
        "before": before,
        "after": after,
        "reason": reason or None,
    }


def create(client: Client, body: JsonObject, command: str, reason: str) -> Outcome:
    """POST /builder/users: idempotent by external_id, so it is safe to repeat."""

    def check(value: Any) -> None:
        if User.parse(value).external_id != body["external_id"]:
            raise WrongShape("it is another user's record")

    def settle(exchange: Exchange) -> Outcome:
        outcome = settled(client, exchange, call, SAFE_TO_REPEAT[0])
        if not (isinstance(outcome, Applied) and outcome.created):
            return outcome
        new = User(outcome.after or {})
        # the documented response lacks the limit, and null may stand for that
        error = None if new.raw.get("qps_limit") is None else limit_fault(new, body)
        return outcome if error is None else Unknown(error, outcome.attempts)

    call = Call(Kind.CREATE, "POST", "/builder/users", body, promise=json_promise(check))
    change = change_of(command, None, None, body, reason, body["external_id"])
    return client.change(call, change, settle)


def limit_fault(new: User, body: JsonObject) -> errors.OutcomeUnknown | None:
    """Return the error of a new user whose record shows another limit than `body` requests."""
    asked = body.get("qps_limit")
    if asked is None or new.has_limit(asked) is not False:
        return None
    return errors.OutcomeUnknown(
        f"outcome unknown; user `{new.name}` exists, but its qps_limit is {new.limit_text}, "
        f"not {asked:,}",
        hint="change it with",
        command=run("users", "set-qps", names=[customer_argument(new.customer_id), str(asked)]),
        http_status=201,
    )


def set_qps(client: Client, user: User, qps: int, command: str, reason: str) -> Outcome:
    """PATCH the user's absolute qps_limit; after a lost response, read the user and compare."""

    def check(value: Any) -> None:
        # the documented response lacks qps_limit
        if user_with(user.customer_id)(value).has_limit(qps) is False:
            raise WrongShape("it shows another `qps_limit`")

    def difference(now: User) -> str:
        if now.qps_limit == qps:
            return ""
        return f"qps_limit is {'not set' if now.limit_text == 'none' else now.limit_text}"

    path, body = user_path(user.customer_id), {"qps_limit": qps}
    call = Call(Kind.UPDATE, "PATCH", path, body, promise=json_promise(check))
    change = change_of(command, user, user.raw, body, reason)
    return _change_and_verify(client, call, user, change, difference)


def onboard(client: Client, user: User, body: JsonObject, command: str, reason: str) -> Outcome:
    """POST /builder/onboard once; after a lost response, read the user's linked exchanges."""
    exchange_name: str = body["exchange"]
    managed: bool = body["mode"] == "managed"
    # a link that may be older proves nothing about new keys, nor about a wallet
    before = user.raw.get("linked_exchanges")
    proves = isinstance(before, list) and exchange_name not in before

    def check(value: Any) -> None:
        result = user_with(user.customer_id)(value)
        if result.raw.get("exchange") != exchange_name:
            raise WrongShape("it is about another exchange")
        if result.raw.get("mode", body["mode"]) != body["mode"]:
            raise WrongShape("it is about another mode")
        status = result.raw.get("status")
        linked = status is None and exchange_name in result.linked_exchanges
        if not linked and status not in ("complete", "already_linked"):
            raise WrongShape("its `status` does not say that the exchange is linked")

    def difference(now: User) -> str:
        if exchange_name not in now.linked_exchanges:
            return f"{exchange_name} is not linked"
        if proves or (managed and now.wallet):
            return ""
        was = "was already" if exchange_name in user.linked_exchanges else "may have been"
        text = f"{exchange_name} {was} linked before"
        return f"{text}, and the user has no wallet" if managed else text

    call = Call(Kind.ONBOARD, "POST", "/builder/onboard", body, promise=json_promise(check))
    after = {"exchange": exchange_name, "mode": body["mode"]}
    change = change_of(command, user, user.raw, after, reason)
    return _change_and_verify(client, call, user, change, difference)


def _change_and_verify(
    client: Client, call: Call, user: User, change: JsonObject, difference: Callable[[User], str]
) -> Outcome:
    """Send a change; where its outcome is unknown, read the user.

    `difference` returns "" for a user that shows the change, else what is different.
    """

    def settle(exchange: Exchange) -> Outcome:
        outcome = settled(client, exchange, call)
        if not isinstance(outcome, Unknown):
            return outcome
        hint, command = see_state(user.customer_id)
        error = outcome.error.but(hint=hint, command=command)
        try:
            now = get_user(client, user.customer_id)
        except errors.Stopped:
            raise
        except errors.ParsecError as fault:
            why = f"reading again failed: {fault.message}"
        else:
            if not difference(now):
                return Applied(now.raw, error.http_status, exchange.attempts, "reread")
            why = f"read again: {difference(now)}"
        return changed(outcome, error=error.but(details=(*error.details, why)))

    return client.change(call, change, settle)


def deactivate(
    client: Client, user: User, held: JsonObject | None, command: str, reason: str
) -> Outcome:
    """DELETE a user that this run has fetched."""
    call = deactivation(client, user.customer_id)
    change = change_of(command, user, {**user.raw, "holdings": held}, None, reason)
    return client.change(call, change, lambda exchange: settle_deactivation(client, exchange, call))


def deactivation(client: Client, customer_id: str) -> Call:
    """Return the call that deactivates a user that this run has fetched."""

    def is_gone(response: Response) -> bool | None:
        status, fault = response.status, error_of(Exchange(response, 1, True), call, client.host)
        if status == 403 and not isinstance(fault, errors.NotFound):
            return None  # it is about the key, or from a gateway
        try:
            get_user(client, customer_id)
        except errors.Stopped:
            raise
        except errors.ParsecError as fault:
            # a server may say "not owned" of every user that it does not know
            same = isinstance(fault, errors.NotFound) and fault.http_status in (404, status)
            return True if same else None
        return False

    promise = deletion_promise(customer_id)
    path = user_path(customer_id)
    call = Call(Kind.DEACTIVATE, "DELETE", path, promise=promise, is_gone=is_gone)
    return call


def deletion_promise(customer_id: str = "") -> Promise:
    """Promise a 204, or another 2xx that is empty or a JSON object without an error.

    With `customer_id`, an object that names a user must name this one.
    """

    def check(value: Any) -> None:
        named = response_object(value).get("customer_id")
        if customer_id and named is not None and str(named).lower() != customer_id.lower():
            raise WrongShape("it is another user's record")

    with_body = json_promise(check)
    return lambda response: "" if response.status == 204 or response.empty else with_body(response)


def settle_deactivation(client: Client, exchange: Exchange, call: Call) -> Outcome:
    """Judge a `deactivation`: the API's own 404 after a lost response means that it is done.

    So does a read that does not find the user.
    """
    if exchange.good is None and exchange.doubt:
        error = error_of(exchange, call, client.host)
        if exchange.gone or (isinstance(error, errors.NotFound) and error.http_status == 404):
            evidence: Evidence = "reread" if exchange.gone else "repeat"
            return Applied(None, error.http_status, exchange.attempts, evidence)
    outcome = settled(client, exchange, call)
    if isinstance(outcome, Applied):
        return changed(outcome, after=None)
    if isinstance(outcome, Unknown):
        customer = unquote(call.path.removeprefix("/builder/users/"))
        command = run("users", "get", names=[customer_argument(customer)])
        hint = "see whether the user still exists with"
        return changed(outcome, error=outcome.error.but(hint=hint, command=command))
    return outcome
