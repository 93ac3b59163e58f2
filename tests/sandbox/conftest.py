"""Sandboxes in a directory of the test's own, on virtual time."""

from __future__ import annotations

from random import Random

import pytest
from sandbox.client import Api

from parsec_cli.sandbox import app, seed


@pytest.fixture
def db(tmp_path):
    """Where the state goes; nothing is there yet."""
    return tmp_path / "state" / "parsec" / "sandbox.sqlite3"


@pytest.fixture
def sandbox(db, clock):
    """Build clients of the same file: `sandbox(faults=..., rate_limit=..., ...)`."""
    built: list[app.Sandbox] = []

    def build(**how):
        defaults = {"clock": clock, "sleep": clock.sleep, "random": Random(len(built))}
        built.append(app.Sandbox(db, **(defaults | how)))
        return Api(built[-1])

    yield build
    for application in built:
        application.store.close()


@pytest.fixture
def api(sandbox):
    """The sandbox as it is on first use, with its dozen users."""
    return sandbox()


@pytest.fixture
def empty(db, sandbox):
    """A sandbox without users."""
    seed.seed(db, 0)
    return sandbox()
