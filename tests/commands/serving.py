"""`parsec sandbox serve` as a process of its own, and the command in a message."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def command_in(text: str) -> str:
    """Return the `parsec ...` command that a message proposes, which is a line of its own."""
    last = text.splitlines()[-1]
    if last.startswith('{"error": '):
        text = json.loads(last)["error"]["hint"]
    found = re.findall(r"^ *((?:PARSEC_[A-Z]+=(?:'.*'|\S+) )*parsec .*)$", text, re.MULTILINE)
    assert found, text
    return found[-1]


@contextmanager
def sandbox_served(env: dict[str, str], cwd: Path) -> Iterator[str]:
    """Serve the sandbox of the home in `env` and lend its base URL."""
    argv = [sys.executable, "-m", "parsec_cli", "sandbox", "serve"]
    with subprocess.Popen(
        argv, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            assert child.stdout is not None
            yield child.stdout.readline().strip()
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
