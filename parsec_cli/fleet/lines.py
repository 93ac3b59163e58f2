"""Append-only line files that survive `kill -9` at any byte, with one fsync for several threads."""

from __future__ import annotations

import errno
import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from parsec_cli.errors import LocalFault

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


class Lines:
    """A file that lines are appended to.

    A line is with the operating system when `append` returns, so it outlives the process; after
    `commit` it outlives the machine. After one failure nothing is written any more, so that a
    torn line can only be the last. Every failure is a LocalFault that names the file.
    """

    def __init__(self, path: Path, what: str, disk: Disk, *, flags: int) -> None:
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
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
        except OSError as fault:
            raise self._failed(fault) from None
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
        return LocalFault(
            f"cannot write the {self._what} `{self.path}`: {why}",
            hint="free or allow writing there, then run the same command again",
        )


def sync_directory(path: Path) -> None:
    """Make a new name in a directory durable, where the system and the disk can."""
    # Windows opens no directories, and some network disks sync none; the file itself is synced
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
