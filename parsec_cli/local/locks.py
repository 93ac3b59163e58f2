"""Let one process at a time do something; a lock ends with its process, however that ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from parsec_cli.errors import GuardRefused, LocalFault
from parsec_cli.local import files

_POLL_SECONDS = 0.02
_PID_BYTES = 32
_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
# past anything that is written, so that Windows lets others read the process id
_WINDOWS_LOCK_AT = 4096


@contextmanager
def directory_lock(
    path: Path, *, patience: float = 10.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the directory of the file `path`, so that changes of the file happen one by one.

    It leaves no file behind. Where the system cannot lock a directory (Windows, some network
    disks) nothing is held: a save is whole all the same, only one of two at once may be lost.
    `patience` is in seconds; after it a LocalFault.
    """
    descriptor = _open_directory(path)
    if descriptor is None:
        yield
        return
    try:
        for _ in range(int(patience / _POLL_SECONDS)):
            if _take(descriptor):
                break
            sleep(_POLL_SECONDS)
        else:
            raise LocalFault(
                f"cannot save `{path}`: another process has held its directory for {patience:g} s"
            )
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`, or raise GuardRefused at once with the holder's process id.

    `what` completes "process 123 is at work on ...". The file stays when the lock ends.
    """
    try:
        files.make_private_directory(path.parent)
        flags = os.O_RDWR | os.O_CREAT | _NO_FOLLOW | _CLOSE_ON_EXEC
        descriptor = os.open(path, flags, files.PRIVATE_FILE)
    except OSError as error:
        raise files.fault("lock", path, error) from None
    try:
        if not _take(descriptor):
            raise _held(os.read(descriptor, _PID_BYTES), what)
        _sign(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _open_directory(path: Path) -> int | None:
    try:
        directory = files.real_target(path).parent
        files.make_private_directory(directory)
        return os.open(directory, os.O_RDONLY | _CLOSE_ON_EXEC)
    except PermissionError:
        return None  # may be written but not read, or Windows; the save itself will tell
    except OSError as error:
        raise files.fault("save", path, error) from None


def _sign(descriptor: int, path: Path) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except OSError as error:
        raise files.fault("lock", path, error) from None


def _held(content: bytes, what: str) -> GuardRefused:
    pid = content.partition(b"\n")[0].decode("ascii", "ignore")
    holder = f"process {pid}" if pid.isdigit() else "another process"
    return GuardRefused(
        f"{holder} is at work on {what}", hint="wait for it to end, then run the command again"
    )


if sys.platform == "win32":

    def _take(descriptor: int) -> bool:
        import msvcrt

        os.lseek(descriptor, _WINDOWS_LOCK_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:

    def _take(descriptor: int) -> bool:
        """Return False while another process holds the lock; True also where none exist."""
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
