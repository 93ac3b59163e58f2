"""What the field cases share: the tool pointed at a builder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def config_file(home: Path) -> Callable[..., Path]:
    """Write a config where the tool looks for it on every system: named by PARSEC_CONFIG."""

    def write(content: str | bytes, mode: int = 0o600) -> Path:
        path = home / "parsec.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    return write
