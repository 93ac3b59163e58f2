"""Append lines that survive `kill -9` at any byte, and read lines from the end of a file."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.files import save

COMMIT_SECONDS = 0.25
_PIECE = 1 << 16
# a line of more than 16 MiB is damage, such as zeros after a power cut, and is not loaded
_MOST_PIECES = 256
_DAMAGED = b"\0"


class Disk:
    """The two calls that durability depends on; tests simulate a power cut here."""

    def write(self, descriptor: int, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as fault:  # a pipe or a terminal stores nothing
            if fault.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


def append(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Append `line`, which ends in a newline, in one write; `durable` waits for the disk.

    If a crash or a full disk left a torn line at the end, a newline ends that line first. A line
    that another process is writing looks the same and causes a blank line, which readers skip.
    """
    try:
        save.make_private_directory(path.parent)
        target = save.real_target(path)
        new = not target.exists()
        descriptor = _opened(target, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            _tighten(descriptor, durable=durable)
            if size := os.lseek(descriptor, 0, os.SEEK_END):
                os.lseek(descriptor, size - 1, os.SEEK_SET)
                if os.read(descriptor, 1) != b"\n":
                    line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if durable and new:
            save.sync_directory(target.parent)
    except OSError as error:
        raise save.fault("write", path, error) from None


def _opened(path: Path, flags: int) -> int:
    """Open `path` for writing; its links were already followed, except those below /proc."""
    if not save.is_stream(path):
        flags |= save.NO_FOLLOW
    return os.open(path, flags | save.BINARY | save.CLOSE_ON_EXEC, save.PRIVATE_FILE)


def _tighten(descriptor: int, *, durable: bool) -> None:
    """Remove the rights of others from a file of the caller."""
    file = os.fstat(descriptor)
    if not stat.S_ISREG(file.st_mode):
        if durable or stat.S_ISFIFO(file.st_mode):
            raise OSError(errno.EINVAL, "not a regular file, so nothing would be stored")
        return
    if sys.platform != "win32" and file.st_mode & 0o077 and file.st_uid == os.geteuid():
        os.fchmod(descriptor, save.PRIVATE_FILE)


class Lines:
    """A file that stays open to append lines.

    After `append`, a line survives a crash of the process; after `commit`, one of the machine.
    After a failure nothing more is written, so that only the last line can be torn. Every failure
    is a LocalFault that names the file.
    """

    def __init__(self, path: Path, what: str, disk: Disk, *, flags: int = 0) -> None:
        self.path = path
        self._what = what
        self._disk = disk
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._written = 0
        self._synced = 0
        self._committed_at = float("-inf")
        self._fault: LocalFault | None = None
        try:
            flags |= os.O_WRONLY | os.O_CREAT | os.O_APPEND
            # a named pipe without a reader is an error at once instead of an endless wait
            self._descriptor = _opened(path, flags | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise save.fault("write", path, error, f"the {what} ") from None
        if sys.platform != "win32":
            os.set_blocking(self._descriptor, True)
        self._release = weakref.finalize(self, os.close, self._descriptor)

    def append(self, data: bytes) -> int:
        """Write whole lines; return the number to `commit`."""
        with self._writing:
            if self._fault is not None:
                raise self._fault
            if not self._release.alive:
                raise LocalFault(f"the {self._what} `{self.path}` is closed")
            with self._last_failure():
                self._disk.write(self._descriptor, data)
            self._written += 1
            return self._written

    def commit(self, number: int | None = None) -> None:
        """Make line `number`, or all so far, durable; one sync serves all waiting threads."""
        wanted = self._written if number is None else number
        with self._syncing:
            if self._synced >= wanted:
                return
            reached = self._written
            with self._last_failure():
                self._disk.sync(self._descriptor)
            self._synced = reached

    def commit_regularly(self, now: float) -> None:
        """Commit if the last time was a quarter of a second ago and no thread is committing."""
        if now - self._committed_at < COMMIT_SECONDS or self._syncing.locked():
            return
        self._committed_at = now
        self.commit()

    def close(self) -> None:
        with self._writing:
            self._release()  # works once, even after a failure

    @contextmanager
    def _last_failure(self) -> Iterator[None]:
        """Turn an OSError into a LocalFault that every later `append` repeats."""
        try:
            yield
        except OSError as error:
            self._fault = save.fault("write", self.path, error, f"the {self._what} ")
            raise self._fault from None


def lines_backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the position and text of each line that is not empty, the last line first.

    A missing file, a pipe or a device has no lines. Lines appended meanwhile are ignored.
    """
    if save.is_stream(path):
        return
    try:
        with path.open("rb") as file:
            left = file.seek(0, 2)
            pieces: list[bytes] = []  # of the line whose start is not read yet, last first
            while left > 0:
                size = min(_PIECE, left)
                left -= size
                file.seek(left)
                first, *whole = file.read(size).split(b"\n")
                start = left + size
                for line in reversed(whole):
                    start -= len(line)
                    if line or any(pieces):
                        yield start, b"".join((line, *reversed(pieces)))
                    pieces.clear()
                    start -= 1
                pieces.append(first)
                if len(pieces) > _MOST_PIECES:
                    pieces = [_DAMAGED]
            if any(pieces):
                yield 0, b"".join(reversed(pieces))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise save.fault("read", path, error) from None


def line_number(path: Path, start: int) -> int:
    """Return the number, from 1, of the line that starts at this position."""
    number = 1
    with path.open("rb") as file:
        while start > 0 and (piece := file.read(min(_PIECE, start))):
            number += piece.count(b"\n")
            start -= len(piece)
    return number
