"""Read a file of lines from its end, a piece at a time; files that cannot be read are faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from parsec_cli.files.save import fault, is_stream

_PIECE = 1 << 16
# a line of more than 16 MiB is damage, such as the zeros of a power cut, and is not collected
_MOST_PIECES = 256
_DAMAGED = b"\0"


def lines_backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, the last one first, each with where it starts.

    A missing file has none, nor has a pipe or a device; what is appended meanwhile is not seen.
    """
    if is_stream(path):
        return
    try:
        with path.open("rb") as file:
            left = file.seek(0, 2)
            pieces: list[bytes] = []  # of the line whose beginning is not read yet, last first
            while left > 0:
                size = min(_PIECE, left)
                left -= size
                file.seek(left)
                first, *whole = file.read(size).split(b"\n")
                start = left + size
                for line in reversed(whole):
                    start -= len(line)
                    if line or any(pieces):
                        yield start, b"".join((line, *reversed(pieces)))
                    pieces.clear()
                    start -= 1
                pieces.append(first)
                if len(pieces) > _MOST_PIECES:
                    pieces = [_DAMAGED]
            if any(pieces):
                yield 0, b"".join(reversed(pieces))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise fault("read", path, error) from None


def line_number(path: Path, start: int) -> int:
    """Return the number of the line that starts there; the first one is 1."""
    number = 1
    with path.open("rb") as file:
        while start > 0 and (piece := file.read(min(_PIECE, start))):
            number += piece.count(b"\n")
            start -= len(piece)
    return number
