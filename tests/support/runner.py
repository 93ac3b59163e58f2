"""Runs the tool in an isolated environment: as a process of its own, or in this one for speed.

What each run writes is checked against the description of its command.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from support import documents
from support.clock import VirtualClock

if TYPE_CHECKING:
    from parsec_cli.interrupts import Interrupts

Stdin = bytes | Literal["closed", "open"] | None


@dataclass(frozen=True, repr=False)
class Completed:
    """What a run left: the exit code and the streams; text is decoded without loss of bytes."""

    code: int
    out_bytes: bytes
    err_bytes: bytes
    waits: tuple[float, ...] = field(default=())

    @property
    def out(self) -> str:
        return self.out_bytes.decode("utf-8", "backslashreplace")

    @property
    def err(self) -> str:
        return self.err_bytes.decode("utf-8", "backslashreplace")

    @property
    def json(self) -> Any:
        """Return the one JSON document on stdout."""
        return json.loads(self.out_bytes)

    @property
    def error(self) -> dict[str, Any]:
        """Return the error object, the last line of stderr."""
        value = json.loads(self.err.splitlines()[-1])
        assert list(value) == ["error"], value
        return value["error"]

    def __repr__(self) -> str:
        # what a failed `assert completed.code == 0, completed` shows, in one short line
        return f"exit {self.code}, err={self.err[:150]!r}, out={self.out[:60]!r}"


def clean_environment(home: Path) -> dict[str, str]:
    """Return a whole environment: nothing of the machine's but the program path."""
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }


def run_process(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdin: Stdin = None,
    stdout: str | None = None,
    timeout: float = 120,
) -> Completed:
    """Run the real command line; `stdin` None is /dev/null, "open" a pipe that stays silent.

    `stdout` may be a path such as /dev/full, or "closed".
    """
    command = [sys.executable, "-m", "parsec_cli", *argv]
    redirections = ("<&- " if stdin == "closed" else "") + (">&-" if stdout == "closed" else "")
    if redirections:
        # the shell closes the descriptor; Popen can only redirect it
        command = ["/bin/sh", "-c", f'exec "$@" {redirections}', "sh", *command]
    sink = open(stdout, "wb") if stdout not in (None, "closed") else subprocess.PIPE  # noqa: SIM115, PTH123
    source = subprocess.PIPE if isinstance(stdin, bytes) or stdin == "open" else subprocess.DEVNULL
    try:
        with subprocess.Popen(
            command, env=dict(env), cwd=cwd, stdin=source, stdout=sink, stderr=subprocess.PIPE
        ) as child:
            try:
                out, err = _communicate(child, stdin, timeout)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
    finally:
        if not isinstance(sink, int):
            sink.close()
    documents.check(argv, env, child.returncode, out or b"", err)
    return Completed(child.returncode, out or b"", err)


def _communicate(
    child: subprocess.Popen[bytes], stdin: Stdin, timeout: float
) -> tuple[bytes, bytes]:
    if stdin != "open":
        return child.communicate(stdin if isinstance(stdin, bytes) else None, timeout)
    # kept out of communicate(), which would close it
    held, child.stdin = child.stdin, None
    try:
        return child.communicate(timeout=timeout)
    finally:
        assert held is not None
        held.close()


def run_in_process(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    clock: VirtualClock,
    stdin: bytes | None = None,
    encoding: str = "utf-8",
    seed: int = 7,
    interrupts: Interrupts | None = None,
    request_clock: Callable[[], float] = time.monotonic,
) -> Completed:
    """Call `main` with streams, clock and chance of its own; no stream is a terminal.

    Requests have real time, unless `request_clock` says otherwise.
    """
    from parsec_cli.main import main

    out, err = io.BytesIO(), io.BytesIO()
    before = len(clock.waits)
    code = main(
        list(argv),
        environ=dict(env),
        stdin=None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"),
        stdout=_writer(out, encoding, "strict"),
        stderr=_writer(err, encoding, "backslashreplace"),
        clock=clock,
        monotonic=clock,
        request_clock=request_clock,
        sleep=clock.sleep,
        random=random.Random(seed).random,
        interrupts=interrupts,
    )
    documents.check(argv, env, code, out.getvalue(), err.getvalue())
    waits = tuple(clock.waits[before:])
    return Completed(code, out.getvalue(), err.getvalue(), waits)


def _writer(raw: io.BytesIO, encoding: str, errors: str) -> io.TextIOWrapper:
    # like the interpreter's own streams, but written through, so that nothing waits for a flush
    stream = io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="\n")
    stream.reconfigure(write_through=True)
    stream.close = lambda: None  # type: ignore[method-assign]
    return stream


def run_to_reader(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, lines: int | None = None
) -> Completed:
    """Run with a pipe on stdout whose reader leaves after `lines` lines; None reads to the end."""
    command = [sys.executable, "-m", "parsec_cli", *argv]
    with (
        tempfile.TemporaryFile() as err,
        subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
        ) as child,
    ):
        assert child.stdout is not None
        watchdog = threading.Timer(30, child.kill)
        watchdog.start()
        try:
            limit = sys.maxsize if lines is None else lines
            out = b"".join(islice(child.stdout, limit))
            child.stdout.close()
            code = child.wait()
        finally:
            watchdog.cancel()
        err.seek(0)
        return Completed(code, out, err.read())
