"""Runs the tool on a real pseudo-terminal and types answers when their question appears."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CTRL_C = "\x03"
CTRL_D = "\x04"
PATIENCE = 60.0  # seconds: what a hang would cost a test, not what is expected

# a session of its own needs a controlling terminal, or Ctrl-C would reach nobody
LAUNCH = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(2, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True, repr=False)
class Session:
    """The exit code, every byte that the terminal was sent, and whether it echoes afterwards."""

    code: int
    screen: bytes
    echo: bool = True

    @property
    def text(self) -> str:
        """Return the screen without the echo of control keys, which comes at any time."""
        text = self.screen.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        return text.replace("^C", "").replace("^D\b\b", "").replace("^\\", "")

    def __repr__(self) -> str:
        return f"exit {self.code}, screen={self.text[-200:]!r}"


def run_in_terminal(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    answers: Sequence[tuple[str, str | signal.Signals]] = (),
    cols: int = 80,
    rows: int = 24,
    stdout: Path | None = None,
    timeout: float = PATIENCE,
    program: Sequence[str] = ("-m", "parsec_cli"),
) -> Session:
    """Run `argv` with stdin, stdout and stderr on a terminal; stdout may be a file instead.

    `answers` are (text to wait for, keys to type or signal to send) in order; each text is looked
    for behind the place where the one before was found.
    """
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    command = [sys.executable, "-I", "-S", "-c", LAUNCH, sys.executable, *program]
    sink = stdout.open("wb") if stdout else None
    child = subprocess.Popen(
        [*command, *argv],
        env=dict(env),
        cwd=cwd,
        stdin=secondary,
        stdout=sink or secondary,
        stderr=secondary,
        start_new_session=True,
    )
    os.close(secondary)
    try:
        screen = _converse(primary, child, list(answers), time.monotonic() + timeout)
        echo = bool(termios.tcgetattr(primary)[3] & termios.ECHO)
        return Session(child.wait(PATIENCE), screen, echo)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(PATIENCE)
        os.close(primary)
        if sink:
            sink.close()


def _converse(
    primary: int,
    child: subprocess.Popen[bytes],
    answers: list[tuple[str, str | signal.Signals]],
    deadline: float,
) -> bytes:
    screen = bytearray()
    position = 0
    while True:
        if answers:
            expected, keys = answers[0]
            found = screen.find(expected.encode(), position)
            if found >= 0:
                position = found + len(expected.encode())
                del answers[0]
                if isinstance(keys, str):
                    os.write(primary, keys.encode())
                else:
                    child.send_signal(keys)
                continue
        left = deadline - time.monotonic()
        ready, _, _ = select.select([primary], [], [], max(0.0, left))
        assert ready, f"timed out, waiting for {answers[:1]}, after: {bytes(screen)!r}"
        data = _read(primary)
        if not data:
            assert not answers, f"ended before {answers[0][0]!r} appeared: {bytes(screen)!r}"
            return bytes(screen)
        screen += data


def _read(primary: int) -> bytes:
    try:
        return os.read(primary, 65536)
    except OSError as error:
        # Linux says EIO where others say end of file: the child has closed the terminal
        if error.errno == errno.EIO:
            return b""
        raise
