"""The standard streams: what each can show (`Surface`), writing (`Sink`), and reading a line.

Text is encoded here and handed to the operating system at once. So nothing is left in Python's
buffers to fail a second time at exit, and PYTHONUNBUFFERED changes nothing.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from parsec_cli.errors import LocalFault, ReaderLeft
from parsec_cli.interrupts import undone_at_exit
from parsec_cli.records import record
from parsec_cli.results import Tone
from parsec_cli.visible import escaped, visible_prose, visible_value

_ESCAPE_UNENCODABLE = "parsec-escape"
_READER_GONE = {errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN}
if sys.platform == "win32":
    _READER_GONE.add(errno.EINVAL)  # how Windows reports a closed pipe
_USUAL_WIDTH = 80
# Rich's style for each tone
STYLES: dict[Tone, str] = {
    "plain": "",
    "strong": "bold",
    "dim": "dim",
    "good": "green",
    "warning": "yellow",
    "bad": "red",
}
# the codes for the few words of errors and headings, which are not worth loading Rich
_PAINT = {
    "strong": "1",
    "dim": "2",
    "error": "1;31",
    "caution": "1;33",
    "hint": "1;36",
    "command": "36",
}
_DRAWN = "█░─…"


@record
class Surface:
    """What a stream can show; `width` None means any length, `moves` allows redrawing in place."""

    terminal: bool
    width: int | None
    colour: bool
    blocks: bool
    moves: bool
    accessible: bool
    encoding: str

    def paint(self, text: str, tone: str) -> str:
        return f"\x1b[{_PAINT[tone]}m{text}\x1b[0m" if self.colour and text else text

    def readable(self, text: str) -> str:
        """Return a sentence as it will be seen: hidden and unencodable characters escaped."""
        return self._encodable(visible_prose(text))

    def exact(self, value: str) -> str:
        """Return a value as it will be seen; two values that differ look different."""
        return self._encodable(visible_value(value))

    def _encodable(self, text: str) -> str:
        if text.isascii() or self.encoding == "utf-8":
            return text
        return text.encode(self.encoding, _ESCAPE_UNENCODABLE).decode(self.encoding)

    @property
    def dot(self) -> str:
        return "·" if _encodes(self.encoding, "·") else "-"

    @property
    def ellipsis(self) -> str:
        return "…" if self.blocks else "..."


def surface_of(stream: TextIO | None, environ: Mapping[str, str]) -> Surface:
    """Decide from the stream and the environment what can be shown."""
    terminal = is_terminal(stream)
    dumb = environ.get("TERM") == "dumb"
    accessible = environ.get("ACCESSIBLE", "") not in {"", "0"}
    force = any(environ.get(n, "") not in {"", "0"} for n in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    wanted = force or (terminal and environ.get("CLICOLOR") != "0")
    encoding = "ascii"
    with contextlib.suppress(LookupError):
        encoding = codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name
    return Surface(
        terminal=terminal,
        width=columns_of(stream, environ) if terminal else None,
        colour=wanted and not dumb and not environ.get("NO_COLOR"),
        blocks=not dumb and _encodes(encoding, _DRAWN),
        moves=terminal and not dumb and not accessible,
        accessible=accessible,
        encoding=encoding,
    )


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def columns_of(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    """Return COLUMNS, else the terminal's own width; a terminal of unknown width reports 0."""
    columns = environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns[:9]) > 0:
        return int(columns[:9])
    try:
        return os.get_terminal_size(stream.fileno() if stream else 1).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _encodes(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


class Sink:
    """Stdout or stderr; `intact` is False during a write and after one that failed."""

    def __init__(self, stream: TextIO | None, name: str) -> None:
        self._stream = stream
        self._name = name
        self.intact = True
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        # kept between writes: only the first gets a byte-order mark
        self._encoders: dict[str, codecs.IncrementalEncoder] = {}

    def write(self, text: str, *, encoding: str = "") -> None:
        """Write all of `text`; raise ReaderLeft or LocalFault."""
        if not text:
            return
        self.intact = False
        try:
            self._put(text, encoding or self.encoding)
        except OSError as error:
            self._fail(error)
        except ValueError as error:  # what a closed stream raises
            raise self._fault("it is closed") from error
        self.intact = True

    def close(self) -> None:
        """Flush what others wrote; after a failure, nothing is left to fail at exit."""
        if self._stream is None:
            return
        try:
            if not self._stream.closed:
                self._stream.flush()
        except OSError as error:
            self._fail(error)

    def write_quietly(self, text: str) -> None:
        """Write text that may be lost; after a failure, write nothing more."""
        if self._stream is None or not self.intact:
            return
        try:
            # only failures of a write: an exception from a signal must get through
            with contextlib.suppress(LocalFault, ReaderLeft):
                self.write(text)
        except BaseException:
            self.intact = True  # the stream did not fail
            raise

    def _put(self, text: str, encoding: str) -> None:
        if self._stream is None:
            raise self._fault("it is closed")
        buffer = getattr(self._stream, "buffer", None)
        if buffer is None:
            self._stream.write(text)
            return
        self._stream.flush()
        target = getattr(buffer, "raw", buffer)
        if encoding not in self._encoders:
            make = codecs.getincrementalencoder(encoding)
            self._encoders[encoding] = make(_ESCAPE_UNENCODABLE)
        rest = memoryview(self._encoders[encoding].encode(text, final=True))
        while rest:
            written = target.write(rest)
            if written is None:
                import select

                # a non-blocking stream: wait until it accepts more
                select.select([], [self._stream.fileno()], [])
            else:
                rest = rest[written:]

    def _fail(self, error: OSError) -> None:
        self.intact = False
        # point the stream at the null device, or Python reports its remaining text at exit
        with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
            assert self._stream is not None  # noqa: S101 -- a missing stream never fails
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)
        if error.errno in _READER_GONE:
            raise ReaderLeft(f"the reader of {self._name} left") from error
        raise self._fault(error.strerror or "it failed") from error

    def _fault(self, why: str) -> LocalFault:
        return LocalFault(f"could not write to {self._name}: {why[:1].lower()}{why[1:]}")


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


def read_hidden(stream: TextIO | None, ask: Callable[[], None]) -> str | None:
    """Like `read_line`, but turn the terminal's echo off before `ask` shows the question.

    In the other order, text that is typed or pasted early would be shown, and then lost.
    """
    if stream is None or stream.closed:
        ask()
        return None
    if sys.platform == "win32":
        from getpass import getpass

        ask()
        return getpass("")
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
    with undone_at_exit(lambda: termios.tcsetattr(descriptor, termios.TCSANOW, before)):
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
        yield


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(escaped, error.object[error.start : error.end])), error.end


codecs.register_error(_ESCAPE_UNENCODABLE, _escape_unencodable)
