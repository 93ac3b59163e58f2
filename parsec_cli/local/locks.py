"""Let one process at a time save a file; a lock ends with its process, however that ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.local import files

_POLL_SECONDS = 0.02
_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)


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


def _open_directory(path: Path) -> int | None:
    try:
        directory = files.real_target(path).parent
        files.make_private_directory(directory)
        return os.open(directory, os.O_RDONLY | _CLOSE_ON_EXEC)
    except PermissionError:
        return None  # may be written but not read, or Windows; the save itself will tell
    except OSError as error:
        raise files.fault("save", path, error) from None


def _take(descriptor: int) -> bool:
    """Return False while another process holds the lock; True also where none exist."""
    import fcntl  # not on Windows, where a directory cannot be opened in the first place

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
