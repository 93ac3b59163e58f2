"""One call to the API, and what happened to each of its attempts."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Literal

from parsec_cli.api.answer import Answer
from parsec_cli.models import JsonObject, WrongShape
from parsec_cli.records import record


class Kind(enum.Enum):
    """What a call does; `retry.RULES` says how each kind is repeated."""

    READ = "read"
    CREATE = "create"
    ONBOARD = "onboard"
    UPDATE = "update"
    DEACTIVATE = "deactivate"
    OTHER = "other"


_NO_HEADERS: Mapping[str, str] = {}
Promise = Callable[[Answer], str]


def json_promise(check: Callable[[Any], object]) -> Promise:
    """Promise JSON that `check` accepts; it raises WrongShape with what is wrong."""

    def promise(answer: Answer) -> str:
        if answer.unfit:
            return answer.unfit
        try:
            check(answer.value)
        except WrongShape as why:
            return str(why)
        return ""

    return promise


@record
class Call:
    """One request to the API: `path` is encoded and starts after `/api/v1`.

    `promise` checks a 2xx response and returns "" or what is wrong with it. `text` is `body` as
    JSON where its exact spelling matters, such as the digits of a number. `is_gone` reads the user
    that a DELETE deactivates: True, False, or None when the read fails.
    """

    kind: Kind
    method: str
    path: str
    body: JsonObject | None = None
    headers: Mapping[str, str] = _NO_HEADERS
    promise: Promise = lambda answer: answer.unfit
    text: str = ""
    is_gone: Callable[[], bool | None] | None = None


NotSentCause = Literal["connect", "name", "certificate", "time", "host", "tls", "proxy"]


@record
class NotSent:
    """No byte of the request was sent; `reason` is short plain text.

    A `cause` of "certificate" means one that is not trusted, "time" one that is expired or not
    yet valid, "host" one for another host, and "proxy" that the proxy refused. `proxy` is the
    variable that names the proxy in use, or "".
    """

    cause: NotSentCause
    reason: str
    proxy: str = ""


@record
class Lost:
    """The request was sent, in part or whole, but no response came; `reason` is short text."""

    reason: str


Attempted = Answer | NotSent | Lost


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
    def answer(self) -> Answer | None:
        return self.last if isinstance(self.last, Answer) else None

    @property
    def good(self) -> Answer | None:
        """The response, if it is a 2xx that fulfils the call's promise."""
        answer = self.answer
        return answer if answer is not None and answer.ok and not self.broken else None
