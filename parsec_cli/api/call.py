"""One call to the API and all that happened to it: facts, no judgement."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Literal

from parsec_cli.api.answer import Answer
from parsec_cli.models import JsonObject, WrongShape
from parsec_cli.records import record


class Kind(enum.Enum):
    """What a call does, as far as repeating it is concerned; the table is `retry.RULES`."""

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

    `promise` checks a 2xx answer and returns "" or what is wrong with it. `text` is `body` as JSON
    where its exact spelling matters, such as the digits of a number. `is_gone` reads the user that
    a DELETE deactivates: True, False, or None when the read does not answer that.
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
    """No byte of the request left; `reason` is short plain text.

    A `cause` of "certificate" is one that is not trusted, "time" one that is expired or not yet
    valid, "host" one for another host.

    `proxy` is the variable that names the proxy on the way, "" where the way was straight. A
    `cause` of "proxy" is its refusal, which waiting does not cure.
    """

    cause: NotSentCause
    reason: str
    proxy: str = ""


@record
class Lost:
    """The request left, in part or whole, and no whole answer came; `reason` is short text."""

    reason: str


Attempted = Answer | NotSent | Lost


@record
class Exchange:
    """All that happened to one call.

    `doubt`: an attempt before the last may have taken effect. `wait` is the wait in seconds that
    would have been too long, where that ended it. `broken` is what a final 2xx lacks. `gone`: a
    read has shown that the deactivated user no longer exists.
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
        """The answer, when it is a 2xx that holds what was promised."""
        answer = self.answer
        return answer if answer is not None and answer.ok and not self.broken else None
