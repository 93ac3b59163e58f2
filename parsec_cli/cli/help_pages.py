"""The command tree as plain data. Help, completions and the reference are written from it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal

from parsec_cli.cli.common_options import COMMON
from parsec_cli.cli.topics import TOPICS
from parsec_cli.cli.typer_adapter import Parameter, parameters, subcommands
from parsec_cli.columns import of_command
from parsec_cli.config.settings import FILE_KEYS, FORMATS, PROFILE_KEYS
from parsec_cli.records import record

Source = Literal["text", "words", "fields", "users", "profiles", "files"]

# what a metavar stands for; one such as `eoa|safe|none` lists its words itself
_WORDS: dict[str, tuple[str, ...]] = {
    "FORMAT": FORMATS,
    "KEY": PROFILE_KEYS + FILE_KEYS,
    "METHOD": ("GET", "POST", "PATCH", "DELETE"),
    "TOPIC": tuple(TOPICS),
}
_SOURCES: dict[str, Source] = {
    "A,B.C": "fields",
    "FIELD": "words",
    "FILE": "files",
    "PLAN": "files",
    "PROFILE": "profiles",
    "USER": "users",
}
_EXAMPLES = "\nExamples:\n"
_VERBS_WITH_EXAMPLES = 2  # a noun shows one example each of its first verbs


@record
class Values:
    """The values that an argument or an option takes.

    `words` are all values of the source "words", and the names in the lists of "fields".
    """

    source: Source = "text"
    words: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Source and words, as the tables of completion scripts contain them."""
        return " ".join((self.source, *self.words))


@record
class Option:
    """One option. A flag has no `metavar`; the names in `off` switch it off again."""

    names: tuple[str, ...]
    summary: str
    metavar: str = ""
    off: tuple[str, ...] = ()
    values: Values = Values()
    notes: tuple[str, ...] = ()
    required: bool = False
    repeatable: bool = False
    common: bool = False

    @property
    def spelling(self) -> str:
        """All names, then the metavar, as help writes them."""
        names = ", ".join(self.names)
        if self.off:
            names += f" / {', '.join(self.off)}"
        return f"{names} {self.metavar}".rstrip()

    @property
    def all_names(self) -> tuple[str, ...]:
        return self.names + self.off


@record
class Argument:
    """One positional argument; `metavar` as the usage line writes it, such as `[USER...]`."""

    metavar: str
    summary: str
    values: Values = Values()
    notes: tuple[str, ...] = ()
    repeatable: bool = False

    @property
    def spelling(self) -> str:
        return self.metavar


@record
class Page:
    """One command, or a group of them. `path` begins with the program's name."""

    path: tuple[str, ...]
    summary: str
    text: str = ""
    examples: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    pages: tuple[Page, ...] = ()
    topics: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def own_options(self) -> tuple[Option, ...]:
        return tuple(option for option in self.options if not option.common)

    @property
    def common_options(self) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option.common)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that `--fields` and `--sort` accept; none on the page of a group."""
        lists = [option.values.words for option in self.options if option.values.source == "fields"]
        return lists[0] if lists and not self.pages else ()

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
        pages = tuple(
            Page((*path, name), known.get(name) or _help_text(below[name])[0]) for name in below
        )
    summary, text = _help_text(command)
    fields = tuple(column.path for column in of_command(path[1:]))
    params = parameters(command)
    return Page(
        path,
        summary,
        text,
        _examples(command),
        tuple(_argument(p) for p in params if p.is_argument),
        tuple(_option(p, fields) for p in params if not p.is_argument),
        pages,
        _topics() if len(path) == 1 else (),
    )


def _help_text(command: Any) -> tuple[str, str]:
    """Return the summary of a command, and the text between it and the examples."""
    text, _, _ = inspect.cleandoc(command.help or "").partition(_EXAMPLES)
    summary, _, rest = text.partition("\n\n")
    return " ".join(summary.split()), rest.strip()


def _examples(command: Any) -> tuple[str, ...]:
    """Return the examples of a command; a group without any shows some of its verbs'."""
    _, _, examples = inspect.cleandoc(command.help or "").partition(_EXAMPLES)
    lines = tuple(line.strip() for line in examples.splitlines() if line.strip())
    below = subcommands(command)
    if lines or not below:
        return lines
    found = [_examples(below[name]) for name in islice(below, _VERBS_WITH_EXAMPLES)]
    return found[0] if len(found) == 1 else tuple(lines[0] for lines in found if lines)


def _topics() -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, text.partition(": ")[2].partition("\n")[0]) for name, text in TOPICS.items()
    )


def _argument(param: Parameter) -> Argument:
    values = _values(param.metavar, ())
    return Argument(param.metavar, param.help, values, _notes(param), param.repeatable)


def _option(param: Parameter, fields: tuple[str, ...]) -> Option:
    notes = () if param.is_flag else _notes(param)
    return Option(
        names=tuple(sorted(param.names, key=lambda name: name.startswith("--"))),
        summary=param.help,
        metavar=param.metavar,
        off=param.off,
        values=_values(param.metavar, fields),
        notes=(("required",) if param.required else ()) + notes,
        required=param.required,
        repeatable=param.repeatable,
        common=param.panel == COMMON,
    )


def _notes(param: Parameter) -> tuple[str, ...]:
    """Return range, choices and default, unless the metavar or the help contains them."""
    default = param.default
    notes = [
        getattr(param.parser, "limits", ""),
        ", ".join(_WORDS.get(param.metavar.strip("[]."), ())),
        "repeatable" if param.repeatable and not param.is_argument else "",
    ]
    if isinstance(default, int | float | str) and not re.search(r"\bdefault\b", param.help):
        notes.append(f"default {default}" if default != "" else "")
    return tuple(filter(None, notes))


def _values(metavar: str, fields: tuple[str, ...]) -> Values:
    """Return the values that `metavar` stands for; `fields` are those of the command's records."""
    parts = [part.split(" ")[0] for part in metavar.strip("[].").split("|")]
    words = [word for part in parts for word in _WORDS.get(part, ())]
    words += [part for part in parts if re.fullmatch(r"[a-z][a-z-]+", part)]
    if words:
        return Values("words", tuple(words))
    source: Source = next((_SOURCES[part] for part in parts if part in _SOURCES), "text")
    if source in ("fields", "words"):
        return Values(source, fields) if fields else Values()
    return Values(source)
