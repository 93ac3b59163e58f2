"""Choose the error for a call that failed: its class gives the exit code, its text the reason."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from parsec_cli import errors, exact_json
from parsec_cli.api.call import Call, Exchange, Kind, Lost, NotSent, Response, clip, quota_spent
from parsec_cli.api.live_rates import LiveRates
from parsec_cli.models import customer_argument
from parsec_cli.next_command import run

# words of the API and its documentation for a key that does not belong to a builder
_NO_BUILDER = (
    r"\bnot an? (?:\w+ )?builder|\bbuilders?[ -](?:account|key|tier|plan|only|access|role)|"
    r"\b(?:requires?|needs?|must (?:be|have)|only|belong to) (?:an? |for )?(?:\w+ )?builders?\b|"
    r"\bfor builders\b"
)
_LIST = ("list the users with", run("users", "list"))
_PATH = ("check the path, and the base URL with", run("config", "show"))
_BUILDER = ("a builder key may be needed; see which key is in effect with", run("doctor"))
_USAGE = "/usage"
_RESET = ("see the reset time with", run("usage", "show"))
_CLOCK_HINT = (
    "check the clock of this machine; if it is right, the server's operator must renew the "
    "certificate"
)
_REFUSED_HINT = "correct what the response names; `-v` shows the requests and `--help` the options"


def give_or_link(customer_id: str | None, exchange: str = "EXCHANGE") -> errors.Proposal:
    """Propose what to do about missing credentials, for the user and exchange that are known."""
    user = "USER" if customer_id is None else customer_argument(customer_id)
    return (
        "give the user's keys with `--credentials FILE`, or link the exchange with",
        run("users", "onboard", "--exchange", exchange, "--mode", "MODE", names=[user]),
    )


def error_of(exchange: Exchange, call: Call, host: str) -> errors.ParsecError:
    """Return the error for an exchange whose `good` is None."""
    last = exchange.last
    if isinstance(last, NotSent):
        return _not_sent(last, host, doubt=exchange.doubt)
    if isinstance(last, Lost):
        return errors.Unreachable(f"{host}: {last.reason}", retryable=True)
    if exchange.broken:
        return errors.Unreadable(
            f"{host} responded with {last.status}, but not as the API promises: {exchange.broken}",
            http_status=last.status,
        )
    return _of_status(last, exchange.wait, call, host)


def _not_sent(last: NotSent, host: str, *, doubt: bool) -> errors.ParsecError:
    way = f"{host} via the proxy in {last.proxy}" if last.proxy else host
    text = f"{way}: {last.reason}" + ("" if doubt else "; nothing was sent")
    hint, command = errors.CHECK_BASE_URL
    if last.cause == "certificate":
        return errors.TlsFailed(text)
    if last.cause == "time":
        return errors.TlsFailed(text, hint=_CLOCK_HINT)
    if last.cause == "host":
        why = "the certificate is for another host"
        return errors.TlsFailed(text, hint=f"{why}; {hint}", command=command)
    if last.proxy:
        # the name and the connection that failed were the proxy's own
        hint, command = f"check {last.proxy}, or add the host to NO_PROXY", None
    if last.cause in ("tls", "name"):
        kind = errors.TlsFailed if last.cause == "tls" else errors.NameNotFound
        return kind(text, hint=hint, command=command)
    hint = hint if last.proxy else ""
    return errors.ConnectFailed(text, hint=hint, retryable=last.cause != "proxy")


def _of_status(response: Response, wait: float | None, call: Call, host: str) -> errors.ParsecError:
    status, retryable = response.status, not response.refuses_repeat
    too_long = "" if wait is None else f" wait of {wait:.1f} s would exceed `--max-wait`"
    if response.is_monthly_quota:
        text = f"{host}: {_used_up(response.headers)}"
        known = reset_time(response.headers.get("x-ratelimit-monthly-reset"))
        hint, command = ("", None) if known or call.path == _USAGE else _RESET
        code = response.code
        return errors.QuotaUsedUp(
            text, hint=hint, command=command, api_code=code, http_status=status
        )
    if status == 429:
        return errors.RateLimited(
            f"{host}: rate limited" + (too_long and f"; the next{too_long}"),
            details=[f"this second: {rates}"]
            if (rates := LiveRates.parse(response.headers).text)
            else [],
            api_code=response.code,
            http_status=status,
            retryable=retryable,
            retry_after=wait,
        )
    if 300 <= status < 400:
        return errors.Redirected(
            f"{host} responded with {status} and points to {_target(response)}; "
            "redirects are not followed",
            http_status=status,
        )
    if status >= 500 and status != 501:
        fault = _error(errors.ServerFault, response, host, retryable=retryable)
        if wait is None:
            return fault
        hint, command = errors.RateLimited.default_hint
        text = f"{fault.message}; its{too_long}"
        return fault.but(text, retry_after=wait, hint=hint, command=command)
    if status == 401:
        return _error(errors.Unauthorized, response, host)
    if status == 403:
        return _forbidden(response, call, host)
    if status == 404:
        return _not_found(response, call, host)
    return _error(errors.Refused, response, host, (_REFUSED_HINT, None))


def _error(
    kind: type[errors.ParsecError],
    response: Response,
    host: str,
    proposal: errors.Proposal = ("", None),
    *,
    retryable: bool = False,
) -> errors.ParsecError:
    """Build an error with what the response says."""
    text = f": {clip(response.message)}" if response.message else ""
    return kind(
        f"{host} responded with {response.status}{text}",
        hint=proposal[0],
        command=proposal[1],
        details=[clip(line) for line in errors.shortened(details_of(response), errors.MAX_DETAILS)],
        api_code=response.code,
        http_status=response.status,
        retryable=retryable,
    )


def details_of(response: Response) -> list[str]:
    """Return the `validation_errors` of a response as lines, whatever their shape."""
    lines = response.member("validation_errors")
    lines = lines if isinstance(lines, list) else [] if lines is None else [lines]
    return [line if isinstance(line, str) else exact_json.dumps(line) for line in lines]


def _about_user(call: Call) -> bool:
    on_behalf = "x-builder-customer-id" in call.headers
    return on_behalf or call.path.startswith(("/builder/users/", "/builder/onboard"))


def _not_found(response: Response, call: Call, host: str) -> errors.ParsecError:
    """Judge a 404: only the API's own one says that a user, or a path, does not exist."""
    if call.kind is Kind.CREATE:
        return _error(errors.Unreadable, response, host, errors.CHECK_BASE_URL)
    if not response.is_from_api:
        return _error(errors.ForeignNotFound, response, host)
    return _error(errors.NotFound, response, host, _LIST if _about_user(call) else _PATH)


def _forbidden(response: Response, call: Call, host: str) -> errors.ParsecError:
    """Judge a 403: another builder's user, not a builder's key, or something else."""
    text = response.message.lower() if response.value is not None else ""
    about_key = bool(re.search(_NO_BUILDER, text))
    if re.search(r"not (?:found|owned)|does ?n[o']t (?:belong|exist)", text) and _about_user(call):
        about_key = about_key and not re.search(r"\b(?:this|your) builder\b", text)
        # with any other code, the text must name a user, not credentials
        about_user = response.code in ("", "forbidden", "not_found") or (
            re.search(r"\b(?:user|customer)\b", text)
            and not re.search(r"credential|wallet|\bkeys?\b", text)
        )
        if about_user and not about_key and response.is_from_api:
            return _error(errors.NotFound, response, host, _LIST)
    if about_key:
        return _error(errors.NotABuilder, response, host)
    if response.code in ("credentials_required", "authentication_failed"):
        user = call.headers.get("x-builder-customer-id")
        named = re.search(r"[?&]exchange=(\w+)", call.path)
        proposal = give_or_link(user, named[1] if named else "EXCHANGE")
        return _error(errors.Refused, response, host, proposal)
    forbids = response.code == "forbidden" or (not response.code and "forbidden" in text)
    if forbids and response.is_from_api and call.path.startswith("/builder/"):
        return _error(errors.NotABuilder, response, host)
    return _error(errors.Refused, response, host, _BUILDER)


def quota_used_up(headers: Mapping[str, str]) -> errors.QuotaUsedUp | None:
    """Return an error if the headers of a response say that it was the month's last one."""
    return errors.QuotaUsedUp(_used_up(headers)) if quota_spent(headers) else None


def _used_up(headers: Mapping[str, str]) -> str:
    from parsec_cli.cells import time_text

    resets = time_text(reset_time(headers.get("x-ratelimit-monthly-reset")))
    when = f"it resets at {resets}" if resets else "the API does not report when it resets"
    return f"the monthly request quota is used up; {when}"


def reset_time(text: str | int | None) -> str:
    """Convert a reset header's Unix seconds to an RFC 3339 time; "" for anything else."""
    try:
        moment = datetime.datetime.fromtimestamp(int(str(text)), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _target(response: Response) -> str:
    """Return the target of a redirect without user, query or fragment, which may be secret."""
    location = response.headers.get("location", "").strip()
    if not location:
        return "nowhere"
    try:
        parts = urlsplit(location)
    except ValueError:
        return "an invalid address"
    if "\\" in location:
        # browsers end the host there, `urlsplit` does not
        return "an invalid address"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return clip(bare.geturl()) or "itself"
