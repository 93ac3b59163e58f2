"""Disks that count, and disks that fail."""

from __future__ import annotations

from parsec_cli.files.lock import Disk


class CountingDisk(Disk):
    """Counts what was written and what of it was kept."""

    def __init__(self) -> None:
        self.written = 0
        self.kept = 0
        self.syncs = 0

    def write(self, descriptor: int, data: bytes) -> None:
        super().write(descriptor, data)
        self.written += data.count(b"\n")

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self.kept = self.written
        self.syncs += 1
