"""Write JSON with the digits of numbers as a server sent them, such as 1.10, 1e400 or -0."""

from __future__ import annotations

import json
import os
import re
from typing import Any

# stands before the digits in a text that no server can know, until the number replaces the text
_MARK = f"digits {os.urandom(8).hex()} "


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
