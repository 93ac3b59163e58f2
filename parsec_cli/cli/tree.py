"""The command tree: nouns and verbs, each built when the command line names it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from typer.core import TyperCommand, TyperGroup

from parsec_cli.cli import common_options as common
from parsec_cli.cli import typer_adapter
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import Line
from parsec_cli.records import record
from parsec_cli.results import EXTRA_FORMATS, FORMATS, Result
from parsec_cli.runtime import CommonOptions

Function = TypeVar("Function", bound=Callable[..., Any])
# what a command can do at worst: nothing but read; change something at the API; change something
# there that cannot be undone; change files of this machine only
Effect = Literal["read", "change", "irreversible", "local"]

# in the order in which help lists them; each is a file or a folder of `commands`
_GROUPS = {
    "Users": {
        "users": "List, read and change the end-users.",
        "credentials": "Prepare a user's exchange keys.",
        "history": "Show the changes that were made from this machine.",
        "runs": "List bulk runs, and show the rows of one again.",
    },
    "Pool and account": {
        "pool": "Show and check the QPS pool of the end-users.",
        "escrow": "Show the fee escrow configuration.",
        "usage": "Show tier, quota and limits of the key.",
        "api": "Send one request to any path of the API.",
    },
    "Setup": {
        "config": "Manage profiles: hosts, keys and defaults.",
        "doctor": "Check config, key, network and API, one line each.",
        "sandbox": "Practise without a key: add `-p sandbox` to any command.",
        "completion": "Print the script that completes commands in your shell.",
        "help": "Explain a topic, or show the help of a command.",
    },
}
COMMANDS = {name: text for group in _GROUPS.values() for name, text in group.items()}

_SUMMARY = """Manage the end-users, limits and credentials of a Parsec builder.

To practise without a key, add `-p sandbox` to any command.

Examples:
  parsec -p sandbox users list
  parsec users create user_042 --qps-limit 5 --dry-run
"""


class _WithSharedOptions(TyperCommand if TYPE_CHECKING else object):  # type: ignore[misc]
    """Adds the shared options to a command, and rewords the parser's errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "add_help_option": False})
        typer_adapter.add_options(self, common.shared_options())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        def line() -> Line | None:
            from parsec_cli.cli.suggestions import line_of

            return line_of(ctx, ctx.command, ctx.command_path.split()[1:])

        # only a hint needs the line, so it is read when one is shown
        common.runtime_of(ctx).read_line = line
        try:
            # the parser empties its list
            left: list[str] = super().parse_args(ctx, [*args])
        except typer_adapter.ParserError as fault:
            from parsec_cli.cli.usage_errors import usage_fault

            raise usage_fault(fault, ctx, args) from None
        return left


class Command(_WithSharedOptions, TyperCommand):
    """A verb."""

    effect: Effect = "read"
    shows_target = False
    extra_formats: tuple[str, ...] = ()

    def invoke(self, ctx: Any) -> Any:
        self._check_format(common.runtime_of(ctx).options, ctx.command_path)
        if self.shows_target:
            common.start_change(common.runtime_of(ctx), dry_run=ctx.params.get("dry_run"))
        return super().invoke(ctx)

    def _check_format(self, options: CommonOptions, path: str) -> None:
        name = options.output
        if name in EXTRA_FORMATS and name not in self.extra_formats:
            raise UsageFault(
                f"`{path}` does not support output format `{name}`",
                hint=f"use one of {', '.join((*FORMATS, *self.extra_formats))}",
            )
        if name == "prometheus" and options.fields:
            raise UsageFault("`--fields` does not apply to `-o prometheus`", hint="omit `--fields`")


class Group(_WithSharedOptions, TyperGroup):
    """A noun; without a verb it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "invoke_without_command": True})

    def invoke(self, ctx: Any) -> Any:
        if not typer_adapter.has_verb(ctx):
            common.show_help(ctx, 1)
        return super().invoke(ctx)


@record
class Verb:
    """A command, and what it can do at worst.

    A command with an effect at the API shows its target first. `shows_target` says otherwise: a
    plan shows it too, and `api` shows it itself, depending on the method. `formats` are the
    EXTRA_FORMATS that the command supports.
    """

    name: str
    function: Callable[..., Result | None]
    effect: Effect = "read"
    shows_target: bool | None = None
    formats: tuple[str, ...] = ()

    def build(self) -> Any:
        text = inspect.getdoc(self.function)
        if text is None:
            # `python -OO` drops docstrings
            literal = re.search(r'"""(.*?)"""', inspect.getsource(self.function), re.DOTALL)
            text = inspect.cleandoc(literal[1]) if literal else ""
        command = typer_adapter.build_command(self.name, self.function, text, Command)
        command.effect = self.effect
        has_target = self.effect in ("change", "irreversible")
        command.shows_target = has_target if self.shows_target is None else self.shows_target
        command.extra_formats = self.formats
        return command


def verb(
    name: str,
    *,
    effect: Effect = "read",
    shows_target: bool | None = None,
    formats: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Verb]:
    """Make the decorated function, called `command`, the verb of its file."""
    return lambda function: Verb(name, function, effect, shows_target, formats)


class Noun(Mapping[str, Any]):
    """A command group. Its commands are functions of its file, or a file each.

    As a mapping it has the commands by name, each built on first use: building all takes 22 ms.
    `summaries` are those that are known without building the command. `groups` are headings of help
    by the commands below them.
    """

    def __init__(self, package: str = "", summaries: Mapping[str, str] | None = None) -> None:
        """Make a group; `summaries` are of the commands that are a file of `package` each."""
        self.summaries = summaries or {}
        self.groups: dict[str, str] = {}
        self._builders: dict[str, Callable[[], Any]] = {}
        self._built = cache(lambda name: self._builders[name]())
        for name in self.summaries:
            self._builders[name] = partial(self._load, package, name)

    def command(
        self, name: str, *, effect: Effect = "read", formats: tuple[str, ...] = ()
    ) -> Callable[[Function], Function]:
        """Make the decorated function the verb `name`."""

        def add(function: Function) -> Function:
            self._builders[name] = Verb(name, function, effect, formats=formats).build
            return function

        return add

    def _load(self, package: str, name: str) -> Any:
        module = import_module(f"{package}.{name.replace('-', '_')}")
        if noun := getattr(module, "noun", None):
            return typer_adapter.build_group(name, self.summaries[name], Group, noun)
        return module.command.build()

    def __getitem__(self, name: str) -> Any:
        return self._built(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


@cache
def parser() -> Any:
    """Build the parser once per process."""
    commands = Noun("parsec_cli.commands", COMMANDS)
    commands.groups = {name: title for title, group in _GROUPS.items() for name in group}
    return typer_adapter.build_group("parsec", _SUMMARY, Group, commands, _parsec)


def _parsec(
    *,
    version: bool = common.option(
        "--version", "Show the version.", is_eager=True, callback=common.show_version
    ),
) -> None:
    """Manage the end-users, limits and credentials of a Parsec builder."""
    del version
