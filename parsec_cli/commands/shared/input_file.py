"""Files that an argument names: read one, or stdin for `-`, and check one to be written."""

from __future__ import annotations

import io
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from parsec_cli.errors import UsageFault
from parsec_cli.runtime import Runtime

# a roster of 100,000 users is some 10 MB
MAX_FILE = 256 * 1024 * 1024
_PIECE = 1024 * 1024


def check_named(path: str) -> None:
    """Refuse the empty name, which means the current directory to the system."""
    if not path:
        raise UsageFault("the name of the file is empty", hint="was a shell variable unset?")


def path_of(text: str) -> Path:
    """Return the path that an argument names, from UTF-8 to the encoding of the file system."""
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape")))


def name_of(path: str) -> str:
    return "stdin" if path == "-" else path


def read_bytes(runtime: Runtime, path: str, name: str = "") -> bytes:
    """Return the content of the file or stdin; `name` is quoted if the path may be a key."""
    stdin, name = runtime.world.stdin, "stdin" if path == "-" else name or f"`{path}`"
    try:
        if path != "-":
            check_named(path)
            with path_of(path).open("rb") as file:
                data = _read(file)
        elif stdin is None:
            raise UsageFault("cannot read stdin: it is closed")
        else:
            if stdin.isatty():
                runtime.screen.notice("reading from the terminal; end with Ctrl-D")
            buffer = getattr(stdin, "buffer", None)
            data = _read(buffer) if buffer is not None else stdin.read().encode()
    except (OSError, ValueError) as fault:
        why = "it is closed" if path == "-" else "not a valid path"
        why = (getattr(fault, "strerror", None) or why).lower()
        raise UsageFault(f"cannot read {name}: {why}") from None
    if len(data) > MAX_FILE:
        raise UsageFault(f"{name} is larger than {MAX_FILE // 1024 // 1024} MiB")
    return data


def _read(file: BinaryIO) -> bytes:
    """Return the content, or the beginning of one that is too large.

    It is read in pieces, because `read(n)` takes n bytes of memory even for a small file. A short
    piece is the last one: on a terminal, another `read` would wait for a second Ctrl-D.
    """
    data, size = io.BytesIO(), _PIECE
    while size == _PIECE and data.tell() <= MAX_FILE:
        size = data.write(file.read(_PIECE))
    return data.getvalue()


def check_output(runtime: Runtime, source: str, target: str | None, option: str) -> None:
    """Refuse to write `target` over the input file `source`, a file of this tool, or the output.

    Its folder must exist: a misspelled one is not made.
    """
    if target is None:
        return
    check_named(target)
    if target == "-":
        raise UsageFault(f"`{option}` takes a file, not `-`", hint="a file of that name is `./-`")
    path = path_of(target)
    if not path.parent.exists():
        raise UsageFault(f"`{option} {target}`: there is no folder `{path.parent}`")
    _check_not_own(runtime, path, f"`{option} {target}`")
    with suppress(OSError):  # a file that does not exist is not the other
        if path.samefile(path_of(source)):
            raise UsageFault(f"`{option} {target}` is the input file: name another file")
    with suppress(OSError):
        file = path.stat()
        # stderr may be a pipe to a log collector
        is_output = not path.samefile(os.devnull) and (
            os.path.samestat(file, os.fstat(1))
            or (stat.S_ISREG(file.st_mode) and os.path.samestat(file, os.fstat(2)))
        )
        if is_output:
            text = f"`{option} {target}` is the output of this command: name another file"
            raise UsageFault(text)


def _check_not_own(runtime: Runtime, path: Path, what: str) -> None:
    """Refuse the config file and whatever is in the folder of the history."""
    try:
        full, state = path.resolve(), runtime.places.state_dir.resolve()
        config = runtime.places.config_file.resolve()
        own = state in full.parents or (full == config and full != Path(os.devnull))
    except (OSError, RuntimeError):  # links in a circle, which cannot be written either
        return
    if own:
        raise UsageFault(f"{what} is a file of parsec itself: name another file")
