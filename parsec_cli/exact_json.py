"""JSON with the digits of numbers as they were sent, such as 1.10 or -0.

A server's JSON is read by `loads_bounded`, within limits of size, values and depth; an operator's
by `loads_strictly`, where text that can be read in two ways is an error; this tool's by `loads`.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# marks a text that stands for a number until `unmarked` removes it; no server can guess it
_MARK = os.urandom(8).hex()
_LONGEST_NUMBER = 4300  # as Python's limit for integers
MAX_BODY = 16 * 1024 * 1024
MAX_DEPTH = 64
# strings, separators, brackets, and the point or exponent of a number, whose digits are kept: each
# may cost a hundred bytes once it is parsed
MAX_TOKENS = 250_000
MAX_STRING = 1024 * 1024
# bytes that the text of a body may take in memory, or once it is shown with its escapes
MAX_TEXT = 2 * MAX_BODY
# such a token; the end may cut off a string; possessive, so that no body makes it slow
_TOKEN = rb'(?s)"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|[:,.]|(?<=\d)[eE]'
_TOKENS = (b"[", b"{", b":", b",", b'"', b".", b"e", b"E")
_WIDE = rb"[\xf0-\xf4]|\\u[dD][89abAB]"  # one such character quadruples the text around it
_ESCAPED = bytes(range(0x7F, 0x100))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")  # the parser finds brackets of different kinds
_NOT_BRACKETS = bytes(b for b in range(256) if b not in b"[]{}")


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


def _decimal(text: str) -> float | Digits:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number of thousands of digits")
    value = float(text)
    return value if repr(value) == text else Digits(text)


def _integer(text: str) -> int | Digits:
    return Digits(text) if text == "-0" else int(text)


def marked(value: Any) -> str:
    """Encode a `Digits` for `unmarked`: the `default` of a JSON encoder."""
    if isinstance(value, Digits):
        return f"{_MARK}{value.text}{_MARK}"
    raise TypeError(f"{type(value).__name__} is not JSON")


def unmarked(text: str) -> str:
    return text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")  # in far less memory than `re`


def dumps(value: Any, **how: Any) -> str:
    """Do what `json.dumps` does, for values that may contain `Digits`."""
    return unmarked(json.dumps(value, default=marked, **how))


def loads(text: str | bytes) -> Any:
    """Parse one value, with `Digits` for numbers that Python would write otherwise.

    Raises ValueError, also for `NaN` and the like, or RecursionError.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    return (_WITH_MINUS if "-0" in text else _DECODER).decode(text)


def load_line(line: bytes, kinds: Mapping[str, type] = MappingProxyType({})) -> Any:
    """Return the object in a line of this tool's own files, or None if the line is damaged.

    A member that `kinds` names has that type, or is null; a whole number is not negative.
    """
    try:
        found = loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    for name, kind in kinds.items():
        value = found.get(name)
        if value is not None and (
            type(value) is not kind or (isinstance(value, int) and value < 0)
        ):
            return None
    return found


def is_unicode(text: str) -> bool:
    """Whether `text` can be encoded; JSON may contain halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class UnclearJson(ValueError):
    """Text that only some parsers accept as JSON."""


_BEYOND_LIMITS = "contains too long a number, or is nested too deeply"


def loads_strictly(text: str) -> Any:
    """Parse one value; raise UnclearJson, or JSONDecodeError with the position of the fault."""
    try:
        return STRICT.decode(text)
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
        raise UnclearJson(f"contains `{twice}` twice")
    return record


def _constant(text: str) -> Any:
    raise UnclearJson(f"contains `{text}`, which is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnclearJson(_BEYOND_LIMITS)
    return value


# its faults are UnclearJson, JSONDecodeError, or a plain ValueError or RecursionError
STRICT = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_finite)


class Unfit(Exception):
    """A body that cannot be used; the text says why, but quotes nothing from it."""


def loads_bounded(body: bytes | bytearray) -> Any:
    """Parse JSON text (UTF-8, a BOM allowed) with the digits of numbers; anything else is Unfit.

    A bytearray is emptied.
    """
    try:
        # a token takes a byte at least; to count them all at once is fast
        may_be_much = len(body) > MAX_TOKENS and sum(map(body.count, _TOKENS)) > MAX_TOKENS
        if may_be_much or len(body) > MAX_STRING or _may_be_deep(body):
            _check_tokens(body)
        _check_text(body)
        text = body.decode("utf-8-sig")
        if isinstance(body, bytearray):
            body.clear()  # before the parser needs the memory
        return (_WITH_MINUS if "-0" in text else _DECODER).decode(text)
    except UnicodeDecodeError:
        raise Unfit("it is not UTF-8 text") from None
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    except ValueError as fault:
        # json's own errors quote no content but a position; an integer beyond Python's limit of
        # 4,300 digits is a plain ValueError
        what = "JSON" if isinstance(fault, json.JSONDecodeError) else "JSON with usable numbers"
        raise Unfit(f"it is not {what}") from None


def _check_text(body: bytes | bytearray) -> None:
    """Raise Unfit when the text of a body takes too much memory."""
    size = len(body)
    if size * 6 <= MAX_TEXT:
        return
    if re.search(_WIDE, body):
        size *= 4
    else:
        escaped = size - len(body.translate(None, _ESCAPED))
        size += 2 * escaped + 3 * body.count(b"\x7f")  # \u00e9 for two bytes, \u007f for one
    if size > MAX_TEXT:
        raise Unfit("its text takes too much memory")


def _may_be_deep(body: bytes | bytearray) -> bool:
    """Remove innermost pairs of brackets, at C speed; False means a depth of at most MAX_DEPTH.

    Brackets inside strings count as well, so only the exact count can confirm a True.
    """
    brackets = body.translate(_ONE_KIND, _NOT_BRACKETS)
    for peeled in range(MAX_DEPTH):
        rest = brackets.replace(b"[]", b"")
        if len(rest) == len(brackets):
            return peeled + len(rest) > MAX_DEPTH
        brackets = rest
    return bool(brackets)


def _check_tokens(body: bytes | bytearray) -> None:
    """Raise Unfit for too many tokens, a huge string, or brackets that nest too deeply."""
    depth = 0
    for number, token in enumerate(re.finditer(_TOKEN, body)):
        start, end = token.span()
        first = body[start]
        if number >= MAX_TOKENS:
            raise Unfit("it contains too many values")
        if end - start > MAX_STRING:
            raise Unfit("it contains a text of more than 1 MiB")
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unfit("it is nested too deeply")
        elif first in b"]}":
            depth -= 1


_DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_decimal)
# a separate decoder, because a call for each integer takes time
_WITH_MINUS = json.JSONDecoder(parse_constant=_constant, parse_float=_decimal, parse_int=_integer)
