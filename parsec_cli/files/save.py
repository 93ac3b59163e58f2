"""Replace whole files atomically and privately, never through another user's link.

Every failure is a LocalFault that names the file and the reason. Callers decide what the bytes
mean.
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
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
_MOST_LINKS = 40


def fault(doing: str, path: Path, error: OSError, what: str = "") -> LocalFault:
    """Return the LocalFault for `error`, met while `doing` ("read", "save") something to `path`."""
    if Path(os.devnull) in path.parents:
        return LocalFault(
            f"cannot {doing} `{path.name}`: there is no home directory",
            hint="set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to a directory of yours",
        )
    reason = (error.strerror or type(error).__name__).lower()
    return LocalFault(f"cannot {doing} {what}`{path}`: {reason}")


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


def save(path: Path, data: bytes, *, keep_owner: bool = True) -> None:
    """Replace the content of `path` at once: a reader sees the old bytes or the new, never less.

    Symbolic links stay and their target is replaced, also where it does not exist yet. A new file
    gets 0600; an existing one loses the rights of others and gains none. It also keeps its owner,
    unless `keep_owner` is False: what the caller makes for itself belongs to the caller.
    """
    try:
        target = real_target(path)
        make_private_directory(target.parent)
        old = _old(target)
        _replace(target, data, old if keep_owner else None)
    except OSError as error:
        raise fault("save", path, error) from None


def replace(target: Path, data: bytes) -> None:
    """Put a new private file of the caller in place of `target`, which is not followed.

    Raises OSError. Use `real_target` first where the links of an operator should be followed.
    """
    _old(target)
    _replace(target, data, None)


def sweep(path: Path) -> None:
    """Remove what saves of `path` that were killed have left; call it under `path`'s lock."""
    with suppress(OSError):
        target = real_target(path)
        for left in target.parent.glob(f".{target.name}.*-*.tmp"):
            left.unlink(missing_ok=True)


def real_target(path: Path) -> Path:
    """Return where the data of `path` is, behind symbolic links, dangling ones included.

    In a shared folder anyone can plant a link, so a link is followed only when it belongs to the
    caller or to root. Raises OSError.
    """
    path = path.absolute()
    for _ in range(_MOST_LINKS):
        try:
            link = path.lstat()
        except FileNotFoundError:
            return path
        if not stat.S_ISLNK(link.st_mode):
            return path
        if not trusted(link):
            raise OSError(errno.EPERM, "the link belongs to another user", str(path))
        if is_stream(path):  # a link below /proc, such as /dev/stdout, may name no path
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def trusted(file: os.stat_result) -> bool:
    """Whether the file belongs to the caller or to root: no other user decides about it."""
    return sys.platform == "win32" or file.st_uid in (0, os.geteuid())


def is_stream(path: Path) -> bool:
    """Whether `path` leads to a pipe, a terminal or another device, which cannot be replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def temporary_beside(target: Path) -> Path:
    """Return a name that nobody can guess, for a file that will replace `target`."""
    return target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(8).hex()}.tmp")


def sync_directory(path: Path) -> None:
    """Make a new name in a directory durable, where the system and the disk can."""
    # Windows opens no directories, and some network disks sync none; the file itself is synced
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | CLOSE_ON_EXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _old(target: Path) -> os.stat_result | None:
    """Return the status of the file to replace; a device or directory is never replaced."""
    try:
        old = target.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    return old


def _replace(target: Path, data: bytes, old: os.stat_result | None) -> None:
    temporary = temporary_beside(target)
    try:
        _write_new(temporary, data, old)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_directory(target.parent)


def _write_new(path: Path, data: bytes, old: os.stat_result | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY | CLOSE_ON_EXEC
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
        if data:  # an empty file has nothing to keep
            os.fsync(descriptor)
