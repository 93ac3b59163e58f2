"""Read JSON that an operator wrote. What could be read in two ways is an error."""

from __future__ import annotations

import json
import math
from typing import Any


class UnclearJson(ValueError):
    """Text that some parsers accept as JSON. `name` is the member that stands there twice."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


def loads(text: str) -> Any:
    """Parse one value; raise UnclearJson, or JSONDecodeError with the position of the fault."""
    try:
        return json.loads(
            text, object_pairs_hook=_members, parse_constant=_constant, parse_float=_float
        )
    except (UnclearJson, json.JSONDecodeError):
        raise
    except (ValueError, RecursionError):  # the limit of digits in an integer, or of nesting
        raise UnclearJson("contains a number or a nesting beyond all limits") from None


def reason(fault: ValueError) -> str:
    """Say what is wrong, in words that follow the name of the text; quotes no value."""
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


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnclearJson("contains a number or a nesting beyond all limits")
    return value
