"""Writes text to one standard stream, whole or not at all as far as a stream can, and says why not.

Everything is encoded here and handed to the operating system at once, so that no rest is left in
Python's buffers to fail a second time at exit, and PYTHONUNBUFFERED changes nothing.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from typing import Protocol, TextIO

from parsec_cli.errors import LocalFault, ReaderLeft
from parsec_cli.output.sanitize import escaped

ESCAPE_UNENCODABLE = "parsec-escape"
_READER_GONE = {errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN}
if sys.platform == "win32":
    _READER_GONE.add(errno.EINVAL)  # what Windows says of a closed pipe


class _Writable(Protocol):
    def write(self, data: memoryview, /) -> int | None: ...


class Sink:
    """One of stdout and stderr; `intact` is False during a write and after one that failed."""

    def __init__(self, stream: TextIO | None, name: str) -> None:
        self._stream = stream
        self._name = name
        self.intact = True
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        # kept over the writes: a byte-order mark belongs to the first of them only
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
        """Flush what others left in the stream; after a failure nothing is left to fail at exit."""
        if self._stream is None:
            return
        try:
            if not self._stream.closed:
                self._stream.flush()
        except OSError as error:
            self._discard()
            self._fail(error)

    def write_quietly(self, text: str) -> None:
        """Write words that are lost without harm; after a failure write no more."""
        if self._stream is None or not self.intact:
            return
        try:
            # only what a write can meet: a signal that comes meanwhile must get through
            with contextlib.suppress(LocalFault, ReaderLeft):
                self.write(text)
        except BaseException:
            self.intact = True  # the stream is not what failed
            raise

    def close_quietly(self) -> None:
        with contextlib.suppress(LocalFault, ReaderLeft):
            self.close()

    def _put(self, text: str, encoding: str) -> None:
        if self._stream is None:
            raise self._fault("it is closed")
        buffer = getattr(self._stream, "buffer", None)
        if buffer is None:
            self._stream.write(text)
            return
        self._stream.flush()
        target: _Writable = getattr(buffer, "raw", buffer)
        rest = memoryview(self._encoded(text, encoding))
        while rest:
            written = target.write(rest)
            if written is None:
                self._wait()
            else:
                rest = rest[written:]

    def _encoded(self, text: str, encoding: str) -> bytes:
        if encoding not in self._encoders:
            make = codecs.getincrementalencoder(encoding)
            self._encoders[encoding] = make(ESCAPE_UNENCODABLE)
        return self._encoders[encoding].encode(text, final=True)

    def _wait(self) -> None:
        """Wait until a stream that somebody made non-blocking takes more."""
        import select

        assert self._stream is not None  # noqa: S101 -- only reached while writing to it
        select.select([], [self._stream.fileno()], [])

    def _fail(self, error: OSError) -> None:
        self.intact = False
        self._discard()
        if error.errno in _READER_GONE:
            raise ReaderLeft(f"the reader of {self._name} left") from error
        raise self._fault(error.strerror or "it failed") from error

    def _fault(self, why: str) -> LocalFault:
        return LocalFault(f"could not write to {self._name}: {why[:1].lower()}{why[1:]}")

    def _discard(self) -> None:
        """Point the stream at nothing, or Python complains at exit about what is left in it."""
        with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
            assert self._stream is not None  # noqa: S101 -- a missing stream never fails
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(escaped, error.object[error.start : error.end])), error.end


codecs.register_error(ESCAPE_UNENCODABLE, _escape_unencodable)
