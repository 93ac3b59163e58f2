"""The results of commands. A command never prints; `output` shows these in every format.

All text inside is raw: `output` escapes, masks and colours it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from types import NoneType
from typing import Literal

from parsec_cli.errors import ParsecError
from parsec_cli.models import JsonObject
from parsec_cli.next_command import NextCommand
from parsec_cli.records import Made, record

# each output format and the module of `output` that writes it
FORMATS = {
    "table": "table",
    "tsv": "lines",
    "csv": "lines",
    "json": "format",
    "jsonl": "format",
    "ids": "lines",
}
# those that only some commands support, and no profile
EXTRA_FORMATS = {"prometheus": "prometheus", "markdown": "markdown"}
ColumnKind = Literal[
    "text",
    "words",
    "prose",
    "id",
    "number",
    "percent",
    "bar",
    "time",
    "date",
    "secret",
    "list",
    "yesno",
    "holdings",
    "outcome",
]
Tone = Literal[
    "plain", "strong", "dim", "good", "warning", "bad", "alarm", "unknown", "command", "hint"
]
Words = str | tuple[tuple[str, Tone], ...]  # text, or parts of a text with a tone each
# the tone of a word in a column of the kind "outcome"
OUTCOMES: dict[str, Tone] = {
    **dict.fromkeys(("ok", "done", "finished", "applied", "created", "changed"), "good"),
    **dict.fromkeys(("deactivated", "linked", "complete", "create", "onboard"), "good"),
    **dict.fromkeys(("warning", "skipped", "not_attempted", "set-qps"), "warning"),
    **dict.fromkeys(("stopped", "interrupted"), "warning"),
    **dict.fromkeys(("not_linked", "no_limit", "large_share", "escrow_off"), "warning"),
    **dict.fromkeys(("shared_wallet", "look_alike", "pool_mismatch"), "warning"),
    **dict.fromkeys(("failed", "not_applied", "over", "deactivate"), "bad"),
    **dict.fromkeys(("unchanged", "keep", "already_linked"), "dim"),
    "unknown": "unknown",
}
_WHOLE_SECONDS = 3.0  # from here on, seconds are shown as a whole number
_LEAST_PERCENT = 0.1  # smaller shares above zero are shown as less than this


@record
class Column:
    """One named field of a record.

    A table escapes and shortens cells by their kind. "text" is data; "words" is text of this tool,
    which may contain `→`; "prose" is the same, of several lines if it does not fit; "percent" is a
    number such as 42.2; "bar" a share from 0 to 1, drawn; "time" and "date" are RFC 3339
    text or Unix seconds.

    `path` is the server's name, dotted if nested (`wallet.safe_address`). A terminal never drops
    or shortens columns of `rank` 0; a narrow one drops the highest rank first. `shown` is False
    for fields that only csv, tsv and `--fields` have.
    """

    path: str
    title: str
    kind: ColumnKind = "text"
    rank: int = 5
    shown: bool = True


@record
class Line:
    """A sentence, broken between words; in the tone "command" it is never broken."""

    text: Words
    tone: Tone = "plain"


@record
class Card:
    """Labelled values, one a line; a value with the label "" continues the one above it.

    A value that is a str is data; its blanks stay visible. An alarm has its label in the same tone.
    `title` is a heading, and `aside` stands
    at its right. Below a heading, or with `indent`, the lines begin with two blanks.
    """

    pairs: tuple[tuple[str, Words], ...]
    title: str = ""
    aside: str = ""
    indent: bool = False


@record
class Bar:
    """A utilisation bar: `used` of `total`; warning from `warn_at` percent, bad from `bad_at`.

    `text` replaces the figures behind the bar; in it, `{percent}` stands for the share. `earlier`
    values of `used`, oldest first, are drawn as a sparkline; None is a gap.
    """

    label: str
    used: int
    total: int
    warn_at: float = 75.0
    bad_at: float = 90.0
    text: str = ""
    earlier: tuple[int | None, ...] = ()


@record
class Grid:
    """A short table inside a record. `tones` has one tone a row, for all of its cells."""

    columns: tuple[Column, ...]
    rows: Sequence[JsonObject]
    title: str = ""
    tones: tuple[Tone, ...] = ()
    header: bool = True
    indent: bool = False


@record
class Gauge:
    """A number for Prometheus, with its `meaning` on one line."""

    name: str
    meaning: str
    value: int
    labels: tuple[tuple[str, str], ...] = ()


Block = Line | Card | Bar | Grid


@record
class Listing:
    """Records that stream in pages.

    As JSON: `{name: [records...], **footer()}`. `closing` returns blocks for people, below the
    table. `failure` returns the error that ended the pages early, or that the records report; None
    if there is none. `summary` returns a sentence for markdown. All four are called when `pages`
    has ended.

    `empty` is a notice for a listing without records, with `empty_command` below. It is printed
    for tables, and in every format if the records are `filtered`, because a filter may be
    misspelled. `effect` says what was changed, for the error when the records
    cannot be shown. `tone` returns the tone of a whole row for people. `for_people` returns the
    listing that a table shows instead, unless `--fields` chooses columns.
    """

    name: str
    columns: tuple[Column, ...]
    pages: Iterable[Sequence[JsonObject]]
    footer: Callable[[], JsonObject] = dict
    closing: Callable[[], tuple[Block, ...]] = tuple
    failure: Callable[[], ParsecError | None] = NoneType
    empty: str = ""
    empty_command: NextCommand | None = None
    filtered: bool = False
    exit_code: int = 0
    effect: str = "the change was made"
    tone: Callable[[JsonObject], Tone] | None = None
    summary: Callable[[], str] = str
    for_people: Callable[[], Listing] | None = None


@record
class Record:
    """One object: `value` in JSON, `columns` of it in tsv and csv, `blocks` on a terminal.

    Without `blocks`, a terminal shows a card of the columns. If people see a table of several
    rows, tsv and csv print those `rows`, and `summary` on stderr has what the rows lack. Markdown
    shows both. The `gauges` are for a command that supports `-o prometheus`.
    """

    value: JsonObject
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...] = ()
    exit_code: int = 0
    rows: Grid | None = None
    summary: str = ""
    gauges: tuple[Gauge, ...] = ()


@record
class Frames:
    """Records that replace each other (`pool show --watch`); a terminal redraws them in place."""

    frames: Iterator[Record]
    exit_code: int = 0


@record
class Text:
    """Text that is itself the data (a path, a script), printed unchanged in every format.

    `headings` are beginnings of lines that a terminal with colour shows in bold.
    """

    text: str
    exit_code: int = 0
    headings: tuple[str, ...] = ()


Result = Listing | Record | Frames | Text


def paged(records: Iterable[Made], size: int = 1000) -> Iterator[list[Made]]:
    """Yield the records in pages."""
    rest = iter(records)
    while page := list(islice(rest, size)):
        yield page


def percent(used: float, total: float) -> str:
    """Return a share for people, such as `42.2%`; only a full total is `100.0%`.

    A total of zero counts as full.
    """
    share = 100 * used / total if total > 0 else 100.0
    share = min(share, 99.9) if share < 100 else share  # noqa: PLR2004
    return f"{share:,.1f}%" if share >= _LEAST_PERCENT or not share else f"<{_LEAST_PERCENT}%"


def duration(seconds: float) -> str:
    """Return a time for people: `under 1 s`, `about 1.5 s`, `about 47 s` or `about 1 h 5 min`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < _WHOLE_SECONDS:
        return f"about {seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    units = {"h": whole // 3600, "min": whole // 60 % 60, "s": whole % 60}
    first = next(at for at, number in enumerate(units.values()) if number)
    shown = list(units.items())[first : first + 2]
    return "about " + " ".join(f"{number:,} {unit}" for unit, number in shown)
