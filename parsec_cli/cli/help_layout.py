"""Lay out a help page as plain text; on a terminal, headings are bold.

Typer's help by Rich takes 60 ms, reads `[brackets]` as markup and cuts long option names in narrow
terminals. Nothing is shortened here: a text that does not fit beside its name goes below it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from parsec_cli.cli.help_pages import Page, page_of
from parsec_cli.cli.topics import OPTIONS, TOPICS, Piece, paragraphs_of
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.results import Text

if TYPE_CHECKING:
    from parsec_cli.runtime import Runtime

_WIDEST = 100  # longer lines are hard to read
_NARROWEST = 20
_LEFT_AT_MOST = 30
_LEFT_AT_LEAST = 10
_RIGHT_AT_LEAST = 36
_TOPICS = f"Topics: {', '.join(TOPICS)} (parsec help TOPIC)"
_SEE_OPTIONS = f'Use "parsec help {OPTIONS}" for the options that every command takes'
_CODE = re.compile("`[^`]*`")
_JOINT = "\N{NO-BREAK SPACE}"
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\S)+""")


def help_of(command: Any, path: tuple[str, ...], runtime: Runtime, *, common: bool) -> Text:
    """Return the help of a command, whose words are `path`, for the width of the terminal.

    No line is longer, if the longest words allow. `common` adds the options of every command.
    """
    page, width = page_of(command, path, deep=False), width_of(runtime)
    is_root = len(path) == 1
    parts = _beginning_of_root(page, width) if is_root else _beginning(page, width)
    sections = _groups(page, width) if is_root else _sections(page, width)
    if common:
        sections["Options:"] = _rows(_spelled(page.own_options), width)
        sections["Common options:"] = _rows(_spelled(page.common_options), width)
    parts += ["\n".join([heading, *lines]) for heading, lines in sections.items() if lines]
    end = [_TOPICS] if is_root else []
    end += [] if common else [_SEE_OPTIONS]
    parts += ["\n".join(line for text in end for line in _wrap(text, width))] if end else []
    return Text("\n\n".join(parts) + "\n", headings=("Usage:", "Topics:", *sections))


def _beginning_of_root(page: Page, width: int) -> list[str]:
    """Return usage and summary without a blank line: the whole page fits 24 rows."""
    return ["\n".join(_beginning(page, width)[:2])]


def _beginning(page: Page, width: int) -> list[str]:
    texts = [page.summary, *filter(None, page.text.split("\n\n"))]
    wrapped = [_wrap(f"Usage: {page.usage}", width, following=" " * 9)]
    wrapped += [_wrap(" ".join(text.split()), width) for text in texts]
    return ["\n".join(lines) for lines in wrapped]


def _groups(page: Page, width: int) -> dict[str, list[str]]:
    """Return the commands in their groups; `help` is named by the line below them."""
    widest = max(len(below.path[-1]) for below in page.pages)
    return {
        f"{title}:": _rows(
            [(b.path[-1].ljust(widest), b.summary) for b in pages if b.path[-1] != "help"], width
        )
        for title, pages in groupby(page.pages, key=lambda below: below.group)
    }


def _sections(page: Page, width: int) -> dict[str, list[str]]:
    fields = _wrap(f"  {', '.join(page.fields)}", width, following="  ") if page.fields else []
    return {
        "Examples:": [line for example in page.examples for line in _example(example, width)],
        "Commands:": _rows([(sub.path[-1], sub.summary) for sub in page.pages], width),
        "Arguments:": _rows(_spelled(page.arguments), width),
        "Options:": _rows(_spelled(page.own_options), width),
        "Fields:": fields,
    }


def help_of_options(root: Any, runtime: Runtime) -> Text:
    """Return the page of the options that every command takes."""
    page, width = page_of(root, ("parsec",), deep=False), width_of(runtime)
    title = "OPTIONS: accepted by every command, before or after its name"
    sections = {
        title: _rows(_spelled(page.common_options), width),
        "Without a command:": _rows(_spelled(page.own_options), width),
    }
    parts = ["\n".join([*_wrap(heading, width), "", *rows]) for heading, rows in sections.items()]
    return Text("\n\n".join(parts) + "\n", headings=("OPTIONS:", "Without a command:"))


def help_of_topic(name: str, runtime: Runtime) -> Text:
    """Return a topic for the width of the terminal: prose is wrapped once, columns stay columns."""
    width = width_of(runtime)
    paragraphs = paragraphs_of(TOPICS[name])
    text = "\n\n".join("\n".join(_lines_of(paragraph, width)) for paragraph in paragraphs)
    return Text(f"{text}\n", headings=(f"{TOPICS[name].partition(':')[0]}:",))


def _lines_of(paragraph: Sequence[Piece], width: int) -> list[str]:
    """Lay out a paragraph of a topic; rows that follow each other have the same columns."""
    lines: list[str] = []
    for kind, found in groupby(paragraph, key=lambda piece: piece.kind):
        pieces = list(found)
        if kind == "row":
            lines += _rows([(piece.name, piece.text) for piece in pieces], width)
        else:
            lay_out = _example if kind == "command" else _wrap
            lines += [line for piece in pieces for line in lay_out(piece.text, width)]
    return lines


def width_of(runtime: Runtime) -> int:
    """Return the width for help: that of stdout, within limits."""
    from parsec_cli.output.streams import columns_of

    world = runtime.world
    return max(_NARROWEST, min(columns_of(world.stdout, world.environ), _WIDEST))


def _example(line: str, width: int) -> list[str]:
    """Fold an example between words, with a backslash, so that it can be pasted."""
    *words, last = _WORD.findall(line)
    lines, current = [], " "
    for word, room in [*((word, width - 2) for word in words), (last, width)]:
        if current.strip() and len(current) + 1 + len(word) > room:
            lines.append(f"{current} \\")
            current = "   "
        current += f" {word}"
    return [*lines, current]


def _spelled(entries: Sequence[Parameter]) -> list[tuple[str, str]]:
    """Return spelling and text of each entry; long names line up below each other."""
    any_short = any(len(entry.names) > 1 for entry in entries)
    return [
        ("    " * (any_short and e.spelling.startswith("--")) + e.spelling, e.explained)
        for e in entries
    ]


def _rows(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Write two columns, or one below the other if the second would be too narrow."""
    short = [len(name) for name, _ in rows if len(name) <= _LEFT_AT_MOST]
    left = max(short, default=0) + 4
    stacked = width - left < _RIGHT_AT_LEAST and left > _LEFT_AT_LEAST
    lines: list[str] = []
    for name, text in rows:
        indent = " " * (6 if stacked else left)
        if stacked or len(name) + 4 > left:
            lines += _wrap(f"  {name.strip() if stacked else name}", width, following=indent)
            lines += _wrap(f"{indent}{text}", width, following=indent)
        else:
            lines += _wrap(f"  {name}".ljust(left) + text, width, following=indent)
    return [line for line in lines if line.strip()]


def _wrap(text: str, width: int, *, following: str = "") -> list[str]:
    """Break between words, but not inside short code such as `users plan`."""
    most = width // 3
    joined = _CODE.sub(lambda c: c[0].replace(" ", _JOINT) if len(c[0]) <= most else c[0], text)
    wrapped = textwrap.wrap(
        joined, width, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_JOINT, " ") for line in wrapped] or [""]
