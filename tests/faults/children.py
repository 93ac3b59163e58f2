"""The tool as a separate process that gets signals at chosen moments."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from support.runner import Completed

# limits a hang; no test is expected to take this long
PATIENCE = 60.0


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.01)


class Child:
    """`drain` shortens the seconds that a request in flight gets after the first signal."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        drain: float | None = None,
        deaf: bool = False,
        stdin: int = subprocess.DEVNULL,
        program: Sequence[str] = ("-m", "parsec_cli"),
    ) -> None:
        command = list(program)
        if drain is not None:
            code = f"import parsec_cli.interrupts as i; i.DRAIN_SECONDS = {drain}"
            command = ["-c", f"{code}; from parsec_cli.main import run; run()"]
        ignore = (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if deaf else None
        self._process = subprocess.Popen(
            [sys.executable, *command, *argv],
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=ignore,  # noqa: PLW1509 - no thread of this process holds a lock it needs
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def finish(self) -> Completed:
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.communicate()
        return Completed(self._process.returncode, out, err)
