"""Reads the parser's commands into pages of plain data."""

from __future__ import annotations

import inspect
import re
from typing import Any

from parsec_cli.cli.common_options import COMMON
from parsec_cli.cli.metavars import listed, values_of
from parsec_cli.cli.page import Argument, Option, Page
from parsec_cli.cli.topics import TOPICS
from parsec_cli.cli.typer_adapter import Parameter, parameters, subcommands
from parsec_cli.columns import of_command

_EXAMPLES = "\nExamples:\n"
_EXAMPLES_OF_A_NOUN = 2


def page_of(command: Any, path: tuple[str, ...]) -> Page:
    """Return the page of a command, with those of everything below it."""
    pages = tuple(page_of(child, (*path, name)) for name, child in subcommands(command).items())
    text, _, examples = inspect.cleandoc(command.help or "").partition(_EXAMPLES)
    summary, _, rest = text.partition("\n\n")
    lines = tuple(line.strip() for line in examples.splitlines() if line.strip())
    fields = tuple(column.path for column in of_command(path[1:]))
    params = parameters(command)
    return Page(
        path,
        " ".join(summary.split()),
        rest.strip(),
        lines or _borrowed(pages),
        tuple(_argument(p) for p in params if p.is_argument),
        tuple(_option(p, fields) for p in params if not p.is_argument),
        pages,
        _topics() if len(path) == 1 else (),
    )


def _borrowed(pages: tuple[Page, ...]) -> tuple[str, ...]:
    """Let a noun show the first examples of its verbs, or all of its only one."""
    if len(pages) == 1:
        return pages[0].examples
    return tuple(page.examples[0] for page in pages[:_EXAMPLES_OF_A_NOUN] if page.examples)


def _topics() -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, text.partition(": ")[2].partition("\n")[0]) for name, text in TOPICS.items()
    )


def _argument(param: Parameter) -> Argument:
    values = values_of(param.metavar, ())
    return Argument(param.metavar, param.help, values, _notes(param), param.repeatable)


def _option(param: Parameter, fields: tuple[str, ...]) -> Option:
    notes = () if param.is_flag else _notes(param)
    return Option(
        names=tuple(sorted(param.names, key=lambda name: name.startswith("--"))),
        summary=param.help,
        metavar=param.metavar,
        off=param.off,
        values=values_of(param.metavar, fields),
        notes=(("required",) if param.required else ()) + notes,
        required=param.required,
        repeatable=param.repeatable,
        common=param.panel == COMMON,
    )


def _notes(param: Parameter) -> tuple[str, ...]:
    """Say range, choices and default, as far as neither metavar nor help does."""
    notes = []
    if limits := getattr(param.parser, "limits", ""):
        notes.append(limits)
    if words := listed(param.metavar):
        notes.append(", ".join(words))
    if param.repeatable and not param.is_argument:
        notes.append("repeatable")
    default = param.default
    told = re.search(r"\bdefault\b", param.help)
    if isinstance(default, int | float | str) and default != "" and not told:
        notes.append(f"default {default}")
    return tuple(notes)
