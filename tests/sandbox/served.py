"""`sandbox serve` as a process of its own, on a free port of the loopback address."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

_PROGRAM = """
import sys
from pathlib import Path
from parsec_cli.sandbox.injected_faults import parse_fault
from parsec_cli.sandbox.metering import UNLIMITED, parse_rate_limit
from parsec_cli.sandbox.serve import serve
path, rate, latency, *faults = sys.argv[1:]
serve(
    Path(path),
    port=0,
    announce=lambda url: print(url, flush=True),
    rate_limit=parse_rate_limit(rate) if rate else UNLIMITED,
    latency=float(latency),
    faults=[parse_fault(fault) for fault in faults],
)
print("stopped", flush=True)
"""


@dataclass(frozen=True)
class Served:
    url: str
    process: subprocess.Popen[str]

    def end(self, number=signal.SIGTERM):
        """Send the signal; return exit code and what stdout and stderr still held."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def served(db, *faults, rate="", latency=0):
    argv = [sys.executable, "-c", _PROGRAM, str(db), rate, str(latency), *faults]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield Served(process.stdout.readline().strip(), process)
        finally:
            if process.poll() is None:
                process.kill()
