"""One bulk run at a time per host and key: a lock that dies with its process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parsec_cli.errors import GuardRefused, LocalFault

# Windows locks bytes, and a locked byte cannot be read: lock one far behind the process id
_FAR = 1 << 30


@contextmanager
def only_run(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, which names the process; GuardRefused while another holds it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise _failed(path, fault) from None
    try:
        if not _taken(descriptor):
            raise _busy(descriptor)
        _sign(descriptor, path)
        yield
    finally:
        os.close(descriptor)  # which also gives up the lock


def _sign(descriptor: int, path: Path) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
    except OSError as fault:
        raise _failed(path, fault) from None


def _failed(path: Path, fault: OSError) -> LocalFault:
    return LocalFault(
        f"cannot write the lock `{path}`: {(fault.strerror or 'failed').lower()}",
        hint="free or allow writing there, then run the same command again",
    )


def _busy(descriptor: int) -> GuardRefused:
    os.lseek(descriptor, 0, os.SEEK_SET)
    pid = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
    return GuardRefused(
        f"another bulk run for this host and key is going on: process {pid}",
        hint=f"wait for it, or stop it with `kill -INT {pid}`",
    )


def _taken(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
