"""Programs that some tests need beside Python; CI must have them all."""

from __future__ import annotations

import os
import shutil

import pytest

CI = os.environ.get("CI") == "true"


def needed(program: str) -> str:
    """Return the program's path; where it is missing, fail in CI and skip elsewhere."""
    found = shutil.which(program)
    if found is None:
        missing = f"{program} is not installed"
        if CI:
            pytest.fail(missing)
        pytest.skip(missing)
    return found
