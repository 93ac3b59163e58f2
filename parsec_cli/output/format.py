"""What all output formats share, and JSON: ASCII, masked nearly as fast as `json.dumps` writes.

Masking field by field takes as long as writing the JSON. So only records with an `api_key` are
copied, and the finished text is searched for any other secret. Any match, right or wrong, sends
the page through the thorough `Redaction.value`.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from parsec_cli.errors import counted, unknown
from parsec_cli.exact_json import marked, unmarked
from parsec_cli.models import JsonObject
from parsec_cli.output.streams import Sink, Surface
from parsec_cli.records import state
from parsec_cli.redaction import Redaction, hide, mask
from parsec_cli.results import Column, Frames, Listing, Record

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
        self._checked = False
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

    def narrow_one(self, value: Any) -> Any:
        """Narrow a whole document: if it has none of the fields, each of them is null."""
        return self.narrow(value) or dict.fromkeys(self._tree) or value

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

    def check_early(self, known: tuple[Column, ...]) -> None:
        """Raise UsageFault, before there is a record, for a field whose first part no column has.

        Afterwards a field may be in no record, since a change must not fail for its result.
        """
        paths = [column.path for column in known]
        firsts = {path.partition(".")[0] for path in paths}
        for name in self._names or ():
            if name.partition(".")[0] not in firsts:
                raise unknown("field", name, paths)
        self._checked = True

    def check(self, records: Sequence[JsonObject], known: tuple[Column, ...]) -> None:
        """Raise UsageFault for a field that is neither a column nor in any of the records."""
        paths = [column.path for column in known]
        for name in () if self._checked else self._names or ():
            if any(path == name or path.startswith(f"{name}.") for path in paths):
                continue
            find = reader(name)
            if not name or all(find(record) in (ABSENT, []) for record in records):
                raise unknown("field", name, paths)


def _narrow(value: Any, tree: _Tree) -> Any:
    if tree and isinstance(value, list):
        return [_narrow(inner, tree) for inner in value]
    if not tree or not isinstance(value, dict):
        return value
    return {name: _narrow(value[name], below) for name, below in tree.items() if name in value}


@state
class Format(ABC):
    """One output format: where to write, what to mask, and what the command line asks for.

    `headers` is None if not specified. Methods raise ReaderLeft, LocalFault and faults of pages.
    """

    sink: Sink
    surface: Surface
    redaction: Redaction
    fields: Fields
    headers: bool | None

    @cached_property
    def encoder(self) -> Encoder:
        return Encoder(self.redaction)

    @abstractmethod
    def listing(self, listing: Listing) -> None: ...

    @abstractmethod
    def record(self, record: Record) -> None:
        """Write a record whose fields have been checked."""

    def frames(self, frames: Frames) -> None:
        for frame in self.checked(frames):
            self.record(frame)

    def write(self, text: str) -> None:
        """Write for a program: in a pipe or file the locale does not choose the encoding."""
        self.sink.write(text, encoding="" if self.surface.terminal else "utf-8")

    def pause(self) -> None:  # noqa: B027 -- only tables are redrawn
        """End what is redrawn in place, because other text is about to be written."""

    def notes(self) -> Iterator[str]:
        """Yield what was written differently, or not at all."""
        if count := self.encoder.replaced:
            text = f"{counted(count, 'character')} of the output {'is' if count == 1 else 'are'}"
            yield f"{text} half a surrogate pair, written as \\ufffd"

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


_KEY_FIELD = "api_key"
# every secret field's name, lower case and as JSON, contains one of these; a match that is not a
# secret costs only time
_KEY_TRACE = 'key"'
_TRACES = ('credentials"', "clob")
# an escaped backslash, a pair of surrogates, or half of one
_ESCAPE = r"\\\\|\\ud[89ab]..\\ud[c-f]..|(\\ud[89a-f]..)"
_INDENT = 2  # for one object on a terminal; never for lists
_DELETE = "\x7f"  # the one control character that JSON may contain raw
# made once, which halves the time of a short record; parsed JSON contains no cycles
_PLAIN = json.JSONEncoder(allow_nan=False, check_circular=False, default=marked)
_Writer = Callable[[Sequence[JsonObject]], str]


@state
class Encoder:
    """Writes JSON that is ASCII, without control characters and without secrets.

    It replaces lone surrogates, which strict parsers of JSON refuse, and counts the `replaced`.
    """

    redaction: Redaction
    replaced: int = 0

    def page(self, records: Sequence[JsonObject]) -> str:
        """Return the records as JSON with `, ` between them and no brackets around."""
        return self._masked(records, lambda found: dumps([*found])[1:-1])

    def lines(self, records: Sequence[JsonObject]) -> str:
        """Return one line of JSON per record, each with its line end."""
        return self._masked(records, lambda found: "".join(f"{dumps(one)}\n" for one in found))

    def document(self, value: Any, *, indent: int | None = None) -> str:
        """Return one JSON value without a line end."""
        return self._without_surrogates(dumps(self.redaction.value(value), indent=indent))

    def _without_surrogates(self, text: str) -> str:
        if "\\ud" not in text:
            return text
        self.replaced += sum(bool(half) for half in re.findall(_ESCAPE, text))
        return re.sub(_ESCAPE, lambda found: "\\ufffd" if found[1] else found[0], text)

    def _masked(self, records: Sequence[JsonObject], write: _Writer) -> str:
        copies = records
        if not self.redaction.reveals(_KEY_FIELD):
            # calls `mask` itself where it can, because this runs for every user
            copies = [
                record
                if (key := record.get(_KEY_FIELD)) is None
                else {
                    **record,
                    _KEY_FIELD: mask(key) if key.__class__ is str and key else hide(key),
                }
                for record in records
            ]
        text = write(copies)
        small = text.lower()
        keys = [_KEY_FIELD in record for record in records].count(True)
        if (
            small.count(_KEY_TRACE) != keys
            or any(trace in small for trace in _TRACES)
            or self.redaction.thorough
            or any(dumps(key)[1:-1] in text for key in self.redaction.known())
        ):
            text = write([self.redaction.value(record) for record in records])
        return self._without_surrogates(text)


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Return `value` as ASCII JSON without control characters."""
    encoder = json.JSONEncoder(indent=indent, default=marked) if indent else _PLAIN
    text = unmarked(encoder.encode(value))
    return text.replace(_DELETE, "\\u007f") if _DELETE in text else text


class Json(Format):
    """One document, closed as valid JSON even after a failure."""

    def listing(self, listing: Listing) -> None:
        """Write nothing before the first page has arrived: if that fails, stdout stays empty."""
        before, began = f"{{{dumps(listing.name)}: [", False
        try:
            for page in self.pages(listing):
                text = self.encoder.page(self.fields.narrow(page))
                if text or not began:
                    self.write(before + text)
                    before, began = ",\n" if text else "", True
            if not began and listing.failure() is None:
                self.write(before)
                began = True
        finally:
            if began and self.sink.intact:
                rest = self.encoder.document(listing.footer())[1:-1]
                self.write(f"], {rest}}}\n" if rest else "]}\n")

    def record(self, record: Record) -> None:
        self._write(record, indent=_INDENT if self.surface.terminal else None)

    def frames(self, frames: Frames) -> None:
        for frame in self.checked(frames):
            self._write(frame)

    def _write(self, record: Record, indent: int | None = None) -> None:
        value = self.fields.narrow_one(record.value)
        self.write(f"{self.encoder.document(value, indent=indent)}\n")


class Jsonl(Json):
    def listing(self, listing: Listing) -> None:
        for page in self.pages(listing):
            self.write(self.encoder.lines(self.fields.narrow(page)))

    def record(self, record: Record) -> None:
        self._write(record)
