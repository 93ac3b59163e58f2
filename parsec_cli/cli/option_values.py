"""From the text of an option to its value, strictly: plain digits, known words, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Callable

from parsec_cli.config.settings import FORMATS
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.records import record


def seconds(text: str) -> float:
    """Parse a number of seconds above 0 and up to a day."""
    value = _decimal(text)
    if value is None or not 0 < value <= 86_400:  # noqa: PLR2004
        raise UsageFault(f"`{text}` is not a number of seconds from above 0 to 86400")
    return value


def patience(text: str) -> float:
    """Parse a number of seconds from 0 to a day."""
    value = _decimal(text)
    if value is None or not 0 <= value <= 86_400:  # noqa: PLR2004
        raise UsageFault(f"`{text}` is not a number of seconds from 0 to 86400")
    return value


def rate(text: str) -> str:
    """Check `max` or requests per second above 0; the text is kept as written."""
    value = _decimal(text)
    if text != "max" and (value is None or not 0 < value <= 100_000):  # noqa: PLR2004
        raise UsageFault(f"`{text}` is not a rate", hint="write requests per second, or `max`")
    return text


def _decimal(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else None


@record
class _Whole:
    low: int
    high: int
    what: str

    def __call__(self, text: str | int) -> int:
        text = str(text)
        if re.fullmatch(r"[0-9]{1,19}", text) and self.low <= int(text) <= self.high:
            return int(text)
        negative = re.fullmatch(r"-[0-9]+", text)
        wanted = f"at least {self.low}" if negative else f"a whole number from {self.limits}"
        raise UsageFault(
            f"{self.what} must be {wanted}, not `{text}`",
            hint=f"write it in plain digits, such as {max(self.low, 1)}",
        )

    @property
    def limits(self) -> str:
        return f"{self.low} to {self.high}"


def whole(low: int, high: int, what: str) -> Callable[[str], int]:
    """Make a parser for plain ASCII digits from `low` to `high`; help tells its `limits`."""
    return _Whole(low, high, what)


def glued(text: str) -> str:
    """Take the `=` off that `-o=json` leaves, which other tools allow; no value begins with one."""
    return text.removeprefix("=")


def output_format(text: str) -> str:
    text = glued(text)
    if text not in FORMATS:
        raise unknown("output format", text, FORMATS)
    return text


def field_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise UsageFault("`--fields` holds an empty name", hint="write it like `--fields a,b.c`")
    return names
