"""Finds values by dotted path; limits records and columns to `--fields`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from parsec_cli.errors import unknown
from parsec_cli.models import JsonObject
from parsec_cli.results import Column

ABSENT: Final = object()
_Tree = dict[str, "_Tree"]


def reader(path: str) -> Callable[[JsonObject], Any]:
    """Return a function that finds a record's value at `path`, or ABSENT.

    A step into a list looks into each of its objects; below null it finds null.
    """
    first, *rest = path.split(".")
    if not rest:
        return lambda record: record.get(first, ABSENT)
    return lambda record: _descend(record.get(first, ABSENT), rest)


def _descend(value: Any, names: list[str]) -> Any:
    for place, name in enumerate(names):
        if isinstance(value, list):
            found = [_descend(inner, names[place:]) for inner in value]
            return [inner for inner in found if inner is not ABSENT]
        if value is None:
            return None
        if not isinstance(value, dict):
            return ABSENT
        value = value.get(name, ABSENT)
    return value


class Fields:
    """The fields that `--fields` names; None means all."""

    def __init__(self, names: tuple[str, ...] | None) -> None:
        self._names = None if names is None else tuple(dict.fromkeys(names))
        self._tree: _Tree = {}
        for name in self._names or ():
            if any(name.startswith(f"{parent}.") for parent in self._names or ()):
                continue  # part of a parent that is wanted whole
            branch = self._tree
            for step in name.split("."):
                branch = branch.setdefault(step, {})

    def __bool__(self) -> bool:
        return self._names is not None

    def narrow(self, record: JsonObject) -> JsonObject:
        """Return the wanted part of a record, nested as before; absent fields stay absent."""
        if self._names is None:
            return record
        narrowed: JsonObject = _narrow(record, self._tree)
        return narrowed

    def narrow_all(self, records: Sequence[JsonObject]) -> Sequence[JsonObject]:
        return records if self._names is None else [self.narrow(record) for record in records]

    def columns(self, known: tuple[Column, ...]) -> tuple[Column, ...]:
        """Return the wanted columns in the order of `--fields`; a parent includes its children."""
        if self._names is None:
            return known
        chosen: dict[str, Column] = {}
        for name in self._names:
            own = [c for c in known if c.path == name]
            below = [c for c in known if c.path.startswith(f"{name}.")]
            for column in own or below or [Column(name, name)]:
                chosen[column.path] = column
        return tuple(chosen.values())

    def check(self, records: Sequence[JsonObject], known: tuple[Column, ...]) -> None:
        """Raise UsageFault for a field that is neither a column nor in any of the records."""
        paths = [column.path for column in known]
        for name in self._names or ():
            if any(path == name or path.startswith(f"{name}.") for path in paths):
                continue
            find = reader(name)
            if not name or all(find(record) in (ABSENT, []) for record in records):
                raise unknown("field", name, paths)


def _narrow(value: Any, tree: _Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_narrow(inner, tree) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: _narrow(value[name], below) for name, below in tree.items() if name in value}
