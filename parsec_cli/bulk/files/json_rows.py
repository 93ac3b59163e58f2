"""Read the records of an operator's JSON or JSON Lines, one at a time; knows no columns."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from io import TextIOBase
from typing import Any

from parsec_cli import exact_json
from parsec_cli.bulk.files.csv_rows import Faults, Source, normal
from parsec_cli.errors import counted
from parsec_cli.models import JsonObject

# row, record, and whether this tool exported it, perhaps with fields that the server added
Numbered = tuple[int, JsonObject, bool]
# an object or an array of something, not an id such as `[prod]`
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\"\]])")
_CHUNK = 1 << 16
_LONGEST = 60  # characters of a value in a message
_EXPONENT = len("e+")
_BLANKS = re.compile(r"[ \t\n\r]*")


def looks_like_json(source: Source) -> bool:
    """Whether the text begins with an object or an array; an id such as `[prod]` does not."""
    return _JSON.match(source.start) is not None


def records(source: Source, faults: Faults, fields: Collection[str] = ()) -> Iterator[Numbered]:
    """Number array members from 1 and JSON Lines by their line.

    One of the `fields` of a user beside the array `users` is a fault: it would be lost.
    """
    document: _Document | None = None
    members: Iterable[tuple[int, Any]]
    # a whole object in the first line, and more below: JSON Lines
    if source.several_lines and _is_object(next(filter(str.strip, source.lines()))):
        lines = ((row, line) for row, line in enumerate(source.lines(), 1) if line.strip())
        parsed = ((row, _parsed(line, row, faults)) for row, line in lines)
        members = (member for member in parsed if member[1] is not None)
    else:
        document = _Document(source.open())
        members = _members(document, source, faults, fields)
    for row, record in members:
        if isinstance(record, dict):
            exported = document is not None and document.is_listing
            exported = exported or {"customer_id", "api_key"} <= record.keys()
            wallet = record.get("wallet")
            parts = wallet.items() if isinstance(wallet, dict) else ()
            yield row, {**record, **{f"wallet.{name}": part for name, part in parts}}, exported
        else:
            faults.add(row, "is not a JSON object")


def _members(
    document: _Document, source: Source, faults: Faults, fields: Collection[str]
) -> Iterator[tuple[int, Any]]:
    """Yield the members of the array, or the only record; then check the other members."""
    number = 0
    try:
        for number, member in enumerate(document.members(), 1):
            yield number, member
    except (ValueError, RecursionError):
        # the whole text again, for the position of the fault
        if _parsed(source.text, 1, faults) is not None:
            faults.add(1, "is nested too deeply")
        return
    if not document.is_listing:
        return
    beside = _facts(document.beside, faults, fields)
    if not document.is_array:
        faults.add(1, "`users` is not an array")
    complete, count = beside.get("complete", True), beside.get("count", number)
    if complete is not True:
        faults.incomplete = f"`complete` is {exact_json.dumps(complete)[:_LONGEST]}"
    elif beside.get("next_cursor"):
        faults.incomplete = "it has a `next_cursor`"
    if type(count) is int and count != number:
        faults.miscounted = f"its `count` is {count}, but it has {counted(number, 'user')}"
    faults.filtered = beside.get("filtered") is True


def _facts(members: JsonObject, faults: Faults, fields: Collection[str]) -> JsonObject:
    """Return what stands beside `users`, with names in lower case."""
    facts: JsonObject = {}
    for name, value in members.items():
        plain = normal(name)
        if plain in facts:
            faults.add(1, f"contains `{name[:_LONGEST]}` twice")
        elif plain in fields:
            faults.add(1, f"has `{name[:_LONGEST]}` beside `users`, so it belongs to no user")
        facts[plain] = value
    return facts


class _Document:
    """Parses one JSON text record by record: an array, an object with `users`, or one record.

    `beside` has the other members of the object, and is complete after the last record.
    """

    def __init__(self, text: TextIOBase) -> None:
        self.beside: JsonObject = {}
        self.is_listing = False
        self.is_array = True
        self._text = text
        self._buffer = ""
        self._at = 0

    def members(self) -> Iterator[Any]:
        """Yield each record; ValueError or RecursionError if this is not strictly JSON."""
        if self._next() == "[":
            yield from self._array()
        else:
            yield from self._object()
        if self._next():
            raise ValueError("text follows")

    def _object(self) -> Iterator[Any]:
        for _ in self._items("{", "}"):
            name = self._value()
            if not isinstance(name, str) or name in self.beside or self._take() != ":":
                raise ValueError(name)
            if name != "users":
                self.beside[name] = self._value()
                continue
            self.is_listing, self.beside[name] = True, None
            self.is_array = self._next() == "["
            if self.is_array:
                yield from self._array()
            else:
                self._value()
        if not self.is_listing:
            yield self.beside

    def _array(self) -> Iterator[Any]:
        for _ in self._items("[", "]"):
            yield self._value()

    def _items(self, first: str, last: str) -> Iterator[None]:
        """Read the brackets and commas around items, each of which the caller reads."""
        sign = self._take()
        if sign != first:
            raise ValueError(sign)
        if self._next() == last:
            self._take()
            return
        while True:
            yield
            sign = self._take()
            if sign == last:
                return
            if sign != ",":
                raise ValueError(sign)

    def _next(self) -> str:
        """Return the next character that is not blank, "" at the end."""
        while True:
            found = _BLANKS.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer) or not self._fill():
                return self._buffer[self._at : self._at + 1]

    def _take(self) -> str:
        sign = self._next()
        self._at += 1
        return sign

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = exact_json.STRICT.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError:
                if self._fill():
                    continue
                raise
            # `1` at the end of the buffer may be the beginning of `12` or `1e+5`
            if end + _EXPONENT < len(self._buffer) or not self._fill():
                self._at = end
                return value

    def _fill(self) -> bool:
        """Read more, at least as much as is buffered, so that long values take linear time."""
        rest = self._buffer[self._at :]
        more = self._text.read(max(_CHUNK, len(rest)))
        if more:
            self._buffer, self._at = rest + more, 0
        return bool(more)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _parsed(text: str, row: int, faults: Faults) -> Any:
    """Return the parsed text, or report a fault and return None."""
    try:
        parsed = exact_json.loads_strictly(text)
    except ValueError as fault:
        lines = fault.lineno - 1 if isinstance(fault, json.JSONDecodeError) else 0
        faults.add(row + lines, exact_json.fault_text(fault))
        return None
    if parsed is None:
        faults.add(row, "is not a JSON object")
    return parsed
