"""Save whole files atomically, append lines, and read lines from the end of a file.

Files are private, and no link of another user is followed. A line survives `kill -9` at any byte.

Every failure is a LocalFault that names the file and the reason.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from parsec_cli.errors import LocalFault

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
# Windows has only the second; there the user's directory decides who may read
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
# whether files have an owner and a mode; Windows has neither
OWNERS = all(hasattr(os, name) for name in ("fchmod", "fchown", "geteuid", "getegid"))
# Windows locks bytes, and a locked byte cannot be read: lock one far after the text
FAR_AFTER_TEXT = 1 << 30
_MOST_LINKS = 40
_PIECE = 1 << 16
# a line of more than 16 MiB is damage, such as zeros after a power cut, and is not loaded
_MOST_PIECES = 256
_DAMAGED = b"\0"
_MAKE_ROOM = "make room or allow writing there, then run the same command again"


def fault(doing: str, path: Path, error: OSError, what: str = "") -> LocalFault:
    """Return the LocalFault for `error` of an operation ("read", "save", "write") on `path`."""
    if Path(os.devnull) in path.parents:
        return LocalFault(
            f"cannot {doing} `{path.name}`: there is no home directory",
            hint="set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to a directory of yours",
        )
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno == errno.ENXIO:
        reason = "nothing reads from this pipe"
    hint = "" if doing == "read" else _MAKE_ROOM
    return LocalFault(f"cannot {doing} {what}`{path}`: {reason}", hint=hint)


def make_private_directory(path: Path) -> None:
    """Create `path` and its missing parents with mode 0700; existing ones are not changed."""
    if path.is_dir():
        return
    make_private_directory(path.parent)
    try:
        path.mkdir(PRIVATE_DIRECTORY)
    except FileExistsError:
        if path.is_dir():  # another process created it meanwhile
            return
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
    # the umask may have taken rights of the owner; some disks cannot change a mode
    with suppress(OSError):
        path.chmod(PRIVATE_DIRECTORY)


def save(path: Path, data: bytes | bytearray, *, keep_owner: bool = True) -> None:
    """Replace the content of `path` atomically: a reader sees all old bytes or all new ones.

    Symbolic links stay; their target is replaced, or created if it does not exist. A new file has
    mode 0600. An existing one loses the rights of others and gains none. It keeps its owner,
    unless `keep_owner` is False: then it belongs to the caller.
    """
    try:
        target = real_target(path)
        make_private_directory(target.parent)
        replace(target, data, keep_owner=keep_owner)
    except OSError as error:
        raise fault("save", path, error) from None


def replace(target: Path, data: bytes | bytearray, *, keep_owner: bool = False) -> None:
    """Replace `target` as `save` does, but without following links.

    Raises OSError, for a device or directory too, which is never replaced. Use `real_target` first
    to follow an operator's links.
    """
    old = None
    with suppress(FileNotFoundError):
        old = target.stat(follow_symlinks=False)
    if old is not None and stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if old is not None and not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    temporary = temporary_beside(target)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY | CLOSE_ON_EXEC
    try:
        with os.fdopen(os.open(temporary, flags, PRIVATE_FILE), "wb") as file:
            if old is not None and keep_owner and OWNERS:
                mode = (stat.S_IMODE(old.st_mode) & PRIVATE_FILE) or PRIVATE_FILE
                os.fchmod(file.fileno(), mode)
                if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                    # `sudo parsec config set` must not change the owner of the file
                    with suppress(OSError):
                        os.fchown(file.fileno(), old.st_uid, old.st_gid)
            file.write(data)
            file.flush()
            if data:  # an empty file has no content to sync
                os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_directory(target.parent)


def sweep(path: Path) -> None:
    """Remove the temporary files of killed saves of `path`; the caller holds the lock of `path`."""
    with suppress(OSError):
        target = real_target(path)
        for left in target.parent.glob(f".{target.name}.*-*.tmp"):
            left.unlink(missing_ok=True)


def real_target(path: Path) -> Path:
    """Return the path behind all symbolic links of `path`, including dangling ones.

    In a shared folder anyone can create a link, so only links of the caller or of root are
    followed. Raises OSError.
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
        if is_stream(path):  # a link below /proc, such as /dev/stdout, may not lead to a path
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def trusted(file: os.stat_result) -> bool:
    """Return whether the file belongs to the caller or to root."""
    return not OWNERS or file.st_uid in (0, os.geteuid())


def is_stream(path: Path) -> bool:
    """Return whether `path` is a pipe, a terminal or another device that cannot be replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def temporary_beside(target: Path) -> Path:
    """Return an unguessable name for a file that will replace `target`."""
    return target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(8).hex()}.tmp")


def sync_directory(path: Path) -> None:
    """Make a new name in a directory durable, if the system and the disk support it."""
    # Windows and some network disks cannot sync a directory; the file itself is synced
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | CLOSE_ON_EXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def append(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Append `line`, which ends in a newline, in one write; `durable` waits for the disk.

    If a crash or a full disk left a torn line at the end, a newline ends that line first. A line
    that another process is writing looks the same and causes a blank line, which readers skip.
    """
    try:
        make_private_directory(path.parent)
        target = real_target(path)
        new = not target.exists()
        descriptor = opened(target, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            file = os.fstat(descriptor)
            if stat.S_ISFIFO(file.st_mode) or (durable and not stat.S_ISREG(file.st_mode)):
                raise OSError(errno.EINVAL, "not a regular file, so nothing would be stored")
            exposed = OWNERS and stat.S_ISREG(file.st_mode) and file.st_mode & 0o077
            if exposed and file.st_uid == os.geteuid():
                os.fchmod(descriptor, PRIVATE_FILE)
            _wait_for_other_writers(descriptor)
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
            sync_directory(target.parent)
    except OSError as error:
        raise fault("write", path, error) from None


def _wait_for_other_writers(descriptor: int) -> None:
    """Lock the file until it is closed, where appending takes two steps: on Windows."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, FAR_AFTER_TEXT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # for up to 10 s


def opened(path: Path, flags: int) -> int:
    """Open `path` for writing; its links were already followed, except those below /proc."""
    if not is_stream(path):
        flags |= NO_FOLLOW
    return os.open(path, flags | BINARY | CLOSE_ON_EXEC, PRIVATE_FILE)


@contextmanager
def reading(path: Path, what: str = "") -> Iterator[BinaryIO]:
    """Open a file; LocalFault if it cannot be read, or is a pipe or device, perhaps endless."""
    try:
        if is_stream(path):
            raise LocalFault(f"cannot read {what}`{path}`: not a regular file")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise fault("read", path, error, what) from None


def lines_backwards(path: Path) -> Iterator[bytes]:
    """Yield the lines that are not empty, the last one first.

    A missing file, a pipe or a device has no lines. Lines appended while reading are ignored.
    """
    return (line for _, line in placed_lines_backwards(path))


def placed_lines_backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield what `lines_backwards` does, each line with its place for `lines_at`."""
    if is_stream(path):
        return
    try:
        with path.open("rb") as file:
            left = file.seek(0, 2)
            pieces: list[bytes] = []  # of the line whose start is not read yet, last first
            while left > 0:
                end, size = left, min(_PIECE, left)
                left -= size
                file.seek(left)
                first, *whole = file.read(size).split(b"\n")
                for line in reversed(whole):
                    end -= len(line)
                    if line or any(pieces):
                        yield end, b"".join((line, *reversed(pieces)))
                    pieces.clear()
                    end -= 1
                pieces.append(first)
                if len(pieces) > _MOST_PIECES:
                    pieces = [_DAMAGED]
            if any(pieces):
                yield 0, b"".join(reversed(pieces))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise fault("read", path, error) from None


def lines_at(path: Path, places: Iterable[int]) -> Iterator[bytes]:
    """Yield the line at each of these places; b"" for a place below zero."""
    with reading(path) as file:
        for place in places:
            if place >= 0:
                file.seek(place)
                yield file.readline(_PIECE * _MOST_PIECES).rstrip(b"\n")
            else:
                yield b""
