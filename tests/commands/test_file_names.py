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


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("/dev/stdout", 2, "is the output of this command: name another file"),
        ("folder", 1, "`: is a directory"),
        ("loop", 1, "`: too many levels of symbolic links"),
        ("missing/f", 1, "`: no such file or directory"),
    ],
)
def test_results_are_refused_where_they_cannot_be_kept(
    parsec, builder, key_env, work, name, code, told
):
    (work / "f.csv").write_text("external_id,qps_limit\nu1,5\n")
    (work / "folder").mkdir()
    (work / "loop").symlink_to("loop")
    argv = ("users", "apply", "f.csv", "--yes", "--results", name)
    completed = parsec(*argv, env=key_env(builder))
    assert completed.code == code, completed
    assert told in completed.err
    assert builder.mutations == []


def test_files_behind_links_of_the_operator_are_replaced(run, work):
    (work / "f.csv").write_text("external_id,qps_limit\nu1,5\n")
    for name in ("plan", "results"):
        (work / f"{name}.link").symlink_to(name)
    assert run("users", "plan", "f.csv", "--out", "plan.link").code == 0
    assert run("users", "apply", "plan.link", "--yes", "--results", "results.link").code == 0
    assert (work / "results").read_text().count("\n") == 1
    for name in ("plan", "results"):
        assert (work / f"{name}.link").is_symlink()
        assert (work / name).stat().st_mode & 0o777 == 0o600
