"""One request by hand: checked like the tool's own, retried by its kind, judged by its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from parsec_cli import exact_json
from parsec_cli.api.call import Answer, Call, Exchange, Kind
from parsec_cli.api.changes import deactivation, deletion_promise, settle_deactivation, settled
from parsec_cli.api.client import Change
from parsec_cli.api.error_of import error_of
from parsec_cli.api.reads import impersonation, user_path
from parsec_cli.cli.common_options import start_change
from parsec_cli.commands.api.path import USERS, api_path, behind_user, victim_of, with_pairs
from parsec_cli.commands.shared.cards import not_sent
from parsec_cli.commands.shared.consent import (
    Consent,
    Held,
    agree_to_one,
    warn_of_holders,
    with_consent,
    word_for,
)
from parsec_cli.commands.shared.earlier_deactivations import explaining_absence
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.commands.users.deactivate import deactivated, held_by
from parsec_cli.errors import UsageFault
from parsec_cli.field_rules import is_unicode
from parsec_cli.models import JsonObject, User
from parsec_cli.outcomes import Outcome, or_raise
from parsec_cli.redaction import is_secret
from parsec_cli.results import Column, Listing, Record, Result, Text
from parsec_cli.runtime import Runtime

_READS = ("GET", "HEAD", "OPTIONS")
_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class RawCall:
    """The arguments of `parsec api` as given."""

    method: str
    path: str
    query: tuple[str, ...]
    fields: tuple[str, ...]
    json_fields: tuple[str, ...]
    input_file: str | None
    as_user: str | None
    include: bool
    consent: Consent
    balances_only: bool
    dry_run: bool
    reason: str


def call_api(runtime: Runtime, raw: RawCall) -> Result:
    """Send the request and return its answer; errors and exit codes are those of any command."""
    if raw.method not in (*_READS, *_CHANGES):
        known = ", ".join((*_READS, *_CHANGES))
        raise UsageFault(f"unknown HTTP method `{raw.method}`", hint=f"use one of {known}")
    if runtime.options.format is None:
        # whatever the API answers is JSON; a table would need to know it
        runtime.options.output = "json"
    if raw.method not in ("GET", "HEAD"):
        start_change(runtime, dry_run=raw.dry_run)
    path, query = api_path(raw.path)
    body, text = _body(runtime, raw)
    runtime.keep_secret(*secrets_in(body))
    victim = _victim(runtime, raw.method, path)
    headers = {}
    if raw.as_user is not None:
        acting = runtime.resolver.one(raw.as_user, to_change=raw.method in _CHANGES)
        headers = impersonation(acting.customer_id)
    if victim is not None:
        path = user_path(victim.customer_id) + behind_user(path)
    full = with_pairs(path, query, [_pair(text, "--query") for text in raw.query])
    call = Call(_kind(raw.method, path), raw.method, full, body, headers, _promise(raw), text)
    if victim is not None and full == user_path(victim.customer_id) and not (headers or body):
        call = deactivation(runtime.client, victim.customer_id)
    one = None if victim is None else held_by(runtime, victim, balances_only=raw.balances_only)
    if raw.dry_run and raw.method in _CHANGES:
        if one is None:
            return not_sent(raw.method, full, body)
        warn_of_holders(runtime, [one])
        return not_sent(raw.method, full, body, holdings=one.json)
    if one is not None:
        agree_to_one(runtime, one, raw.consent, with_consent([one], word_for(one.user)))
    return _answer(runtime, call, one, raw)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageFault(f"`{option}` takes key=value")
    if not is_unicode(text):
        raise UsageFault(f"`{option}` must be valid Unicode text")
    return name, value


def _body(runtime: Runtime, raw: RawCall) -> tuple[JsonObject | None, str]:
    """Return the body, and its JSON text, which keeps the digits of numbers as they were given."""
    members = [(name, json.dumps(value)) for name, value in (_pair(f, "-f") for f in raw.fields)]
    members += [_pair(text, "-F") for text in raw.json_fields]
    if raw.method in _READS and (members or raw.input_file is not None):
        raise UsageFault(f"a {raw.method} carries no body", hint="for its query use `--query`")
    if raw.input_file is None:
        body = {name: _json(value, f"`-F {name}=`") for name, value in members}
        if len(body) < len(members):
            raise UsageFault("a member of the body is given twice")
        text = ", ".join(f"{json.dumps(name)}: {value.strip()}" for name, value in members)
        return (body, f"{{{text}}}") if body else (None, "")
    if members:
        raise UsageFault("`--input` is the whole body: give it without -f and -F")
    try:
        text = read_bytes(runtime, raw.input_file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageFault("the body of `--input` is not UTF-8 text") from None
    whole = _json(text, "the body of `--input`")
    if not isinstance(whole, dict):
        raise UsageFault("the body of `--input` is not a JSON object")
    return whole, text


def secrets_in(value: Any) -> Iterator[str]:
    """Give the texts that stand under a secret's name at any depth: a server may repeat them."""
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
    """Which calls may be repeated is known for the paths that the tool knows."""
    if method in _READS:
        return Kind.READ
    if method == "DELETE":
        return Kind.DEACTIVATE
    if method == "POST" and path == USERS:
        return Kind.CREATE
    if method == "PATCH" and re.fullmatch(f"{USERS}/[^/]+", path):
        return Kind.UPDATE
    return Kind.OTHER


def _promise(raw: RawCall) -> Callable[[Answer], str]:
    if raw.method == "DELETE":
        return deletion_promise()

    def promise(answer: Answer) -> str:
        if raw.method == "HEAD" or (answer.status == 204 and answer.empty):  # noqa: PLR2004
            return ""
        return answer.unfit

    return promise


def _victim(runtime: Runtime, method: str, path: str) -> User | None:
    """Find the user that a DELETE would deactivate."""
    customer_id = victim_of(path) if method == "DELETE" else None
    if customer_id is None:
        return None
    with explaining_absence(runtime, f"id:{customer_id}"):
        return runtime.resolver.one(f"id:{customer_id}", to_change=True)


def _answer(runtime: Runtime, call: Call, one: Held | None, raw: RawCall) -> Result:
    client = runtime.client
    victim = None if one is None else one.user
    if call.kind is Kind.READ:
        exchange = client.read(call)
        if exchange.good is None:
            raise error_of(exchange, call, client.host)
        return _shown(runtime, exchange.good, include=raw.include)
    answers: list[Answer] = []
    # what more is sent, or asked for below the user, may give a DELETE another meaning
    deactivates = call.is_gone is not None

    def settle(exchange: Exchange) -> Outcome:
        if exchange.answer is not None:
            answers.append(exchange.answer)
        if deactivates:
            return settle_deactivation(client, exchange, call)
        hint = "read what the request was to change before sending it again"
        return settled(client, exchange, call, hint)

    path = call.path.partition("?")[0]
    more = "" if deactivates or victim is None else " …"
    change = Change(
        f"api {call.method} {path}{more}",
        victim.customer_id if victim is not None else None,
        victim.external_id if victim is not None else None,
        one.record if one is not None else None,
        call.body,
        raw.reason,
    )
    applied = or_raise(client.change(call, change, settle))
    if victim is not None and deactivates:
        runtime.index.forget(victim.customer_id)
        runtime.screen.notice(deactivated(victim, applied))
        if applied.evidence != "response":
            # the last response may be the 404 that proves the success
            return Text("")
    elif victim is not None:
        runtime.screen.notice(f"the API accepted `{call.method} {path}` ({applied.http_status})")
    return _shown(runtime, answers[-1], include=raw.include)


def _shown(runtime: Runtime, answer: Answer, *, include: bool) -> Result:
    as_json = runtime.options.format == "json"
    if include:
        names = [name for name in answer.headers if name.lower() != "set-cookie"]
        head = {name: answer.headers[name] for name in names}
        value = {"status": answer.status, "headers": head, "body": answer.value}
        return _in_columns(value, as_json=as_json)
    return Text("") if answer.empty else _in_columns(answer.value, as_json=as_json)


def _in_columns(value: Any, *, as_json: bool) -> Result:
    """Show whatever came as JSON; elsewhere an object's members, or a list's items, in columns."""
    if isinstance(value, dict) or as_json:
        return Record(value, _columns(tuple(value) if isinstance(value, dict) else ()))
    items = value if isinstance(value, list) else [value]
    records = [item if isinstance(item, dict) else {"value": item} for item in items]
    return Listing("items", _columns(dict.fromkeys(n for r in records for n in r)), [records])


def _columns(names: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(name, name.upper()) for name in names)
