"""Lay out a help page as plain text; on a terminal, headings are bold.

Typer's help by Rich takes 60 ms, reads `[brackets]` as markup and cuts long option names in narrow
terminals. Nothing is shortened here: a text that does not fit beside its name goes below it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from parsec_cli.cli.help_pages import Page, page_of
from parsec_cli.cli.topics import TOPICS
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.results import Text

if TYPE_CHECKING:
    from parsec_cli.runtime import Runtime

HEADINGS = (
    "Usage:",
    "Examples:",
    "Commands:",
    "Topics:",
    "Arguments:",
    "Options:",
    "Common options:",
    "Fields:",
)
_WIDEST = 100  # longer lines are hard to read
_NARROWEST = 20
_LEFT_AT_MOST = 30
_RIGHT_AT_LEAST = 36
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\S)+""")


def help_of(command: Any, path: tuple[str, ...], runtime: Runtime) -> Text:
    """Return the help of a command, whose words are `path`, for the width of the terminal."""
    return Text(layout(page_of(command, path, deep=False), width_of(runtime)), headings=HEADINGS)


def width_of(runtime: Runtime) -> int:
    """Return the width for help: that of stdout, within limits."""
    from parsec_cli.output.streams import columns_of

    world = runtime.world
    return max(_NARROWEST, min(columns_of(world.stdout, world.environ), _WIDEST))


def layout(page: Page, width: int) -> str:
    """Write a page as text of at most `width` columns, if its longest words allow."""
    titles = {n: text.partition(": ")[2].partition("\n")[0] for n, text in TOPICS.items()}
    topics = [(f"parsec help {n}", t) for n, t in titles.items() if len(page.path) == 1]
    texts = [page.summary, *filter(None, page.text.split("\n\n"))]
    parts = ["\n".join(_wrap(f"Usage: {page.usage}", width, following=" " * 9))]
    parts += ["\n".join(_wrap(" ".join(text.split()), width)) for text in texts]
    parts += _section("Examples:", (line for e in page.examples for line in _example(e, width)))
    parts += _rows("Commands:", [(sub.path[-1], sub.summary) for sub in page.pages], width)
    parts += _rows("Topics:", topics, width)
    parts += _rows("Arguments:", _spelled(page.arguments), width)
    parts += _rows("Options:", _spelled(page.own_options), width)
    parts += _rows("Common options:", _spelled(page.common_options), width)
    fields = _wrap(f"  {', '.join(page.fields)}", width, following="  ") if page.fields else []
    parts += _section("Fields:", fields)
    return "\n\n".join(parts) + "\n"


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
    words = _WORD.findall(line)
    lines, current = [], "  "
    for position, word in enumerate(words):
        last = position == len(words) - 1
        room = width - len(current) - (0 if last else 2)
        if current.strip() and len(word) + 1 > room:
            lines.append(f"{current} \\")
            current = "    " + word
        else:
            current += word if not current.strip() else f" {word}"
    return [*lines, current]


def _section(heading: str, lines: Iterable[str]) -> list[str]:
    body = list(lines)
    return ["\n".join([heading, *body])] if body else []


def _spelled(entries: Sequence[Parameter]) -> list[tuple[str, str]]:
    """Return spelling and text of each entry; long names line up below each other."""
    any_short = any(len(entry.names) > 1 for entry in entries)
    return [
        ("    " * (any_short and e.spelling.startswith("--")) + e.spelling, e.explained)
        for e in entries
    ]


def _rows(heading: str, rows: Sequence[tuple[str, str]], width: int) -> list[str]:
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
    return _section(heading, [line for line in lines if line.strip()])


def _wrap(text: str, width: int, *, following: str = "") -> list[str]:
    wrapped = textwrap.wrap(
        text, width, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    return wrapped or [""]
