"""One call to the API, its response (read within limits), and its other possible results."""

from __future__ import annotations

import enum
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from parsec_cli import exact_json
from parsec_cli.exact_json import MAX_BODY, Unfit
from parsec_cli.models import JsonObject, WrongShape
from parsec_cli.records import record

if TYPE_CHECKING:
    from parsec_cli.api.transport import Received

_LONGEST_TEXT, _LONGEST_CODE = 500, 100  # what is shown of a response
_LONGEST_KEPT, _LONGEST_SNIPPET = 2000, 120  # what is kept and shown of a body that is not JSON
_CHUNK = 64 * 1024
# members that contain an error's text: the API's own first, then those of other servers
_TEXTS = ("error", "message", "detail", "error_description", "title", "errors", "msg", "reason")
_WORD_ENDS = " \t\n\r\"'<>"


class Kind(enum.Enum):
    """What a call does; `retry.py` says how each kind is repeated."""

    READ = "read"
    CREATE = "create"
    ONBOARD = "onboard"
    UPDATE = "update"
    DEACTIVATE = "deactivate"
    OTHER = "other"


@record
class Response:
    """A response. `value` is the parsed JSON; `unfit` is "" or why the body is unusable."""

    status: int
    headers: Mapping[str, str]
    text: str = ""
    value: Any = None
    unfit: str = ""
    empty: bool = False
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def object(self) -> JsonObject:
        """The body if it is an object, else an empty object."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def is_from_api(self) -> bool:
        """True for an error in the API's own shape, which gateways do not use."""
        text = self.object.get("error")
        return isinstance(text, str) and bool(text.strip())

    @property
    def code(self) -> str:
        """The API's own code of an error, such as `not_found`, or ""."""
        code = self.member("code")
        return code if isinstance(code, str) and len(code) <= _LONGEST_CODE else ""

    @property
    def refuses_repeat(self) -> bool:
        """Whether the response says `"retryable": false`, which overrides every rule."""
        return self.member("retryable") is False

    def member(self, name: str) -> Any:
        """Return a member of the body, or of its `error` if that is an object."""
        body = self.object
        inner = body.get("error")
        return inner.get(name) if isinstance(inner, dict) and name not in body else body.get(name)

    @property
    def message(self) -> str:
        """The text about an error: the API's own, or a short piece of the body, or ""."""
        text = self.text if self.unfit else ""
        if "<" in text:  # of an HTML page, only the title is useful
            title = re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL)
            text = title[1] if title else ""
        return _message(self.value) or clip(" ".join(text.split()), _LONGEST_SNIPPET)

    @property
    def is_monthly_quota(self) -> bool:
        """True for a 429 that lasts until the next billing period, in any of its three forms."""
        if self.status != 429:
            return False
        return (
            self.code == "monthly_limit_exceeded"
            or (not self.code and self.value and "monthly" in self.message.lower())
            or quota_spent(self.headers)
        )


Promise = Callable[[Response], str]


def json_promise(check: Callable[[Any], object]) -> Promise:
    """Build a promise of JSON for which `check` does not raise WrongShape."""

    def promise(response: Response) -> str:
        if response.unfit:
            return response.unfit
        try:
            check(response.value)
        except WrongShape as why:
            return str(why)
        return ""

    return promise


@record
class Call:
    """One request to the API: `path` is encoded and starts after `/api/v1`.

    `promise` checks a 2xx response and returns "" or what is wrong with it. `text` is `body` as
    JSON where its exact spelling matters, such as the digits of a number. `is_gone` reads the user
    that a DELETE with this response deactivates: True, False, or None if that remains unknown.
    """

    kind: Kind
    method: str
    path: str
    body: JsonObject | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    promise: Promise = lambda response: response.unfit
    text: str = ""
    is_gone: Callable[[Response], bool | None] | None = None


NotSentCause = Literal["connect", "name", "certificate", "time", "host", "tls", "proxy"]


@record
class NotSent:
    """No byte of the request was sent; `reason` is short plain text.

    `cause` says what was wrong with the certificate: "certificate" (not trusted), "time" (expired
    or not yet valid) or "host" (for another host). "proxy" means that the proxy refused. `proxy` is
    the variable that names the proxy in use, or "".
    """

    cause: NotSentCause
    reason: str
    proxy: str = ""


@record
class Lost:
    """The request was sent, in part or whole, but no response came; `reason` is short text."""

    reason: str


Attempted = Response | NotSent | Lost


@record
class Exchange:
    """The result of one call after all its attempts.

    `doubt`: an attempt before the last may have taken effect. `wait` is the wait in seconds that
    would have been too long, if that ended the call. `broken` says what is wrong with a final 2xx.
    `gone`: a read has shown that the deactivated user no longer exists.
    """

    last: Attempted
    attempts: int
    doubt: bool
    wait: float | None = None
    broken: str = ""
    gone: bool = False

    @property
    def response(self) -> Response | None:
        """The response to the last attempt, if there was one."""
        return self.last if isinstance(self.last, Response) else None

    @property
    def good(self) -> Response | None:
        """The response, if it is a 2xx that fulfils the call's promise."""
        response = self.response
        return response if response is not None and response.ok and not self.broken else None


def quota_spent(headers: Mapping[str, str]) -> bool:
    """Whether headers report no requests left this month; a limit of 0 means no limit."""
    left = headers.get("x-ratelimit-monthly-remaining", "")
    return left.strip() == "0" and headers.get("x-ratelimit-monthly-limit", "").strip() != "0"


def read_response(received: Received, sent_by: Iterator[bytes]) -> Response:
    """Read the body from `sent_by` (raw, maybe compressed chunks) into a Response.

    Raises network errors. A body that exceeds a limit or contradicts its headers is `unfit`.
    """
    status, headers = received.status_code, received.headers
    try:
        body = _collected(sent_by, headers.get("content-encoding", "").strip().lower())
    except Unfit as why:
        return Response(status, headers, unfit=str(why))
    if not body or body.isspace():
        return Response(status, headers, empty=True, unfit="it is empty")
    # one byte more, so that `clip` sees whether the text is longer
    text = clip(body[: _LONGEST_KEPT + 1].decode("utf-8", "replace"), _LONGEST_KEPT)
    try:
        value = exact_json.loads_bounded(body)
    except Unfit as why:
        return Response(status, headers, text=text, unfit=str(why))
    return Response(status, headers, text=text, value=value)


def _collected(chunks: Iterator[bytes], encoding: str) -> bytearray:
    """Join raw, maybe compressed chunks to the decompressed body; Unfit beyond MAX_BODY."""
    body, chunk, packed = bytearray(), b"", encoding not in ("", "identity")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib by its header
    try:
        # a server may name an encoding even for a response without a body
        for chunk in filter(None, chunks):
            if packed and encoding not in ("gzip", "x-gzip", "deflate"):
                raise Unfit("it has a content encoding that was not requested")
            data = chunk
            while data and not inflater.eof:
                body += inflater.decompress(data, _CHUNK) if packed else data
                data = inflater.unconsumed_tail
                if len(body) > MAX_BODY:
                    raise Unfit(f"it is larger than {MAX_BODY // 1024 // 1024} MiB")
        if packed and chunk:
            body += inflater.flush()
    except zlib.error:
        raise Unfit("its compression is broken") from None
    if packed and chunk and not inflater.eof:
        raise Unfit("its compression is broken")
    return body


def _message(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return _message(value[0]) if value else ""
    if isinstance(value, dict):
        for name in _TEXTS:
            if text := _message(value.get(name)):
                return text
    return ""


def clip(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Shorten `text` after a whole word, because half a key would not be recognised as a key.

    A word that fills more than half of it is cut, but before a key.
    """
    if len(text) <= longest:
        return text
    head = text[:longest]
    end = max(head.rfind(mark) for mark in _WORD_ENDS) + 1
    if end <= longest // 2:
        keys = [found.start() for found in re.finditer("[ps]k_", head, re.IGNORECASE)]
        end = max(end, next((at for at in keys if at >= end), longest))
    return f"{head[:end].rstrip()}…"
