"""A run is measured to its end, and a row is judged by ratios within rounds."""

from __future__ import annotations

import sys

import pytest
from lanes import Measured
from measuring import Failed, Program, Took, run
from report import table
from steering import Counted
from targets import ROWS_OF_TABLE, Row, judge, requests

PRINT = "import sys; print('x' * 200_000); sys.exit({code})"
TERMINAL = "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size(1).columns)"


def python(code, *, terminal=False):
    return Program("python", (sys.executable, "-c", code), terminal=terminal)


def test_all_output_is_read():
    took = run(python(PRINT.format(code=0)), {})
    assert took.size == 200_001
    assert 0 < took.first_byte <= took.seconds
    assert took.peak_kib > 1024


def test_a_terminal_is_one_for_the_program():
    assert run(python(TERMINAL, terminal=True), {}).size == len("True 160\r\n")


def test_a_failed_program_is_not_measured():
    with pytest.raises(Failed, match="exit 3"):
        run(python(PRINT.format(code=3)), {})


def test_the_environment_is_not_passed_on(monkeypatch):
    monkeypatch.setenv("PARSEC_PROFILE", "mine")
    show = python("import os; print(os.environ.get('PARSEC_PROFILE', '-'))")
    assert run(show, {"LANG": "C.UTF-8"}).size == len("-\n")


def runs(*seconds, asked=0):
    counted = Counted({"GET /x": asked}, 1, 0, 0, 0, None, None, 0.0)
    return [Measured(Took(value, value, 1024, 1), counted) for value in seconds]


def test_the_ratio_is_the_median_of_the_rounds():
    # a machine that is busy in one round slows both, so the ratio does not change
    results = {"tool": runs(1.0, 10.0, 1.2), "other": runs(1.0, 10.0, 1.0)}
    judged = judge(Row("job", "tool", 1.1, "other", 0.9), results)
    assert (judged.value, judged.spread) == (1.0, (1.0, 1.2))
    assert (judged.verdict, judged.stretched) == ("pass", "falls short")


def test_a_count_is_judged_without_a_ratio():
    row = Row("requests", "tool", 3, figure=requests, unit="")
    assert judge(row, {"tool": runs(1.0, asked=3)}).verdict == "pass"
    assert judge(row, {"tool": runs(1.0, asked=4)}).verdict == "falls short"


def test_a_floor_is_the_minimum():
    row = Row("share", "tool", 98, figure=requests, floor=True)
    assert judge(row, {"tool": runs(1.0, asked=99)}).verdict == "pass"
    assert judge(row, {"tool": runs(1.0, asked=97)}).verdict == "falls short"


@pytest.mark.parametrize("results", [{}, {"tool": []}, {"tool": runs(1.0), "other": []}])
def test_a_job_that_did_not_run_is_neither_met_nor_missed(results):
    judged = judge(Row("job", "tool", 1.1, "other"), results)
    assert judged.verdict == "not measured"
    assert "not measured" in table([judged])


def test_the_table_lines_up():
    rows = [judge(row, {row.lane: runs(1.0), row.against: runs(2.0)}) for row in ROWS_OF_TABLE]
    lines = table(rows).splitlines()
    assert len(lines) == len(rows) + 2
    assert len({len(line) for line in lines}) == 1
