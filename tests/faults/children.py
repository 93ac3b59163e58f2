"""The tool as a separate process that gets signals at chosen moments."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from support.runner import Completed

# limits a hang; no test is expected to take this long
PATIENCE = 60.0
# a `drain` that no test waits for: what ends such a child sooner is the second signal
ENDLESS = 100 * PATIENCE
# the tool with another `DRAIN_SECONDS`; it writes a byte when it has noted a first signal
_DEFERRING = """
import os
from parsec_cli import interrupts
interrupts.DRAIN_SECONDS = {drain}
arrive = interrupts.Interrupts.arrive
def noted(self, stop):
    arrive(self, stop)
    os.write({pipe}, b"x")
interrupts.Interrupts.arrive = noted
from parsec_cli.main import run
run()
"""


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.01)


class Child:
    """`drain` is how many seconds a request in flight gets after the first signal.

    A child that is given it can `defer`.
    """

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
        command, self._noted, writer = list(program), -1, -1
        if drain is not None:
            self._noted, writer = os.pipe()
            command = ["-c", _DEFERRING.format(drain=drain, pipe=writer)]
        ignore = (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if deaf else None
        self._process = subprocess.Popen(
            [sys.executable, *command, *argv],
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[] if drain is None else [writer],
            preexec_fn=ignore,  # noqa: PLW1509 - no thread of this process holds a lock it needs
        )
        if drain is not None:
            os.close(writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def defer(self, number: int) -> None:
        """Send a first signal while a change is in flight, and wait until the tool has noted it."""
        self.signal(number)
        ready, _, _ = select.select([self._noted], [], [], PATIENCE)
        assert ready, "the signal was not noted"
        assert os.read(self._noted, 1), "the signal ended the tool"

    def finish(self) -> Completed:
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        finally:
            if self._noted >= 0:
                os.close(self._noted)
                self._noted = -1
            if self._process.poll() is None:
                self._process.kill()
                self._process.communicate()
        return Completed(self._process.returncode, out, err)
