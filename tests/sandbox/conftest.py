"""Sandboxes in a directory of the test's own, on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sandbox.client import Api
from support.clock import VirtualClock

from parsec_cli.sandbox import app, seed


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Where the state goes; nothing is there yet."""
    return tmp_path / "state" / "parsec" / "sandbox.db"


@pytest.fixture
def sandbox(db: Path, clock: VirtualClock) -> Iterator[Callable[..., Api]]:
    """Build clients of the same file: `sandbox(faults=..., rate_limit=..., ...)`."""
    built: list[app.Sandbox] = []

    def build(**how: Any) -> Api:
        defaults = {"clock": clock, "sleep": clock.sleep, "random": Random(7)}
        built.append(app.Sandbox(db, **(defaults | how)))
        return Api(built[-1])

    yield build
    for application in built:
        application.close()


@pytest.fixture
def api(sandbox: Callable[..., Api]) -> Api:
    """The sandbox as it is on first use, with its dozen users."""
    return sandbox()


@pytest.fixture
def empty(db: Path, sandbox: Callable[..., Api]) -> Api:
    """A sandbox without users."""
    seed.seed(db, 0)
    return sandbox()
