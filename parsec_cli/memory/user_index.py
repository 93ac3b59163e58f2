"""Remember which external_id belongs to which customer_id, per host and key, in a cache.

One private text file serves all hosts: a header, then lines of scope, external_id and customer_id.
A damaged file is replaced. Commands work without a file that cannot be read or written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.files.save import append, is_stream, save

_HEADER = b"parsec-index 1\n"
_SCOPE_DIGITS = 12
# bounds the memory of a long listing; each write reads the file once to find what is new
_MOST_WAITING = 10_000
_LARGEST_FILE = 32 << 20
_BLOCK = 1 << 17


class Index:
    """The users of one host and key. `key` is the key's fingerprint, never the key."""

    def __init__(self, path: Path, host: str, key: str) -> None:
        import hashlib

        self._path = path
        scope = hashlib.sha256(f"{host}\n{key}".encode()).hexdigest()[:_SCOPE_DIGITS]
        self._scope = f"{scope}\t"
        self._lock = threading.Lock()
        self._waiting: dict[bytes, None] = {}
        self._gone: set[str] = set()

    def remember(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add pairs of customer_id and external_id; `close` writes them at the latest.

        Ids that a line cannot contain, such as those with control characters, are left out.
        """
        scope = self._scope
        lines = [
            f"{scope}{external_id}\t{customer_id}\n".encode()
            for customer_id, external_id in pairs
            if customer_id and external_id.isprintable() and customer_id.isprintable()
        ]
        with self._lock:
            self._waiting.update(dict.fromkeys(lines))
            if len(self._waiting) >= _MOST_WAITING:
                self._write()

    def forget(self, customer_id: str) -> None:
        """Drop a customer_id that the API no longer knows; `close` writes that at the latest."""
        with self._lock:
            self._gone.add(customer_id)
            self._waiting = {line: None for line in self._waiting if not self._is_gone(line)}

    def lookup(self, external_id: str) -> list[str]:
        """Return the customer_ids seen with this external_id, the latest first."""
        found = [rest for rest in self._after(f"{external_id}\t") if rest and "\t" not in rest]
        return list(dict.fromkeys(reversed(found)))

    def external_ids(self, prefix: str = "", limit: int | None = None) -> list[str]:
        """Return the external_ids that begin with `prefix`, at most `limit` of them."""
        found: dict[str, None] = {}
        for rest in self._after(prefix):
            name, tab, _ = rest.partition("\t")
            if tab:
                found[prefix + name] = None
            if len(found) == limit:
                break
        return list(found)

    def close(self) -> None:
        """Write what is pending; no file stays open between calls."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        """Bring the file up to date; the caller holds the lock."""
        with suppress(OSError, LocalFault):
            if is_stream(self._path):
                pass
            elif self._gone or (self._waiting and not self._can_append()):
                self._rewrite()
            elif self._waiting and not self._has_block():
                with self._path.open("rb") as file:  # append what it does not contain
                    for line in file:
                        self._waiting.pop(line, None)
                if self._waiting:
                    append(self._path, b"".join(self._waiting))
        self._waiting, self._gone = {}, set()

    def _can_append(self) -> bool:
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            return file.read(len(_HEADER)) == _HEADER and file.seek(0, 2) <= _LARGEST_FILE
        return False

    def _has_block(self) -> bool:
        """Whether the waiting lines are in the file in this order, one after the other.

        They are if the same users were listed before. This search takes 1 to 4 ms in 100,000 lines,
        and looking at each line takes 8 to 28.
        """
        lines, place = iter(self._waiting), len(_HEADER) - 1
        first = b"\n" + next(lines)
        for block in self._blocks():
            if (at := block.find(first)) >= 0:
                with self._path.open("rb") as file:
                    file.seek(place + at + len(first))
                    return all(file.read(len(line)) == line for line in lines)
            place += len(block) - 1  # the line end is also the start of the next block
        return False

    def _rewrite(self) -> None:
        """Replace the file by its whole, distinct lines that are not gone, and the waiting ones."""
        old = self._content()
        lines = dict.fromkeys(line for line in old.splitlines(True) if line.endswith(b"\n"))
        kept = [line for line in lines if not self._is_gone(line)] or [_HEADER]
        data = b"".join((*kept, *self._waiting))
        if len(data) > _LARGEST_FILE:
            data = b"".join((_HEADER, *self._waiting))
        if data != (old or _HEADER):
            save(self._path, data)

    def _is_gone(self, line: bytes) -> bool:
        customer_id = line.rpartition(b"\t")[2].removesuffix(b"\n").decode("utf-8", "replace")
        return customer_id in self._gone and line.startswith(self._scope.encode())

    def _content(self) -> bytes:
        """Return the file's bytes; none if it is missing, damaged or not a regular file."""
        data = b""
        if not is_stream(self._path):
            with suppress(OSError):
                data = self._path.read_bytes()
        return data if data.startswith(_HEADER) else b""

    def _after(self, start: str) -> Iterator[str]:
        """Yield what follows `start` in each of this scope's lines; a torn line is skipped."""
        if not start.removesuffix("\t").isprintable():
            return
        self.close()
        needle = f"\n{self._scope}{start}".encode()
        for block in self._blocks():
            at = block.find(needle)
            while at >= 0:
                end = block.index(b"\n", at + 1)
                with suppress(UnicodeDecodeError):
                    yield block[at + len(needle) : end].decode()
                at = block.find(needle, end)

    def _blocks(self) -> Iterator[bytes]:
        """Yield whole lines, many at a time and after a line end; none of a damaged file.

        To read all 100,000 lines at once takes twice the time, because the memory for them is new.
        """
        rest = b"\n"
        with suppress(OSError):
            if is_stream(self._path):
                return
            with self._path.open("rb", buffering=0) as file:
                if file.read(len(_HEADER)) != _HEADER:
                    return
                while piece := file.read(_BLOCK):
                    whole, end, torn = (rest + piece).rpartition(b"\n")
                    yield whole + end
                    rest = end + torn
