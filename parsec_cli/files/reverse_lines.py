"""Read the lines of a file from its end, one piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from parsec_cli.files.save import fault, is_stream

_PIECE = 1 << 16
# a line of more than 16 MiB is damage, such as zeros after a power cut, and is not loaded
_MOST_PIECES = 256
_DAMAGED = b"\0"


def lines_backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the position and text of each line that is not empty, the last line first.

    A missing file, a pipe or a device has no lines. Lines appended meanwhile are ignored.
    """
    if is_stream(path):
        return
    try:
        with path.open("rb") as file:
            left = file.seek(0, 2)
            pieces: list[bytes] = []  # of the line whose start is not read yet, last first
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
    """Return the number, from 1, of the line that starts at this position."""
    number = 1
    with path.open("rb") as file:
        while start > 0 and (piece := file.read(min(_PIECE, start))):
            number += piece.count(b"\n")
            start -= len(piece)
    return number
