"""How property tests run: the same examples each time; others and more with PARSEC_TEST_FULL=1."""

from __future__ import annotations

import os

from hypothesis import settings

FULL = os.environ.get("PARSEC_TEST_FULL") == "1"
STEADY = settings(deadline=None, derandomize=not FULL, database=None)
