"""Lines survive a crash of the process after append, and of the machine after commit."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from pathlib import Path

import pytest
from bulk.disks import CountingDisk

from parsec_cli.errors import LocalFault
from parsec_cli.files.lock import Disk, Lines
from parsec_cli.files.save import sync_directory


def opened(folder: Path, disk: Disk) -> Lines:
    return Lines(folder / "f", "journal", disk)


class SlowDisk(Disk):
    """Delays a sync until an event is set."""

    def __init__(self) -> None:
        self.syncs = 0
        self.entered = threading.Event()
        self.free = threading.Event()

    def sync(self, descriptor: int) -> None:
        del descriptor
        self.syncs += 1
        self.entered.set()
        assert self.free.wait(30)


def test_one_sync_serves_all_waiting_threads(tmp_path):
    disk = SlowDisk()
    lines = opened(tmp_path, disk)
    threads = [
        threading.Thread(target=lambda: lines.commit(lines.append(b"x\n"))) for _ in range(8)
    ]
    threads[0].start()
    assert disk.entered.wait(30)
    for thread in threads[1:]:
        thread.start()
    for _ in range(3000):
        if (tmp_path / "f").stat().st_size == 16:
            break
        time.sleep(0.01)
    disk.free.set()
    for thread in threads:
        thread.join(30)
    # one for the first, one for all others; a thread that had not begun to wait takes one more
    assert disk.syncs in (2, 3)


class TearingDisk(Disk):
    def write(self, descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:3])
        raise OSError(28, "No space left on device")


def test_nothing_is_written_after_a_torn_line(tmp_path):
    lines = opened(tmp_path, TearingDisk())
    for _ in range(2):
        with pytest.raises(LocalFault, match="no space left on device"):
            lines.append(b"whole\n")
    assert (tmp_path / "f").read_bytes() == b"who"


class LosingDisk(Disk):
    """Takes lines, and loses power when they are to be kept."""

    descriptor = -1

    def sync(self, descriptor: int) -> None:
        self.descriptor = descriptor
        raise OSError(5, "Input/output error")


def test_nothing_is_written_after_a_failed_sync(tmp_path):
    disk = LosingDisk()
    lines = opened(tmp_path, disk)
    number = lines.append(b"x\n")
    with pytest.raises(LocalFault, match="input/output error"):
        lines.commit(number)
    with pytest.raises(LocalFault):
        lines.append(b"y\n")
    assert (tmp_path / "f").read_bytes() == b"x\n"
    os.fstat(disk.descriptor)
    lines.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(disk.descriptor)


def test_a_pipe_needs_no_sync_and_a_closed_file_is_an_error():
    reading, writing = os.pipe()
    Disk().sync(writing)
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        Disk().sync(writing)


def test_one_commit_syncs_all_earlier_lines(tmp_path):
    disk = CountingDisk()
    lines = opened(tmp_path, disk)
    lines.commit()
    assert disk.syncs == 0, "there is nothing to keep"
    first, second = lines.append(b"x\n"), lines.append(b"y\n")
    lines.commit(first)
    assert (disk.kept, disk.syncs) == (2, 1)
    lines.commit(second)
    lines.commit()
    assert disk.syncs == 1
    third = lines.append(b"z\n")
    lines.commit(second)
    assert disk.kept == 2
    lines.commit(third)
    assert (disk.kept, disk.syncs) == (3, 2)


def test_a_closed_file_refuses_lines(tmp_path):
    lines = opened(tmp_path, Disk())
    lines.append(b"x\n")
    lines.close()
    lines.close()
    with pytest.raises(LocalFault, match="is closed"):
        lines.append(b"y\n")


def test_an_error_names_the_file_and_a_remedy(tmp_path):
    with pytest.raises(LocalFault) as caught:
        Lines(tmp_path / "none" / "f", "results file", Disk())
    path = tmp_path / "none" / "f"
    assert (
        caught.value.message == f"cannot write the results file `{path}`: no such file or directory"
    )
    assert caught.value.hint == "make room or allow writing there, then run the same command again"


class Nameless(Disk):
    def write(self, descriptor: int, data: bytes) -> None:
        del descriptor, data
        raise OSError(errno.EIO)


def test_an_error_without_a_message_has_the_name_of_its_class(tmp_path):
    with pytest.raises(LocalFault, match=r"`: oserror$"):
        opened(tmp_path, Nameless()).append(b"x\n")


def test_only_the_owner_can_read_the_file(tmp_path):
    opened(tmp_path, Disk()).close()
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_a_directory_that_cannot_be_synced_is_ignored(tmp_path):
    sync_directory(tmp_path)
    sync_directory(tmp_path / "none")


def test_a_pipe_is_written_to_but_one_without_a_reader_is_refused(folder):
    os.mkfifo(folder / "f")
    with pytest.raises(LocalFault, match="nothing reads from this pipe"):
        opened(folder, Disk())
    reader = os.open(folder / "f", os.O_RDONLY | os.O_NONBLOCK)
    try:
        lines = opened(folder, Disk())
        lines.commit(lines.append(b"x\n"))
        assert os.read(reader, 10) == b"x\n"
    finally:
        os.close(reader)
