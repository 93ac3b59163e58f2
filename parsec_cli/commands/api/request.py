"""Send the request of `parsec api`: check it, retry it by its kind, show the response."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from parsec_cli import exact_json
from parsec_cli.api.call import Answer, Call, Exchange, Kind, Promise
from parsec_cli.api.changes import (
    deactivation,
    deletion_promise,
    or_raise,
    settle_deactivation,
    settled,
)
from parsec_cli.api.client import Change
from parsec_cli.api.error_of import error_of
from parsec_cli.api.reads import impersonation, user_path
from parsec_cli.cli.common_options import start_change
from parsec_cli.commands.api.path import USERS, api_path, deleted_user
from parsec_cli.commands.shared.cards import not_sent
from parsec_cli.commands.shared.consent import (
    Consent,
    Held,
    agree,
    explaining_absence,
    warn_of_holders,
)
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.commands.users.deactivate import held_by, report_deactivated
from parsec_cli.errors import UsageFault
from parsec_cli.exact_json import is_unicode
from parsec_cli.models import JsonObject
from parsec_cli.outcomes import Outcome
from parsec_cli.records import record
from parsec_cli.redaction import is_secret
from parsec_cli.results import Column, Listing, Record, Result, Text
from parsec_cli.runtime import Runtime

_READS = ("GET", "HEAD", "OPTIONS")
_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@record
class RequestOptions:
    """The arguments and options of `parsec api`."""

    method: str
    path: str
    query: Sequence[str]
    fields: Sequence[str]
    json_fields: Sequence[str]
    input_file: str | None
    as_user: str | None
    include: bool
    consent: Consent
    balances_only: bool
    dry_run: bool
    reason: str


def send_request(runtime: Runtime, options: RequestOptions) -> Result:
    """Send the request and return its response; errors and exit codes are those of any command."""
    method = options.method
    if method not in (*_READS, *_CHANGES):
        known = ", ".join((*_READS, *_CHANGES))
        raise UsageFault(f"unknown HTTP method `{method}`", hint=f"use one of {known}")
    if runtime.options.format is None:
        # the columns of a table are unknown
        runtime.options.output = "json"
    if method in ("GET", "HEAD"):
        # sent all the same: every dry run reads
        runtime.dry_run = options.dry_run
    else:
        start_change(runtime, dry_run=options.dry_run)
    call, one = _call(runtime, options)
    if options.dry_run and method in _CHANGES:
        if one is None:
            return not_sent(method, call.path, call.body)
        warn_of_holders(runtime, [one])
        return not_sent(method, call.path, call.body, holdings=one.json)
    if call.kind is Kind.READ:
        exchange = runtime.client.read(call)
        if exchange.good is None:
            raise error_of(exchange, call, runtime.client.host)
        return _shown(runtime, exchange.good, include=options.include)
    if one is not None:
        agree(runtime, [one], options.consent, by_name=True)
    return _change(runtime, call, one, options)


def _call(runtime: Runtime, options: RequestOptions) -> tuple[Call, Held | None]:
    """Return the checked call, and the user that a DELETE would deactivate, with the holdings."""
    method, user = options.method, None
    path, query = api_path(options.path)
    body, text = _body(runtime, options)
    runtime.keep_secret(*secrets_in(body))
    deleted = deleted_user(path) if method == "DELETE" else None
    if deleted is not None:
        customer_id, rest = deleted
        with explaining_absence(runtime, f"id:{customer_id}"):
            user = runtime.resolver.one(f"id:{customer_id}", to_change=True)
        path = user_path(user.customer_id) + rest
    headers = {}
    if options.as_user is not None:
        acting = runtime.resolver.one(options.as_user, to_change=method in _CHANGES)
        headers = impersonation(acting.customer_id)
    # the query as it was written, then the pairs; a name may come twice
    pairs = urlencode([_pair(pair, "--query") for pair in options.query], quote_via=quote)
    query = "&".join(filter(None, (query, pairs)))
    full = f"{path}?{query}" if query else path
    call = Call(_kind(method, path), method, full, body, headers, _promise(method), text)
    if user is None:
        return call, None
    if full == user_path(user.customer_id) and not (headers or body):
        call = deactivation(runtime.client, user.customer_id)
    return call, held_by(runtime, user, balances_only=options.balances_only)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageFault(f"`{option}` takes key=value")
    if not is_unicode(text):
        raise UsageFault(f"`{option}` must be valid Unicode text")
    return name, value


def _body(runtime: Runtime, options: RequestOptions) -> tuple[JsonObject | None, str]:
    """Return the body and its JSON text, which keeps the digits of numbers as given."""
    members = [
        (name, json.dumps(value)) for name, value in (_pair(f, "-f") for f in options.fields)
    ]
    members += [_pair(text, "-F") for text in options.json_fields]
    if options.method in _READS and (members or options.input_file is not None):
        raise UsageFault(f"a {options.method} has no body", hint="for its query use `--query`")
    if options.input_file is None:
        body = {name: _json(value, f"`-F {name}=`") for name, value in members}
        if len(body) < len(members):
            raise UsageFault("a member of the body is given twice")
        text = ", ".join(f"{json.dumps(name)}: {value.strip()}" for name, value in members)
        return (body, f"{{{text}}}") if body else (None, "")
    if members:
        raise UsageFault("`--input` is the whole body: omit `-f` and `-F`")
    try:
        text = read_bytes(runtime, options.input_file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageFault("the body of `--input` is not UTF-8 text") from None
    whole = _json(text, "the body of `--input`")
    if not isinstance(whole, dict):
        raise UsageFault("the body of `--input` is not a JSON object")
    return whole, text


def secrets_in(value: Any) -> Iterator[str]:
    """Yield the texts under a secret's name at any depth: a server may return them."""
    if isinstance(value, list):
        for item in value:
            yield from secrets_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if is_secret(name) and isinstance(item, str):
                yield item
            yield from secrets_in(item)


def _json(text: str, what: str) -> Any:
    try:
        return exact_json.loads_strictly(text)
    except ValueError as fault:
        raise UsageFault(f"{what} {exact_json.fault_text(fault)}") from None


def _kind(method: str, path: str) -> Kind:
    """Return the kind, which decides whether the call may be repeated."""
    if method in _READS:
        return Kind.READ
    if method == "DELETE":
        return Kind.DEACTIVATE
    if method == "POST" and path == USERS:
        return Kind.CREATE
    if method == "PATCH" and re.fullmatch(f"{USERS}/[^/]+", path):
        return Kind.UPDATE
    return Kind.OTHER


def _promise(method: str) -> Promise:
    if method == "DELETE":
        return deletion_promise()
    no_content = 204
    return lambda answer: (
        "" if method == "HEAD" or (answer.status == no_content and answer.empty) else answer.unfit
    )


def _change(runtime: Runtime, call: Call, one: Held | None, options: RequestOptions) -> Result:
    """Send a change; `one` is the user whose path a DELETE names."""
    client, user = runtime.client, None if one is None else one.user
    answers: list[Answer] = []
    # a DELETE with a body, a query or a longer path may mean something else
    deactivates = call.is_gone is not None

    def settle(exchange: Exchange) -> Outcome:
        if exchange.answer is not None:
            answers.append(exchange.answer)
        if deactivates:
            return settle_deactivation(client, exchange, call)
        hint = "check what the request should change before sending it again"
        return settled(client, exchange, call, hint)

    path = call.path.partition("?")[0]
    more = "" if deactivates or user is None else " …"
    change = Change(
        f"api {call.method} {path}{more}",
        user.customer_id if user is not None else None,
        user.external_id if user is not None else None,
        {**one.user.raw, "holdings": one.json} if one is not None else None,
        call.body,
        options.reason,
    )
    applied = or_raise(client.change(call, change, settle))
    if user is not None and deactivates:
        report_deactivated(runtime, user, applied)
        if applied.evidence != "response":
            # the last response may be a 404, which means success here
            return Text("")
    elif user is not None:
        runtime.screen.notice(f"the API accepted `{call.method} {path}` ({applied.http_status})")
    return _shown(runtime, answers[-1], include=options.include)


def _shown(runtime: Runtime, answer: Answer, *, include: bool) -> Result:
    """Show any value as JSON; in other formats, members of an object or items of a list."""
    value = answer.value
    if include:
        names = [name for name in answer.headers if name.lower() != "set-cookie"]
        head = {name: answer.headers[name] for name in names}
        value = {"status": answer.status, "headers": head, "body": value}
    elif answer.empty:
        return Text("")
    if isinstance(value, dict) or runtime.options.format == "json":
        return Record(value, _columns(value if isinstance(value, dict) else ()))
    items = value if isinstance(value, list) else [value]
    records = [item if isinstance(item, dict) else {"value": item} for item in items]
    return Listing("items", _columns(dict.fromkeys(n for r in records for n in r)), [records])


def _columns(names: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(name, name.upper()) for name in names)
