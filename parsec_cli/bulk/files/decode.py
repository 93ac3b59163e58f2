"""Decode an operator's file to text, and collect its faults to report all of them together."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from parsec_cli.errors import MAX_DETAILS, UsageFault, counted, shortened

_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# zip (.xlsx, .ods, .numbers) and OLE (.xls)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
# what some programs write under the name .xls
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(html|table|\?xml|!doctype)\b", re.IGNORECASE)
_SAVE_AS = "save the file as UTF-8 (in Excel: `CSV UTF-8`) and run the same command again"


class Faults:
    """Collects the faults of a file; `name` is how the operator specified it. Rows count from 1.

    `filtered` is set for an export that says that it has only some of the users.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.filtered = False
        self._found: list[tuple[int, str]] = []
        self._hint = ""

    def add(self, row: int, text: str, *, hint: str = "") -> None:
        self._found.append((row, text))
        self._hint = self._hint or hint

    def add_all(self, row: int, texts: Iterable[str]) -> bool:
        """Add those that are not empty; return whether there are any."""
        found = [(row, text) for text in texts if text]
        self._found += found
        return bool(found)

    def extend(self, other: Faults) -> None:
        """Add the faults of another collector for the same file."""
        self._found += other._found
        self._hint = self._hint or other._hint

    def check(self) -> None:
        """Raise one UsageFault that lists all faults, if there are any."""
        if not self._found:
            return
        self._found.sort(key=lambda found: found[0])
        lines = [f"row {row}: {text}" for row, text in self._found]
        raise UsageFault(
            f"`{self.name}` has {counted(len(lines), 'fault')}: nothing was sent",
            details=shortened(lines, MAX_DETAILS),
            hint=self._hint or "correct the file and run the same command again",
        )


def decode(data: bytes, faults: Faults) -> str:
    """Return the text without its byte-order mark; rows that do not decode become faults."""
    encoding = "utf-8"
    if data.startswith(_WORKBOOKS) or _MARKUP.match(data):
        why = "the file is a spreadsheet workbook, such as .xlsx, .xls or .ods"
        faults.add(1, why, hint="export it as CSV (in Excel: `CSV UTF-8`) and use that file")
        faults.check()
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    elif data.startswith(_UTF32):
        faults.add(1, "the file is UTF-32", hint=_SAVE_AS)
        faults.check()
    elif data.startswith(_UTF16):
        encoding = "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        data = data[2:]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = _decode_in_part(data, encoding, faults)
    if "\0" in text:
        for row, line in enumerate(text.split("\n"), 1):
            if "\0" in line:
                why = "contains a NUL character; the file may be UTF-16 without a byte-order mark"
                faults.add(row, why, hint=_SAVE_AS)
        text = text.replace("\0", "")
    return text


def _decode_in_part(data: bytes, encoding: str, faults: Faults) -> str:
    """Decode the valid rows, so that their faults are listed, too."""
    lines = []
    for row, line in enumerate(_lines(data, encoding), 1):
        try:
            lines.append(line.decode(encoding))
        except UnicodeDecodeError as fault:
            found = line[fault.start]
            faults.add(
                row,
                f"is not valid {encoding.upper()[:6].rstrip('-')} (byte 0x{found:02X})",
                hint=_SAVE_AS,
            )
            lines.append(line.decode(encoding, "replace"))
    return "".join(lines)


def _lines(data: bytes, encoding: str) -> Iterator[bytes]:
    """Split after each line feed, which in UTF-16 is two bytes at an even place."""
    end = "\n".encode(encoding)
    start = 0
    while start < len(data):
        at = data.find(end, start)
        while at != -1 and (at - start) % len(end):
            at = data.find(end, at + 1)
        stop = len(data) if at == -1 else at + len(end)
        yield data[start:stop]
        start = stop
