"""Locks, and files that stay open to append lines; a bulk run keeps them until it ends."""

from __future__ import annotations

import errno
import os
import platform
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from parsec_cli.errors import GuardRefused, LocalFault
from parsec_cli.files import save

_POLL_SECONDS = 0.02
_MOST_TEXT = 400  # bytes
_HOLDER = "process "
_HELD = {errno.EAGAIN, errno.EWOULDBLOCK}
if sys.platform == "win32":
    _HELD |= {errno.EACCES, errno.EDEADLK}


@contextmanager
def directory_lock(
    path: Path, *, patience: float = 10.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Lock the directory of the file `path`, so that only one process at a time changes the file.

    It creates no file. If the system cannot lock a directory (Windows, some network disks),
    nothing is locked: each save is still whole, but one of two concurrent changes may be lost.
    After `patience` seconds of waiting, a LocalFault.
    """
    descriptor = None
    try:
        directory = save.real_target(path).parent
        save.make_private_directory(directory)
        descriptor = os.open(directory, os.O_RDONLY | save.CLOSE_ON_EXEC)
    except PermissionError:
        pass  # writable but not readable, or Windows; the save itself reports errors
    except OSError as error:
        raise save.fault("save", path, error) from None
    if descriptor is None:
        yield
        return
    try:
        for _ in range(int(patience / _POLL_SECONDS)):
            taken = True
            with suppress(OSError):  # the disk has no locks
                taken = _take(descriptor)
            if taken:
                break
            sleep(_POLL_SECONDS)
        else:
            raise LocalFault(
                f"cannot save `{path}`: another process has locked its directory for {patience:g} s"
            )
        yield
    finally:
        os.close(descriptor)


@contextmanager
def only_run(path: Path, clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Lock the file `path` for a bulk run, and describe this process in it.

    GuardRefused while another process holds the lock. A LocalFault on a disk without locks: two
    concurrent runs could send the same change twice. `clock` is Unix seconds.
    """
    try:
        flags = os.O_RDWR | os.O_CREAT | save.NO_FOLLOW | save.CLOSE_ON_EXEC
        descriptor = os.open(path, flags, save.PRIVATE_FILE)
    except OSError as error:
        raise save.fault("write", path, error, "the lock ") from None
    try:
        try:
            taken = _take(descriptor)
        except OSError as error:
            reason = (error.strerror or "failed").lower()
            raise LocalFault(
                f"cannot lock `{path}` ({reason}): the disk may not support locks;"
                " nothing was sent",
                hint="set XDG_STATE_HOME to a directory on a local disk, the same one for every"
                " run",
            ) from None
        if not taken:
            raise _busy(descriptor)
        started = datetime.fromtimestamp(clock(), UTC).strftime("%Y-%m-%d %H:%MZ")
        holder = f"{_HOLDER}{os.getpid()} on machine `{platform.node()}`, since {started}\n"
        try:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, holder.encode())
        except OSError as error:
            raise save.fault("write", path, error, "the lock ") from None
        yield
    finally:
        os.close(descriptor)  # also releases the lock


def is_held(path: Path) -> bool:
    """Return whether a live process holds the file; readers do not disturb each other."""
    try:
        # a pipe would wait for its writer
        flags = os.O_RDONLY | save.CLOSE_ON_EXEC | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except OSError:
        return False
    try:
        return not _take(descriptor, shared=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _take(descriptor: int, *, shared: bool = False) -> bool:
    """Return False while another process holds the lock; OSError if there are no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, save.FAR_AFTER_TEXT, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except ImportError:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from None
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True


def _busy(descriptor: int) -> GuardRefused:
    text = "another bulk run for this host and key is in progress"
    with suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = os.read(descriptor, _MOST_TEXT).decode("utf-8", "replace").rstrip("\n")
        if holder.startswith(_HOLDER):
            text += f": {holder}"
    return GuardRefused(text, hint="wait for it")


class Disk:
    """The two calls that durability depends on; tests simulate a power cut here."""

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all bytes, perhaps in several calls; OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        """Wait until the disk has what was written; OSError."""
        try:
            os.fsync(descriptor)
        except OSError as fault:  # a pipe or a terminal stores nothing
            if fault.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


class Lines:
    """A file that stays open to append lines.

    After `append`, a line survives a crash of the process; after `commit`, one of the machine.
    After a failure nothing more is written, so that only the last line can be torn. Every failure
    is a LocalFault that names the file.
    """

    def __init__(self, path: Path, what: str, disk: Disk) -> None:
        self.path = path
        self._what = what
        self._disk = disk
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._written = 0
        self._synced = 0
        self._fault: LocalFault | None = None
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            # a named pipe without a reader is an error at once instead of an endless wait
            self._descriptor = save.opened(path, flags | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise save.fault("write", path, error, f"the {what} ") from None
        if sys.platform != "win32":
            os.set_blocking(self._descriptor, True)
        self._release = weakref.finalize(self, os.close, self._descriptor)

    def hold(self) -> None:
        """Let `is_held` see that a process has this file open, if the disk has locks."""
        with suppress(OSError):
            _take(self._descriptor)

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

    def close(self) -> None:
        """Close the file, if it is open."""
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
