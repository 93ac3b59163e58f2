"""Read one HTTP response within limits: status, headers, and JSON or why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parsec_cli import exact_json
from parsec_cli.api.bodies import Unfit, collect, parse
from parsec_cli.models import JsonObject
from parsec_cli.records import record

if TYPE_CHECKING:
    from parsec_cli.api.transport import Response

_LONGEST_KEPT = 2000
# members that contain an error's text: the API's own first, then those of other servers
_TEXTS = ("error", "message", "detail", "error_description", "title", "errors", "msg", "reason")
_WORD_ENDS = " \t\n\r\"'<>"


@record
class Answer:
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
        code = self._member("code")
        return code if isinstance(code, str) else ""

    @property
    def refuses_repeat(self) -> bool:
        """True for `retryable: false`, which always wins."""
        return self._member("retryable") is False

    def _member(self, name: str) -> Any:
        """Return a member of the body, or of its `error` if that is an object."""
        body = self.object
        inner = body.get("error")
        return inner.get(name) if isinstance(inner, dict) and name not in body else body.get(name)

    @property
    def message(self) -> str:
        """The text about an error: the API's own, or a short piece of the body, or ""."""
        return _message(self.value) or (_snippet(self.text) if self.unfit else "")

    @property
    def details(self) -> tuple[str, ...]:
        lines = self._member("validation_errors")
        if isinstance(lines, dict):
            lines = [f"{name}: {_line(text)}" for name, text in lines.items()]
        elif isinstance(lines, str):
            lines = [lines]
        if not isinstance(lines, list):
            return ()
        return tuple(_line(line) for line in lines)

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


def quota_spent(headers: Mapping[str, str]) -> bool:
    """Tell whether headers report no requests left this month; a limit of 0 means no limit."""
    left = headers.get("x-ratelimit-monthly-remaining", "")
    return left.strip() == "0" and headers.get("x-ratelimit-monthly-limit", "").strip() != "0"


def _line(value: Any) -> str:
    return value if isinstance(value, str) else exact_json.dumps(value)


def read(response: Response, sent_by: Iterator[bytes]) -> Answer:
    """Read the body from `sent_by` (raw, maybe compressed chunks) into an Answer.

    Raises network errors. A body that exceeds a limit or contradicts its headers is `unfit`.
    """
    status, headers = response.status_code, response.headers
    try:
        body = collect(sent_by, headers.get("content-encoding", ""))
    except Unfit as why:
        return Answer(status, headers, unfit=str(why))
    if not body or body.isspace():
        return Answer(status, headers, empty=True, unfit="it is empty")
    # one byte more, so that `clip` sees whether the text is longer
    text = clip(body[: _LONGEST_KEPT + 1].decode("utf-8", "replace"), _LONGEST_KEPT)
    try:
        value = parse(body)
    except Unfit as why:
        return Answer(status, headers, text=text, unfit=str(why))
    return Answer(status, headers, text=text, value=value)


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


def _snippet(text: str, longest: int = 120) -> str:
    """Return a short piece of a body that is not JSON: of an HTML page, only its title."""
    if "<" in text and re.search(r"<\s*(?:!doctype|html|head|body)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL)
        text = title.group(1) if title else ""
    return clip(" ".join(text.split()), longest)


def clip(text: str, longest: int) -> str:
    """Shorten `text` after a whole word, because half a key would not be recognised as one.

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
