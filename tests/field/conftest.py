"""What the field cases share: the tool pointed at a builder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.runner import Completed


@pytest.fixture
def run(tool, builder, key_env) -> Callable[..., Completed]:
    """Run in process against `builder`, with its key in the environment."""

    def call(*argv: str, env: dict[str, str | None] | None = None, **how) -> Completed:
        return tool(*argv, env={**key_env(builder), **(env or {})}, **how)

    return call


@pytest.fixture
def run_at(tool, server, key_env) -> Callable[..., Completed]:
    """Run in process against the bare scripted `server`."""

    def call(*argv: str, env: dict[str, str | None] | None = None, **how) -> Completed:
        return tool(*argv, env={**key_env(server), **(env or {})}, **how)

    return call


@pytest.fixture
def config_file(home: Path) -> Callable[..., Path]:
    """Write a config where the tool looks for it on every system: named by PARSEC_CONFIG."""

    def write(content: str | bytes, mode: int = 0o600) -> Path:
        path = home / "parsec.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    return write
