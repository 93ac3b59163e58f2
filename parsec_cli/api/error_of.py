"""From what happened to a call to the error that tells it: host, fault, and the exit code."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from parsec_cli.api.answer import Answer, clip, quota_spent
from parsec_cli.api.call import Call, Exchange, Kind, Lost, NotSent
from parsec_cli.errors import (
    ConnectFailed,
    ForeignNotFound,
    NameNotFound,
    NotABuilder,
    NotFound,
    ParsecError,
    QuotaUsedUp,
    RateLimited,
    Redirected,
    Refused,
    ServerFault,
    TlsFailed,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from parsec_cli.next_command import NextCommand, run

# what a server says is shown, but not at any length
_LONGEST_TEXT, _MOST_LINES, _LONGEST_CODE = 500, 50, 100
_NOT_OURS = r"(?i)not (?:found|owned)|does ?n[o']t (?:belong|exist)"
# the key is no builder's, in the words that the API and its documentation use
_NO_BUILDER = (
    r"(?i)\bnot an? (?:\w+ )?builder|\bbuilders? (?:account|key|tier|plan|only|access|role)|"
    r"\b(?:requires?|needs?|must (?:be|have)|only) (?:an? |for )?(?:\w+ )?builders?\b|"
    r"\bbelong to an? (?:\w+ )?builder"
)
_CREDENTIALS_HINT = "give the user's keys with `--credentials FILE`, or link the exchange with"
_ONBOARD = run("users", "onboard", "--exchange", "EXCHANGE", "--mode", "MODE", names=["USER"])
_SHOW = run("config", "show")
_TIME_HINT = (
    "check the clock of this machine; if it is right, the server's operator must renew the "
    "certificate"
)
_HOST_HINT = "the certificate is for another host; check the base URL with"
_PLACE_HINT = "check the base URL with"
_PATH_HINT = "check the path, and the base URL with"
_LIST_HINT = "list the users with"
_LIST = run("users", "list")
_REFUSED_HINT = "correct what the answer names; `-v` shows the requests, `--help` what can be given"
_BUILDER_HINT = "a builder key may be needed here; see which key is in effect with"


def error_of(exchange: Exchange, call: Call, host: str) -> ParsecError:
    """Tell why the exchange is no success; ask only when `exchange.good` is None."""
    last = exchange.last
    if isinstance(last, NotSent):
        return _not_sent(last, host, doubt=exchange.doubt)
    if isinstance(last, Lost):
        return Unreachable(f"{host}: {last.reason}", retryable=True)
    if exchange.broken:
        return Unreadable(
            f"{host} answered {last.status}, but the answer is not what the API promises: "
            f"{exchange.broken}",
            http_status=last.status,
        )
    return _answered(last, exchange.wait, call, host)


def _not_sent(last: NotSent, host: str, *, doubt: bool) -> ParsecError:
    way = f"{host} by the proxy in {last.proxy}" if last.proxy else host
    text = f"{way}: {last.reason}" + ("" if doubt else "; nothing was sent")
    if last.cause == "certificate":
        return TlsFailed(text)
    if last.cause == "time":
        return TlsFailed(text, hint=_TIME_HINT)
    if last.cause == "host":
        return TlsFailed(text, hint=_HOST_HINT, command=_SHOW)
    # the name and the connection that failed were then the proxy's own
    hint = f"check {last.proxy}, or add the host to NO_PROXY" if last.proxy else ""
    if last.cause == "tls":
        return TlsFailed(text, hint=hint or _PLACE_HINT, command=None if hint else _SHOW)
    if last.cause == "name":
        return NameNotFound(text, hint=hint or _PLACE_HINT, command=None if hint else _SHOW)
    return ConnectFailed(text, hint=hint, retryable=last.cause != "proxy")


def _answered(answer: Answer, wait: float | None, call: Call, host: str) -> ParsecError:
    status = answer.status
    if status == 429:
        return _too_many(answer, wait, host)
    if 300 <= status < 400:
        return _redirected(answer, host)
    if status >= 500 and status != 501:
        fault = _told(ServerFault, answer, host, retryable=not answer.refuses_repeat)
        if wait is not None:
            told = f"{fault.message}; it asks to wait {wait:.1f} s, beyond `--max-wait`"
            hint, command = RateLimited.default_hint
            fault = fault.but(told, retry_after=wait, hint=hint, command=command)
        return fault
    if status == 401:
        return _told(Unauthorized, answer, host)
    if status == 403:
        return _forbidden(answer, call, host)
    if status == 404 and call.kind is Kind.CREATE:
        return _told(Unreadable, answer, host, hint="wrong base URL? see it with", command=_SHOW)
    if status == 404 and not answer.is_from_api:
        return _told(ForeignNotFound, answer, host)
    if status == 404:
        hint, command = (_LIST_HINT, _LIST) if _about_user(call) else (_PATH_HINT, _SHOW)
        return _told(NotFound, answer, host, hint=hint, command=command)
    return _told(Refused, answer, host, hint=_REFUSED_HINT)


def _told(
    kind: type[ParsecError],
    answer: Answer,
    host: str,
    *,
    hint: str = "",
    command: NextCommand | None = None,
    retryable: bool = False,
) -> ParsecError:
    said = f": {_clipped(answer.message)}" if answer.message else ""
    details = [_clipped(line) for line in answer.details[:_MOST_LINES]]
    if len(answer.details) > _MOST_LINES:
        details.append(f"and {len(answer.details) - _MOST_LINES} more")
    return kind(
        f"{host} answered {answer.status}{said}",
        hint=hint,
        command=command,
        details=details,
        api_code=_code(answer),
        http_status=answer.status,
        retryable=retryable,
    )


def _clipped(text: str) -> str:
    return clip(text, _LONGEST_TEXT)


def _code(answer: Answer) -> str:
    return answer.code if len(answer.code) <= _LONGEST_CODE else ""


def _about_user(call: Call) -> bool:
    on_behalf = "x-builder-customer-id" in call.headers
    return on_behalf or call.path.startswith(("/builder/users/", "/builder/onboard"))


def _forbidden(answer: Answer, call: Call, host: str) -> ParsecError:
    """Tell the three 403s apart: not this builder's user, not a builder's key, something else."""
    said = answer.message if answer.value is not None else ""
    about_user = _about_user(call) and re.search(_NOT_OURS, said)
    this_builder = re.search(r"(?i)\b(?:this|your) builder\b", said)
    if re.search(_NO_BUILDER, said) and not (about_user and this_builder):
        return _told(NotABuilder, answer, host)
    if answer.code in ("credentials_required", "authentication_failed"):
        return _told(Refused, answer, host, hint=_CREDENTIALS_HINT, command=_ONBOARD)
    if about_user and answer.is_from_api and answer.code in ("", "forbidden", "not_found"):
        return _told(NotFound, answer, host, hint=_LIST_HINT, command=_LIST)
    about_key = answer.code == "forbidden" or (
        not answer.code and re.search(r"builder|forbidden", said, re.IGNORECASE)
    )
    if answer.is_from_api and call.path.startswith("/builder/") and about_key:
        return _told(NotABuilder, answer, host)
    return _told(Refused, answer, host, hint=_BUILDER_HINT, command=run("doctor"))


def _too_many(answer: Answer, wait: float | None, host: str) -> ParsecError:
    if answer.is_monthly_quota:
        resets = reset_time(answer.headers.get("x-ratelimit-monthly-reset"))
        when = f"it resets at {resets}" if resets else "the reset time was not told"
        return QuotaUsedUp(
            f"{host}: the monthly request quota is used up; {when}",
            api_code=_code(answer),
            http_status=answer.status,
        )
    long = f" beyond `--max-wait`; the next wait would be {wait:.1f} s" if wait is not None else ""
    return RateLimited(
        f"{host}: rate limited{long}",
        api_code=_code(answer),
        http_status=answer.status,
        retryable=not answer.refuses_repeat,
        retry_after=wait,
    )


def quota_used_up(headers: Mapping[str, str]) -> QuotaUsedUp | None:
    """Tell from the headers of an answer, good or bad, that it was the month's last."""
    if not quota_spent(headers):
        return None
    resets = reset_time(headers.get("x-ratelimit-monthly-reset"))
    when = f"; it resets at {resets}" if resets else ""
    return QuotaUsedUp(f"the monthly request quota is used up{when}")


def reset_time(text: str | int | None) -> str:
    """Give a reset header's Unix seconds as an RFC 3339 time, or "" where it holds none."""
    try:
        moment = datetime.datetime.fromtimestamp(int(str(text)), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _redirected(answer: Answer, host: str) -> ParsecError:
    return Redirected(
        f"{host} answered {answer.status} and points to {_target(answer)}; "
        "redirects are not followed",
        http_status=answer.status,
    )


def _target(answer: Answer) -> str:
    """Where a redirect points, without user, query or fragment, which may hold secrets."""
    location = answer.headers.get("location", "").strip()
    if not location:
        return "nowhere"
    try:
        parts = urlsplit(location)
        scheme = f"{parts.scheme}:" if parts.scheme else ""
        place = f"{scheme}//{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    except ValueError:
        return "an invalid address"
    if "\\" in location:
        # browsers end the host there, `urlsplit` does not: neither is to be named for the target
        return "an invalid address"
    path = parts.path if len(parts.path) <= _LONGEST_TEXT else "/…"
    return _clipped(f"{place}{path}") or "itself"
