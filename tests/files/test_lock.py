"""One run at a time: who holds the lock, when stopping it is proposed, and disks without locks."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import threading
from pathlib import Path

import pytest

from parsec_cli.errors import GuardRefused, LocalFault
from parsec_cli.files import lock

NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EINVAL)
IN_PROGRESS = "another bulk run for this host and key is in progress"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


def refusal(path: Path) -> GuardRefused:
    with pytest.raises(GuardRefused) as caught, lock.only_run(path):
        pytest.fail("two runs at once")
    return caught.value


def test_a_run_of_this_machine_can_be_stopped_by_its_command(path):
    with lock.only_run(path, lambda: 1_790_000_000.0):
        error = refusal(path)
    assert error.message == (
        f"{IN_PROGRESS}: process {os.getpid()} on machine `{platform.node()}`,"
        " since 2026-09-21T14:13:20Z"
    )
    assert error.hint == f"wait for it, or stop it with `kill -INT {os.getpid()}`"


@pytest.mark.parametrize(
    "change",
    [
        {"machine": "elsewhere"},
        {"boot": "another"},
        {"pid_namespace": "pid:[1]"},
        {"ticks": 1},
        {"pid": 1},
        {"pid": (1 << 22) + 1},
    ],
)
def test_no_kill_is_proposed_for_a_process_that_does_not_hold_the_lock(path, change):
    with lock.only_run(path):
        holder = json.loads(path.read_text()) | change
        path.write_text(json.dumps(holder))
        error = refusal(path)
    assert f"process {holder['pid']} on machine `{holder['machine']}`" in error.message
    assert error.hint == "wait for it"


DAMAGED = ["", "123\n", "\0\0", "{", "[1]", "null", '{"pid": 1}', "[" * 4000, "9" * 5000]


@pytest.mark.parametrize(
    "text",
    [
        *DAMAGED,
        *(
            json.dumps({"pid": pid, "machine": "m", "started": "s"})
            for pid in (None, 0, -1, True, "1", [], 1.5)
        ),
    ],
)
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
        f"cannot lock `{path}`: the disk does not support locks"
        f" ({os.strerror(number).lower()}); nothing was sent"
    )
    assert "XDG_STATE_HOME" in caught.value.hint
    assert "kill" not in caught.value.hint
    with lock.directory_lock(path):
        pass  # saves are whole without it


def test_another_failure_of_a_lock_does_not_blame_the_kind_of_disk(path, monkeypatch):
    fail_to_lock(monkeypatch, errno.EIO)
    with pytest.raises(LocalFault) as caught, lock.only_run(path):
        pytest.fail("a run without a lock")
    assert caught.value.message == f"cannot lock `{path}`: input/output error; nothing was sent"
    assert caught.value.hint == ""


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
