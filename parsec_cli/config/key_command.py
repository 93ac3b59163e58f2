"""Run `api_key_command`: a program that prints the key."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from parsec_cli.errors import KeyFault, UsageFault
from parsec_cli.interrupts import signals_postponed
from parsec_cli.next_command import run

if TYPE_CHECKING:
    import subprocess

_MOST_OUTPUT = 1 << 16  # bytes
_LOOK_EVERY = 0.1  # seconds between two looks at the output
_TERMINATE_SECONDS = 1.0  # between asking the program to end and killing it


def output_of(command: str, source: str, environ: Mapping[str, str], timeout: float = 60.0) -> str:
    """Run `command` without a shell and return its stdout; `timeout` is in seconds.

    Its output may contain secrets and is never shown. It gets no stdin, because that may be the
    input of the current command. It stays in the process group, so that a password manager can ask.
    """
    argv, process = split_command(command, source), None
    try:
        # a signal meanwhile would leave a program that nobody knows of
        with signals_postponed():
            process = _start(argv, source, environ)
        return _read(process, argv, source, timeout)
    finally:
        if process is not None:
            _end(process)


def _start(argv: list[str], source: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    import subprocess

    try:
        return subprocess.Popen(  # noqa: S603 -- the user's own program
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the command line is not valid"
        text = f"cannot be started: {reason.lower()}"
        raise _failed(source, text, _unexpanded(argv)) from None


def _read(process: subprocess.Popen[bytes], argv: list[str], source: str, timeout: float) -> str:
    import subprocess

    assert process.stdout is not None  # noqa: S101 -- it is a pipe
    deadline, output, code = time.monotonic() + timeout, b"", None
    with process.stdout as pipe:
        # a child that keeps running, such as an agent, may hold the pipe open: do not wait for it
        if sys.platform != "win32":
            os.set_blocking(pipe.fileno(), False)
        while code is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _failed(source, f"took longer than {timeout:g} s")
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(min(left, _LOOK_EVERY))
            # before the end, a pipe without output would block there
            if code is not None or sys.platform != "win32":
                with suppress(BlockingIOError):
                    output += os.read(pipe.fileno(), _MOST_OUTPUT + 1)
            if len(output) > _MOST_OUTPUT:
                raise _failed(source, "printed too much", "it must print only the key")
    if code:
        what = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        raise _failed(source, what, _unexpanded(argv))
    if not output.strip():
        raise _failed(source, "printed nothing")
    return output.decode("utf-8", "surrogateescape")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop the process; gently first, so that a password manager can restore the terminal."""
    import subprocess

    try:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_TERMINATE_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def split_command(command: str, source: str) -> list[str]:
    """Split by shell rules; an empty command or an open quote is a UsageFault."""
    import shlex

    try:
        argv = shlex.split(command)
    except ValueError:
        argv = []
    if not argv:
        why = "is not a command line: is a quote left open?" if command.strip() else "is empty"
        raise UsageFault(
            f"{source} {why}",
            hint="set it again with",
            command=run("config", "set", "api_key_command", "PROGRAM ARGUMENT..."),
        )
    return argv


def _unexpanded(argv: list[str]) -> str:
    """Return a hint if a shell would have replaced a part of the command, or ""."""
    if any(re.match(r"~|\S*\$[\w{]\S*$", word) for word in argv):
        return "neither `~` nor variables are expanded: write the full path"
    return ""


def _failed(source: str, what: str, hint: str = "") -> KeyFault:
    hint = hint or "run the command by itself to see its messages"
    return KeyFault(f"{source} {what}", hint=hint)
