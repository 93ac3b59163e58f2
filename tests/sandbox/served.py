"""`parsec sandbox serve` as a process of its own, on a free port of the loopback address."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

from support.runner import clean_environment


@dataclass(frozen=True)
class Served:
    url: str
    process: subprocess.Popen[str]

    def end(self, number=signal.SIGTERM):
        """Send the signal; return exit code and what stdout and stderr still contain."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def served(db, *options):
    """Serve `db`, which is where the tool has its sandbox in a state directory."""
    argv = [sys.executable, "-m", "parsec_cli", "sandbox", "serve", *options]
    env = {**clean_environment(db.parent), "XDG_STATE_HOME": str(db.parents[1])}
    with subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield Served(process.stdout.readline().strip(), process)
        finally:
            if process.poll() is None:
                process.kill()
