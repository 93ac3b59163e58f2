"""Find out whether other users of this machine can change a file or folder of the operator."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from parsec_cli.files.save import trusted

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def exposure(path: Path, danger: str) -> str:
    """Return a warning with the reason, the `danger` and the remedy; "" if there is none.

    Looks at the file, at what a link leads to, and at the folders above both. In a sticky folder,
    such as /tmp, only the owner can replace a file. A file that does not exist is not exposed.
    """
    if sys.platform == "win32" or not path.exists():
        return ""
    try:
        reason, remedy = next(_reasons(path), ("", ""))
    except OSError:
        return ""
    return reason and f"other users can change `{path}` ({reason}) and {danger}: {remedy}"


def _reasons(path: Path) -> Iterator[tuple[str, str]]:
    target = Path(os.path.realpath(path))
    links = [path.absolute()] if path.is_symlink() else []
    for file in (*links, target):
        status = file.lstat()
        name = "it" if file == path else f"`{file}`"
        if not trusted(status):
            yield _foreign(name, status)
        if not stat.S_ISLNK(status.st_mode) and not _is_stream(status) and _writable(status):
            mode = "go-w" if stat.S_ISDIR(status.st_mode) else "600"
            yield f"mode {stat.S_IMODE(status.st_mode):04o}", f"run `chmod {mode} {file}`"
    for file in (*links, target):
        yield from _folders(file)


def _folders(file: Path) -> Iterator[tuple[str, str]]:
    for folder in file.parents:
        status = folder.stat()
        nearest = folder == file.parent
        if nearest and not trusted(status):
            yield _foreign(f"its folder `{folder}`", status)
        # groups of users share folders further up
        if _writable(status) if nearest else _writable(status, stat.S_IWOTH):
            mode = stat.S_IMODE(status.st_mode)
            yield f"mode {mode:04o} of its folder `{folder}`", f"run `chmod go-w {folder}`"


def _writable(status: os.stat_result, rights: int = _OTHERS_WRITE) -> bool:
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    return bool(status.st_mode & rights and not sticky)


def _is_stream(status: os.stat_result) -> bool:
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))


def _foreign(name: str, status: os.stat_result) -> tuple[str, str]:
    return f"{name} belongs to user ID {status.st_uid}", "use a file and a folder of your own"
