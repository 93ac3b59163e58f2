"""Lets the tests import the parts of the benchmark, which is a folder that Python runs."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
