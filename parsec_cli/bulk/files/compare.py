"""Compare two sides of the fleet: who joined, who left, and what changed. Pure.

The first side is kept in memory, one text per user; the second is read user by user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from parsec_cli.bulk.files.export import KINDS, PATHS, Cells, Row
from parsec_cli.errors import AmbiguousUser
from parsec_cli.models import JsonObject

_MARK = "\x1f"
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_EXTERNAL_ID = PATHS.index("external_id")
# a user's cells, joined to save memory; a tuple only if a cell contains the mark
Packed = str | Cells


class Side(Protocol):
    """The users of one side; `columns` are those that it has, complete after the last user."""

    columns: frozenset[str]

    def __iter__(self) -> Iterator[Row]: ...


def compare(old: Side, new: Side) -> Changes:
    """Match the users by customer_id, and those without one by external_id."""
    users = _Users(old)
    joined: list[tuple[str, str]] = []
    differ: list[tuple[str, Packed, Packed]] = []
    for customer_id, cells in new:
        before = users.take(customer_id, cells[_EXTERNAL_ID])
        if before is None:
            joined.append((customer_id, cells[_EXTERNAL_ID]))
        elif before[1] != (packed := _pack(cells)):
            differ.append((customer_id or before[0], before[1], packed))
    return Changes(joined, users.rest(), differ, old.columns & new.columns)


class _Users:
    """The users of the first side that have not been taken yet."""

    def __init__(self, side: Side) -> None:
        self._by_customer_id: dict[str, Packed] = {}
        self._unidentified: dict[str, Packed] = {}  # users without a customer_id
        for customer_id, cells in side:
            if customer_id:
                self._by_customer_id[customer_id] = _pack(cells)
            else:
                self._unidentified[cells[_EXTERNAL_ID]] = _pack(cells)
        self._taken_names: set[str] = set()
        self._named: dict[str, list[str]] | None = None

    def take(self, customer_id: str, external_id: str) -> tuple[str, Packed] | None:
        """Remove the user that a row identifies, and return its customer_id and cells."""
        if not customer_id:
            found = self._customers(external_id)
            if len(found) > 1 or (found and external_id in self._unidentified):
                raise _ambiguous(external_id)
            customer_id = found[0] if found else ""
        if (packed := self._by_customer_id.pop(customer_id, None)) is not None:
            return customer_id, packed
        if external_id in self._taken_names:
            raise _ambiguous(external_id)
        if (packed := self._unidentified.pop(external_id, None)) is not None:
            self._taken_names.add(external_id)
            return "", packed
        return None

    def rest(self) -> list[tuple[str, str]]:
        """Return the customer_id and external_id of the users that were not taken."""
        found = [(one, _unpack(cells)[_EXTERNAL_ID]) for one, cells in self._by_customer_id.items()]
        return [*found, *(("", name) for name in self._unidentified)]

    def _customers(self, external_id: str) -> list[str]:
        """Return the users that have this external_id."""
        if self._named is None:
            self._named = {}
            for customer_id, packed in self._by_customer_id.items():
                self._named.setdefault(_unpack(packed)[_EXTERNAL_ID], []).append(customer_id)
        found = self._named.get(external_id, ())
        return [customer_id for customer_id in found if customer_id in self._by_customer_id]


def _ambiguous(external_id: str) -> AmbiguousUser:
    return AmbiguousUser(
        f"several users have the external_id `{external_id}`, and not every row has a customer_id",
        hint="export both files with the column `customer_id`",
    )


class Changes:
    """The differences between the two sides, in the `columns` that both have."""

    def __init__(
        self,
        joined: Sequence[tuple[str, str]],
        left: Sequence[tuple[str, str]],
        differ: Sequence[tuple[str, Packed, Packed]],
        columns: frozenset[str],
    ) -> None:
        self._places = [place for place, path in enumerate(PATHS) if path in columns]
        self._joined = joined
        self._left = left
        self._differ = [one for one in differ if self._fields(*one[1:])]
        self.summary = {
            "joined": len(joined),
            "left": len(left),
            "changed": len(self._differ),
        }

    def records(self) -> Iterator[JsonObject]:
        """Yield a record for each user who joined or left, and for each changed field."""
        for change, users in (("joined", self._joined), ("left", self._left)):
            for customer_id, external_id in users:
                yield _record(change, customer_id, external_id)
        for customer_id, before, after in self._differ:
            old, new = _unpack(before), _unpack(after)
            for place in self._fields(before, after):
                field = PATHS[place]
                values = (_value(place, cells[place]) for cells in (old, new))
                yield _record("changed", customer_id, new[_EXTERNAL_ID], field, *values)

    def _fields(self, before: Packed, after: Packed) -> list[int]:
        old, new = _unpack(before), _unpack(after)
        return [place for place in self._places if old[place] != new[place]]


def _record(
    change: str,
    customer_id: str,
    external_id: str,
    field: str | None = None,
    old: Any = None,
    new: Any = None,
) -> JsonObject:
    return {
        "change": change,
        "external_id": external_id or None,
        "customer_id": customer_id or None,
        "field": field,
        "old": old,
        "new": new,
    }


def _value(place: int, text: str) -> Any:
    """Return the value of a cell as the API would send it; None for an empty one."""
    kind = KINDS[place]
    if not text:
        return None
    if kind == "list":
        return text.split(",")
    if kind == "yesno" and text in ("true", "false"):
        return text == "true"
    if kind == "number" and _INTEGER.fullmatch(text):
        return int(text)
    return text


def _pack(cells: Cells) -> Packed:
    packed = _MARK.join(cells)
    return packed if packed.count(_MARK) == len(cells) - 1 else cells


def _unpack(packed: Packed) -> Sequence[str]:
    return packed.split(_MARK) if isinstance(packed, str) else packed
