"""Fixtures of the local room: places of the test's own, and a user without root's powers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lend an empty directory."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def plain_user() -> Iterator[Path]:
    """Lend a directory, as a user whom file modes bind; root steps down to nobody meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="parsec-"))
    was_root = os.geteuid() == 0
    if was_root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if was_root:
            os.seteuid(0)
        shutil.rmtree(folder)


@pytest.fixture
def umask() -> Iterator[None]:
    """Set the usual, generous umask."""
    before = os.umask(0o022)
    yield
    os.umask(before)
