"""What all output formats share, and which module has which format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from parsec_cli import exact_json
from parsec_cli.errors import unknown
from parsec_cli.models import JsonObject
from parsec_cli.output.streams import Sink, Surface
from parsec_cli.records import state
from parsec_cli.redaction import Redaction, hide, mask
from parsec_cli.results import Column, ColumnKind, Frames, Listing, Record

ABSENT: Final = object()
_Tree = dict[str, "_Tree"]


def reader(path: str) -> Callable[[JsonObject], Any]:
    """Return a function that finds a record's value at `path`, or ABSENT.

    A step into a list looks into each of its objects; below null it finds null.
    """
    first, *rest = path.split(".")
    if not rest:
        return lambda record: record.get(first, ABSENT)
    return lambda record: _descend(record.get(first, ABSENT), rest)


def _descend(value: Any, names: list[str]) -> Any:
    for place, name in enumerate(names):
        if isinstance(value, list):
            found = [_descend(inner, names[place:]) for inner in value]
            return [inner for inner in found if inner is not ABSENT]
        if value is None:
            return None
        if not isinstance(value, dict):
            return ABSENT
        value = value.get(name, ABSENT)
    return value


class Fields:
    """The fields that `--fields` names; None means all."""

    def __init__(self, names: tuple[str, ...] | None) -> None:
        self._names = None if names is None else tuple(dict.fromkeys(names))
        self._tree: _Tree = {}
        for name in self._names or ():
            if any(name.startswith(f"{parent}.") for parent in self._names or ()):
                continue  # part of a parent that is wanted whole
            branch = self._tree
            for step in name.split("."):
                branch = branch.setdefault(step, {})

    def __bool__(self) -> bool:
        return self._names is not None

    def narrow(self, value: Any) -> Any:
        """Return the wanted part of one or more records; absent fields stay absent."""
        return _narrow(value, self._tree)

    def columns(self, known: tuple[Column, ...]) -> tuple[Column, ...]:
        """Return the wanted columns in the order of `--fields`; a parent includes its children."""
        if self._names is None:
            return known
        chosen: dict[str, Column] = {}
        for name in self._names:
            own = [c for c in known if c.path == name]
            below = [c for c in known if c.path.startswith(f"{name}.")]
            for column in own or below or [Column(name, name)]:
                chosen[column.path] = column
        return tuple(chosen.values())

    def check(self, records: Sequence[JsonObject], known: tuple[Column, ...]) -> None:
        """Raise UsageFault for a field that is neither a column nor in any of the records."""
        paths = [column.path for column in known]
        for name in self._names or ():
            if any(path == name or path.startswith(f"{name}.") for path in paths):
                continue
            find = reader(name)
            if not name or all(find(record) in (ABSENT, []) for record in records):
                raise unknown("field", name, paths)


def _narrow(value: Any, tree: _Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_narrow(inner, tree) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: _narrow(value[name], below) for name, below in tree.items() if name in value}


@state
class Format(ABC):
    """One output format: where to write, what to mask, and what the command line asks for.

    `headers` is None unless the operator chose. Methods raise what the pages raise, ReaderLeft
    and LocalFault.
    """

    sink: Sink
    surface: Surface
    redaction: Redaction
    fields: Fields
    headers: bool | None

    @property
    def replaced(self) -> int:
        """How many characters of the response could not be written."""
        return 0

    @abstractmethod
    def listing(self, listing: Listing) -> None: ...

    @abstractmethod
    def record(self, record: Record) -> None:
        """Write a record whose fields have been checked."""

    def frames(self, frames: Frames) -> None:
        for frame in self.checked(frames):
            self.record(frame)

    def pages(self, listing: Listing) -> Iterator[Sequence[JsonObject]]:
        """Yield the pages; check `--fields` against the first one with records."""
        checked = not self.fields
        for page in listing.pages:
            if page and not checked:
                self.fields.check(page, listing.columns)
                checked = True
            yield page

    def checked(self, frames: Frames) -> Iterator[Record]:
        """Yield the frames; check `--fields` against the first."""
        for place, frame in enumerate(frames.frames):
            if not place:
                self.fields.check([frame.value], frame.columns)
            yield frame


_MINUTE = "%Y-%m-%d %H:%MZ"
Cell = str | None
_Write = Callable[[Any, ColumnKind], Cell]


def rows_of(
    columns: Sequence[Column], records: Sequence[JsonObject], redaction: Redaction, write: _Write
) -> list[list[Cell]]:
    """Return a row per record; a cell is None where the value is null or absent.

    It reads a page column by column, which takes half the time of a call per cell.
    """
    cells = [_cells(column, records, redaction, write) for column in columns]
    rows = [list(row) for row in zip(*cells, strict=True)] if cells else [[] for _ in records]
    for key in redaction.known():
        if any(key in "\n".join(filter(None, row)) for row in rows):
            masked = mask(key)
            rows = [[c.replace(key, masked) if c else c for c in row] for row in rows]
    return rows


def _cells(
    column: Column, records: Sequence[JsonObject], redaction: Redaction, write: _Write
) -> list[Cell]:
    read, kind = reader(column.path), column.kind
    names = column.path.split(".")
    secret = kind == "secret" or any(redaction.hides(name) for name in names)
    secret = secret and not redaction.reveals(names[-1])

    def cell(value: Any) -> Cell:
        if secret:
            value = hide(value)
        elif isinstance(value, dict) or (isinstance(value, list) and _is_nested(value)):
            value = redaction.value(value)  # fields inside may be secret by their names
        return write(value, kind)

    values = [read(record) for record in records]
    return [None if value is None or value is ABSENT else cell(value) for value in values]


def plain(value: Any, kind: ColumnKind) -> str:
    """Write for tsv and csv: full values, RFC 3339 times, true and false."""
    if isinstance(value, str):
        return value
    if kind == "holdings":
        return _holdings(value)
    if kind == "time" and (time := _time(value)) is not None:
        return time.isoformat().replace("+00:00", "Z")
    return _text(value)


def shown(value: Any, kind: ColumnKind) -> str | None:
    """Write for a table: times to the minute in UTC, yes and no; None for an empty list."""
    if value == []:
        return None
    if value == "":
        return '""'  # differs from null, which is a dash
    if kind == "holdings":
        return _holdings(value) or None
    if value is True or value is False:
        return "yes" if value else "no"
    if kind == "time" and (time := _time(value)) is not None:
        return time.strftime(_MINUTE)
    return value if isinstance(value, str) else _text(value)


def _holdings(value: Any) -> str:
    from parsec_cli.holdings import Holdings

    return Holdings.parse(value).text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not _is_nested(value):
        return ",".join(i if isinstance(i, str) else _text(i) for i in value if i is not None)
    if isinstance(value, (dict, list)) or value is None:
        return exact_json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _is_nested(values: list[Any]) -> bool:
    return any(isinstance(inner, (dict, list)) for inner in values)


def _time(value: Any) -> datetime | None:
    """Read RFC 3339 text or Unix seconds; return None for anything else."""
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
