"""The changes to one user, and the truth about each: applied, not applied, or unknown.

What a lost answer means differs from change to change; each `settle` below is the whole
rule of its change.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from parsec_cli.api.answer import Answer
from parsec_cli.api.call import Call, Exchange, Kind, Lost, NotSent
from parsec_cli.api.client import Change, Client
from parsec_cli.api.error_of import error_of
from parsec_cli.api.reads import get_user, user_path
from parsec_cli.errors import NotFound, OutcomeUnknown, ParsecError, Stopped
from parsec_cli.models import JsonObject, User, WrongShape
from parsec_cli.next_command import NextCommand, run
from parsec_cli.outcomes import Applied, Learned, NotApplied, Outcome, Unknown


def doubtful(exchange: Exchange) -> bool:
    """True when the change may have taken effect although no good answer says so."""
    last = exchange.last
    if exchange.doubt or isinstance(last, Lost) or exchange.broken:
        return True
    return isinstance(last, Answer) and last.status >= 500 and last.status != 501


def _learned(exchange: Exchange) -> Learned:
    return "repeated" if exchange.doubt else "answered"


def unknown(
    exchange: Exchange, cause: ParsecError, hint: str, command: NextCommand | None = None
) -> Unknown:
    # no `api_code`: for a script, that the outcome is unknown matters more than why
    error = OutcomeUnknown(
        f"outcome unknown: {cause.message}",
        hint=hint,
        command=command,
        details=cause.details,
        http_status=cause.http_status,
        retry_after=cause.retry_after,
    )
    return Unknown(error, exchange.attempts)


def not_applied(exchange: Exchange, cause: ParsecError) -> NotApplied:
    """Say with the error that the change did not take place."""
    if not isinstance(exchange.last, NotSent):  # which says so itself
        cause = cause.but(f"{cause.message}; nothing was changed")
    return NotApplied(cause, exchange.attempts)


def _failed(
    exchange: Exchange, call: Call, client: Client, hint: str, command: NextCommand | None = None
) -> Outcome:
    """No good answer came, and there is no other way to learn more."""
    error = error_of(exchange, call, client.host)
    if doubtful(exchange):
        return unknown(exchange, error, hint, command)
    return not_applied(exchange, error)


def create(client: Client, body: JsonObject, change: Change) -> Outcome:
    """POST /builder/users; idempotent by external_id, so a repeat is safe and only blurs *when*."""
    call = Call(
        Kind.CREATE,
        "POST",
        "/builder/users",
        body,
        promise=_user_promise(external_id=body["external_id"]),
    )

    def settle(exchange: Exchange) -> Outcome:
        answer = exchange.good
        if answer is None:
            return _failed(exchange, call, client, "it is safe to run the same command again")
        created = None
        if not exchange.doubt and answer.status in (200, 201):
            created = answer.status == 201
        return Applied(answer.value, answer.status, exchange.attempts, _learned(exchange), created)

    return client.change(call, change, settle)


def set_qps(client: Client, user: User, qps: int, change: Change) -> Outcome:
    """PATCH the user's absolute qps_limit; after a doubt the user is read again and compared."""

    def promise(answer: Answer) -> str:
        fault = _user_promise(customer_id=user.customer_id)(answer)
        if fault:
            return fault
        # the guide's shape of the answer lacks qps_limit: absent is no contradiction
        echoed = answer.object.get("qps_limit", qps)
        return "" if echoed == qps and echoed is not True else "it shows another `qps_limit`"

    call = Call(
        Kind.UPDATE, "PATCH", user_path(user.customer_id), {"qps_limit": qps}, promise=promise
    )

    def settle(exchange: Exchange) -> Outcome:
        answer = exchange.good
        if answer is not None:
            return Applied(answer.value, answer.status, exchange.attempts, _learned(exchange))
        if not doubtful(exchange):
            return not_applied(exchange, error_of(exchange, call, client.host))
        return _read_again(
            client,
            user,
            exchange,
            call,
            lambda now: (
                ""
                if now.qps_limit == qps
                else f"qps_limit is {'not set' if now.qps_limit is None else now.qps_limit}"
            ),
        )

    return client.change(call, change, settle)


def onboard(client: Client, user: User, body: JsonObject, change: Change) -> Outcome:
    """POST /builder/onboard, once; after a lost answer the user's linked exchanges tell."""
    exchange_name: str = body["exchange"]

    def promise(answer: Answer) -> str:
        if answer.unfit:
            return answer.unfit
        shown = answer.object.get("customer_id")
        if not isinstance(shown, str) or shown.lower() != user.customer_id.lower():
            return "it is not about this user"
        if "error" in answer.object:
            return "it holds an error"
        return "" if answer.object.get("exchange") == exchange_name else "another exchange"

    call = Call(Kind.ONBOARD, "POST", "/builder/onboard", body, promise=promise)
    # where the exchange was linked before, a link proves nothing about the new credentials
    proves = not (body["mode"] == "self" and exchange_name in user.linked_exchanges)

    def verdict(now: User) -> str:
        if exchange_name not in now.linked_exchanges:
            return f"{exchange_name} is not linked"
        return "" if proves else f"{exchange_name} was linked before, too"

    def settle(exchange: Exchange) -> Outcome:
        answer = exchange.good
        if answer is not None:
            return Applied(answer.value, answer.status, exchange.attempts)
        if not doubtful(exchange):
            return not_applied(exchange, error_of(exchange, call, client.host))
        return _read_again(client, user, exchange, call, verdict)

    return client.change(call, change, settle)


def deactivate(client: Client, user: User, change: Change) -> Outcome:
    """DELETE a user that this run has fetched."""
    call = deactivation(client, user.customer_id)
    return client.change(call, change, lambda exchange: settle_deactivation(client, exchange, call))


def deactivation(client: Client, customer_id: str) -> Call:
    """Return the call that deactivates a user that this run has fetched."""

    def is_gone() -> bool | None:
        try:
            get_user(client, customer_id)
        except Stopped:
            raise
        except ParsecError as fault:
            own_404 = isinstance(fault, NotFound) and fault.http_status == 404
            return True if own_404 else None
        return False

    promise = deletion_promise(customer_id)
    path = user_path(customer_id)
    return Call(Kind.DEACTIVATE, "DELETE", path, promise=promise, is_gone=is_gone)


def deletion_promise(customer_id: str = "") -> Callable[[Answer], str]:
    """Only 204, or another 2xx that is empty or a JSON object without `error`, is a success.

    An object that names a user must name this one, where `customer_id` says which.
    """

    def promise(answer: Answer) -> str:
        if answer.status == 204 or answer.empty:
            return ""
        if answer.unfit:
            return answer.unfit
        if not isinstance(answer.value, dict):
            return "it is not an object"
        if "error" in answer.value:
            return "it holds an error"
        named = answer.value.get("customer_id")
        if customer_id and named is not None and str(named).lower() != customer_id.lower():
            return "it is another user's record"
        return ""

    return promise


def settle_deactivation(client: Client, exchange: Exchange, call: Call) -> Outcome:
    """Judge a `deactivation`: the API's own 404 after a lost response means that it is done."""
    answer = exchange.good
    if answer is not None:
        return Applied(None, answer.status, exchange.attempts, _learned(exchange))
    error = error_of(exchange, call, client.host)
    if exchange.doubt and (exchange.gone or isinstance(error, NotFound)):
        learned: Learned = "read_again" if exchange.gone else "repeated"
        return Applied(None, error.http_status, exchange.attempts, learned)
    command = run("users", "get", names=[unquote(call.path.removeprefix("/builder/users/"))])
    hint = "see whether the user still exists with"
    return _failed(exchange, call, client, hint, command)


def _read_again(
    client: Client, user: User, exchange: Exchange, call: Call, verdict: Callable[[User], str]
) -> Outcome:
    """Read the user to learn what became of a change; `verdict` says "" or what speaks against."""
    cause = error_of(exchange, call, client.host)
    command = run("users", "get", names=[user.customer_id])

    def doubt(why: str) -> Unknown:
        found = unknown(exchange, cause, "see what is true now with", command)
        return Unknown(found.error.but(details=(*cause.details, why)), exchange.attempts)

    try:
        now = get_user(client, user.customer_id)
    except ParsecError as fault:
        return doubt(f"reading again failed: {fault.message}")
    against = verdict(now)
    if not against:
        return Applied(now.raw, cause.http_status, exchange.attempts, "read_again")
    return doubt(f"read again: {against}")


def _user_promise(
    *, customer_id: str | None = None, external_id: str | None = None
) -> Callable[[Answer], str]:
    """Promise a user's record with this id (each only where given)."""

    def promise(answer: Answer) -> str:
        if answer.unfit:
            return answer.unfit
        try:
            user = User.parse(answer.value)
        except WrongShape as why:
            return str(why)
        if customer_id is not None and user.customer_id.lower() != customer_id.lower():
            return "it is another user's record"
        if external_id is not None and user.external_id != external_id:
            return "it is another user's record"
        return ""

    return promise
