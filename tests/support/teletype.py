"""The tool in this process on a real pseudo-terminal of any size: cheap enough for a matrix."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import struct
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from support.clock import VirtualClock
from support.terminal import Session

# what is drawn between hiding and showing the cursor, and then erased
_ERASED = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h\r?(?:\x1b\[1A\x1b\[2K)+", re.DOTALL)


def settled(text: str) -> str:
    """Return what stays on the screen, without the progress that was erased."""
    return _ERASED.sub("", text)


def run_on_teletype(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    clock: VirtualClock,
    cols: int = 80,
    encoding: str = "utf-8",
    answer: tuple[str, str] | None = None,
) -> Session:
    """Call `main` with all three streams on one terminal; `answer` is (question, keys)."""
    from parsec_cli.main import main

    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, cols, 0, 0))
    screen = bytearray()
    reader = threading.Thread(target=_read, args=(primary, screen, answer))
    reader.start()
    try:
        with _streams(secondary, encoding) as (stdin, stdout, stderr):
            code = main(
                list(argv),
                environ=dict(env),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                clock=clock,
                monotonic=clock,
                sleep=clock.sleep,
                random=random.Random(7).random,
            )
    finally:
        # the last descriptor of this side: the reader sees the end
        os.close(secondary)
        reader.join(10)
        os.close(primary)
    return Session(code, bytes(screen))


@contextmanager
def _streams(terminal: int, encoding: str) -> Iterator[tuple[TextIO, TextIO, TextIO]]:
    with (
        open(os.dup(terminal), encoding=encoding) as stdin,  # noqa: PTH123
        open(os.dup(terminal), "w", encoding=encoding) as stdout,  # noqa: PTH123
        open(os.dup(terminal), "w", encoding=encoding) as stderr,  # noqa: PTH123
    ):
        yield stdin, stdout, stderr


def _read(primary: int, screen: bytearray, answer: tuple[str, str] | None) -> None:
    while True:
        try:
            data = os.read(primary, 65536)
        except OSError:  # how Linux reports the end
            return
        if not data:
            return
        screen += data
        if answer and answer[0].encode() in screen:
            os.write(primary, answer[1].encode())
            answer = None
