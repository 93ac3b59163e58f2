"""Processes of the tool that start at once: each is forked from one that has loaded the tool.

That one has a single thread, so it forks safely whatever the threads of the test do. A process
runs on a virtual clock of its own, so a wait takes no time, and can be killed like any other.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from parsec_cli.interrupts import Interrupts
from support.clock import VirtualClock
from support.runner import Completed, clean_environment, run_in_process

_TESTS = Path(__file__).resolve().parents[1]


class Zygote:
    """Start processes until `stop`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="parsec-")
        self._address = str(Path(self._folder.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._address],
            env={"PYTHONPATH": f"{_TESTS.parent}:{_TESTS}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        now: float,
        writes: int | None = None,
    ) -> Running:
        """Run `argv` at Unix time `now`; after `writes` writes to files, die in the next one."""
        return Running(self._address, (list(argv), dict(env), str(cwd), now, writes))

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


class Running:
    def __init__(self, address: str, order: object) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        self._stream = self._connection.makefile("rwb")
        pickle.dump(order, self._stream)
        self._stream.flush()
        self._pid: int = pickle.load(self._stream)  # noqa: S301 - from this file

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def finish(self) -> Completed | None:
        """Wait for the end of the process; None if it was killed."""
        ended = pickle.load(self._stream)  # noqa: S301 - from this file
        self._stream.close()
        self._connection.close()
        assert not isinstance(ended, str), ended
        return ended


def load() -> None:
    """Load all of the tool, and what checks its output."""
    package = importlib.import_module("parsec_cli")
    for module in pkgutil.walk_packages(package.__path__, "parsec_cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as home:
        argv, env = ["-p", "sandbox", "users", "list", "--json"], clean_environment(Path(home))
        assert run_in_process(argv, env=env, clock=VirtualClock()).code == 0


def serve(address: str, keep: Callable[[socket.socket], None]) -> None:
    """Load the tool once, and give each connection to `keep` in a fork."""
    load()
    gc.freeze()  # a collection would copy the memory that the processes share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    listener.settimeout(1)
    parent = os.getppid()
    print("ready", flush=True)
    while os.getppid() == parent:  # until the tests have ended, even if they were killed
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            listener.close()
            keep(connection)
            os._exit(0)
        connection.close()


def keep(connection: socket.socket) -> None:
    """Run one order in a process of its own, and report when it has ended entirely."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile("rwb") as stream, tempfile.TemporaryFile() as result:
        argv, env, cwd, now, writes = pickle.load(stream)  # noqa: S301 - from this file
        os.chdir(cwd)
        pid = os.fork()
        if pid == 0:
            connection.close()
            if writes is not None:
                die_in_write(writes)
            try:
                interrupts = Interrupts()
                interrupts.install()
                clock = VirtualClock(now)
                ended: object = run_in_process(argv, env=env, clock=clock, interrupts=interrupts)
            except BaseException:  # noqa: BLE001 - reported to the test
                import traceback

                ended = traceback.format_exc()
            result.write(pickle.dumps(ended))
            result.flush()
            os._exit(0)
        pickle.dump(pid, stream)
        stream.flush()
        _, status = os.waitpid(pid, 0)
        result.seek(0)
        if os.WIFSIGNALED(status):
            pickle.dump(None, stream)
        elif reported := result.read():
            stream.write(reported)
        else:  # a third signal ends the tool at once
            pickle.dump(Completed(os.waitstatus_to_exitcode(status), b"", b""), stream)


def die_in_write(count: int) -> None:
    """Let this process write `count` times, then half of what it writes next, and be killed."""
    write, left = os.write, count

    def mortal(descriptor: int, data: bytes) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            write(descriptor, bytes(data)[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(descriptor, data)

    os.write = mortal


if __name__ == "__main__":
    serve(sys.argv[1], keep)
