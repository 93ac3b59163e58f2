"""Run one program once in a clean environment and measure time, memory and first byte."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_CHUNK = 1 << 18
_ROWS, _COLUMNS = 50, 160


class Failed(Exception):
    """A program did not do its job."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run. `terminal`: its stdout is a pseudo-terminal; `code` is its exit code."""

    name: str
    argv: Sequence[str]
    terminal: bool = False
    code: int = 0


@dataclass(frozen=True, slots=True)
class Took:
    """One run: seconds to the end and to the first byte of output, peak memory, output."""

    seconds: float
    first_byte: float
    peak_kib: int
    size: int


def run(program: Program, environ: Mapping[str, str]) -> Took:
    """Run to the end, reading all output as it comes; Failed for another exit code."""
    read_end, write_end = _terminal() if program.terminal else _pipe()
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        child = subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=errors,
            env=environ,
        )
        os.close(write_end)
        first_byte, size = _drain(read_end, begun)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        os.close(read_end)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != program.code:
            errors.seek(0)
            text = errors.read(2000).decode(errors="replace")
            raise Failed(f"{program.name}: exit {child.returncode}: {text}")
    return Took(seconds, first_byte, usage.ru_maxrss, size)


def _drain(read_end: int, begun: float) -> tuple[float, int]:
    """Read to the end; return when the first byte came and how many there were."""
    first_byte, size = 0.0, 0
    while True:
        try:
            data = os.read(read_end, _CHUNK)
        except OSError:
            data = b""  # what Linux says of a terminal whose other end is closed
        if not data:
            return first_byte, size
        if not size:
            first_byte = time.perf_counter() - begun
        size += len(data)


def _pipe() -> tuple[int, int]:
    return os.pipe()


def _terminal() -> tuple[int, int]:
    read_end, write_end = pty.openpty()
    fcntl.ioctl(write_end, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    return read_end, write_end
