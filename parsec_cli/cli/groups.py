"""Nouns and verbs: the command tree as it is declared, each command built when a line names it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from parsec_cli.cli.common_options import Command, Group
from parsec_cli.cli.typer_adapter import build_command, build_group
from parsec_cli.records import record
from parsec_cli.results import Result

Function = TypeVar("Function", bound=Callable[..., Any])
Builders = Mapping[str, Callable[[], Any]]


class Unbuilt(Mapping[str, Any]):
    """Commands by name, each built when it is first looked up: a line needs two or three of them.

    Building all of them took 22 ms of every start.
    """

    def __init__(self, builders: Builders) -> None:
        self._builders = builders
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._builders[name]()
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


@record
class Verb:
    """A command; by itself one that needs no noun, such as `parsec doctor`.

    `changes` tells that it may change something at the API, and so says where.
    """

    name: str
    function: Callable[..., Result | None]
    changes: bool = False

    def build(self) -> Any:
        text = inspect.getdoc(self.function) or _written_docstring(self.function) or ""
        command = build_command(self.name, self.function, text, Command)
        command.changes = self.changes
        return command


def verb(name: str, *, changes: bool = False) -> Callable[[Callable[..., Any]], Verb]:
    """Make the decorated function the verb of its file."""
    return lambda function: Verb(name, function, changes)


def _written_docstring(function: Callable[..., Any]) -> str:
    """Read a docstring from the source, since `python -OO` drops it."""
    import ast
    import textwrap

    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    return (isinstance(node, ast.FunctionDef) and ast.get_docstring(node)) or ""


class Noun:
    """A command group whose verbs take the shared options."""

    def __init__(
        self,
        name: str,
        summary: str,
        verbs: Mapping[str, str] | None = None,
        callback: Callable[..., None] | None = None,
    ) -> None:
        """Make a group; `verbs` are summaries by name of verbs that are a file each."""
        self.name = name
        self._summary = summary
        self._callback = callback
        self.summaries = verbs or {}
        self._verbs: dict[str, Verb] = {}

    def command(self, name: str, *, changes: bool = False) -> Callable[[Function], Function]:
        """Make the decorated function the verb `name`; it `changes` something at the API."""

        def add(function: Function) -> Function:
            self._verbs[name] = Verb(name, function, changes)
            return function

        return add

    def build(self) -> Any:
        """Build the group; a verb that is a file is imported when a line names it."""
        files = {name: partial(self._load, name) for name in self.summaries}
        return self.over({**files, **{name: verb.build for name, verb in self._verbs.items()}})

    def _load(self, name: str) -> Any:
        file = name.replace("-", "_")
        return import_module(f"parsec_cli.commands.{self.name}.{file}").command.build()

    def over(self, builders: Builders) -> Any:
        """Build the group with these commands in it."""
        group = build_group(self.name, self._summary, self._callback, Group)
        group.commands = Unbuilt(builders)
        return group
