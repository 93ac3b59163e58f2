"""The `json` format: one ASCII document, streamed by page, closed as valid JSON whatever comes."""

from __future__ import annotations

from parsec_cli.output.encode import Encoder, dumps
from parsec_cli.output.sheet import Sheet
from parsec_cli.results import Frames, Listing, Record

_INDENT = 2  # for one object on a terminal; never for lists


class Json:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._encoder = Encoder(sheet.redaction, sheet.replaced)

    def listing(self, listing: Listing) -> None:
        """Write nothing before the first page is there: if that fails, stdout stays empty."""
        sink, fields = self._sheet.sink, self._sheet.fields
        before, began = f"{{{dumps(listing.name)}: [", False
        try:
            for page in self._sheet.pages(listing):
                text = self._encoder.page(fields.narrow_all(page))
                if text or not began:
                    sink.write(before + text)
                    before, began = ",\n" if text else "", True
        except BaseException:
            if began and sink.intact:
                self._close(listing)
            raise
        if not began:
            sink.write(before)
        self._close(listing)

    def record(self, record: Record) -> None:
        self._sheet.fields.check([record.value], record.columns)
        self._write(record, indent=_INDENT if self._sheet.surface.terminal else None)

    def frames(self, frames: Frames) -> None:
        for frame in self._sheet.frames(frames):
            self._write(frame)

    def _write(self, record: Record, indent: int | None = None) -> None:
        value = self._sheet.fields.narrow(record.value)
        self._sheet.sink.write(f"{self._encoder.document(value, indent=indent)}\n")

    def _close(self, listing: Listing) -> None:
        rest = self._encoder.document(listing.footer())[1:-1]
        self._sheet.sink.write(f"], {rest}}}\n" if rest else "]}\n")
