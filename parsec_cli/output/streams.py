"""The standard streams: what each can show (`Surface`), and writing (`Sink`).

Text is encoded here and handed to the operating system at once. So nothing is left in Python's
buffers to fail a second time at exit, and PYTHONUNBUFFERED changes nothing.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from parsec_cli.errors import LocalFault, ReaderLeft
from parsec_cli.records import record
from parsec_cli.visible import escaped, visible_prose, visible_value

_ESCAPE_UNENCODABLE = "parsec-escape"
_READER_GONE = {errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN}
if sys.platform == "win32":
    _READER_GONE.add(errno.EINVAL)  # how Windows reports a closed pipe
_USUAL_WIDTH = 80
_USUAL_HEIGHT = 24
_NARROWEST_PROSE = 20
# Rich's style for each tone and for the labels of messages; no black or white, which vanish on one
# of the usual backgrounds
STYLES: dict[str, str] = {
    "plain": "",
    "strong": "bold",
    "dim": "dim",
    "good": "green",
    "warning": "yellow",
    "bad": "red",
    "alarm": "bold red",
    "unknown": "magenta",
    "command": "cyan",
    "error": "bold red",
    "unclear": "bold magenta",
    "caution": "bold yellow",
    "hint": "bold cyan",
}
# the same as codes, for the few words that are not worth loading Rich
_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}
# what replaces the characters of this tool's own texts where they cannot be encoded
_SIMPLER = {"→": "->", "−": "-", "–": "-", "—": "-", "·": "-", "…": "..."}
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
    height: int = _USUAL_HEIGHT

    def paint(self, text: str, tone: str) -> str:
        if not self.colour or not text or not STYLES[tone]:
            return text
        codes = ";".join([_CODES[word] for word in STYLES[tone].split()])
        return f"\x1b[{codes}m{text}\x1b[0m"

    def highlighted(self, text: str, headings: Sequence[str]) -> str:
        """Return a text whose lines that begin with one of the headings stand out."""
        if not headings or not self.colour:
            return text
        known = "|".join(map(re.escape, headings))
        return re.sub(f"(?m)^({known})", lambda found: self.paint(found[0], "strong"), text)

    def readable(self, text: str) -> str:
        """Return a sentence as it will be seen: hidden and unencodable characters escaped.

        An arrow or dash that cannot be encoded is replaced, but not in a value between backticks.
        """
        if not text.isascii() and self.encoding != "utf-8":
            replaced = {
                ord(old): new for old, new in _SIMPLER.items() if not _encodes(self.encoding, old)
            }
            parts = text.split("`")
            parts[::2] = [part.translate(replaced) for part in parts[::2]]
            text = "`".join(parts)
        return self._encodable(visible_prose(text))

    def exact(self, value: str) -> str:
        """Return a value as it will be seen; two values that differ look different."""
        return self._encodable(visible_value(value))

    def _encodable(self, text: str) -> str:
        if text.isascii() or self.encoding == "utf-8":
            return text
        return text.encode(self.encoding, _ESCAPE_UNENCODABLE).decode(self.encoding)

    @property
    def prose(self) -> int | None:
        """The width that sentences are broken to; None if the terminal is too narrow for any."""
        return self.width if self.width and self.width >= _NARROWEST_PROSE else None

    def wrapped(self, text: str, indent: str = "") -> str:
        """Break readable text between words where a line would be too long for the terminal."""
        if self.prose is None or len(text) + len(indent) <= self.prose:
            return indent + text
        import textwrap

        lines = textwrap.wrap(
            text,
            self.prose,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\n".join(lines)

    def message(self, text: str, style: str, label: str = "") -> str:
        """Break a message into lines; the style is that of its label, or of all if it has none."""
        if label:
            lines = self.wrapped(f"{label} {text}")
            return self.paint(label, style) + lines.removeprefix(label)
        return "\n".join(self.paint(line, style) for line in self.wrapped(text).split("\n"))

    def question(self, text: str) -> str:
        """Break a question into lines; the answer is typed behind its last blanks."""
        words = text.rstrip()
        return self.wrapped(words) + text[len(words) :]

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
        height=terminal_size(stream).lines if terminal else _USUAL_HEIGHT,
    )


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def columns_of(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    """Return COLUMNS, else the terminal's own width."""
    columns = environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns[:9]) > 0:
        return int(columns[:9])
    return terminal_size(stream).columns


def terminal_size(stream: TextIO | None) -> os.terminal_size:
    """Return the size of a terminal; one of unknown size reports 0."""
    try:
        size = os.get_terminal_size(stream.fileno() if stream else 1)
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    return os.terminal_size((size.columns or _USUAL_WIDTH, size.lines or _USUAL_HEIGHT))


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


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(escaped, error.object[error.start : error.end])), error.end


codecs.register_error(_ESCAPE_UNENCODABLE, _escape_unencodable)
