"""Points in time as people give them and as the history writes them: RFC 3339 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from parsec_cli.errors import UsageFault

_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def rfc3339(seconds: float) -> str:
    """Return Unix seconds as `2026-09-21T14:13:20.000Z`, which sorts as text."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_moment(text: str, now: float) -> str:
    """Take RFC 3339, a date, or an age such as `90m`, `2h`, `3d`; without an offset it is UTC.

    `now` is Unix seconds; the result is as `rfc3339` writes it.
    """
    try:
        age = _AGO.fullmatch(text.strip())
        if age:
            moment = datetime.fromtimestamp(now, UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        else:
            moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return rfc3339(moment.timestamp())
    except (ValueError, OverflowError, OSError):
        raise UsageFault(
            f"`{text}` is no point in time",
            hint="write an age such as 2h or 3d, a date, or a time such as 2026-03-01T08:00:00Z",
        ) from None
