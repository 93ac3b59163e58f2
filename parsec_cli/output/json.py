"""The `json` format, one document, and `jsonl`, one record a line: ASCII, written page by page."""

from __future__ import annotations

from functools import cached_property

from parsec_cli.output.encode import Encoder, dumps
from parsec_cli.output.format import Format
from parsec_cli.results import Frames, Listing, Record

_INDENT = 2  # for one object on a terminal; never for lists


class Json(Format):
    """One document, closed as valid JSON whatever ends it."""

    @cached_property
    def encoder(self) -> Encoder:
        return Encoder(self.redaction)

    @property
    def replaced(self) -> int:
        return self.encoder.replaced

    def listing(self, listing: Listing) -> None:
        """Write nothing before the first page has arrived: if that fails, stdout stays empty."""
        before, began = f"{{{dumps(listing.name)}: [", False
        try:
            for page in self.pages(listing):
                text = self.encoder.page(self.fields.narrow_all(page))
                if text or not began:
                    self.sink.write(before + text)
                    before, began = ",\n" if text else "", True
            if not began and listing.failure() is None:
                self.sink.write(before)
                began = True
        finally:
            if began and self.sink.intact:
                rest = self.encoder.document(listing.footer())[1:-1]
                self.sink.write(f"], {rest}}}\n" if rest else "]}\n")

    def record(self, record: Record) -> None:
        self._write(record, indent=_INDENT if self.surface.terminal else None)

    def frames(self, frames: Frames) -> None:
        for frame in self.checked(frames):
            self._write(frame)

    def _write(self, record: Record, indent: int | None = None) -> None:
        value = self.fields.narrow(record.value)
        self.sink.write(f"{self.encoder.document(value, indent=indent)}\n")


class Jsonl(Json):
    def listing(self, listing: Listing) -> None:
        for page in self.pages(listing):
            self.sink.write(self.encoder.lines(self.fields.narrow_all(page)))

    def record(self, record: Record) -> None:
        self._write(record)
