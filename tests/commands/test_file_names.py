"""Invalid file names: empty ones, and `-` for a file to be written."""

from __future__ import annotations

import pytest

EMPTY = "the name of the file is empty\nhint: was a shell variable unset?"
NO_FILE = "takes a file, not `-`"


@pytest.mark.parametrize(
    ("command", "name", "message"),
    [
        ("users plan", "", EMPTY),
        ("users apply --yes", "", EMPTY),
        ("users plan f.csv --out", "", EMPTY),
        ("users apply f.csv --yes --results", "", EMPTY),
        ("users deactivate --confirm 1 --from-file", "", EMPTY),
        ("users deactivate alice --confirm alice --results", "", EMPTY),
        ("users check alice --exchange kalshi --credentials", "", EMPTY),
        ("api POST /builder/users --input", "", EMPTY),
        # the command that applies a plan called `-` would read stdin
        ("users plan f.csv --out", "-", NO_FILE),
        ("users apply f.csv --yes --results", "-", NO_FILE),
        ("users deactivate alice --confirm alice --results", "-", NO_FILE),
    ],
)
def test_an_empty_name_or_a_dash_for_output_is_refused(run, builder, work, command, name, message):
    builder.add("alice")
    (work / "f.csv").write_text("external_id,qps_limit\nalice,5\n")
    done = run(*command.split(), name, "-o", "tsv")
    assert done.code == 2, done
    assert message in done.err
    assert builder.mutations == []
    assert [path.name for path in work.iterdir()] == ["f.csv"]


def test_no_folder_is_made_for_a_plan(run, builder, work):
    (work / "r.csv").write_text("external_id\nu1\n")
    done = run("users", "plan", "r.csv", "--out", "mising/deep/p.json")
    assert done.code == 2, done
    assert "`--out mising/deep/p.json`: there is no folder `mising/deep`" in done.err
    assert builder.requests == []
    assert not (work / "mising").exists()


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("/dev/stdout", 2, "is the output of this command: name another file"),
        ("folder", 1, "`: is a directory"),
        ("loop", 1, "`: too many levels of symbolic links"),
        ("missing/f", 2, "`--results missing/f`: there is no folder `missing`"),
    ],
)
def test_results_are_refused_where_they_cannot_be_kept(
    parsec, builder, key_env, work, name, code, message
):
    (work / "f.csv").write_text("external_id,qps_limit\nu1,5\n")
    (work / "folder").mkdir()
    (work / "loop").symlink_to("loop")
    argv = ("users", "apply", "f.csv", "--yes", "--results", name)
    completed = parsec(*argv, env=key_env(builder))
    assert completed.code == code, completed
    assert message in completed.err
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
