"""Everything undocumented that the tool uses of Typer, for every version from 0.26 to 0.29.

Other files declare commands by Typer's documented API, and use the parser through this one.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup
from typer.models import CommandInfo

from parsec_cli.records import record

COMMON = "Common options"  # the panel of those that every command has
# public since 0.28; before, it is the base of the bases of BadParameter
ParserError: type[Exception] = getattr(typer, "TyperException", typer.BadParameter.__mro__[2])


_DEFAULT = re.compile(r"(.*) \[default (.*)\]\.")


@record
class Parameter:
    """An option, or an argument, which has no `names`. A flag has no `metavar`.

    The names in `off` switch a flag off again. `limits` is the range of a number, and `words` are
    all values, if the declared parser of the values has these members. The last two members are
    empty until `help_pages` adds them: the source of the values, with the words that they are
    taken from, and notes for help.
    """

    names: tuple[str, ...]
    summary: str
    metavar: str = ""
    off: tuple[str, ...] = ()
    default: object = None
    limits: str = ""
    required: bool = False
    repeatable: bool = False
    panel: str | None = None
    words: tuple[str, ...] = ()
    values: str = "text"
    notes: tuple[str, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        return self.names + self.off

    @property
    def spelling(self) -> str:
        """All names, then the metavar, as help writes them."""
        names = " / ".join(", ".join(names) for names in (self.names, self.off) if names)
        return f"{names} {self.metavar}".strip()

    @property
    def explained(self) -> str:
        """The summary, followed by range, choices and default."""
        return self.with_notes(*self.notes)

    def with_notes(self, *notes: str) -> str:
        """Return the summary, followed by the notes in brackets, and by a default in its text."""
        summary = self.summary
        if notes and (found := _DEFAULT.fullmatch(summary)):
            summary, notes = f"{found[1]}.", (*notes, f"default {found[2]}")
        return f"{summary} [{'; '.join(notes)}]" if notes else summary

    @property
    def default_in_text(self) -> str:
        """What the summary says is the default, if the code decides that; else ""."""
        found = _DEFAULT.fullmatch(self.summary)
        return found[2] if found else ""


@record
class ParserMessage:
    """A mistake in a command line, as the parser words it, and its parts if they are known."""

    ctx: Any
    text: str
    unknown_command: str | None = None
    unknown_option: str | None = None
    extra: str | None = None
    missing: str | None = None


def build_command(
    name: str, function: Callable[..., Any], text: str | None, cls: type[Any] | None = None
) -> Any:
    # Typer evaluates the annotations twice; doing it once here takes half the time
    function.__annotations__ = inspect.get_annotations(function, eval_str=True)
    command: Any = typer.main.get_command_from_info(
        CommandInfo(name, cls=cls, callback=function, help=text),
        pretty_exceptions_short=False,
        rich_markup_mode=None,
    )
    _parse_without_pydantic(command.params)
    return command


def build_group(
    name: str,
    text: str,
    cls: type[TyperGroup],
    commands: Mapping[str, Any],
    callback: Callable[..., None] | None = None,
) -> Any:
    declared = typer.Typer(name=name, cls=cls, help=text, callback=callback, rich_markup_mode=None)
    group: Any = typer.main.get_group(declared)
    _parse_without_pydantic(group.params)
    group.commands = commands
    return group


def build_options(declared: Mapping[str, tuple[Any, Any]]) -> list[Any]:
    """Build options from (type, `typer.Option(...)`) by name; they can be added to any command."""

    def function(**_values: object) -> None:
        """Accept the declared options."""

    function.__annotations__ = {name: kind for name, (kind, _) in declared.items()}
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)
            for name, (kind, option) in declared.items()
        ]
    )
    return list(build_command("options", function, None).params)


def _coerce(parser: Callable[[str], Any] | None, value: Any, param: Any, ctx: Any) -> Any:
    """Parse a value with the declared parser; without one, keep its text."""
    del ctx
    parse = parser or (lambda text: text)
    if param.multiple or param.nargs == -1:
        return [parse(text) for text in value or ()]
    return None if value is None else parse(value)


def _parse_without_pydantic(params: list[Any]) -> None:
    """Keep Typer 0.29 from importing pydantic, which takes 85 ms."""
    for param in params:
        if hasattr(param, "_runtime_param"):
            coerce = partial(_coerce, _parser_of(param))
            param._runtime_param = SimpleNamespace(coerce=coerce)  # noqa: SLF001 - no public way


def _parser_of(param: Any) -> Callable[[str], Any] | None:
    if hasattr(param, "type_descriptor"):  # since 0.29
        return param.type_descriptor.parameter_info.parser  # type: ignore[no-any-return]
    return getattr(param.type, "func", None)


def add_options(command: Any, options: list[Any]) -> None:
    """Add options that `build_options` made."""
    command.params += options


def parameters(command: Any) -> list[Parameter]:
    """Return the options and arguments of a command."""
    return [_parameter(param) for param in command.params]


def _parameter(param: Any) -> Parameter:
    is_option = param.param_type_name == "option"
    is_flag = is_option and (param.is_flag or param.count)
    return Parameter(
        tuple(param.opts) if is_option else (),
        param.help or "",
        "" if is_flag else param.metavar or param.name.upper(),
        tuple(param.secondary_opts),
        None if is_flag else param.default,
        getattr(_parser_of(param), "limits", ""),
        param.required,
        param.multiple if is_option else param.nargs != 1,
        param.rich_help_panel,
        getattr(_parser_of(param), "words", ()),
    )


def subcommands(command: Any) -> Mapping[str, Any]:
    """Return the commands below one; none for a verb."""
    below: Mapping[str, Any] = getattr(command, "commands", {})
    return below


def has_verb(ctx: Any) -> bool:
    """Whether the command line names a command below the group of `ctx`."""
    return bool(ctx.args or ctx._protected_args)  # noqa: SLF001 - no public way before `invoke`


def parser_message(fault: Exception, ctx: Any = None) -> ParserMessage:
    """Split an exception of the parser into parts; `ctx` is used if it has no context itself."""
    known: Any = fault
    text = known.format_message().strip().removesuffix(".")
    command = re.match(r"No such command '(.*?)'(?:\.|$)", text, re.DOTALL)
    extra = re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", text, re.DOTALL)
    missing = re.fullmatch("Missing argument '(.*)'", text)
    return ParserMessage(
        getattr(fault, "ctx", None) or ctx,
        text,
        command[1] if command else None,
        # an option without its value has a name, too, but no list of possibilities
        getattr(fault, "option_name", None) if hasattr(fault, "possibilities") else None,
        extra[1] if extra else None,
        missing[1] if missing else None,
    )
