"""Every way in which a command can fail, each with its exit code and its default hint.

Modules raise these where they know the cause; only `main` shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from parsec_cli.next_command import NextCommand, again, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

Proposal = tuple[str, NextCommand | None]
CHECK_BASE_URL: Proposal = ("check the base URL with", run("config", "show"))
SEE_CHANGES: Proposal = ("see what was changed with", run("history", "list"))
MAX_DETAILS = 50  # details in one message; a screen or two, and enough to see the pattern


def counted(number: int, noun: str) -> str:
    """Return `1 user`, `2 users`, `1,000 users`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """Return the first `most` lines, and how many more there are."""
    more = len(lines) - most
    return [*lines[:most], f"and {more:,} more"] if more > 0 else list(lines)


def unrepeated(message: str) -> str:
    """Return a message without what the outcome beside it says already."""
    return message.removeprefix("outcome unknown; ").removesuffix("; nothing was changed")


# other words for a field
_SAME = dict.fromkeys(("name", "user", "username"), "external_id")


def unknown(what: str, text: str, known: Sequence[str], rare: Sequence[str] = ()) -> UsageFault:
    """Return the error for a value that is not in a list, with the nearest one that is.

    The hint lists the values that are `known`, but not those that are `rare`.
    """
    hint = f"use one of {', '.join(known)}" if known else ""
    suggestion = did_you_mean(text, [*known, *rare])
    return UsageFault(f"unknown {what} `{text}`{suggestion}", hint=hint)


def did_you_mean(text: str, known: Sequence[str], cutoff: float = 0.6) -> str:
    """Return `; did you mean …?` with one or two of the known words, or ""."""
    words = nearest(text, known, cutoff)
    return f"; did you mean {' or '.join(f'`{word}`' for word in words)}?" if words else ""


def nearest(text: str, known: Sequence[str], cutoff: float = 0.6) -> list[str]:
    """Return the known word that was probably meant, or two that contain the text as a part."""
    import re
    from difflib import get_close_matches

    # as a header may be written
    plain = re.sub(r"[\s-]+", "_", text.strip().lower())
    same = [word for word in known if word == _SAME.get(plain)]
    words = {word.lower(): word for word in known}
    close = [words[word] for word in get_close_matches(plain, words, 1, cutoff)]
    parts = [word for word in known if plain in re.split(r"[._-]", word.lower())]
    return same or close or parts[:2]


class ParsecError(Exception):
    """Base of all; `message` and `hint` are plain text, not yet sanitised for a terminal.

    Immutable, because one error may be shown in several places; `but` makes another error.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "internal_error"
    default_hint: ClassVar[Proposal] = ("", None)

    def __init_subclass__(
        cls, *, code: str = "", exit_code: int = 0, hint: Proposal | None = None
    ) -> None:
        """Set what the class does not inherit."""
        cls.code, cls.exit_code = code or cls.code, exit_code or cls.exit_code
        cls.default_hint = hint or cls.default_hint

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


class LocalFault(ParsecError, code="local_error"):
    """A file, disk or stream of this machine failed."""


class UsageFault(ParsecError, code="usage", exit_code=2):
    """Wrong arguments, or values that this machine refuses: nothing was sent."""


class NotFound(ParsecError, code="not_found", exit_code=3):
    """The user is not found, or is not this builder's."""


class ForeignNotFound(
    ParsecError,
    code="not_found",
    exit_code=3,
    hint=("the 404 is not the API's own: check the base URL with", run("config", "show")),
):
    """A 404 that is not the API's: the user may well exist."""


class AmbiguousUser(ParsecError, code="ambiguous_user", exit_code=3):
    """Several users match."""


class KeyFault(ParsecError, code="unauthorized", exit_code=4):
    """There is no usable key."""


class NoKey(KeyFault, code="no_key"):
    """No key is configured."""


class Unauthorized(KeyFault, hint=("see which key is in effect with", run("doctor"))):
    """The API responded with 401."""


class NotABuilder(
    KeyFault,
    code="forbidden",
    hint=("a builder key is needed here; see which key is in effect with", run("doctor")),
):
    """The key is valid, but is not a builder's."""


class Refused(ParsecError, code="refused", exit_code=5):
    """The API refused: 400, 402, 409, 422, 501, another 403 or 4xx."""


class RateFault(ParsecError, code="rate_limit_exceeded", exit_code=6):
    """The API allows no more requests for now."""


class RateLimited(
    RateFault,
    hint=("try again later, or allow a longer wait with", again(max_wait="SECONDS")),
):
    """Rate limited for longer than `--max-wait`."""


class QuotaUsedUp(RateFault, code="monthly_limit_exceeded"):
    """The monthly quota is used up."""


class Unreachable(
    ParsecError,
    code="unreachable",
    exit_code=7,
    hint=("check the connection with", run("doctor")),
):
    """No readable response: nothing was changed, or a read failed."""


class ConnectFailed(Unreachable, code="connect_failed"):
    """The connection was refused or took too long: nothing was sent."""


class NameNotFound(Unreachable, code="name_not_found"):
    """The host name does not resolve."""


class TlsFailed(
    Unreachable,
    code="tls_failed",
    hint=(
        "name the file of a private CA with SSL_CERT_FILE; see what is trusted with",
        run("doctor"),
    ),
):
    """No TLS, or a certificate that is not accepted."""


class Redirected(Unreachable, code="redirected", hint=CHECK_BASE_URL):
    """A 3xx, which is never followed."""


class ServerFault(Unreachable, code="server_error"):
    """A 5xx."""


class Unreadable(Unreachable, code="unreadable_answer", hint=CHECK_BASE_URL):
    """A response that the API does not promise."""


class RowsFailed(ParsecError, code="rows_failed", exit_code=8):
    """A bulk run ended with failed rows."""


class ConsentMissing(ParsecError, code="consent_missing", exit_code=9):
    """There is no consent to what cannot be undone."""


class GuardRefused(ParsecError, code="guard_refused", exit_code=10):
    """Refused for safety: pool, `--max`, outdated plan, another key, second run."""


class OddIds(GuardRefused):
    """Ids of a file look like a mistake."""


class OutcomeUnknown(ParsecError, code="outcome_unknown", exit_code=12):
    """A change was sent, but its outcome is unknown."""


class Stopped(ParsecError, code="interrupted", exit_code=130):
    """The operator or the system ended the command."""


class Interrupted(Stopped):
    """Ctrl-C."""


class Terminated(Stopped, code="terminated", exit_code=143):
    """SIGTERM, or SIGHUP."""


class ReaderLeft(Stopped, code="reader_left", exit_code=141):
    """The reader of stdout closed it; a command that only reads then ends silently."""
