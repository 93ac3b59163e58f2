"""Something else in the place of a file, and a disk that takes bytes without keeping them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from machine.limits import sync_fails
from machine.words import FLEET, check_words
from support.runner import Completed

STATE, CONFIG_DIR = ".local/state/parsec", ".config/parsec"
DELETE = ("users", "deactivate", "alice", "--confirm", "alice")
BULK = ("users", "apply", "fleet.csv", "--confirm", "1")
# what stands in the way, the command, its exit code
OBSTACLES = [
    ("directory", f"{STATE}/history.jsonl", ("users", "create", "zoe"), 1),
    ("directory", f"{STATE}/history.jsonl", DELETE, 1),
    ("directory", f"{STATE}/history.jsonl", BULK, 1),
    ("directory", f"{STATE}/history.jsonl", ("history", "list"), 1),
    ("full", f"{STATE}/history.jsonl", DELETE, 1),
    ("full", f"{STATE}/history.jsonl", BULK, 1),
    ("loop", f"{STATE}/history.jsonl", ("users", "set-qps", "alice", "7"), 1),
    ("loop", f"{STATE}/history.jsonl", ("history", "list"), 1),
    ("file", STATE, ("users", "create", "zoe"), 1),
    ("file", STATE, BULK, 1),
    ("file", ".local", DELETE, 1),
    ("file", f"{STATE}/runs", BULK, 1),
    ("full", f"{STATE}/runs", BULK, 1),
    ("file", f"{STATE}/runs", ("users", "deactivate", "alice", "bob", "--confirm", "2"), 1),
    ("loop", f"{STATE}/runs", BULK, 1),
    ("directory", "work/out", (*BULK, "--results", "out"), 1),
    ("file", "work/out", (*BULK, "--results", "out/x.jsonl"), 1),
    ("loop", "work/out", (*BULK, "--results", "out"), 1),
    ("directory", "work/out", ("users", "plan", "fleet.csv", "--out", "out"), 1),
    ("file", "work/out", ("users", "plan", "fleet.csv", "--out", "out/x"), 1),
    ("full", "work/out", ("users", "plan", "fleet.csv", "--out", "out"), 1),
    ("loop", "work/out", ("users", "plan", "fleet.csv", "--out", "out"), 1),
    ("directory", "work/in", ("users", "plan", "in"), 2),
    ("loop", "work/in", ("users", "apply", "in", "--yes"), 2),
    ("directory", "work/in", ("users", "deactivate", "--from-file", "in", "--confirm", "1"), 2),
    ("directory", f"{CONFIG_DIR}/config.toml", ("users", "list"), 2),
    ("directory", f"{CONFIG_DIR}/config.toml", ("config", "set", "rate", "5"), 2),
    ("loop", f"{CONFIG_DIR}/config.toml", ("users", "create", "zoe"), 2),
    ("file", ".config", ("config", "set", "rate", "5"), 1),
    ("file", ".config", ("users", "list"), 0),
    ("directory", f"{STATE}/index", ("users", "list"), 0),
    ("loop", f"{STATE}/index", ("users", "create", "zoe"), 0),
    ("file", STATE, ("users", "list"), 0),
    ("file", STATE, ("history", "list"), 0),
    ("directory", f"{STATE}/sandbox.sqlite3", ("-p", "sandbox", "users", "list"), 1),
    ("loop", f"{STATE}/sandbox.sqlite3", ("-p", "sandbox", "users", "list"), 1),
    ("file", STATE, ("-p", "sandbox", "users", "list"), 1),
    ("file", STATE, ("sandbox", "seed", "5"), 1),
]


def obstruct(path, how):
    path.parent.mkdir(parents=True, exist_ok=True)
    match how:
        case "directory":
            path.mkdir()
            (path / "mine").write_text("kept")
        case "file":
            path.write_text("kept")
        case "full":
            path.symlink_to("/dev/full")
        case "loop":
            path.symlink_to(path.name)


@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda found: " ".join((*found[:2], *found[2])))
def test_something_else_at_the_path_of_a_file_is_named_and_stays(
    tool, builder, builder_env, home, work, obstacle
):
    """The obstacle stays and is named, and no change is sent that cannot be recorded."""
    how, where, argv, code = obstacle
    builder.add("alice", 10)
    builder.add("bob", 20)
    (work / "fleet.csv").write_text(FLEET)
    path = work.parent / where if where.startswith("work/") else home / where
    obstruct(path, how)
    kind = os.lstat(path).st_mode
    completed = tool(*argv, env=builder_env)
    assert completed.code == code, completed
    check_words(completed)
    if code:
        assert builder.mutations == []
        assert path.name in completed.err or how == "full", completed
    assert os.lstat(path).st_mode == kind
    if how == "file":
        assert path.read_text() == "kept"
    if how == "directory":
        assert (path / "mine").read_text() == "kept"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (DELETE, "history.jsonl"),
        (("users", "deactivate", "alice", "bob", "--confirm", "2"), "the journal"),
        (BULK, "the journal"),
        (("users", "plan", "fleet.csv", "--out", "out.plan"), "out.plan"),
        (("config", "set", "rate", "5"), "config.toml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_disk_that_cannot_sync_is_not_trusted(
    isolated_environment, builder, builder_env, work, argv, said
):
    """The bytes may be lost, so a change that cannot be undone is not sent."""
    preexec = sync_fails()
    if preexec is None:
        pytest.skip("no filter for system calls on this machine")
    builder.add("alice", 10)
    builder.add("bob", 20)
    (work / "fleet.csv").write_text(FLEET)
    done = subprocess.run(
        [sys.executable, "-m", "parsec_cli", *argv],
        env={**isolated_environment, **builder_env},
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=preexec,
        timeout=30,
        check=False,
    )
    completed = Completed(done.returncode, done.stdout, done.stderr)
    assert completed.code == 1, completed
    check_words(completed)
    assert said in completed.err
    assert "input/output error" in completed.err
    assert builder.mutations == []
    assert not (work / "out.plan").exists()
