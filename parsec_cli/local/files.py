"""Keep private files whole: atomic saves and appends in one write.

The only place that writes the user's own files; every failure is a LocalFault that names the file
and the reason. Callers decide what the bytes mean.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from parsec_cli.errors import LocalFault

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
# Windows has none of the three; there the profile directory decides who may read
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)


def fault(doing: str, path: Path, error: OSError) -> LocalFault:
    """Return the LocalFault for `error`, met while `doing` ("read", "save") something to `path`."""
    if Path(os.devnull) in path.parents:
        return LocalFault(
            f"cannot {doing} `{path.name}`: there is no home directory",
            hint="set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to a directory of yours",
        )
    reason = (error.strerror or type(error).__name__).lower()
    return LocalFault(f"cannot {doing} `{path}`: {reason}")


def make_private_directory(path: Path) -> None:
    """Make `path` and its missing parents with mode 0700; one that exists is left as it is."""
    if path.is_dir():
        return
    make_private_directory(path.parent)
    try:
        # another process may have made it meanwhile
        path.mkdir(PRIVATE_DIRECTORY, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None


def save(path: Path, data: bytes) -> None:
    """Replace the content of `path` at once: a reader sees the old bytes or the new, never less.

    Symbolic links stay and their target is replaced, also where it does not exist yet. A new file
    gets 0600; an existing one loses the rights of others and gains none.
    """
    try:
        target = real_target(path)
        make_private_directory(target.parent)
        old = _old(target)
        temporary = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
        try:
            _write_new(temporary, data, old)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_directory(target.parent)
    except OSError as error:
        raise fault("save", path, error) from None


def sweep(path: Path) -> None:
    """Remove what saves of `path` that were killed have left; call it under `path`'s lock."""
    with suppress(OSError):
        target = real_target(path)
        for left in target.parent.glob(f".{target.name}.*-*.tmp"):
            left.unlink(missing_ok=True)


def append(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Add `line`, which ends in a newline, in one write; `durable` waits until it is on the disk.

    A torn line that a crash or a full disk left at the end is closed first, so that it costs
    only itself. Another process's write seen half-way looks the same: then a blank line results,
    so readers skip those.
    """
    try:
        make_private_directory(path.parent)
        new = not path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _BINARY | _CLOSE_ON_EXEC
        descriptor = os.open(path, flags, PRIVATE_FILE)
        try:
            _tighten(descriptor)
            whole = line if _ends_a_line(descriptor) else b"\n" + line
            if os.write(descriptor, whole) != len(whole):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if durable and new:
            _sync_directory(path.parent)
    except OSError as error:
        raise fault("write", path, error) from None


def real_target(path: Path) -> Path:
    """Return where the data of `path` is, behind symbolic links, dangling ones included."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path.absolute()


def _old(target: Path) -> os.stat_result | None:
    """Return what is known of the file to replace; a device or directory is never replaced."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    return old


def _write_new(path: Path, data: bytes, old: os.stat_result | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY | _CLOSE_ON_EXEC
    descriptor = os.open(path, flags, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        if old is not None and sys.platform != "win32":
            os.fchmod(descriptor, (stat.S_IMODE(old.st_mode) & PRIVATE_FILE) or PRIVATE_FILE)
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                # `sudo parsec config set` must not take the file from its owner
                with suppress(OSError):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _tighten(descriptor: int) -> None:
    if sys.platform != "win32" and os.fstat(descriptor).st_mode & 0o077:
        with suppress(PermissionError):  # another owner's file
            os.fchmod(descriptor, PRIVATE_FILE)


def _ends_a_line(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return True
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _sync_directory(path: Path) -> None:
    # not every system or disk can; the file itself is synced already
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | _CLOSE_ON_EXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
