"""Let one process at a time save a file or run a bulk run; a lock ends with its process."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from parsec_cli.errors import GuardRefused, LocalFault
from parsec_cli.files import save

_POLL_SECONDS = 0.02
# Windows locks bytes, and a locked byte cannot be read: lock one far behind the text
_FAR = 1 << 30
_MOST_TEXT = 4096
_HELD = (errno.EAGAIN, errno.EWOULDBLOCK)


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
            if _taken_or_impossible(descriptor):
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
def only_run(path: Path, clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Hold the lock file `path`, which describes this process, for a bulk run.

    GuardRefused while another process holds it. On a disk that cannot lock it is a LocalFault:
    two runs at once could send the same change twice. `clock` is Unix seconds.
    """
    try:
        flags = os.O_RDWR | os.O_CREAT | save.NO_FOLLOW | save.CLOSE_ON_EXEC
        descriptor = os.open(path, flags, save.PRIVATE_FILE)
    except OSError as fault:
        raise _failed(path, fault) from None
    try:
        try:
            taken = _take(descriptor)
        except OSError as fault:
            raise _no_locks(path, fault) from None
        if not taken:
            raise _busy(descriptor)
        _sign(descriptor, path, clock())
        yield
    finally:
        os.close(descriptor)  # which also gives up the lock


def _open_directory(path: Path) -> int | None:
    try:
        directory = save.real_target(path).parent
        save.make_private_directory(directory)
        return os.open(directory, os.O_RDONLY | save.CLOSE_ON_EXEC)
    except PermissionError:
        return None  # may be written but not read, or Windows; the save itself will tell
    except OSError as error:
        raise save.fault("save", path, error) from None


def _taken_or_impossible(descriptor: int) -> bool:
    try:
        return _take(descriptor)
    except OSError:
        return True


def _take(descriptor: int) -> bool:
    """Return False while another process holds the lock; OSError where the disk has no locks."""
    while True:
        try:
            _flock(descriptor)
        except InterruptedError:
            continue
        except OSError as fault:
            if fault.errno in _HELD or sys.platform == "win32":
                return False
            raise
        return True


def _flock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sign(descriptor: int, path: Path, now: float) -> None:
    started = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    holder = {"started": started.replace("+00:00", "Z"), **_identity(os.getpid())}
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{json.dumps(holder)}\n".encode("ascii"))
    except OSError as fault:
        raise _failed(path, fault) from None


def _identity(pid: int) -> dict[str, str | int]:
    """Return what tells this process from all others, of other machines and containers too."""
    import platform

    found: dict[str, str | int] = {"pid": pid, "machine": platform.node()}
    with suppress(OSError):
        found["boot"] = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        found["pid_namespace"] = str(Path("/proc/self/ns/pid").readlink())
    with suppress(OSError, IndexError):
        # the name of the program, in brackets, may hold anything
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        found["ticks"] = int(fields[19])
    return found


def _failed(path: Path, fault: OSError) -> LocalFault:
    return LocalFault(
        f"cannot write the lock `{path}`: {(fault.strerror or 'failed').lower()}",
        hint="free or allow writing there, then run the same command again",
    )


def _no_locks(path: Path, fault: OSError) -> LocalFault:
    reason = (fault.strerror or "failed").lower()
    return LocalFault(
        f"cannot lock `{path}`: the disk does not support locks ({reason}); nothing was sent",
        hint="set XDG_STATE_HOME to a directory on a local disk, the same one for every run",
    )


def _busy(descriptor: int) -> GuardRefused:
    """Describe the run that holds the lock; propose to stop it only where that stops it."""
    text = "another bulk run for this host and key is going on"
    hint = "wait for it"
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = json.loads(os.read(descriptor, _MOST_TEXT))
        pid, machine, started = (holder[name] for name in ("pid", "machine", "started"))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return GuardRefused(text, hint=hint)
    if type(pid) is int and pid > 0:
        text += f": process {pid} on machine `{machine}`, since {started}"
        if holder == {"started": started, **_identity(pid)} and _can_stop(pid):
            hint += f", or stop it with `kill -INT {pid}`"
    return GuardRefused(text, hint=hint)


def _can_stop(pid: int) -> bool:
    if sys.platform == "win32":
        return False  # it has no `kill`
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return True
