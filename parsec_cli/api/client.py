"""Send calls to one host with one key, and record them in the log and the history.

Every command sends its requests here, so no command can forget the deadline, send the key to
another host, follow a redirect, or leave a change out of the history.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote, urlencode

from parsec_cli import __version__
from parsec_cli.api.call import (
    Attempted,
    Call,
    Exchange,
    Kind,
    Lost,
    NotSent,
    NotSentCause,
    Response,
    read_response,
)
from parsec_cli.api.retry import RetrySettings, send
from parsec_cli.base_url import BaseUrl
from parsec_cli.errors import LocalFault, Proposal, Stopped, UsageFault
from parsec_cli.interrupts import Deadline, Interrupts
from parsec_cli.models import Applied, JsonObject, Outcome, Secret, Unknown, customer_argument
from parsec_cli.next_command import run
from parsec_cli.records import state

if TYPE_CHECKING:
    from parsec_cli.api.transport import Transport

# most servers refuse a request line of more than 8 KiB, and httpx a URL of more than 64
_LONGEST_PATH = 32 * 1024
# a path that no parser of URLs rewrites: no dots, and nothing to encode
_UNCHANGED = r"(/([A-Za-z0-9_~-]|%[0-9A-F]{2})+)+(\?([A-Za-z0-9._~&=-]|%[0-9A-F]{2})+)?"
# after a create whose outcome is unknown
SAFE_TO_REPEAT: Proposal = ("it is safe to run the same command again", None)
_NO_PROPOSAL: Proposal = ("", None)
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "connection": "keep-alive",
    "user-agent": f"parsec-cli/{__version__}",
}


def with_query(path: str, query: Mapping[str, str | int | None]) -> str:
    """Append the members of `query` that are not None, encoded; UsageFault for broken Unicode."""
    pairs = [(name, value) for name, value in query.items() if value is not None]
    try:
        return f"{path}?{urlencode(pairs, quote_via=quote)}" if pairs else path
    except UnicodeEncodeError:
        raise UsageFault("the query must be valid Unicode text") from None


class ChangeLog(Protocol):
    """Records changes: `begin` before the first request, `finish` after the last."""

    def begin(self, change: JsonObject, *, durable: bool = False) -> str: ...

    def finish(self, entry: str, outcome: JsonObject) -> None: ...


@state
class Client:
    """Sends calls to one Parsec API host.

    `key` is called at the first request. `timeout` is the whole time in seconds of one request.
    `trust` describes the trusted certificates, for errors about them. `log` gets one line per
    attempt. `quota` has the latest headers about the monthly quota. `transport` is used without an
    httpx.Client, whose cookies, redirects and merged URLs take a third of its time.
    """

    base_url: BaseUrl
    key: Callable[[], Secret]
    transport: Transport
    deadline: Deadline
    retry: RetrySettings
    interrupts: Interrupts
    timeout: float = 30.0
    trust: str = ""
    changes: Callable[[], ChangeLog] | None = None
    log: Callable[[str], None] | None = None
    quota: Mapping[str, str] = MappingProxyType({})

    @property
    def host(self) -> str:
        """The host as shown to people."""
        return self.base_url.display

    @cached_property
    def deferred(self) -> list[LocalFault]:
        """Errors of the history about changes that were made: shown after the result."""
        return []

    @cached_property
    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, "x-api-key": self.key().reveal()}

    @cached_property
    def _root(self) -> Any:
        """The parsed URL that paths are appended to."""
        from parsec_cli.api import transport as http

        return http.Request("GET", self.base_url.root).url

    def close(self) -> None:
        self.transport.close()

    def change(
        self, call: Call, change: JsonObject, settle: Callable[[Exchange], Outcome]
    ) -> Outcome:
        """Record a change, send it, judge it by `settle`, and record its outcome.

        `settle` may read the user again. LocalFault: nothing was recorded or sent.
        """
        _ = self._headers  # a missing key is an error before anything is recorded
        attempt = self.deadline.call()
        entry = ""
        with self.interrupts.shield(lambda: attempt.touched):
            try:
                if self.changes is not None:
                    entry = self.changes().begin(change, durable=call.method == "DELETE")
                outcome = settle(self.read(call))
            except Stopped as stop:
                # say whether the change was sent, here and in the history
                word, proposal = "not_applied", _NO_PROPOSAL
                text = f"{stop.message}: nothing was sent, nothing was changed"
                if attempt.touched:
                    word, proposal = "unknown", _after_unknown(call, change)
                    text = f"{stop.message}: outcome unknown, the change was sent to {self.host}"
                self._finish(entry, {"outcome": word, "error": text})
                raise type(stop)(text, hint=proposal[0], command=proposal[1]) from None
            line: JsonObject = {"outcome": "applied", "attempts": outcome.attempts}
            if isinstance(outcome, Applied):
                line |= {"http_status": outcome.http_status, "after": outcome.after}
            else:
                error = outcome.error
                line["outcome"] = "unknown" if isinstance(outcome, Unknown) else "not_applied"
                line |= {"http_status": error.http_status, "error": error.message}
            self._finish(entry, line)
        return outcome

    def _finish(self, entry: str, outcome: JsonObject) -> None:
        if self.changes is None or not entry:
            return
        try:
            self.changes().finish(entry, outcome)
        except LocalFault as fault:
            self.deferred.append(fault)

    def read(self, call: Call) -> Exchange:
        """Send a call that changes nothing."""
        if len(call.path) > _LONGEST_PATH:
            raise UsageFault("an id or a cursor is too long for a URL")
        request_headers = {**call.headers, **self._headers}
        content = None
        if call.body is not None:
            content = call.text.encode() or json.dumps(call.body).encode("ascii")
            request_headers["content-type"] = "application/json"

        def attempt(number: int) -> Attempted:
            started = time.perf_counter()
            attempted = self._attempt(call, content, request_headers)
            if self.log is not None:
                elapsed = (time.perf_counter() - started) * 1000
                self.log(_log_line(call, attempted, number, elapsed))
            return attempted

        return send(call, attempt, self.retry)

    def _attempt(self, call: Call, content: bytes | None, headers: Mapping[str, str]) -> Attempted:
        # the HTTP library takes 110 ms to import, so only a command that sends requests imports it
        from parsec_cli.api import transport as http

        def explain(fault: Exception) -> tuple[NotSentCause, str]:
            return http.explain(fault, None if self.interrupts.drain_at else self.timeout)

        # only the network's transport reports the first byte that it sends
        proxy = self.transport.proxy if isinstance(self.transport, http.NetworkTransport) else None
        url, extensions = self.base_url.root + call.path, {}
        if proxy is not None and re.fullmatch(_UNCHANGED, call.path):
            # httpx takes 0.07 ms to parse a URL
            url, extensions = self._root, {"target": self._root.raw_path + call.path.encode()}
        request = http.Request(
            call.method, url, content=content, headers=headers, extensions=extensions
        )
        self.deadline.begin(self.timeout)
        if proxy is None:
            self.deadline.leave()
        try:
            received = self.transport.handle_request(request)
        except http.FAILURES as fault:
            cause, why = explain(fault)
            if self.deadline.attempt.sent:
                return Lost(why)
            trusted = f"; trusted is {self.trust}" if cause == "certificate" and self.trust else ""
            return NotSent(cause, why + trusted, proxy or "")
        try:
            response = read_response(received, iter(cast("Iterable[bytes]", received.stream)))
        except http.FAILURES as fault:
            why = f"it was cut: {explain(fault)[1]}"
            response = Response(received.status_code, received.headers, unfit=why, cut=True)
        finally:
            received.close()
        if "x-ratelimit-monthly-remaining" in response.headers:
            self.quota = response.headers
        return response


def see_state(customer_id: str) -> Proposal:
    """Propose to look at a user after a change whose outcome is unknown."""
    return "see the current state with", run("users", "get", names=[customer_argument(customer_id)])


def _after_unknown(call: Call, change: JsonObject) -> Proposal:
    """Propose what to do after an interrupted change; not every call is about a known user."""
    customer_id = change["target"]["customer_id"]
    if customer_id is not None:
        return see_state(customer_id)
    if call.kind is Kind.CREATE:
        return SAFE_TO_REPEAT
    return "check the current state before repeating it", None


def _log_line(call: Call, attempted: Attempted, number: int, elapsed: float) -> str:
    """Describe one attempt; `elapsed` is in milliseconds."""
    headers = attempted.headers if isinstance(attempted, Response) else {}
    result = attempted.status if isinstance(attempted, Response) else attempted.reason
    rates = [
        f"{name}={value}"
        for name, value in headers.items()
        if name.startswith("x-ratelimit-") or name in ("retry-after", "x-parsec-tier")
    ]
    line = f"{call.method} {call.path} -> {result} in {elapsed:.0f} ms, attempt {number}"
    return " ".join((line, *rates))
