"""The seam between the tool and a server: one origin, one key, limits, log and history.

Every request of every command passes here, so no command can forget the deadline, send the key
elsewhere, follow a redirect, or leave a change out of the history.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import quote, urlencode

from parsec_cli import __version__
from parsec_cli.api import answer as answers
from parsec_cli.api.answer import Answer
from parsec_cli.api.call import Attempted, Call, Exchange, Lost, NotSent
from parsec_cli.api.deadline import Deadline
from parsec_cli.api.log_line import described, log_line
from parsec_cli.api.retry import Budget, Patience, send
from parsec_cli.base_url import BaseUrl
from parsec_cli.errors import LocalFault, Stopped, UsageFault
from parsec_cli.interrupts import Interrupts
from parsec_cli.models import JsonObject, Secret
from parsec_cli.outcomes import Outcome
from parsec_cli.records import record

if TYPE_CHECKING:
    from parsec_cli.api.transport import Transport

# most servers refuse a request line of more than 8 KiB, and httpx a URL of more than 64
_LONGEST_PATH = 32 * 1024
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "connection": "keep-alive",
    "user-agent": f"parsec-cli/{__version__}",
}


def segment(text: str) -> str:
    """Encode one path segment; what a URL cannot carry as one segment is a UsageFault."""
    if not text or text in (".", ".."):
        raise UsageFault("an id must not be empty, `.` or `..`")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise UsageFault("an id must be valid Unicode text") from None


def with_query(path: str, query: Mapping[str, str | int | None]) -> str:
    """Append the members of `query` that are not None, encoded; UsageFault for broken Unicode."""
    pairs = [(name, value) for name, value in query.items() if value is not None]
    try:
        return f"{path}?{urlencode(pairs, quote_via=quote)}" if pairs else path
    except UnicodeEncodeError:
        raise UsageFault("the query must be valid Unicode text") from None


@record
class Change:
    """What the history keeps of a change, besides its outcome; no secrets.

    `before` is the user's record as last read, `after` what is asked for.
    """

    command: str
    customer_id: str | None = None
    external_id: str | None = None
    before: JsonObject | None = None
    after: JsonObject | None = None
    reason: str = ""


class ChangeLog(Protocol):
    """Where changes are written down: `begin` before the first sending, `finish` after."""

    def begin(self, change: JsonObject, *, durable: bool = False) -> str: ...

    def finish(self, entry: str, outcome: JsonObject) -> None: ...


class Client:
    """Sends calls to one Parsec API host.

    `key` is asked for at the first request. `timeout` is the whole time in seconds that one
    request may take. `trust` says which certificates are trusted, for errors about them. `log`
    gets one line per attempt.
    """

    def __init__(
        self,
        base_url: BaseUrl,
        key: Callable[[], Secret],
        transport: Transport,
        *,
        deadline: Deadline | None = None,
        timeout: float = 30.0,
        trust: str = "",
        patience: Patience | None = None,
        changes: Callable[[], ChangeLog] | None = None,
        interrupts: Interrupts | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.base_url = base_url
        self.timeout = timeout
        self.patience = patience or Patience(Budget())
        self.deferred: list[LocalFault] = []
        self.quota: Mapping[str, str] = {}
        self._key = key
        self._trust = trust
        self._deadline = deadline or Deadline()
        # the HTTP library takes 110 ms to import, so only what sends a request pays for it
        from parsec_cli.api import transport as http

        self._http = http
        # a transport that is not the network's own cannot tell when something has left
        self._in_process = not isinstance(transport, http.NetworkTransport)
        self._proxy = transport.proxy if isinstance(transport, http.NetworkTransport) else ""
        self._changes = changes
        self._interrupts = interrupts or Interrupts()
        self._log = log
        # the transport is used without an httpx.Client: cookies, redirects and merged URLs are a
        # third of its time, and nothing that this tool wants
        self._transport = transport
        self._headers: dict[str, str] = {}

    @property
    def host(self) -> str:
        return self.base_url.display

    def close(self) -> None:
        self._transport.close()

    def read(self, call: Call) -> Exchange:
        """Send a call that changes nothing."""
        return self._send(call)

    def change(self, call: Call, change: Change, settle: Callable[[Exchange], Outcome]) -> Outcome:
        """Send a change: written down first, then sent, then judged by `settle`, then closed.

        `settle` may read the user again to learn what became of it. LocalFault when the change
        cannot be written down: then nothing was sent.
        """
        self._authorised()  # a missing key is told before anything is written down
        state = self._deadline.call()
        entry = self._begin(call, change)
        with self._interrupts.shield(lambda: state.touched):
            try:
                outcome = settle(self._send(call))
            except Stopped as stop:
                raise self._stopped(stop, entry, touched=state.touched) from None
            self._finish(entry, outcome)
        return outcome

    def _stopped(self, stop: Stopped, entry: str, *, touched: bool) -> Stopped:
        """Tell what a signal left behind: nothing, or a change whose fate is not known."""
        if touched:
            told = f"{stop.message}: outcome unknown, the change was sent to {self.host}"
            hint = "read what was to be changed before sending it again"
        else:
            told, hint = f"{stop.message}: nothing was sent, nothing was changed", ""
        fault = type(stop)(told, hint=hint)
        self._write_down(entry, {"outcome": "unknown" if touched else "not_applied", "error": told})
        return fault

    def _begin(self, call: Call, change: Change) -> str:
        if self._changes is None:
            return ""
        line: JsonObject = {
            "command": change.command,
            "target": {"customer_id": change.customer_id, "external_id": change.external_id},
            "before": change.before,
            "after": change.after,
            "reason": change.reason or None,
        }
        return self._changes().begin(line, durable=call.method == "DELETE")

    def _finish(self, entry: str, outcome: Outcome) -> None:
        self._write_down(entry, described(outcome))

    def _write_down(self, entry: str, outcome: JsonObject) -> None:
        if self._changes is None:
            return
        try:
            self._changes().finish(entry, outcome)
        except LocalFault as fault:
            # the effect stands; it is told first, and this after it
            self.deferred.append(fault)

    def _authorised(self) -> dict[str, str]:
        if not self._headers:
            self._headers = {**_HEADERS, "x-api-key": self._key().reveal()}
        return self._headers

    def _send(self, call: Call) -> Exchange:
        if len(call.path) > _LONGEST_PATH:
            raise UsageFault("an id or a cursor is too long for a URL")
        request_headers = {**call.headers, **self._authorised()}
        content = None
        if call.body is not None:
            content = call.text.encode() or json.dumps(call.body).encode("ascii")
            request_headers["content-type"] = "application/json"

        def attempt(number: int) -> Attempted:
            started = time.perf_counter()
            attempted = self._attempt(call, content, request_headers)
            if self._log is not None:
                elapsed = (time.perf_counter() - started) * 1000
                self._log(log_line(call, attempted, number, elapsed))
            return attempted

        return send(call, attempt, self.patience)

    def _attempt(self, call: Call, content: bytes | None, headers: Mapping[str, str]) -> Attempted:
        url = self.base_url.root + call.path
        request = self._http.request(call.method, url, headers, content, self.timeout)
        self._deadline.begin(self.timeout)
        if self._in_process:
            self._deadline.leave()
        try:
            response = self._transport.handle_request(request)
        except self._http.FAILURES as fault:
            return self._failed(fault)
        try:
            answer = answers.read(response, iter(cast("Iterable[bytes]", response.stream)))
        except self._http.FAILURES as fault:
            why = f"it was cut: {self._reason(fault)}"
            answer = Answer(response.status_code, response.headers, unfit=why, cut=True)
        finally:
            response.close()
        if "x-ratelimit-monthly-remaining" in answer.headers:
            self.quota = answer.headers
        return answer

    def _reason(self, fault: Exception) -> str:
        from parsec_cli.api.network_errors import reason

        return reason(fault, None if self._interrupts.drain_at else self.timeout)

    def _failed(self, fault: Exception) -> NotSent | Lost:
        why = self._reason(fault)
        if self._deadline.sent:
            return Lost(why)
        from parsec_cli.api.network_errors import not_sent_cause

        cause = not_sent_cause(fault)
        if cause == "certificate" and self._trust:
            why = f"{why}; trusted is {self._trust}"
        return NotSent(cause, why, self._proxy)
