"""Append lines that survive `kill -9` at any byte: one at a time, or many with one fsync."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
import weakref
from pathlib import Path
from typing import Protocol

from parsec_cli.errors import LocalFault
from parsec_cli.files import save

SWEEP_SECONDS = 0.25


class Disk(Protocol):
    """The two calls that durability rests on; tests pull the plug here."""

    def write(self, descriptor: int, data: bytes) -> None: ...

    def sync(self, descriptor: int) -> None: ...


class RealDisk:
    def write(self, descriptor: int, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as fault:  # a pipe or a terminal has nothing to keep
            if fault.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


def append(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Add `line`, which ends in a newline, in one write; `durable` waits until it is on the disk.

    A torn line that a crash or a full disk left at the end is closed first, so that it costs
    only itself. Another process's write seen half-way looks the same: then a blank line results,
    so readers skip those.
    """
    try:
        save.make_private_directory(path.parent)
        target = save.real_target(path)
        new = not target.exists()
        descriptor = _opened(target, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            _tighten(descriptor, durable=durable)
            whole = line if _ends_a_line(descriptor) else b"\n" + line
            if os.write(descriptor, whole) != len(whole):
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
    """Open `path` for writing; its links were followed already, except those below /proc."""
    if not save.is_stream(path):
        flags |= save.NO_FOLLOW
    return os.open(path, flags | save.BINARY | save.CLOSE_ON_EXEC, save.PRIVATE_FILE)


def _tighten(descriptor: int, *, durable: bool) -> None:
    """Take the rights of others from a file of the caller; nothing else changes its mode."""
    file = os.fstat(descriptor)
    if not stat.S_ISREG(file.st_mode):
        if durable or stat.S_ISFIFO(file.st_mode):
            raise OSError(errno.EINVAL, "not a regular file, so nothing would be kept")
        return
    if sys.platform != "win32" and file.st_mode & 0o077 and file.st_uid == os.geteuid():
        os.fchmod(descriptor, save.PRIVATE_FILE)


def _ends_a_line(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return True
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


class Lines:
    """A file that lines are appended to.

    A line is with the operating system when `append` returns, so it outlives the process; after
    `commit` it outlives the machine. After one failure nothing is written any more, so that a
    torn line can only be the last. Every failure is a LocalFault that names the file.
    """

    def __init__(self, path: Path, what: str, disk: Disk, *, flags: int = 0) -> None:
        self.path = path
        self._what = what
        self._disk = disk
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._written = 0
        self._synced = 0
        self._swept_at = float("-inf")
        self._fault: LocalFault | None = None
        try:
            flags |= os.O_WRONLY | os.O_CREAT | os.O_APPEND
            # a named pipe that nobody reads is an error at once, not a wait without end
            self._descriptor = _opened(path, flags | getattr(os, "O_NONBLOCK", 0))
        except OSError as fault:
            raise self._failed(fault) from None
        if sys.platform != "win32":
            os.set_blocking(self._descriptor, True)
        self._release = weakref.finalize(self, os.close, self._descriptor)

    def append(self, data: bytes) -> int:
        """Write whole lines; return the number to `commit`."""
        with self._writing:
            if self._fault is not None:
                raise self._fault
            try:
                self._disk.write(self._descriptor, data)
            except OSError as fault:
                self._fault = self._failed(fault)
                raise self._fault from None
            self._written += 1
            return self._written

    def commit(self, number: int | None = None) -> None:
        """Make line `number`, or all so far, durable; whoever comes first does it for all."""
        wanted = self._written if number is None else number
        with self._syncing:
            if self._synced >= wanted:
                return
            reached = self._written
            try:
                self._disk.sync(self._descriptor)
            except OSError as fault:
                self._fault = self._failed(fault)
                raise self._fault from None
            self._synced = reached

    def commit_now_and_then(self, now: float) -> None:
        """Commit when the last time is a quarter of a second ago, and nobody is at it."""
        if now - self._swept_at < SWEEP_SECONDS or self._syncing.locked():
            return
        self._swept_at = now
        self.commit()

    def close(self) -> None:
        with self._writing:
            if self._fault is None:
                self._fault = LocalFault(f"the {self._what} `{self.path}` is closed")
            self._release()  # once, also after a failure

    def _failed(self, fault: OSError) -> LocalFault:
        why = (fault.strerror or "failed").lower()
        if fault.errno == errno.ENXIO:
            why = "nothing reads from this pipe"
        return LocalFault(
            f"cannot write the {self._what} `{self.path}`: {why}",
            hint="free or allow writing there, then run the same command again",
        )
