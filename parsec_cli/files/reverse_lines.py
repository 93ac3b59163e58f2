"""Read a file of lines from its end, a piece at a time; files that cannot be read are faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from parsec_cli.files.save import fault

_PIECE = 1 << 16
# a line of more than 16 MiB is damage, such as the zeros of a power cut, and is not collected
_MOST_PIECES = 256
_DAMAGED = b"\0"


def lines_backwards(path: Path) -> Iterator[bytes]:
    """Yield the lines without their ends, the last one first; a missing file has none.

    What is appended meanwhile is not seen.
    """
    try:
        with path.open("rb") as file:
            left = file.seek(0, 2)
            pieces: list[bytes] = []  # of the line whose beginning is not read yet, last first
            while left > 0:
                size = min(_PIECE, left)
                left -= size
                file.seek(left)
                first, *whole = file.read(size).split(b"\n")
                if whole:
                    yield from (line for line in _closed(pieces, whole) if line)
                pieces.append(first)
                if len(pieces) > _MOST_PIECES:
                    pieces = [_DAMAGED]
            if any(pieces):
                yield b"".join(reversed(pieces))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise fault("read", path, error) from None


def _closed(pieces: list[bytes], whole: list[bytes]) -> Iterator[bytes]:
    """Give the lines that a piece completes, and leave `pieces` empty for the next one."""
    pieces.append(whole.pop())
    yield b"".join(reversed(pieces))
    pieces.clear()
    yield from reversed(whole)
