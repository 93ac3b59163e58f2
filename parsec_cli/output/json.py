"""The `json` format, one document, and `jsonl`, one record a line: ASCII, written page by page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from parsec_cli.errors import ParsecError
from parsec_cli.exact_json import marked, unmarked
from parsec_cli.models import JsonObject
from parsec_cli.output.format import Format
from parsec_cli.redaction import Redaction, hide, mask, without_keys
from parsec_cli.results import Frames, Listing, Record

_KEY_FIELD = "api_key"
# every secret field's name, lower case and as JSON, contains one of these; a match that is not a
# secret costs only time
_KEY_TRACE = 'key"'
_TRACES = ('credentials"', "clob")
# an escaped backslash, a pair of surrogates, or half of one
_ESCAPE = r"\\\\|\\ud[89ab]..\\ud[c-f]..|(\\ud[89a-f]..)"
_DELETE = "\x7f"  # the one control character that JSON may contain raw
# made once, which halves the time of a short record; parsed JSON contains no cycles
_PLAIN = json.JSONEncoder(allow_nan=False, check_circular=False, default=marked)
_Writer = Callable[[Sequence[JsonObject]], str]


class Encoder:
    """Writes JSON that is ASCII, without control characters and without secrets.

    It replaces lone surrogates, which strict parsers of JSON refuse, and counts the `replaced`.
    """

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self.replaced = 0

    def page(self, records: Sequence[JsonObject]) -> str:
        """Return the records as JSON with `, ` between them and no brackets around."""
        return self._without_surrogates(self._masked(records, _page))

    def lines(self, records: Sequence[JsonObject]) -> str:
        """Return one line of JSON per record, each with its line end."""
        return self._without_surrogates(self._masked(records, _lines))

    def document(self, value: Any, *, indent: int | None = None) -> str:
        """Return one JSON value without a line end."""
        return self._without_surrogates(dumps(self._redaction.value(value), indent=indent))

    def _without_surrogates(self, text: str) -> str:
        return re.sub(_ESCAPE, self._replace, text) if "\\ud" in text else text

    def _replace(self, found: re.Match[str]) -> str:
        self.replaced += found[1] is not None
        return found[0] if found[1] is None else "\\ufffd"

    def _masked(self, records: Sequence[JsonObject], write: _Writer) -> str:
        reveals = self._redaction.reveals(_KEY_FIELD)
        text = write(records if reveals else _without_keys(records))
        small = text.lower()
        keys = [_KEY_FIELD in record for record in records].count(True)
        if (
            small.count(_KEY_TRACE) != keys
            or any(trace in small for trace in _TRACES)
            or any(dumps(key)[1:-1] in text for key in self._redaction.known())
        ):
            return write([self._redaction.value(record) for record in records])
        return text


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Return `value` as ASCII JSON without control characters."""
    encoder = json.JSONEncoder(indent=indent, default=marked) if indent else _PLAIN
    text = unmarked(encoder.encode(value))
    return text.replace(_DELETE, "\\u007f") if _DELETE in text else text


def _without_keys(records: Sequence[JsonObject]) -> list[JsonObject]:
    # calls `mask` itself where it can, because this runs for every user
    return [
        record
        if (key := record.get(_KEY_FIELD)) is None
        else {**record, _KEY_FIELD: mask(key) if key.__class__ is str and key else hide(key)}
        for record in records
    ]


def _page(records: Sequence[JsonObject]) -> str:
    return dumps(list(records))[1:-1]


def _lines(records: Sequence[JsonObject]) -> str:
    return "".join(f"{dumps(record)}\n" for record in records)


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
                text = self.encoder.page(self.fields.narrow(page))
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
            self.sink.write(self.encoder.lines(self.fields.narrow(page)))

    def record(self, record: Record) -> None:
        self._write(record)


def error_document(error: ParsecError, command: str, redaction: Redaction) -> str:
    """Return `{"error": {…}}`; unknown members are null, `details` and `retry_after` absent.

    If the hint proposes a command, that is its last line.
    """
    hint = "\n".join(filter(None, (without_keys(error.hint), command)))
    content: dict[str, Any] = {
        "code": without_keys(error.api_code) or error.code,
        "message": without_keys(error.message),
        "http_status": error.http_status,
        "retryable": error.retryable,
        "hint": hint or None,
        "exit_code": error.exit_code,
    }
    if error.details:
        content["details"] = [without_keys(detail) for detail in error.details]
    if error.retry_after is not None:
        content["retry_after"] = error.retry_after
    return Encoder(redaction).document({"error": content})
