"""The `prometheus` format: the gauges of a record in the text exposition format, version 0.0.4.

Prometheus reads it as UTF-8, over HTTP or from a file by way of its node exporter.
"""

from __future__ import annotations

from parsec_cli.output.format import Format
from parsec_cli.results import Gauge, Listing, Record

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Prometheus(Format):
    def record(self, record: Record) -> None:
        text = "".join(map(self._lines, record.gauges))
        self.write(text)

    def listing(self, listing: Listing) -> None:
        raise TypeError(f"{listing.name} have no gauges")

    def _lines(self, gauge: Gauge) -> str:
        labels = ",".join(
            f'{name}="{self.redaction.text(text).translate(_ESCAPES)}"'
            for name, text in gauge.labels
        )
        return (
            f"# HELP {gauge.name} {gauge.meaning}\n"
            f"# TYPE {gauge.name} gauge\n"
            f"{gauge.name}{{{labels}}} {gauge.value}\n"
        )
