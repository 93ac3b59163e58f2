"""`parsec api`: any path of the API, for what has no command yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import typer

from parsec_cli import exact_json
from parsec_cli.api import changes
from parsec_cli.api.call import Call, Exchange, Kind, Response
from parsec_cli.api.error_of import error_of
from parsec_cli.api.reads import impersonation, user_path
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import argument, option, runtime_of, start_change
from parsec_cli.cli.tree import verb
from parsec_cli.commands.api.path import api_path, deleted_user
from parsec_cli.commands.api.promise import READS, kind_of, patched_user, promise_of
from parsec_cli.commands.shared import consent
from parsec_cli.commands.shared.cards import not_sent
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.commands.users.deactivate import forget_user, held_by
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.exact_json import is_unicode
from parsec_cli.models import JsonObject, Outcome, User
from parsec_cli.records import changed
from parsec_cli.redaction import is_secret
from parsec_cli.results import Column, Listing, Record, Result, Text
from parsec_cli.runtime import Runtime

_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@verb("api", effect="irreversible", shows_target=False)
def command(
    ctx: typer.Context,
    method: str = argument("METHOD", "The HTTP method."),
    path: str = argument("PATH", "An API path such as /builder/pool; /api/v1 is optional."),
    *,
    query: list[str] | None = option("--query key=value", "Add to the query."),
    field: list[str] | None = option("-f key=value", "Text member of the JSON body."),
    json_field: list[str] | None = option("-F key=json", "JSON member of the body."),
    input_file: str | None = option("--input FILE|-", "The whole JSON body."),
    as_user: str | None = option("--as USER", "Send the request for this end-user."),
    include: bool = option("--include", "Print status and headers before the body."),
    confirm: str | None = common.confirm("the id of the user"),
    allow_holdings: int | None = common.ALLOW_HOLDINGS,
    balances_only: bool = common.BALANCES_ONLY,
    dry_run: bool = common.DRY_RUN,
    reason: str = common.REASON,
) -> Result:
    """Send one request to any path of the API.

    It uses the profile's key, retries, masking and history. A DELETE of a user needs the same
    consent as `users deactivate`.

    Examples:
      parsec api GET /builder/pool
      parsec api GET /positions --query exchange=polymarket --as user_001

    """
    runtime, method = runtime_of(ctx), _method(method)
    if runtime.options.format is None:
        # the columns of a table are unknown
        runtime.options.output = "json"
    if method in ("GET", "HEAD"):
        # sent all the same: every dry run reads
        runtime.dry_run = dry_run
    else:
        start_change(runtime, dry_run=dry_run)
    body = _body(runtime, method, field or (), json_field or (), input_file)
    call, user = _call(runtime, method, path, query or (), as_user, body)
    one = None if user is None else held_by(runtime, user, balances_only=balances_only)
    if dry_run and method in _CHANGES:
        if one is None:
            return not_sent(method, call.path, call.body)
        consent.warn_of_holders(runtime, [one])
        return not_sent(method, call.path, call.body, holdings=one.json)
    if call.kind is Kind.READ:
        return _shown(runtime, _read(runtime, call), include=include)
    if one is not None:
        _agree(runtime, call, one, consent.Consent(confirm, allow_holdings))
    response = _change(runtime, call, one, reason)
    return Text("") if response is None else _shown(runtime, response, include=include)


def _method(text: str) -> str:
    method, known = text.upper(), (*READS, *_CHANGES)
    if method not in known:
        raise unknown("HTTP method", method, known)
    return method


def _call(
    runtime: Runtime,
    method: str,
    path: str,
    pairs: Sequence[str],
    as_user: str | None,
    body: tuple[JsonObject | None, str],
) -> tuple[Call, User | None]:
    """Return the checked call, and the user that a DELETE would deactivate."""
    path, query = api_path(path)
    deleted, user, headers = deleted_user(path) if method == "DELETE" else None, None, {}
    if deleted is not None:
        customer_id, rest = deleted
        with consent.explaining_absence(runtime, f"id:{customer_id}"):
            user = runtime.resolver.one(f"id:{customer_id}", to_change=True)
        path = user_path(user.customer_id) + rest
    if as_user is not None:
        acting = runtime.resolver.one(as_user, to_change=method in _CHANGES)
        headers = impersonation(acting.customer_id)
    # the query as it was written, then the pairs; a name may come twice
    encoded = urlencode([_pair(pair, "--query") for pair in pairs], quote_via=quote)
    query = "&".join(filter(None, (query, encoded)))
    full = f"{path}?{query}" if query else path
    if user is not None and full == user_path(user.customer_id) and not (headers or body[0]):
        return changes.deactivation(runtime.client, user.customer_id), user
    call = Call(kind_of(method, path), method, full, body[0], headers, text=body[1])
    return changed(call, promise=promise_of(call)), user


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageFault(f"`{option}` takes key=value")
    if not is_unicode(text):
        raise UsageFault(f"`{option}` must be valid Unicode text")
    return name, value


def _body(
    runtime: Runtime,
    method: str,
    fields: Sequence[str],
    json_fields: Sequence[str],
    input_file: str | None,
) -> tuple[JsonObject | None, str]:
    """Return the body and its JSON text, which keeps the digits of numbers as given.

    From then on all output masks the secrets in it.
    """
    members = [(name, json.dumps(value)) for name, value in (_pair(f, "-f") for f in fields)]
    members += [_pair(text, "-F") for text in json_fields]
    if method in READS and (members or input_file is not None):
        raise UsageFault(f"a {method} has no body", hint="for its query use `--query`")
    if input_file is None:
        body = {name: _json(value, f"`-F {name}=`") for name, value in members}
        if len(body) < len(members):
            raise UsageFault("a member of the body is given twice")
        text = ", ".join(f"{json.dumps(name)}: {value.strip()}" for name, value in members)
        runtime.keep_secret(*_secrets_in(body))
        return (body, f"{{{text}}}") if body else (None, "")
    if members:
        raise UsageFault("`--input` is the whole body: omit `-f` and `-F`")
    try:
        text = read_bytes(runtime, input_file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageFault("the body of `--input` is not UTF-8 text") from None
    whole = _json(text, "the body of `--input`")
    if not isinstance(whole, dict):
        raise UsageFault("the body of `--input` is not a JSON object")
    runtime.keep_secret(*_secrets_in(whole))
    return whole, text


def _secrets_in(value: Any) -> Iterator[str]:
    """Yield the texts under a secret's name at any depth: a server may return them."""
    if isinstance(value, list):
        for item in value:
            yield from _secrets_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if is_secret(name) and isinstance(item, str):
                yield item
            yield from _secrets_in(item)


def _json(text: str, what: str) -> Any:
    try:
        return exact_json.loads_strictly(text)
    except ValueError as fault:
        raise UsageFault(f"{what} {exact_json.fault_text(fault)}") from None


def _agree(runtime: Runtime, call: Call, one: consent.Held, given: consent.Consent) -> None:
    """Obtain consent to a deactivation, or to another DELETE below the path of a user."""
    request = ""
    if call.is_gone is None:
        path, _, query = call.path.partition("?")
        parts = [name for name, part in (("a query", query), ("a body", call.body)) if part]
        request = f"DELETE {path}" + (f" with {' and '.join(parts)}" if parts else "")
    consent.agree(runtime, [one], given, by_name=True, request=request)


def _read(runtime: Runtime, call: Call) -> Response:
    exchange = runtime.client.read(call)
    if exchange.good is None:
        raise error_of(exchange, call, runtime.client.host)
    return exchange.good


def _change(runtime: Runtime, call: Call, one: consent.Held | None, reason: str) -> Response | None:
    """Send a change and return the last response, or None if it says nothing of the success.

    `one` is the user whose path a DELETE names.
    """
    client, user = runtime.client, None if one is None else one.user
    responses: list[Response] = []
    # a DELETE with a body, a query or a longer path may mean something else
    deactivates = call.is_gone is not None

    def settle(exchange: Exchange) -> Outcome:
        if exchange.response is not None:
            responses.append(exchange.response)
        if deactivates:
            return changes.settle_deactivation(client, exchange, call)
        hint = "check what the request should change before sending it again"
        return changes.settled(client, exchange, call, hint)

    path = call.path.partition("?")[0]
    more = "" if deactivates or user is None else " …"
    before = {**one.user.raw, "holdings": one.json} if one is not None else None
    command = f"api {call.method} {path}{more}"
    change = changes.change_of(command, user or patched_user(call), before, call.body, reason)
    applied = changes.or_raise(client.change(call, change, settle))
    if user is not None and deactivates:
        how = forget_user(runtime, user, applied)
        runtime.screen.notice(f"deactivated `{user.name}`{how}")
        if applied.evidence != "response":
            # the last response may be a 404, which means success here
            return None
    elif user is not None:
        runtime.screen.notice(f"the API accepted `{call.method} {path}` ({applied.http_status})")
    return responses[-1]


def _shown(runtime: Runtime, response: Response, *, include: bool) -> Result:
    """Show any value as JSON; in other formats, members of an object or items of a list."""
    value = response.value
    if include:
        names = [name for name in response.headers if name.lower() != "set-cookie"]
        head = {name: response.headers[name] for name in names}
        value = {"status": response.status, "headers": head, "body": value}
    elif response.empty:
        return Text("")
    if isinstance(value, dict) or runtime.options.format == "json":
        return Record(value, _columns(value if isinstance(value, dict) else ()))
    items = value if isinstance(value, list) else [value]
    records = [item if isinstance(item, dict) else {"value": item} for item in items]
    return Listing("items", _columns(dict.fromkeys(n for r in records for n in r)), [records])


def _columns(names: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(name, name.upper()) for name in names)
