"""How property tests run: the same examples each time; others and more with PARSEC_TEST_FULL=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FULL = os.environ.get("PARSEC_TEST_FULL") == "1"
# on a busy machine, the first text in a new clone takes longer than the 30 s that Hypothesis allows
STEADY = settings(
    deadline=None,
    derandomize=not FULL,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
