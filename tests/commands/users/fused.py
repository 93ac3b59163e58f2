"""The tool in a process that kills itself at the nth boundary of writing; for test_apply_kill.py.

    python fused.py EVENT ARGUMENT...

Boundaries are each write to a file (before it, with half of it done, after it) and each fsync.
Requests are cut short by the server of the test, who knows what took effect.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys


class Fuse:
    """Stands between the tool and the system's `write` and `fsync`."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._count = itertools.count()
        self._system = os.write, os.fsync

    def _boundary(self) -> None:
        if next(self._count) == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, descriptor: int, data: bytes) -> int:
        write, _ = self._system
        half = len(data) // 2
        self._boundary()
        write(descriptor, data[:half])
        self._boundary()
        written = half + write(descriptor, data[half:])
        self._boundary()
        return written

    def fsync(self, descriptor: int) -> None:
        self._boundary()
        self._system[1](descriptor)


if __name__ == "__main__":
    from parsec_cli.main import run

    fuse = Fuse(int(sys.argv.pop(1)))
    os.write, os.fsync = fuse.write, fuse.fsync
    run()
