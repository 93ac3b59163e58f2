"""JSON with the digits of numbers as they were sent, such as 1.10 or -0; and strict JSON.

A server's JSON is read by `loads`, an operator's by `loads_strictly`: text that can be read in two
ways is an error there.
"""

from __future__ import annotations

import json
import math
import os
import re
from typing import Any

# begins a text that stands for a number until `unmarked` replaces it; no server can know it
_MARK = f"digits {os.urandom(8).hex()} "
_LONGEST_NUMBER = 4300  # as Python's limit for integers


class Digits:
    """A number that Python would write with other digits; compares as a number."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __float__(self) -> float:
        return float(self.text)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Digits):
            return self.text == other.text
        return isinstance(other, (int, float)) and float(self) == other

    def __hash__(self) -> int:
        return hash(float(self))


def decimal(text: str) -> float | Digits:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number of thousands of digits")
    value = float(text)
    return value if repr(value) == text else Digits(text)


def integer(text: str) -> int | Digits:
    return Digits(text) if text == "-0" else int(text)


def marked(value: Any) -> str:
    """Encode a `Digits` for `unmarked`: the `default` of a JSON encoder."""
    if isinstance(value, Digits):
        return _MARK + value.text
    raise TypeError(f"{type(value).__name__} is not JSON")


def unmarked(text: str) -> str:
    return re.sub(f'"{_MARK}([^"]*)"', r"\1", text) if _MARK in text else text


def dumps(value: Any, **how: Any) -> str:
    """Do what `json.dumps` does, for values that may contain `Digits`."""
    return unmarked(json.dumps(value, default=marked, **how))


def loads(text: str | bytes) -> Any:
    """Do what `json.loads` does, with `Digits` for numbers that Python would write otherwise."""
    return json.loads(text, parse_float=decimal, parse_int=integer)


class UnclearJson(ValueError):
    """Text that only some parsers accept as JSON; `name` is a member that it contains twice."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


_BEYOND_LIMITS = "contains a number or a nesting beyond all limits"


def loads_strictly(text: str) -> Any:
    """Parse one value; raise UnclearJson, or JSONDecodeError with the position of the fault."""
    try:
        return json.loads(
            text, object_pairs_hook=_members, parse_constant=_constant, parse_float=_finite
        )
    except (UnclearJson, json.JSONDecodeError):
        raise
    except (ValueError, RecursionError):  # too many digits in an integer, or too deep
        raise UnclearJson(_BEYOND_LIMITS) from None


def fault_text(fault: ValueError) -> str:
    """Return what is wrong, in words that follow the name of the text; quotes no value."""
    if isinstance(fault, json.JSONDecodeError):
        return f"is not valid JSON: {fault.msg[:1].lower()}{fault.msg[1:]} at column {fault.colno}"
    return str(fault)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise UnclearJson(f"contains `{twice}` twice", twice)
    return record


def _constant(text: str) -> Any:
    raise UnclearJson(f"contains `{text}`, which is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnclearJson(_BEYOND_LIMITS)
    return value
