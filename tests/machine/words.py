"""What every failing command owes, and the file of users that the runs are given."""

from __future__ import annotations

from support.runner import Completed

FLEET = "external_id,qps_limit,state\nalice,5,\nbob,,absent\nzoe,3,\nyan,2,\n"


def check_words(completed: Completed) -> None:
    assert "Traceback" not in completed.err
    assert "fault of parsec itself" not in completed.err, completed
    if completed.code:
        starts = ("error: ", '{"error": ')
        assert sum(line.startswith(starts) for line in completed.err.splitlines()) == 1
