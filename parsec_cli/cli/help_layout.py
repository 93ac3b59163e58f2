"""Lay out a help page as plain text; on a terminal, headings are bold.

Typer's help by Rich takes 60 ms, reads `[brackets]` as markup and cuts long option names in narrow
terminals. Nothing is shortened here: a text that does not fit beside its name goes below it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.topics import TOPICS
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.results import Text

if TYPE_CHECKING:
    from parsec_cli.runtime import Runtime

_WIDEST = 100  # longer lines are hard to read
_NARROWEST = 20
_LEFT_AT_MOST = 30
_RIGHT_AT_LEAST = 36
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\S)+""")


def help_of(command: Any, path: tuple[str, ...], runtime: Runtime) -> Text:
    """Return the help of a command, whose words are `path`, for the width of the terminal.

    No line is longer, if the longest words allow.
    """
    page, width = page_of(command, path, deep=False), width_of(runtime)
    titles = {n: text.partition(": ")[2].partition("\n")[0] for n, text in TOPICS.items()}
    topics = [(f"parsec help {n}", t) for n, t in titles.items() if len(path) == 1]
    texts = [page.summary, *filter(None, page.text.split("\n\n"))]
    fields = _wrap(f"  {', '.join(page.fields)}", width, following="  ") if page.fields else []
    sections = {
        "Examples:": [line for example in page.examples for line in _example(example, width)],
        "Commands:": _rows([(sub.path[-1], sub.summary) for sub in page.pages], width),
        "Topics:": _rows(topics, width),
        "Arguments:": _rows(_spelled(page.arguments), width),
        "Options:": _rows(_spelled(page.own_options), width),
        "Common options:": _rows(_spelled(page.common_options), width),
        "Fields:": fields,
    }
    parts = ["\n".join(_wrap(f"Usage: {page.usage}", width, following=" " * 9))]
    parts += ["\n".join(_wrap(" ".join(text.split()), width)) for text in texts]
    parts += ["\n".join([heading, *lines]) for heading, lines in sections.items() if lines]
    return Text("\n\n".join(parts) + "\n", headings=("Usage:", *sections))


def width_of(runtime: Runtime) -> int:
    """Return the width for help: that of stdout, within limits."""
    from parsec_cli.output.streams import columns_of

    world = runtime.world
    return max(_NARROWEST, min(columns_of(world.stdout, world.environ), _WIDEST))


def fitted(text: str, width: int) -> str:
    """Fold the lines of a text that are too long; leave the others as they are."""
    lines: list[str] = []
    for line in text.splitlines():
        if len(line) <= width:
            lines.append(line)
            continue
        # a line in two columns continues below the second one
        columns = re.match(r"\s+\S+(?: \S+)*?\s{2,}(?=\S)", line)
        indent = len(columns[0]) if columns else len(line) - len(line.lstrip())
        if indent > width // 2:
            indent = len(line) - len(line.lstrip()) + 2
        lines += _wrap(line, width, following=" " * indent)
    return "\n".join(lines) + "\n"


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
    stacked = width - left < _RIGHT_AT_LEAST
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
    wrapped = textwrap.wrap(
        text, width, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    return wrapped or [""]
