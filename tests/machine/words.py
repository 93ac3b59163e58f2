"""Checks for every failing command, and the file of users for the runs."""

from __future__ import annotations

from support.runner import Completed

FLEET = "external_id,qps_limit,state\nalice,5,\nbob,,absent\nzoe,3,\nyan,2,\n"


def check_words(completed: Completed) -> None:
    assert "Traceback" not in completed.err
    assert "fault of parsec itself" not in completed.err, completed
    if completed.code:
        starts = ("error: ", '{"error": ')
        assert sum(line.startswith(starts) for line in completed.err.splitlines()) == 1
