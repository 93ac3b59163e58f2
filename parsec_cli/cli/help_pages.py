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
from parsec_cli.config.settings import FILE_KEYS, PROFILE_KEYS
from parsec_cli.records import record
from parsec_cli.results import FORMATS

Source = Literal["text", "words", "fields", "users", "profiles", "files"]

# what a metavar stands for; one such as `eoa|safe|none` lists its words itself
_WORDS: dict[str, tuple[str, ...]] = {
    "FORMAT": tuple(FORMATS),
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
class Entry:
    """An option, or an argument, which has no `names`.

    A flag has no `metavar`; the names in `off` switch it off again. The metavar of an argument is
    as the usage line writes it, such as `[USER...]`.
    """

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
        names = " / ".join(", ".join(names) for names in (self.names, self.off) if names)
        return f"{names} {self.metavar}".strip()

    @property
    def explained(self) -> str:
        """The summary, followed by range, choices and default."""
        return f"{self.summary} [{'; '.join(self.notes)}]" if self.notes else self.summary

    @property
    def all_names(self) -> tuple[str, ...]:
        return self.names + self.off


@record
class Page:
    """One command, or a group of them. `path` begins with the program's name."""

    path: tuple[str, ...]
    summary: str
    text: str = ""
    examples: tuple[str, ...] = ()
    arguments: tuple[Entry, ...] = ()
    options: tuple[Entry, ...] = ()
    pages: tuple[Page, ...] = ()
    topics: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def own_options(self) -> tuple[Entry, ...]:
        return tuple(option for option in self.options if not option.common)

    @property
    def common_options(self) -> tuple[Entry, ...]:
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
            Page((*path, name), known.get(name) or _texts(below[name])[0]) for name in below
        )
    summary, text, examples = _texts(command)
    if below and not examples:
        found = [_texts(below[name])[2] for name in islice(below, _VERBS_WITH_EXAMPLES)]
        examples = found[0] if len(found) == 1 else tuple(lines[0] for lines in found if lines)
    topics = ((name, t.partition(": ")[2].partition("\n")[0]) for name, t in TOPICS.items())
    fields = tuple(column.path for column in of_command(path[1:]))
    params = parameters(command)
    return Page(
        path,
        summary,
        text,
        examples,
        tuple(_entry(p, ()) for p in params if p.is_argument),
        tuple(_entry(p, fields) for p in params if not p.is_argument),
        pages,
        tuple(topics) if len(path) == 1 else (),
    )


def _texts(command: Any) -> tuple[str, str, tuple[str, ...]]:
    """Return the summary of a command, the text between it and the examples, and the examples."""
    text, _, examples = inspect.cleandoc(command.help or "").partition("\nExamples:\n")
    summary, _, rest = text.partition("\n\n")
    lines = tuple(line.strip() for line in examples.splitlines() if line.strip())
    return " ".join(summary.split()), rest.strip(), lines


def _entry(param: Parameter, fields: tuple[str, ...]) -> Entry:
    """Return an entry with its range, choices and default, unless metavar or help contain them."""
    default = param.default
    notes = [
        "required" if param.required and not param.is_argument else "",
        getattr(param.parser, "limits", ""),
        ", ".join(_WORDS.get(param.metavar.strip("[]."), ())),
        "repeatable" if param.repeatable and not param.is_argument else "",
    ]
    has_default = isinstance(default, int | float | str) and default != "" and not param.is_flag
    if has_default and not re.search(r"\bdefault\b", param.help):
        notes.append(f"default {default}")
    names = () if param.is_argument else param.names
    return Entry(
        tuple(sorted(names, key=lambda name: name.startswith("--"))),
        param.help,
        param.metavar,
        param.off,
        _values(param.metavar, fields),
        tuple(filter(None, notes)),
        required=param.required,
        repeatable=param.repeatable,
        common=param.panel == COMMON,
    )


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
