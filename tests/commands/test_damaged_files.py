"""Errors name the tool's own files that a crash, a full disk or an editor damaged."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from commands.users.bulk_files import journals

LINES = {
    "no ids": b'{"id": "a", "n": 1, "intent": "deactivate", "time": "t"}',
    "objects": b'{"id": "a", "n": 1, "intent": "deactivate", "customer_id": {}, "external_id": []}',
    "id of an object": b'{"n": 2, "intent": "deactivate", "customer_id": "c", "external_id": {}}',
    "no external_id": b'{"n": 2, "intent": "deactivate", "customer_id": "c"}',
    "wrong types": b'{"id": "a", "time": 5, "n": {}, "target": "deactivate", "before": [1]}',
    "target of objects": b'{"id": "a", "time": "t", "target": {"external_id": {"deactivate": 1}}}',
    "outcome of an object": b'{"n": 1, "done": {}, "of": "deactivate", "id": "a", "finished": []}',
    "true": b'{"id": "deactivate", "time": "t", "n": true, "command": "c", "attempts": true}',
    "list": b'["deactivate"]',
    "text": b'"deactivate"',
    "deep": b'{"deactivate": ' + b"[" * 100_000,
    "huge number": b'{"deactivate": ' + b"9" * 5000 + b"}",
    "huge n": b'{"n": 1e999, "intent": "deactivate", "customer_id": "c", "external_id": "e"}',
    "zeros": b"\0" * 5000 + b'"deactivate"',
    "torn": b'{"n": 1, "intent": "deactivate", "customer',
    "not UTF-8": b'{"id": "\xff", "deactivate": 1}',
    "lone surrogate": b'{"id": "\\ud800", "time": "t", "target": {"external_id": "deactivate"}, 1}',
}
CONFIGS = {
    "huge number": b"x = " + b"9" * 5000,
    "deep": b"x = " + b"[" * 5000,
    "zeros": b"\0" * 100,
    "torn": b'[profiles.default]\nbase_url = "htt',
    "not UTF-8": b"# \xff\n",
    "wrong types": b"[profiles.default]\nbase_url = [1]\n",
    "a date": b"[profiles.default]\nrate = 2026-01-01\n",
    "infinite": b"[profiles.default]\nrate = inf\n",
    "a list": b"profiles = [1]\n",
}
INDEXES = {
    "zeros": b"\0" * 100,
    "not UTF-8": b"parsec-index 1\n\xff\xfe\t\xff\n",
    "torn": b"parsec-index 1\nabc",
    "later version": b"parsec-index 2\n{}\n",
    "fields": b"parsec-index 1\n\t\t\t\t\n\n\t\n",
}
READERS = (
    ("users", "deactivate", "user_001", "--confirm", "user_001", "-n"),
    ("users", "deactivate", "--from-file", "gone", "--confirm", "2"),
    ("users", "apply", "roster", "--prune", "--confirm", "1"),
    ("users", "plan", "roster", "--prune"),
)


@pytest.fixture
def state(run, builder, home, work) -> Path:
    """Lend the state folder after a run with deactivations of users without a wallet."""
    for name in ("user_001", "user_002", "user_003", "user_004"):
        builder.add(name, wallet=None)
    (work / "gone").write_text("user_003\nuser_004\n")
    (work / "roster").write_text("external_id,qps_limit\nuser_001,5\n")
    done = run("users", "deactivate", "user_003", "user_004", "--confirm", "2")
    assert done.code == 0, done
    return home / ".local" / "state" / "parsec"


def check(done, *texts: str) -> None:
    assert "fault of parsec" not in done.err, done
    assert "internal_error" not in done.out + done.err, done
    for text in texts:
        assert text in " ".join(f"{done.out} {done.err}".split()), done


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(
    ("name", "argv"),
    [
        *zip(LINES, itertools.cycle(READERS), strict=False),
        *(("zeros", argv) for argv in READERS[:-1]),
    ],
)
def test_a_damaged_journal_is_named_with_its_line(run, home, builder, name, argv):
    (path,) = journals(home)
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(first + b"\n" + LINES[name] + b"\n" + rest)
    before = len(builder.mutations)
    done = run(*argv)
    check(done, f"line 2 of the journal `{path}` is damaged")
    assert done.code == 1
    assert len(builder.mutations) == before


@pytest.mark.usefixtures("state")
def test_a_damaged_journal_does_not_stop_what_deactivates_nobody(run, home, builder):
    (path,) = journals(home)
    path.write_bytes(LINES["zeros"])
    assert run("users", "apply", "roster", "--yes").code == 0
    assert builder.by_external_id("user_001")["qps_limit"] == 5


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_damaged_line_of_the_history_is_named_and_skipped(run, state, line):
    path = state / "history.jsonl"
    whole = path.read_bytes()
    path.write_bytes(line + b"\n" + whole)
    for argv in (("history", "list"), ("history", "list", "--json"), READERS[0]):
        done = run(*argv)
        assert done.code == 0, done
        check(done)
    check(run("history", "list"), f"`{path}` is damaged: skipped 1 line")
    entry = json.loads(whole.splitlines()[0])["id"]
    assert run("history", "show", entry).code == 0


def test_an_outcome_that_no_change_has_is_damage(run, state):
    path = state / "history.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"outcome":"applied"', b'"outcome":"\\u001b[2Jdone"'))
    assert path.read_bytes() != whole
    done = run("history", "list", "--json")
    assert {one["outcome"] for one in done.json["entries"]} == {"unknown"}
    check(done, f"`{path}` is damaged: skipped")


@pytest.mark.parametrize("content", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize(
    "command", ["pool show", "config show", "config profiles", "config set output json", "doctor"]
)
def test_a_damaged_config_is_named_with_its_line(tool, builder, home, content, command):
    path = home / "parsec.toml"
    path.write_bytes(content)
    done = tool(*command.split(), env={"PARSEC_CONFIG": str(path), "PARSEC_API_KEY": "pk_live_x"})
    check(done)
    assert done.code in ((0, 1, 2) if b"inf" in content else (1, 2))
    assert path.read_bytes() == content or done.code == 0
    if b"inf" not in content:
        check(done, f"`{path}` line ")
    assert builder.connections == []


@pytest.mark.parametrize("content", INDEXES.values(), ids=INDEXES)
def test_a_damaged_index_is_ignored(run, state, content):
    (state / "index").write_bytes(content)
    done = run("users", "get", "user_001")
    assert done.code == 0, done
    check(done)


@pytest.mark.parametrize("name", ["history.jsonl", "index", "runs"])
def test_a_folder_or_file_in_the_wrong_place_is_named(run, state, name):
    path = state / name
    if path.is_dir():
        path.rename(state / "old")
        path.write_text("")
    else:
        path.unlink()
        path.mkdir()
    for argv in (*READERS[:2], ("history", "list"), ("users", "get", "user_001")):
        done = run(*argv)
        check(done)
        assert done.code == 0 or str(path) in done.err
