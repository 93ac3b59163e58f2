"""Value classes of this package: `@record` for immutable ones, `@state` for changeable ones.

`dataclass(frozen=True, slots=True)` compiles six methods for each class, which takes 0.45 ms. A
listing defines some forty classes, so that was a tenth of its time. These classes share their
methods instead. A default is one object for all instances, so it must not be mutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True)
def record(cls: type[Made]) -> type[Made]:
    """Make a class an immutable record of its annotated names: equal by value, hashable."""
    return _with_methods(cls, _RECORD)


@dataclass_transform(eq_default=False)
def state(cls: type[Made]) -> type[Made]:
    """Make a class whose annotated names may be assigned again; equal only to itself."""
    return _with_methods(cls, _STATE)


def _with_methods(cls: type[Made], methods: Mapping[str, Any]) -> type[Made]:
    kind: Any = cls
    names = tuple(kind.__annotations__)
    defaults = {name: kind.__dict__[name] for name in names if name in kind.__dict__}
    members = {"__match_args__": names, "__record_defaults__": defaults}
    for name, member in {**members, **methods}.items():
        if name not in kind.__dict__:
            setattr(kind, name, member)
    return cls


def changed(made: Made, **values: Any) -> Made:
    """Return a copy with other values."""
    return type(made)(**{**vars(made), **values})


def _init(self: Any, *values: Any, **named: Any) -> None:
    cls = type(self)
    names: tuple[str, ...] = cls.__match_args__
    state: dict[str, Any] = self.__dict__
    if not named and len(values) == len(names):  # the usual case, and the fast one
        state.update(zip(names, values, strict=True))
        return
    state.update(cls.__record_defaults__)
    state.update(zip(names, values, strict=False))
    if named:
        state.update(named)
    twice = bool(named) and not named.keys().isdisjoint(names[: len(values)])
    if twice or len(values) > len(names) or state.keys() != set(names):
        raise TypeError(f"{cls.__name__} takes {', '.join(names)}: got {len(values)}, {[*named]}")


def _eq(self: Any, other: object) -> bool:
    if type(other) is not type(self):
        return cast("bool", NotImplemented)
    return bool(self.__dict__ == other.__dict__)


def _hash(self: Any) -> int:
    return hash(tuple(self.__dict__[name] for name in type(self).__match_args__))


def _repr(self: Any) -> str:
    values = (f"{name}={self.__dict__[name]!r}" for name in type(self).__match_args__)
    return f"{type(self).__qualname__}({', '.join(values)})"


def _refuse(self: Any, name: str, *_: Any) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: `{name}` cannot be changed")


_STATE: Mapping[str, Any] = {"__init__": _init}
_RECORD: Mapping[str, Any] = {
    **_STATE,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
}
