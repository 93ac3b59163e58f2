import errno
import io
import os

import pytest
from output.builders import Stream

from parsec_cli.errors import Interrupted
from parsec_cli.output.streams import Sink


class Failing(Stream):
    """A stream whose descriptor takes nothing."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def flush(self):
        raise OSError(self.number, os.strerror(self.number))


class Raw(io.RawIOBase):
    """A descriptor that takes three bytes at a time."""

    def __init__(self):
        self.taken = b""

    def writable(self):
        return True

    def write(self, data):
        self.taken += bytes(data[:3])
        return len(data[:3])


def test_text_has_reached_the_system_when_write_returns():
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream, os.fdopen(reading, "rb") as reader:
        Sink(stream, "stdout").write("é\n")
        assert os.read(reader.fileno(), 10) == "é\n".encode()


def test_text_that_others_wrote_earlier_comes_first():
    stream = Stream()
    stream.write("first ")
    Sink(stream, "stdout").write("second")
    assert stream.text == "first second"


def test_a_stream_without_a_buffer_accepts_text():
    stream = io.StringIO()
    Sink(stream, "stdout").write("日本")
    assert stream.getvalue() == "日本"


def test_partial_writes_continue_to_the_end():
    raw = Raw()
    stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    Sink(stream, "stdout").write("abcdefgh")
    assert raw.taken == b"abcdefgh"


def test_characters_that_cannot_be_encoded_become_escapes():
    stream = Stream(encoding="cp1252")
    Sink(stream, "stdout").write("é日")
    assert stream.text == r"é\u{65e5}"


@pytest.mark.parametrize("stream", [None, Failing(errno.EIO), Failing(errno.EPIPE)])
def test_a_message_that_cannot_be_written_is_dropped_silently(stream):
    sink = Sink(stream, "stderr")
    sink.write_quietly("x")
    sink.write_quietly("y")


def test_a_stream_that_blocks_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(writing, "w", encoding="utf-8") as stream, os.fdopen(reading, "rb") as reader:
        size = 300_000
        child = os.fork()
        if not child:  # the slow reader
            stream.close()
            got = len(reader.read())
            os._exit(0 if got == size else 1)
        reader.close()
        Sink(stream, "stdout").write("x" * size)
        stream.close()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_signal_during_a_quiet_write_gets_through():
    """Printing a question must not swallow a Ctrl-C, and later messages are printed."""
    raw = Raw()
    stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    sink = Sink(stream, "stderr")

    def interrupted(_data):
        del raw.write
        raise Interrupted("interrupted")

    raw.write = interrupted
    with pytest.raises(Interrupted):
        sink.write_quietly("type 2: ")

    sink.write_quietly("error: interrupted\n")
    assert raw.taken == b"error: interrupted\n"
