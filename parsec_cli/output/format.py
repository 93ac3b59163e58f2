"""What all output formats share, and which module has which format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from importlib import import_module

from parsec_cli.models import JsonObject
from parsec_cli.output.fields import Fields
from parsec_cli.output.streams import Sink, Surface
from parsec_cli.records import state
from parsec_cli.redaction import Redaction
from parsec_cli.results import Frames, Listing, Record

# imported on first use: `json` must not pay for tables
_MODULES = {
    "table": "table",
    "tsv": "lines",
    "csv": "lines",
    "json": "json",
    "jsonl": "json",
    "ids": "lines",
}


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


def format_class(name: str) -> type[Format]:
    module = import_module(f"parsec_cli.output.{_MODULES[name]}")
    found: type[Format] = getattr(module, name.capitalize())
    return found
