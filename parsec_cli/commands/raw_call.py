"""One request by hand: checked like the tool's own, retried by its kind, judged by its answer."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from parsec_cli.api.answers import Answer
from parsec_cli.api.changes import deactivation_promise, doubtful, settle_deactivation, unknown
from parsec_cli.api.client import Change, with_query
from parsec_cli.api.faults import error_of
from parsec_cli.api.reads import impersonation, user_path
from parsec_cli.api.retry import Call, Exchange, Kind
from parsec_cli.commands.consent import agree_to_one, word_for
from parsec_cli.commands.guards import not_sent
from parsec_cli.commands.reading import read_bytes
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject, User
from parsec_cli.origin import API_PREFIX
from parsec_cli.outcomes import Applied, NotApplied, Outcome, or_raise
from parsec_cli.results import Record, Text
from parsec_cli.runtime import Runtime

_READS = ("GET", "HEAD", "OPTIONS")
_CHANGES = ("POST", "PUT", "PATCH", "DELETE")
_USERS = "/builder/users"


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
    confirm: str | None
    dry_run: bool
    reason: str


def call_api(runtime: Runtime, raw: RawCall) -> Record | Text:
    """Send the request and return its answer; errors and exit codes are those of any command."""
    if raw.method not in (*_READS, *_CHANGES):
        raise UsageFault(
            f"`{raw.method}` is no HTTP method", hint="one of GET, POST, PATCH, DELETE"
        )
    path, query = api_path(raw.path)
    body = _body(runtime, raw)
    if runtime.options.format is None:
        # whatever the API answers is JSON; a table would need to know it
        runtime.options.output = "json"
    victim = _victim(runtime, raw.method, path)
    headers = {}
    if raw.as_user is not None:
        headers = impersonation(runtime.resolver.one(raw.as_user).customer_id)
    if victim is not None:
        path = user_path(victim.customer_id) + _behind_user(path)
    full = with_query(path, {**query, **dict(_pair(text, "--query") for text in raw.query)})
    kind = _kind(raw.method, path)
    call = Call(kind, raw.method, full, body, headers, _promise(raw.method, kind))
    if raw.dry_run and raw.method in _CHANGES:
        return not_sent(raw.method, full, body)
    if victim is not None:
        script = f"{shlex.join(['parsec', 'api', raw.method, raw.path])} --confirm "
        agree_to_one(runtime, victim, raw.confirm, script + shlex.quote(word_for(victim)))
    answer = _answer(runtime, call, victim, raw)
    return _shown(answer, include=raw.include)


def api_path(text: str) -> tuple[str, dict[str, str]]:
    """Return the path below `/api/v1` and the query in it; refuse what a server might re-read."""
    path, _, query = text.partition("?")
    path = "/" + path.removeprefix("/").removeprefix(API_PREFIX.removeprefix("/") + "/")
    hint = "write it like /builder/pool"
    if "#" in text or "\\" in text or not text.isprintable() or not text.isascii() or " " in text:
        raise UsageFault("the path holds a character that must be percent-encoded", hint=hint)
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        raise UsageFault("the path holds a `%` that encodes nothing; write it as `%25`", hint=hint)
    parts = path[1:].split("/")
    if ":" in parts[0] or not all(parts) or any(unquote(part) in (".", "..") for part in parts):
        raise UsageFault(
            "the path must be one of the API, without empty or dotted parts", hint=hint
        )
    return path, dict(parse_qsl(query, keep_blank_values=True))


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageFault(f"`{option}` takes key=value")
    return name, value


def _body(runtime: Runtime, raw: RawCall) -> JsonObject | None:
    fields: JsonObject = dict(_pair(text, "-f") for text in raw.fields)
    for name, value in (_pair(text, "-F") for text in raw.json_fields):
        fields[name] = _json(value, f"`-F {name}=`")
    if raw.input_file is None:
        return fields or None
    if fields:
        raise UsageFault("`--input` is the whole body: give it without -f and -F")
    data = read_bytes(runtime, raw.input_file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageFault("the body of `--input` is not UTF-8 text") from None
    body = _json(text, "the body of `--input`")
    if not isinstance(body, dict):
        raise UsageFault("the body of `--input` is not a JSON object")
    return body


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageFault(f"{what} is not JSON") from None


def _kind(method: str, path: str) -> Kind:
    """Which calls may be repeated is known for the paths that the tool knows."""
    if method in _READS:
        return Kind.READ
    if method == "DELETE":
        return Kind.DEACTIVATE
    if method == "POST" and path == _USERS:
        return Kind.CREATE
    if method == "PATCH" and path.startswith(f"{_USERS}/"):
        return Kind.UPDATE
    return Kind.OTHER


def _promise(method: str, kind: Kind) -> Any:
    if kind is Kind.DEACTIVATE:
        return deactivation_promise

    def promise(answer: Answer) -> str:
        if method == "HEAD" or (answer.status == 204 and answer.empty):  # noqa: PLR2004
            return ""
        return answer.unfit

    return promise


def _victim(runtime: Runtime, method: str, path: str) -> User | None:
    """Find the user that a DELETE would deactivate, however its path is spelt."""
    spelt = unquote(path).lower().rstrip("/")
    if method != "DELETE" or not spelt.startswith(_USERS):
        return None
    customer_id = unquote(path.split("/")[3]) if path.count("/") > 2 else ""  # noqa: PLR2004
    if not customer_id or not path.startswith(f"{_USERS}/"):
        raise UsageFault("a DELETE here must name one user: /builder/users/CUSTOMER_ID")
    return runtime.resolver.one(f"id:{customer_id}", to_change=True)


def _behind_user(path: str) -> str:
    rest = path.split("/")[4:]
    return "/" + "/".join(rest) if rest else ""


def _answer(runtime: Runtime, call: Call, victim: User | None, raw: RawCall) -> Answer:
    client = runtime.client
    if call.kind is Kind.READ:
        exchange = client.read(call)
        if exchange.good is None:
            raise error_of(exchange, call, client.host)
        return exchange.good
    answers: list[Answer] = []

    def settle(exchange: Exchange) -> Outcome:
        if exchange.answer is not None:
            answers.append(exchange.answer)
        if call.kind is Kind.DEACTIVATE:
            return settle_deactivation(client, exchange, call, fetched=victim is not None)
        return _settled(exchange, call, client.host)

    before = victim.raw if victim is not None else None
    change = Change(
        f"api {call.method} {call.path.partition('?')[0]}",
        victim.customer_id if victim is not None else None,
        victim.external_id if victim is not None else None,
        before,
        call.body,
        raw.reason,
    )
    or_raise(client.change(call, change, settle))
    return answers[-1]


def _settled(exchange: Exchange, call: Call, host: str) -> Outcome:
    if exchange.good is not None:
        return Applied(exchange.good.value, exchange.good.status, exchange.attempts)
    error = error_of(exchange, call, host)
    if doubtful(exchange):
        return unknown(
            exchange, error, "read what the request was to change before sending it again"
        )
    return NotApplied(error, exchange.attempts)


def _shown(answer: Answer, *, include: bool) -> Record | Text:
    if not include and answer.empty:
        return Text("")
    if not include:
        return Record(answer.value, ())
    names = [name for name in answer.headers if name.lower() != "set-cookie"]
    head = {name: answer.headers[name] for name in names}
    return Record({"status": answer.status, "headers": head, "body": answer.value}, ())
