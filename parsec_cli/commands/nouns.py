"""Nouns and verbs: the command tree as it is declared, each command built when a line names it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from parsec_cli.commands.shared import Command, Group
from parsec_cli.commands.typer_adapter import build_command, build_group
from parsec_cli.records import record
from parsec_cli.results import Result

Function = TypeVar("Function", bound=Callable[..., Any])
Builders = Mapping[str, Callable[[], Any]]


class Unbuilt(Mapping[str, Any]):
    """Commands by name, each built when it is first looked up: a line needs two or three of them.

    Building all of them took 22 ms of every start. `more` declares the rest of them, and is called
    when a name is not among `builders` or all are asked for.
    """

    def __init__(self, builders: Builders, more: Callable[[], Builders] | None = None) -> None:
        self._builders = builders
        self._more = more
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            builders = self._builders if name in self._builders else self._all()
            self._built[name] = builders[name]()
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Builders:
        if self._more is not None:
            self._builders, self._more = self._more(), None
        return self._builders


@record
class Verb:
    """A command; by itself one that needs no noun, such as `parsec doctor`.

    `changes` tells that it may change something at the API, and so says where.
    """

    name: str
    function: Callable[..., Result | None]
    changes: bool = False

    def build(self, declare_more: Callable[[], object] | None = None) -> Any:
        del declare_more  # it has no verbs
        text = inspect.getdoc(self.function) or _written_docstring(self.function)
        command = build_command(self.name, self.function, text, Command)
        command.changes = self.changes
        return command


def _written_docstring(function: Callable[..., Any]) -> str:
    """Read a docstring from the source, since `python -OO` drops it."""
    import ast
    import textwrap

    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    return (isinstance(node, ast.FunctionDef) and ast.get_docstring(node)) or ""


class Noun:
    """A command group whose verbs take the shared options."""

    def __init__(
        self, name: str, summary: str, callback: Callable[..., None] | None = None
    ) -> None:
        self.name = name
        self._summary = summary
        self._callback = callback
        self._verbs: dict[str, Verb] = {}

    def command(self, name: str, *, changes: bool = False) -> Callable[[Function], Function]:
        """Make the decorated function the verb `name`; it `changes` something at the API."""

        def add(function: Function) -> Function:
            self._verbs[name] = Verb(name, function, changes)
            return function

        return add

    def build(self, declare_more: Callable[[], object] | None = None) -> Any:
        """Build the group; `declare_more` adds the verbs that stand in further files."""

        def more() -> Builders:
            if declare_more is not None:
                declare_more()
            return self._builders()

        return self.over(self._builders(), more)

    def _builders(self) -> Builders:
        return {name: verb.build for name, verb in self._verbs.items()}

    def over(self, builders: Builders, more: Callable[[], Builders] | None = None) -> Any:
        """Build the group with these commands in it."""
        group = build_group(self.name, self._summary, self._callback, Group)
        group.commands = Unbuilt(builders, more)
        return group
