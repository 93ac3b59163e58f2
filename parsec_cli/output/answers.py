"""Read an answer from stdin, shown or hidden."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TextIO

from parsec_cli.interrupts import undone_at_exit


def read_line(stream: TextIO | None) -> str | None:
    """Return the line without its end, or None at end of file, even in the middle of a line."""
    if stream is None or stream.closed:
        return None
    try:
        line = stream.readline()
    except UnicodeDecodeError:
        return ""  # an answer that matches nothing
    if not line.endswith("\n"):
        return None
    # in the C locale the interpreter reads a terminal as ASCII; ids are UTF-8 everywhere
    typed = line.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    return typed.rstrip("\r\n")


def is_yes(answer: str | None) -> bool:
    return (answer or "").strip().lower() in ("y", "yes")


def read_hidden(stream: TextIO | None, ask: Callable[[], None]) -> str | None:
    """Like `read_line`, but turn the terminal's echo off before `ask` shows the question.

    In the other order, text that is typed or pasted early would be shown, and then lost.
    """
    if stream is None or stream.closed:
        ask()
        return None
    try:
        import termios  # noqa: F401 - used below
    except ImportError:  # on Windows
        from getpass import getpass

        ask()
        try:
            return getpass("")
        except EOFError:
            return None
    with _without_echo(stream):
        ask()
        return read_line(stream)


@contextlib.contextmanager
def _without_echo(stream: TextIO) -> Iterator[None]:
    import termios

    try:
        descriptor = stream.fileno()
        before = termios.tcgetattr(descriptor)
    except (OSError, termios.error):  # not a terminal: nothing echoes
        yield
        return
    silent = [*before]
    silent[3] &= ~termios.ECHO  # the local modes

    def restore() -> None:
        # the shell would show and run a second line that was pasted, and keep it in its history
        termios.tcflush(descriptor, termios.TCIFLUSH)
        termios.tcsetattr(descriptor, termios.TCSANOW, before)

    def silence(*_signal: object) -> None:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(descriptor, termios.TCSANOW, silent)

    with undone_at_exit(restore), _on_continue(silence):
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
        yield


@contextlib.contextmanager
def _on_continue(handler: Callable[..., None]) -> Iterator[None]:
    """Call `handler` when a stopped process continues, as the shell has turned the echo on."""
    before = signal.signal(signal.SIGCONT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)
