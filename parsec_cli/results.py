"""The results of commands. A command never prints; `output` shows these in every format.

All text inside is raw: `output` escapes, masks and colours it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import NoneType
from typing import Literal

from parsec_cli.errors import ParsecError
from parsec_cli.models import JsonObject
from parsec_cli.next_command import NextCommand
from parsec_cli.records import record

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
ColumnKind = Literal["text", "id", "number", "time", "secret", "list", "yesno", "holdings"]
Tone = Literal["plain", "strong", "dim", "good", "warning", "bad"]


@record
class Column:
    """One named field of a record.

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
    """A sentence."""

    text: str
    tone: Tone = "plain"


@record
class Card:
    """Labelled values, one a line, under an optional heading."""

    pairs: tuple[tuple[str, str], ...]
    title: str = ""


@record
class Bar:
    """A utilisation bar: `used` of `total`; warning from `warn_at` percent, bad from `bad_at`."""

    label: str
    used: int
    total: int
    warn_at: float = 80.0
    bad_at: float = 90.0


@record
class Grid:
    """A short table inside a record."""

    columns: tuple[Column, ...]
    rows: Sequence[JsonObject]
    title: str = ""


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
    if there is none. All three are called when `pages` has ended.

    `empty` is a notice for a listing without records, with `empty_command` below. It is printed
    for tables, and in every format if the records are `filtered`, because a filter may be
    misspelled. `effect` says what was changed, for the error when the records
    cannot be shown.
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


@record
class Record:
    """One object: `value` in JSON, `columns` of it in tsv and csv, `blocks` on a terminal.

    Without `blocks`, a terminal shows a card of the columns. If people see a table of several
    rows, tsv and csv print those `rows`, and `summary` on stderr has what the rows lack. The
    `gauges` are for a command that supports `-o prometheus`.
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
