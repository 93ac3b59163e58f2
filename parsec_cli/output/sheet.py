"""What every format is given: where to write, what to hide, what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from parsec_cli.models import JsonObject
from parsec_cli.output.encode import Replaced
from parsec_cli.output.fields import Fields
from parsec_cli.output.redact import Redaction
from parsec_cli.output.sink import Sink
from parsec_cli.output.surface import Surface
from parsec_cli.records import record
from parsec_cli.results import Frames, Listing, Record


@record
class Sheet:
    """Stdout and the wishes of the command line; `headers` is None where nothing was said."""

    sink: Sink
    surface: Surface
    redaction: Redaction
    fields: Fields
    headers: bool | None
    replaced: Replaced

    def pages(self, listing: Listing) -> Iterator[Sequence[JsonObject]]:
        """Yield the pages, whole records; the first with records is held to `--fields`."""
        checked = not self.fields
        for page in listing.pages:
            if page and not checked:
                self.fields.check(page, listing.columns)
                checked = True
            yield page

    def frames(self, frames: Frames) -> Iterator[Record]:
        checked = False
        for frame in frames.frames:
            if not checked:
                self.fields.check([frame.value], frame.columns)
                checked = True
            yield frame


class Format(Protocol):
    """One output format. Each method raises what the pages raise, ReaderLeft and LocalFault."""

    def listing(self, listing: Listing) -> None: ...
    def record(self, record: Record) -> None: ...
    def frames(self, frames: Frames) -> None: ...
