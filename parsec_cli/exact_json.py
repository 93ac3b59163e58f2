"""JSON with the digits of numbers as they were sent, such as 1.10, 1e400 or -0."""

from __future__ import annotations

import json
import os
import re
from typing import Any

# stands before the digits in a text that no server can know, until the number replaces the text
_MARK = f"digits {os.urandom(8).hex()} "
_LONGEST_NUMBER = 4300  # as Python's limit for integers


class Digits:
    """A number that Python would write with other digits; compares as the number it is."""

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
    raise TypeError(f"{type(value).__name__} is no part of JSON")


def unmarked(text: str) -> str:
    return re.sub(f'"{_MARK}([^"]*)"', r"\1", text) if _MARK in text else text


def dumps(value: Any, **how: Any) -> str:
    """Do what `json.dumps` does, for values that may contain `Digits`."""
    return unmarked(json.dumps(value, default=marked, **how))


def loads(text: str | bytes) -> Any:
    """Do what `json.loads` does, with `Digits` for numbers that Python would write otherwise."""
    return json.loads(text, parse_float=decimal, parse_int=integer)
