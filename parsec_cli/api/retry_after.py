"""How long a server asks to wait: the Retry-After header in every form it comes in."""

from __future__ import annotations

import datetime

SHORTEST_WAIT = 0.1


def retry_after(text: str | None, now: float, date: str | None = None) -> float | None:
    """Read a Retry-After header: seconds to wait, at least 0.1, or None for junk or absence.

    Takes whole and fractional seconds and HTTP dates; what is past or negative means soon. A number
    too long to be meant stays a very long wait, not junk. A date counts from `date`, the answer's
    own Date header, or from `now` in Unix seconds where that is missing: the clock here may be off.
    """
    text = (text or "").strip()
    if not text.isascii():
        return None
    # a proxy may add a header of its own, and httpx joins the two: the longest wait serves both
    waits = text.split(", ")
    if all(wait.removeprefix("-").replace(".", "", 1).isdigit() for wait in waits):
        # the first 18 characters of an absurdly long number say "very long" just as well
        return max(SHORTEST_WAIT, *(float(wait[:18]) for wait in waits))
    until = _moment(text)
    if until is None:
        return None
    told = _moment(date or "")
    return max(SHORTEST_WAIT, until - (now if told is None else told))


def _moment(text: str) -> float | None:
    """Read an HTTP date as Unix seconds."""
    try:
        from email.utils import parsedate_to_datetime

        when = parsedate_to_datetime(text)
        # "-0000" gives a naive time, which is UTC by RFC 5322
        return when.replace(tzinfo=when.tzinfo or datetime.UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
