"""A bulk run in a process of its own that kills itself at a given event; for test_crash.py.

    python victim.py DIRECTORY WORKERS [EVENT]

The server is a file of lines in DIRECTORY: what was asked of it, and what took effect. Events are
each write to the journal or the results (before it, with half of it done, after it), and each
request (before, after its effect).
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
from pathlib import Path

from fleet.rig import Rig
from fleet.world import World

from parsec_cli.files.append import RealDisk
from parsec_cli.fleet.limits import Limits
from parsec_cli.fleet.roster import Wanted

WANTED = (
    *(Wanted(row, f"new-{row}", 5) for row in range(2, 8)),
    Wanted(8, "down", 1),
    Wanted(9, "up", 20),
    Wanted(10, "gone-1", absent=True),
    Wanted(11, "gone-2", absent=True),
    Wanted(12, "same", 10),
)
EFFECTS = 10


class Fuse:
    """Counts events and kills this process at the given one."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self._count = itertools.count()
        self._lock = threading.Lock()

    def event(self) -> None:
        with self._lock:
            if next(self._count) == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


class FusedDisk(RealDisk):
    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse

    def write(self, descriptor: int, data: bytes) -> None:
        self.fuse.event()
        half = len(data) // 2
        super().write(descriptor, data[:half])
        self.fuse.event()
        super().write(descriptor, data[half:])
        self.fuse.event()


class FileWorld(World):
    """A world whose requests and effects are in a file that outlives the process."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        super().__init__()
        for name in ("down", "up", "same", "gone-1", "gone-2"):
            self.add(name, 10)
        self._fuse = Fuse(None)
        lines = path.read_text().splitlines() if path.exists() else []
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for line in lines:
            self._replay(*json.loads(line))
        self._fuse = fuse
        self.before, self.after = self._asked, self._answered
        self._kept = len(self.effects)

    def _replay(self, kind: str, verb: str, name: str, value: int | None) -> None:
        if kind != "effect":
            return
        there = self.named(name)
        if verb == "create":
            self.add(name, value)
        elif verb == "set-qps":
            there["qps_limit"] = value
        else:
            del self.users[there["customer_id"]]

    def _asked(self, name: str) -> None:
        self._fuse.event()
        self._write("request", "", name, None)

    def _answered(self, name: str) -> None:
        with self._lock:
            for verb, who, value in self.effects[self._kept :]:
                self._write("effect", verb, who, None if verb == "deactivate" else value)
            self._kept = len(self.effects)
        del name
        self._fuse.event()

    def _write(self, *line: object) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())


def main() -> int:
    directory, workers = Path(sys.argv[1]), int(sys.argv[2])
    fuse = Fuse(int(sys.argv[3]) if len(sys.argv) > 3 else None)
    rig = Rig(directory, FileWorld(directory / "server", fuse))
    ended = rig.apply(WANTED, disk=FusedDisk(fuse), limits=Limits(workers))
    return ended.exit_code


if __name__ == "__main__":
    sys.exit(main())
