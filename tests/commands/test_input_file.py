"""What a file takes to read, and the largest one that is read."""

from __future__ import annotations

import io
import tracemalloc
from types import SimpleNamespace

import pytest

from parsec_cli.commands.shared import input_file
from parsec_cli.errors import UsageFault

MEGABYTE = 1024 * 1024


@pytest.fixture(params=["file", "stdin"])
def read(request, work):
    """Read these bytes from a file, or from stdin."""

    def read_back(content: bytes) -> bytes:
        path = work / "f"
        path.write_bytes(content)
        with path.open("rb") as file:
            runtime = SimpleNamespace(world=SimpleNamespace(stdin=io.TextIOWrapper(file)))
            return input_file.read_bytes(runtime, str(path) if request.param == "file" else "-")

    return read_back


def test_a_small_file_takes_little_memory(read):
    tracemalloc.start()
    try:
        assert read(b"external_id\nu1\n") == b"external_id\nu1\n"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MEGABYTE


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_file_of_several_pieces_is_read_whole_up_to_the_limit(read, monkeypatch, over):
    limit = 2 * MEGABYTE
    monkeypatch.setattr(input_file, "MAX_FILE", limit)
    content = bytes(range(256)) * (limit // 256) + b"x"
    content = content[: limit + over]
    if over <= 0:
        assert read(content) == content
        return
    with pytest.raises(UsageFault, match="is larger than 2 MiB"):
        read(content)


def test_nothing_is_read_after_the_end():
    """On a terminal, that would wait for a second Ctrl-D."""
    pieces = iter([b"u1\n"])
    buffer = SimpleNamespace(read=lambda _: next(pieces))
    stdin = SimpleNamespace(buffer=buffer, isatty=lambda: False)
    runtime = SimpleNamespace(world=SimpleNamespace(stdin=stdin))
    assert input_file.read_bytes(runtime, "-") == b"u1\n"
