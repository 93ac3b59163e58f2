"""Read an argument that is a file's path, or `-` for stdin."""

from __future__ import annotations

import os
from pathlib import Path

from parsec_cli.errors import UsageFault
from parsec_cli.runtime import Runtime

# a roster of 100,000 users is some 10 MB
MAX_FILE = 256 * 1024 * 1024


def read_bytes(runtime: Runtime, path: str) -> bytes:
    """Return what the file or stdin holds; UsageFault names the file and why it can't be read."""
    return _read(runtime, path, f"`{path}`")


def read_secrets(runtime: Runtime, path: str) -> bytes:
    """Like `read_bytes` for exchange keys: what may be the keys themselves is not quoted."""
    return _read(runtime, path, "the credentials file")


def check_named(path: str) -> None:
    """Refuse the empty name, which the system would take for the current directory."""
    if not path:
        raise UsageFault("the name of the file is empty", hint="was a shell variable unset?")


def path_of(text: str) -> Path:
    """Return the path that an argument names: words are UTF-8 here, names what the system says."""
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape")))


def _read(runtime: Runtime, path: str, name: str) -> bytes:
    if path == "-":
        return _stdin(runtime)
    check_named(path)
    try:
        with path_of(path).open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as fault:
        why = (getattr(fault, "strerror", None) or "not a valid path").lower()
        raise UsageFault(f"cannot read {name}: {why}") from None
    return _bounded(data, name)


def _stdin(runtime: Runtime) -> bytes:
    stdin = runtime.world.stdin
    if stdin is None:
        raise UsageFault("cannot read stdin: it is closed")
    if stdin.isatty():
        runtime.screen.notice("reading from the terminal; end with Ctrl-D")
    try:
        buffer = getattr(stdin, "buffer", None)
        data = buffer.read(MAX_FILE + 1) if buffer is not None else stdin.read().encode()
    except (OSError, ValueError) as fault:
        why = (getattr(fault, "strerror", None) or "it is closed").lower()
        raise UsageFault(f"cannot read stdin: {why}") from None
    return _bounded(data, "stdin")


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > MAX_FILE:
        raise UsageFault(f"{name} is larger than {MAX_FILE // 1024 // 1024} MiB")
    return data
