"""Run `api_key_command`: a program that prints the key."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from parsec_cli.errors import KeyFault, UsageFault
from parsec_cli.next_command import run

if TYPE_CHECKING:
    import subprocess

_MOST_OUTPUT = 1 << 16  # bytes
_POLL_SECONDS = 0.02
_TERMINATE_SECONDS = 1.0  # between asking the program to end and killing it


def output_of(command: str, source: str, environ: Mapping[str, str], timeout: float = 60.0) -> str:
    """Run `command` without a shell and return its stdout; `timeout` is in seconds.

    Its output may contain secrets and is never shown. It gets no stdin, because that may be the
    input of the current command. It stays in the process group, so that a password manager can ask
    on the terminal.
    """
    import subprocess

    argv = split_command(command, source)
    started: list[subprocess.Popen[bytes] | Exception] = []
    # A signal's handler runs in the main thread only. There, it could raise after the program has
    # started and before anybody knows the process that must be stopped.
    starter = threading.Thread(target=_start, args=(argv, dict(environ), started))
    try:
        starter.start()
        starter.join()
        process = started[0]
        if isinstance(process, Exception):
            raise process
        output = _output(process, timeout)
    except subprocess.TimeoutExpired:
        raise _failed(source, f"took longer than {timeout:g} s") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the command line is not valid"
        raise _failed(source, f"cannot be started: {reason.lower()}") from None
    finally:
        if starter.ident is not None:
            starter.join()
        for one in started:
            if not isinstance(one, Exception):
                _end(one)
    if len(output) > _MOST_OUTPUT:
        raise _failed(source, f"printed more than {_MOST_OUTPUT:,} bytes")
    if code := process.returncode:
        what = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        raise _failed(source, what)
    if not output.strip():
        raise _failed(source, "printed nothing")
    return output.decode("utf-8", "surrogateescape")


def _start(
    argv: list[str], environ: Mapping[str, str], started: list[subprocess.Popen[bytes] | Exception]
) -> None:
    """Append the process to `started`, or what prevented it."""
    import subprocess

    try:
        process = subprocess.Popen(  # noqa: S603 -- the user's own program
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
        )
    except (OSError, ValueError) as error:
        started.append(error)
    else:
        started.append(process)


def _output(process: subprocess.Popen[bytes], timeout: float) -> bytes:
    """Return what the process printed before it ended, or more than is permitted.

    A child, such as an agent that keeps running, may hold stdout open. So the end of the process
    counts, not the end of the pipe.
    """
    import select
    import subprocess
    import time

    if sys.platform == "win32":  # which cannot wait for a pipe
        return process.communicate(timeout=timeout)[0]
    assert process.stdout is not None  # noqa: S101 -- it is a pipe
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    output, deadline = b"", time.monotonic() + timeout
    while len(output) <= _MOST_OUTPUT:
        # checked before reading: by then the pipe contains everything printed
        ended = process.poll() is not None
        try:
            piece = os.read(pipe, _MOST_OUTPUT)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if ended:
                break
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, timeout) from None
            select.select([pipe], [], [], min(left, _POLL_SECONDS))
            continue
        if not piece:
            process.wait(max(0.0, deadline - time.monotonic()))
            break
        output += piece
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop the process; gently first, so that a password manager can restore the terminal."""
    import subprocess

    try:
        if process.poll() is None:
            process.terminate()
            process.wait(_TERMINATE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def split_command(command: str, source: str) -> list[str]:
    """Split by shell rules; an empty command or an open quote is a UsageFault."""
    import shlex

    try:
        argv = shlex.split(command)
    except ValueError:
        argv = []
    if not argv:
        raise UsageFault(
            f"{source} is not a command line: is a quote left open?",
            hint="set it again with",
            command=run("config", "set", "api_key_command", "PROGRAM ARGUMENT..."),
        )
    return argv


def _failed(source: str, what: str) -> KeyFault:
    return KeyFault(f"{source} {what}", hint="run the command by itself to see its messages")
