"""Every way in which a command can fail, each with its exit code and its default hint.

    ParsecError                  1    a fault of the tool itself
    ├── LocalFault               1    a file, disk or stream of this machine failed
    ├── UsageFault               2    wrong arguments or local validation: nothing was sent
    ├── NotFound                 3    user not found, or not of this builder
    ├── ForeignNotFound          3    a 404 that is not the API's: the user may well exist
    ├── AmbiguousUser            3
    ├── KeyFault                 4
    │   ├── NoKey                4    no key configured
    │   ├── Unauthorized         4    the API answered 401
    │   └── NotABuilder          4    the key is valid but is not a builder's
    ├── Refused                  5    the API refused: 400, 402, 409, 422, 501, another 403 or 4xx
    ├── RateFault                6
    │   ├── RateLimited          6    rate limited for longer than `--max-wait`
    │   └── QuotaUsedUp          6    the monthly quota is used up
    ├── Unreachable              7    no readable response: nothing was changed, or a read failed
    │   ├── ConnectFailed        7    refused, or connecting timed out: nothing was sent
    │   ├── NameNotFound         7    the host name does not resolve
    │   ├── TlsFailed            7    no TLS, or its certificate is not accepted
    │   ├── Redirected           7    a 3xx, which is never followed
    │   ├── ServerFault          7    5xx
    │   └── Unreadable           7    a response that the API does not promise
    ├── RowsFailed               8    a bulk run ended with failed rows
    ├── ConsentMissing           9    no consent to what cannot be undone
    ├── GuardRefused            10    pool, `--max`, stale plan, foreign key, second run
    ├── OutcomeUnknown          12    a change was sent, but its outcome is unknown
    └── Stopped                       the operator or the system ended the command
        ├── Interrupted        130
        ├── Terminated         143
        └── ReaderLeft         141

Modules raise these where they know the cause; only `main` shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from parsec_cli.next_command import NextCommand, again, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

MAX_DETAILS = 50  # details in one message; a screen or two, and enough to see the pattern


def counted(number: int, noun: str) -> str:
    """Return `1 user`, `2 users`, `1,000 users`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """Return the first `most` lines, and how many more there are."""
    more = len(lines) - most
    return [*lines[:most], f"and {more:,} more"] if more > 0 else list(lines)


def unknown(what: str, text: str, known: Sequence[str]) -> UsageFault:
    """Return the error for a value that is not in a list, with the nearest one that is."""
    from difflib import get_close_matches

    close = get_close_matches(text.lower(), known, 1)
    suggestion = f"; did you mean `{close[0]}`?" if close else ""
    hint = f"use one of {', '.join(known)}" if known else ""
    return UsageFault(f"unknown {what} `{text}`{suggestion}", hint=hint)


class ParsecError(Exception):
    """Base of all; `message` and `hint` are plain text, not yet sanitised for a terminal.

    Immutable, because one error may be shown in several places; `but` makes another error.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "internal_error"
    default_hint: ClassVar[tuple[str, NextCommand | None]] = ("", None)

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        command: NextCommand | None = None,
        details: Sequence[str] = (),
        api_code: str = "",
        http_status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """Store what the error line, the hint and the JSON object show.

        `command` is the command that the hint proposes, shown below its text. `details` are further
        lines, such as the API's `validation_errors`; `api_code` is the API's own machine code,
        which replaces the class's `code`; `retry_after` is in seconds.
        """
        super().__init__(message)
        self.message = message
        self.hint, self.command = (hint, command) if hint else self.default_hint
        self.details = tuple(details)
        self.api_code = api_code
        self.http_status = http_status
        self.retryable = retryable
        self.retry_after = retry_after

    def __setattr__(self, name: str, value: Any) -> None:
        # the interpreter sets the dunders, such as the traceback
        if name in self.__dict__ and not name.startswith("__"):
            raise AttributeError(f"an error is frozen: `{name}` cannot be set")
        super().__setattr__(name, value)

    def but(self, message: str | None = None, **members: Any) -> Self:
        """Return this error with another message or other members; a new hint drops the command."""
        if "hint" in members:
            members.setdefault("command", None)
        kept = {name: value for name, value in self.__dict__.items() if name != "message"}
        return type(self)(self.message if message is None else message, **{**kept, **members})


class LocalFault(ParsecError):
    code = "local_error"


class UsageFault(ParsecError):
    exit_code = 2
    code = "usage"


class NotFound(ParsecError):
    exit_code = 3
    code = "not_found"


class ForeignNotFound(ParsecError):
    exit_code = 3
    code = "not_found"
    default_hint = ("the 404 is not the API's own: check the base URL with", run("config", "show"))


class AmbiguousUser(ParsecError):
    exit_code = 3
    code = "ambiguous_user"


class KeyFault(ParsecError):
    exit_code = 4
    code = "unauthorized"


class NoKey(KeyFault):
    code = "no_key"


class Unauthorized(KeyFault):
    default_hint = ("see which key is in effect with", run("doctor"))


class NotABuilder(KeyFault):
    code = "forbidden"
    default_hint = ("a builder key is needed here; see which key is in effect with", run("doctor"))


class Refused(ParsecError):
    exit_code = 5
    code = "refused"


class RateFault(ParsecError):
    exit_code = 6
    code = "rate_limit_exceeded"


class RateLimited(RateFault):
    default_hint = ("try again later, or allow a longer wait with", again(max_wait="SECONDS"))


class QuotaUsedUp(RateFault):
    code = "monthly_limit_exceeded"
    default_hint = ("see the reset time with", run("usage", "show"))


class Unreachable(ParsecError):
    exit_code = 7
    code = "unreachable"
    default_hint = ("check the connection with", run("doctor"))


class ConnectFailed(Unreachable):
    code = "connect_failed"


class NameNotFound(Unreachable):
    code = "name_not_found"


class TlsFailed(Unreachable):
    code = "tls_failed"
    default_hint = (
        "name the file of a private CA with SSL_CERT_FILE; see what is trusted with",
        run("doctor"),
    )


class Redirected(Unreachable):
    code = "redirected"
    default_hint = ("check the base URL with", run("config", "show"))


class ServerFault(Unreachable):
    code = "server_error"


class Unreadable(Unreachable):
    code = "unreadable_answer"
    default_hint = ("check the base URL with", run("config", "show"))


class RowsFailed(ParsecError):
    exit_code = 8
    code = "rows_failed"


class ConsentMissing(ParsecError):
    exit_code = 9
    code = "consent_missing"


class GuardRefused(ParsecError):
    exit_code = 10
    code = "guard_refused"


class OutcomeUnknown(ParsecError):
    exit_code = 12
    code = "outcome_unknown"


class Stopped(ParsecError):
    exit_code = 130
    code = "interrupted"


class Interrupted(Stopped):
    pass


class Terminated(Stopped):
    exit_code = 143
    code = "terminated"


class ReaderLeft(Stopped):
    """The reader of stdout closed it; a command that only reads then ends silently."""

    exit_code = 141
    code = "reader_left"
