"""Measure the tool against alternatives: `make bench`, or `make bench-quick`."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
from pathlib import Path

import environments
from jobs import groups
from lanes import Measured, measure
from measuring import run
from programs import Bench
from report import document, table
from steering import ANYTHING, Server
from targets import ROWS_OF_TABLE, judge

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--only", metavar="GROUP", help="one group")
    parser.add_argument("--keep", action="store_true", help=f"write {RESULTS.name}: a full run")
    asked = parser.parse_args()
    partial = asked.quick or asked.only
    if asked.keep and partial:
        parser.error("only a full run is kept")
    load = os.getloadavg()[0]
    results: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory(prefix="parsec-bench-") as scratch, Server() as server:
        bench = Bench(
            environments.tool(),
            environments.yardstick(environments.SDK),
            environments.yardstick(environments.HTTPIE),
            server.url,
            Path(scratch),
        )
        # as an operator's machine is: the tool has listed the users before
        server.settle(ANYTHING)
        run(bench.parsec("first listing", "users", "list"), bench.environ)
        for group in groups(bench):
            if asked.only in (None, group.name):
                results |= measure(server, bench, group, quick=asked.quick)
    rows = [judge(row, results) for row in ROWS_OF_TABLE]
    if asked.only:
        rows = [judged for judged in rows if judged.own is not None]
    now = datetime.datetime.now(datetime.UTC)
    shown = table(rows) if partial else document(rows, now, load)
    sys.stdout.write(shown)
    if asked.keep:
        RESULTS.write_text(shown, encoding="utf-8")
    return 1 if any(judged.verdict == "falls short" for judged in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
