"""The command tree as plain data: what help, completions and the reference are all written from.

Nothing here knows the parser; `cli/help_pages.py` fills these from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from parsec_cli.records import record

Source = Literal["text", "words", "fields", "users", "profiles", "files"]


@record
class Values:
    """What may stand for an argument or an option.

    `words` are all there is for the source "words", and the names that a comma joins for "fields".
    """

    source: Source = "text"
    words: tuple[str, ...] = ()


@record
class Option:
    """One option; without `metavar` a flag. `off` are the names that switch a flag off again."""

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
        """How help writes it: all names, then what it takes."""
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
        """What `--fields` and `--sort` may name, on the page of a verb."""
        lists = [option.values.words for option in self.options if option.values.source == "fields"]
        return lists[0] if lists and not self.pages else ()

    @property
    def usage(self) -> str:
        """The line after `Usage:`; what must be given is spelled out."""
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
