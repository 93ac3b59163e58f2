"""Names of files that are none: empty ones, and `-` where a file is written."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "argv",
    [
        ("users", "plan", ""),
        ("users", "apply", "", "--yes"),
        ("users", "plan", "f.csv", "--out", ""),
        ("users", "apply", "f.csv", "--yes", "--results", ""),
        ("users", "deactivate", "--from-file", "", "--confirm", "1"),
        ("users", "deactivate", "alice", "--confirm", "alice", "--results", ""),
        ("users", "check", "alice", "--exchange", "kalshi", "--credentials", ""),
        ("api", "POST", "/builder/users", "--input", ""),
    ],
    ids=" ".join,
)
def test_an_empty_file_name_is_an_unset_variable_not_a_directory(run, builder, work, argv):
    builder.add("alice")
    (work / "f.csv").write_text("external_id,qps_limit\nalice,5\n")
    completed = run(*argv, "-o", "tsv")
    assert completed.code == 2, completed
    assert "the name of the file is empty\nhint: was a shell variable unset?" in completed.err
    assert builder.mutations == []


@pytest.mark.parametrize(
    "argv",
    [
        ("users", "plan", "f.csv", "--out", "-"),
        ("users", "apply", "f.csv", "--yes", "--results", "-"),
        ("users", "deactivate", "alice", "--confirm", "alice", "--results", "-"),
    ],
    ids=" ".join,
)
def test_what_goes_to_a_file_goes_to_no_file_called_dash(run, builder, work, argv):
    """The command that applies a plan called `-` would read stdin."""
    builder.add("alice")
    (work / "f.csv").write_text("external_id,qps_limit\nalice,5\n")
    completed = run(*argv)
    assert completed.code == 2, completed
    assert "takes a file, not `-`" in completed.err
    assert builder.mutations == []
    assert [path.name for path in work.iterdir()] == ["f.csv"]
