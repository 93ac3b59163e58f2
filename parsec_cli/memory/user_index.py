"""Remember which external_id has which customer_id, per host and key: a cache, never a truth.

One text file for all hosts, a line `scope, external_id, customer_id` each. SQLite took 24 to 48 ms
for 10,000 users and 10 ms to import; these lines take 12, or 5 when they are known already. A file
that is damaged is begun anew, one that cannot be written is done without.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from parsec_cli.errors import LocalFault
from parsec_cli.files.append import append
from parsec_cli.files.save import is_stream, save

_HEADER = b"parsec-index 1\n"
_SCOPE_DIGITS = 12
_PLAIN = bytes(range(0x20, 0x7F)) + b"\t\n"
_CHUNK = 1 << 18
_WINDOW = 1 << 16
_HIGHEST_SIZE = 32 << 20
# so many bytes of lines are collected before the file is looked at: some ten pages
_ENOUGH = 1 << 16
# a listing that parts from the remembered order this often is written out without comparing
_MOST_MISSES = 3


class Index:
    """The memory of one host and key. `key` is the key's fingerprint, never the key."""

    def __init__(self, path: Path, host: str, key: str) -> None:
        import hashlib

        self._path = path
        scope = hashlib.sha256(f"{host}\n{key}".encode()).hexdigest()[:_SCOPE_DIGITS]
        self._scope = scope.encode()
        self._lock = threading.Lock()
        # a pipe would make every command wait for somebody at its other end
        self._readable = self._usable = not is_stream(path)
        self._waiting = bytearray()
        self._checked = False
        # where the file is expected to go on with the next page; None: not looked for yet
        self._next: int | None = None
        self._misses = 0

    def remember(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add pairs of customer_id and external_id; what is known already costs no writing.

        Pages of one listing should come in their order: then they are compared with the piece of
        the file where those before them ended. They are kept at the latest when the index closes.
        """
        page = self._page(pairs)
        with self._lock:
            self._waiting += page
            if len(self._waiting) >= _ENOUGH:
                self._keep()

    def _keep(self) -> None:
        """Write down what waits; the caller holds the lock."""
        page, self._waiting = bytes(self._waiting), bytearray()
        if not page or not self._usable:
            return
        try:
            self._check()
            missing = self._missing(page)
            if missing:
                append(self._path, missing)
        except (OSError, LocalFault):
            self._usable = False

    def lookup(self, external_id: str) -> list[str]:
        """Return the customer_ids that had this external_id, the one seen last first."""
        prefix = self._start(external_id)
        if prefix is None:
            return []
        found = [_text(rest) for rest in _after(self._read(), prefix) if b"\t" not in rest]
        return list(dict.fromkeys(reversed([name for name in found if name])))

    def forget(self, customer_id: str) -> None:
        """Drop a customer_id that the API no longer knows."""
        end = _field(customer_id)
        if end is None:
            return
        blank = b"-" * len(self._scope)
        self.close()
        with self._lock, suppress(OSError), self._path.open("r+b") as file:
            data = file.read()
            for at, line in _lines_of(data, b"\n" + self._scope + b"\t"):
                if line.endswith(b"\t" + end):
                    # in place and of the same length, so that nobody reads a part of it
                    file.seek(at)
                    file.write(blank)
            self._next = None

    def external_ids(self, prefix: str = "", limit: int | None = None) -> list[str]:
        """Return the external_ids that begin with `prefix`, up to `limit` of them."""
        start = self._start(prefix)
        if start is None:
            return []
        found: dict[str, None] = {}
        for line in _after(self._read(), start.removesuffix(b"\t")):
            rest, tab, _ = line.partition(b"\t")
            name = _text(rest)
            if tab and name is not None:
                found[prefix + name] = None
            if len(found) == limit:
                break
        return list(found)

    def close(self) -> None:
        """Write down what waits; nothing is held open between calls."""
        with self._lock:
            self._keep()

    def _start(self, external_id: str) -> bytes | None:
        field = _field(external_id)
        return None if field is None else b"\n" + self._scope + b"\t" + field + b"\t"

    def _page(self, pairs: Iterable[tuple[str, str]]) -> bytes:
        """Return the lines of `pairs`, without those that a line cannot hold."""
        scope = self._scope.decode()
        lines = [f"{scope}\t{external}\t{customer}\n" for customer, external in pairs]
        page = "".join(lines)
        # all at once, as this is on the way of every listing
        if not _whole(page, len(lines)):
            page = "".join(line for line in lines if _whole(line, 1))
        return page.encode()

    def _read(self) -> bytes:
        self.close()
        if not self._readable:
            return b""
        try:
            data = self._path.read_bytes()
        except OSError:
            return b""
        return data if data.startswith(_HEADER) else b""

    def _check(self) -> None:
        """Once: begin a missing or damaged file, and make one that has grown too large small."""
        if self._checked:
            return
        self._checked = True
        try:
            with self._path.open("rb") as file:
                whole = file.read(len(_HEADER)) == _HEADER
                size = file.seek(0, 2)
        except FileNotFoundError:
            whole, size = False, 0
        if not whole:
            save(self._path, _HEADER)
        elif size > _HIGHEST_SIZE:
            self._shrink()

    def _shrink(self) -> None:
        """Drop repeated and blanked lines; begin anew where that does not help."""
        lines = dict.fromkeys(self._path.read_bytes().splitlines(keepends=True))
        small = b"".join(line for line in lines if not line.startswith(b"-"))
        save(self._path, small if len(small) < _HIGHEST_SIZE // 2 else _HEADER)

    def _missing(self, page: bytes) -> bytes:
        """Return the lines of `page` that are not where the page before it leads to expect."""
        with self._path.open("rb", buffering=0) as file:
            if self._next is None:
                self._next = _locate(file, page)
            if self._next < 0:
                return page
            file.seek(self._next)
            window = file.read(len(page))
            if window == page:
                self._next += len(page)
                return b""
            window += file.read(_WINDOW)
        known = set(window.splitlines(keepends=True))
        lines = page.splitlines(keepends=True)
        last = next((line for line in reversed(lines) if line in known), None)
        if last is not None:
            self._next += window.index(last) + len(last)
        else:
            self._misses += 1
            if self._misses >= _MOST_MISSES:
                self._next = -1
        return b"".join(line for line in lines if line not in known)


def _whole(page: str, lines: int) -> bool:
    """Tell whether `page` is that many lines of three fields of printable text."""
    if (page.count("\t"), page.count("\n")) != (2 * lines, lines):
        return False
    if page.isascii():
        # three times as quick as `isprintable`
        return not page.encode().translate(None, _PLAIN)
    return page.replace("\t", "").replace("\n", "").isprintable()


def _field(text: str) -> bytes | None:
    """Return `text` as it stands in a line, or None for what cannot; such ids are not kept."""
    if not text.isprintable():
        return None
    return text.encode()


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _after(data: bytes, start: bytes) -> Iterator[bytes]:
    """Yield what follows `start`, to the end of its line; a line without end is torn."""
    at = data.find(start)
    while at >= 0:
        begin = at + len(start)
        end = data.find(b"\n", begin)
        if end < 0:
            return
        yield data[begin:end]
        at = data.find(start, end)


def _lines_of(data: bytes, start: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield position and text of the lines that begin with `start`, which opens with a newline."""
    at = data.find(start)
    while at >= 0:
        end = data.find(b"\n", at + 1)
        if end < 0:
            return
        yield at + 1, data[at + 1 : end]
        at = data.find(start, end)


def _locate(file: BinaryIO, page: bytes) -> int:
    """Return a position shortly before the page, or -1 where it is not known at all.

    Three of its lines are looked for, as the first may be new; each search reads the whole file.
    """
    lines = page.splitlines(keepends=True)
    at = _find(file, b"\n" + lines[0])
    if at >= 0:
        return at + 1
    for line in (lines[len(lines) // 2], lines[-1]):
        at = _find(file, b"\n" + line)
        if at >= 0:
            return max(len(_HEADER), at + 1 - len(page))
    return -1


def _find(file: BinaryIO, needle: bytes) -> int:
    """Return where `needle` stands in the file, or -1, with a piece of it in memory at a time."""
    file.seek(0)
    base, kept = 0, b""
    while piece := file.read(_CHUNK):
        data = kept + piece
        at = data.find(needle)
        if at >= 0:
            return base + at
        kept = data[-len(needle) :]
        base += len(data) - len(kept)
    return -1
