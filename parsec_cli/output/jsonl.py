"""The `jsonl` format: one record a line, flushed with every page."""

from __future__ import annotations

from parsec_cli.output.encode import Encoder
from parsec_cli.output.sheet import Sheet
from parsec_cli.results import Frames, Listing, Record


class Jsonl:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._encoder = Encoder(sheet.redaction, sheet.replaced)

    def listing(self, listing: Listing) -> None:
        for page in self._sheet.pages(listing):
            self._sheet.sink.write(self._encoder.lines(self._sheet.fields.narrow_all(page)))

    def record(self, record: Record) -> None:
        self._sheet.fields.check([record.value], record.columns)
        self._write(record)

    def frames(self, frames: Frames) -> None:
        for frame in self._sheet.frames(frames):
            self._write(frame)

    def _write(self, record: Record) -> None:
        self._sheet.sink.write(self._encoder.lines([self._sheet.fields.narrow(record.value)]))
