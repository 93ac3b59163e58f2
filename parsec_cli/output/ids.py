"""The `ids` format: the customer_id of each record on a line, for pipes."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject
from parsec_cli.output.sheet import Sheet
from parsec_cli.output.tsv import field
from parsec_cli.results import Frames, Listing, Record


class Ids:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def listing(self, listing: Listing) -> None:
        for page in listing.pages:
            self._write(page)

    def record(self, record: Record) -> None:
        self._write([record.value])

    def frames(self, frames: Frames) -> None:
        for frame in frames.frames:
            self._write([frame.value])

    def _write(self, records: Sequence[JsonObject]) -> None:
        ids = [_customer_id(record) for record in records]
        text = self._sheet.redaction.text
        self._sheet.sink.write("".join(f"{field(text(one))}\n" for one in ids))


def _customer_id(record: JsonObject) -> str:
    one = record.get("customer_id")
    if not isinstance(one, str) or not one:
        raise UsageFault(
            "`ids` needs records with a `customer_id`, and here is one without",
            hint="choose another format, such as `-o json`",
        )
    return one
