"""Fixtures for tests of commands: key files, the history and the config file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands.keys import KEYS


@pytest.fixture
def keys_file(work: Path) -> Callable[..., str]:
    """Write an exchange's keys as JSON: `keys_file("kalshi", **fields)`; None leaves one out."""

    def write(exchange: str, **fields: str | None) -> str:
        keys = {**KEYS[exchange](), **fields}
        path = work / f"{exchange}.json"
        path.write_text(json.dumps({k: v for k, v in keys.items() if v is not None}))
        return str(path)

    return write


@pytest.fixture
def history(home: Path) -> Callable[[], list[dict]]:
    """Read the lines of the history file, intents and outcomes, in order."""

    def read() -> list[dict]:
        path = home / ".local" / "state" / "parsec" / "history.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read


@pytest.fixture
def broken_history(home: Path) -> Path:
    """Put a directory where the history file belongs: it cannot be written, whoever runs this."""
    path = home / ".local" / "state" / "parsec" / "history.jsonl"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def config(home: Path) -> Callable[..., Path]:
    """Write the config file, or return where it will be: `config(text=None)`."""
    path = home / ".config" / "parsec" / "config.toml"

    def write(text: str | None = None) -> Path:
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o600)
        return path

    return write
