"""What the tests of the machine share: the tool, run by a shell, on streams of every kind."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.programs import needed
from support.runner import Completed

Env = dict[str, str]


@pytest.fixture
def shell(isolated_environment, work):
    """Run `"$@" REDIRECTIONS` in bash, `$@` being the tool: `shell(argv, "| true", env={})`.

    The exit code is the tool's own, not that of what reads it.
    """

    def run(argv, redirections, *, env):
        tool = [sys.executable, "-m", "parsec_cli", *argv]
        script = f'"$@" {redirections}; exit "${{PIPESTATUS[0]}}"'
        done = subprocess.run(
            [needed("bash"), "-c", script, "bash", *tool],
            env={**isolated_environment, **env},
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        return Completed(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def builder_env(builder, key_env):
    """Settings that point the tool at the imitated builder."""
    return key_env(builder)
