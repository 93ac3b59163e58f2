"""The command tree as plain data. Help, completions and the reference are written from it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from parsec_cli.cli.typer_adapter import COMMON, Parameter, parameters, subcommands
from parsec_cli.columns import of_command
from parsec_cli.config.settings import FILE_KEYS, PROFILE_KEYS
from parsec_cli.records import changed, record
from parsec_cli.results import FORMATS

# what a metavar stands for; one such as `eoa|safe|none` lists its words itself
_WORDS: dict[str, tuple[str, ...]] = {
    "KEY": PROFILE_KEYS + FILE_KEYS,
    "METHOD": ("GET", "POST", "PATCH", "DELETE"),
}
# where TAB finds the values of other metavars; no entry: any text
_SOURCES = {
    "A,B.C": "fields",
    "FIELD": "words",
    "FILE": "files",
    "PLAN": "files",
    "PROFILE": "profiles",
    "RUN": "runs",
    "USER": "users",
}
_VERBS_WITH_EXAMPLES = 2  # a noun shows one example each of its first verbs


@record
class Page:
    """One command, or several. `path` begins with the program's name.

    `group` is the heading that help lists it under; `effect` is "" for several commands.
    """

    path: tuple[str, ...]
    summary: str
    text: str = ""
    examples: tuple[str, ...] = ()
    arguments: tuple[Parameter, ...] = ()
    options: tuple[Parameter, ...] = ()
    pages: tuple[Page, ...] = ()
    group: str = ""
    effect: str = ""

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def own_options(self) -> tuple[Parameter, ...]:
        return tuple(option for option in self.options if option.panel != COMMON)

    @property
    def common_options(self) -> tuple[Parameter, ...]:
        return tuple(option for option in self.options if option.panel == COMMON)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that `--fields` and `--sort` accept; none on the page of a group."""
        lists = [option.values.split() for option in self.options if not self.pages]
        return next((tuple(words) for source, *words in lists if source == "fields"), ())

    @property
    def usage(self) -> str:
        """The line after `Usage:`, with the required options."""
        words = [self.name]
        words += [f"{given.names[0]} {given.metavar}" for given in self.options if given.required]
        words.append("[OPTIONS]")
        words += [argument.metavar for argument in self.arguments]
        return " ".join(words + (["COMMAND ..."] if self.pages else []))

    def walk(self) -> Iterator[Page]:
        """Yield this page and all below it, in the order in which help lists them."""
        yield self
        for page in self.pages:
            yield from page.walk()


def page_of(command: Any, path: tuple[str, ...], *, deep: bool = True) -> Page:
    """Return the page of a command with those below it; if not `deep`, only their summaries.

    A verb that is a file is not imported for its summary.
    """
    below = subcommands(command)
    if deep:
        pages = tuple(page_of(child, (*path, name)) for name, child in below.items())
    else:
        known: dict[str, str] = getattr(below, "summaries", {})
        groups: dict[str, str] = getattr(below, "groups", {})
        pages = tuple(
            Page((*path, n), known.get(n) or _texts(below[n])[0], group=groups.get(n, ""))
            for n in below
        )
    summary, text, examples = _texts(command)
    if below and not examples:
        found = [_texts(below[name])[2] for name in islice(below, _VERBS_WITH_EXAMPLES)]
        examples = found[0] if len(found) == 1 else tuple(lines[0] for lines in found if lines)
    fields = tuple(column.path for column in of_command(path[1:]))
    formats = (*FORMATS, *getattr(command, "extra_formats", ()))
    params = parameters(command)
    return Page(
        path,
        summary,
        text,
        examples,
        tuple(_explained(param, (), formats) for param in params if not param.names),
        tuple(_explained(param, fields, formats) for param in params if param.names),
        pages,
        effect=getattr(command, "effect", ""),
    )


def _texts(command: Any) -> tuple[str, str, tuple[str, ...]]:
    """Return the summary of a command, the text between it and the examples, and the examples."""
    text, _, examples = inspect.cleandoc(command.help or "").partition("\nExamples:\n")
    summary, _, rest = text.partition("\n\n")
    lines = tuple(line.strip() for line in examples.splitlines() if line.strip())
    return " ".join(summary.split()), rest.strip(), lines


def _explained(param: Parameter, fields: tuple[str, ...], formats: tuple[str, ...]) -> Parameter:
    """Add the values that the metavar stands for, and notes unless metavar or help contain them.

    `fields` are those of the command's records, `formats` those that it supports. If it supports
    more than the usual ones, the option for them counts as its own.
    """
    meanings = {**_WORDS, "FORMAT": formats}
    parts = [part.split(" ")[0] for part in param.metavar.strip("[].").split("|")]
    listed = param.words or tuple(word for part in parts for word in meanings.get(part, ()))
    words = listed + tuple(part for part in parts if re.fullmatch(r"[a-z][a-z-]+", part))
    source = next((_SOURCES[part] for part in parts if part in _SOURCES), "text")
    if words:
        source = "words"
    elif source in ("fields", "words"):
        source, words = (source, fields) if fields else ("text", ())
    notes = ["required"] if param.required and param.names else []
    notes += filter(None, (param.limits, ", ".join(listed)))
    notes += ["repeatable"] if param.repeatable and param.names else []
    default = param.default
    has_default = isinstance(default, int | float | str) and default != ""
    if has_default and not re.search(r"\bdefault\b", param.summary):
        notes.append(f"default {default}")
    panel = None if param.metavar == "FORMAT" and formats != tuple(FORMATS) else param.panel
    return changed(param, values=" ".join((source, *words)), notes=tuple(notes), panel=panel)
