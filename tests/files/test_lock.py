"""One run at a time: the process with the lock, and disks without locks."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import threading
from pathlib import Path

import pytest

from parsec_cli.errors import GuardRefused, LocalFault
from parsec_cli.files import lock, save

NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EINVAL, errno.EIO)
IN_PROGRESS = "another bulk run for this host and key is in progress"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


def refusal(path: Path) -> GuardRefused:
    with pytest.raises(GuardRefused) as caught, lock.only_run(path):
        pytest.fail("two runs at once")
    return caught.value


def test_a_second_run_is_refused_and_the_holder_of_the_lock_named(path):
    with lock.only_run(path, lambda: 1_790_000_000.0):
        error = refusal(path)
    assert error.message == (
        f"{IN_PROGRESS}: process {os.getpid()} on machine `{platform.node()}`,"
        " since 2026-09-21 14:13Z"
    )
    assert error.hint == "wait for it"


@pytest.mark.parametrize("text", ["", "123\n", "\0\0", "{", '{"pid": 1}', "9" * 5000])
def test_an_unusable_lock_file_names_no_process(path, text):
    with lock.only_run(path):
        path.write_text(text)
        error = refusal(path)
    assert (error.message, error.hint) == (IN_PROGRESS, "wait for it")


def fail_to_lock(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def flock(descriptor: int, how: int) -> None:
        del descriptor, how
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize("number", NO_LOCKS)
def test_a_disk_without_locks_is_an_error_and_no_run_starts(path, number, monkeypatch):
    fail_to_lock(monkeypatch, number)
    with pytest.raises(LocalFault) as caught, lock.only_run(path):
        pytest.fail("a run without a lock")
    assert caught.value.message == (
        f"cannot lock `{path}` ({os.strerror(number).lower()}): the disk may not support locks;"
        " nothing was sent"
    )
    assert "XDG_STATE_HOME" in caught.value.hint
    assert "kill" not in caught.value.hint
    with lock.directory_lock(path):  # saves are atomic without it
        save.save(path, b"saved")
    assert path.read_bytes() == b"saved"


def test_a_lock_is_never_written_through_a_link(path, tmp_path):
    (tmp_path / "precious").write_text("text")
    path.symlink_to("precious")
    with pytest.raises(LocalFault, match="cannot write the lock"), lock.only_run(path):
        pytest.fail("a lock behind a link")
    assert (tmp_path / "precious").read_text() == "text"


def test_the_directory_lock_waits_for_its_turn_and_creates_no_file(folder):
    path = folder / "config.toml"
    released = threading.Event()

    def sleep(_seconds: float) -> None:
        first.__exit__(None, None, None)
        released.set()

    first = lock.directory_lock(path)
    first.__enter__()
    with lock.directory_lock(path, sleep=sleep):
        assert released.is_set()
    assert list(folder.iterdir()) == []


def test_a_directory_that_stays_locked_is_an_error(folder):
    path = folder / "config.toml"
    waits: list[float] = []
    with (
        lock.directory_lock(path),
        pytest.raises(LocalFault, match="another process has locked its directory for 1 s"),
        lock.directory_lock(path, patience=1, sleep=waits.append),
    ):
        pytest.fail("two holders")
    assert sum(waits) == pytest.approx(1)
