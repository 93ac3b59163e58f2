"""A damaged file of the tool gives values or one clear error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.bulk.plan.plan import Create, Deactivate, Keep, Plan, SetQps
from parsec_cli.bulk.plan.saved_plan import SavedPlan, dump, load
from parsec_cli.bulk.plan.snapshot import CheckedPlan, Snapshot
from parsec_cli.bulk.run.journal import open_journal, read_earlier_runs
from parsec_cli.bulk.run.recorded_runs import load as load_run
from parsec_cli.bulk.run.row_results import RowResult
from parsec_cli.config.read import read as read_config
from parsec_cli.errors import GuardRefused, LocalFault, UsageFault
from parsec_cli.files.lock import only_run
from parsec_cli.memory.entry import Selection
from parsec_cli.memory.history import History
from parsec_cli.memory.user_index import Index

HOST, KEY = "api.example", "0123456789ab"
GONE = Deactivate(None, "user_002", "c2", {"external_id": "user_002", "wallet": None})
PLAN = Plan(
    (SetQps(2, "user_001", "c1", 10, 5), GONE, Create(4, "user_003")), (Keep(5, "user_004"),)
)
# what a program or a person leaves behind, besides single bytes
PIECES = [
    b"\0" * 9,
    b"\n",
    b"{}",
    b"[]",
    b"null",
    b"{" * 2000,
    b"9" * 5000,
    b"\xff",
    b'"',
    b"1e999",
]


class Reader(NamedTuple):
    """How a file is made whole, and how it is read; both take the path of a folder."""

    make: Callable[[Path], Path]
    read: Callable[[Path], object]


def journal(folder: Path) -> Path:
    with open_journal(folder, HOST, KEY, command="users apply", wall=lambda: 5.0) as made:
        made.begin(CheckedPlan(Plan((GONE,)), (GONE,), (), Snapshot()))
        (number,) = made.intend([GONE], [{"customer_id": "c2"}])
        made.done(number, GONE, RowResult("deactivated"))
        made.end("finished", {"deactivated": 1})
        assert made.path is not None
        return made.path


def read_run(folder: Path) -> None:
    (path,) = folder.glob("r-*.jsonl")
    if (found := load_run(path)) is not None:
        json.dumps([*found.rows(), found.as_json()])


def history(folder: Path) -> Path:
    kept = History(folder / "history", lambda: 5.0)
    target = {"customer_id": "c2", "external_id": "user_002"}
    names = {"profile": "p", "host": HOST, "key": KEY, "command": "users deactivate"}
    entry = kept.begin({**names, "target": target, "before": {}, "after": None, "reason": None})
    kept.finish(entry, {"outcome": "applied", "http_status": 204, "attempts": 1})
    return folder / "history"


def read_history(folder: Path) -> None:
    kept = History(folder / "history", lambda: 5.0)
    json.dumps([*kept.newest_first(Selection(user="USER_002")), kept.deactivations(HOST, KEY)])


def index(folder: Path) -> Path:
    Index(folder / "index", HOST, KEY).remember([("c1", "user_001")])
    kept = Index(folder / "index", HOST, KEY)
    kept.remember([("c1", "user_001")])
    kept.close()
    return folder / "index"


def read_index(folder: Path) -> None:
    kept = Index(folder / "index", HOST, KEY)
    assert all(isinstance(name, str) for name in kept.lookup("user_001"))
    kept.external_ids("u")
    kept.forget("c1")
    kept.remember([("c3", "user_003")])
    kept.close()


def written(name: str, content: bytes | bytearray) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def lock_while_held(folder: Path) -> None:
    content = (folder / "lock").read_bytes()
    with only_run(folder / "lock"):
        (folder / "lock").write_bytes(content)
        with only_run(folder / "lock"):
            pytest.fail("two runs at once")


CONFIG = b'default_profile = "a"\n[profiles.a]\nbase_url = "https://h"\nrate = 2.5\napi_key = "k"\n'
LOCK = b"process 1 on machine `m`, since 2026-11-25 00:00Z\n"
SAVED, _ = dump(SavedPlan(PLAN, HOST, KEY, "2026-11-25T00:00:00Z"))
READERS = {
    "journal": Reader(journal, lambda folder: read_earlier_runs(folder, HOST, KEY)),
    "journal of a run": Reader(journal, read_run),
    "history": Reader(history, read_history),
    "index": Reader(index, read_index),
    "plan": Reader(
        written("plan", SAVED), lambda folder: load((folder / "plan").read_bytes(), "plan")
    ),
    "config": Reader(
        written("config.toml", CONFIG), lambda folder: read_config(folder / "config.toml")
    ),
    "lock": Reader(written("lock", LOCK), lock_while_held),
}


@pytest.mark.parametrize("name", READERS)
@given(
    at=st.integers(0, 600),
    cut=st.integers(0, 60),
    piece=st.one_of(st.sampled_from(PIECES), st.binary(max_size=4)),
)
def test_a_damaged_file_is_read_or_refused_but_never_crashes(name, at, cut, piece):
    folder = Path.home() / name
    folder.mkdir(exist_ok=True)
    reader = READERS[name]
    path = reader.make(folder)
    whole = path.read_bytes()
    at %= len(whole) + 1
    path.write_bytes(whole[:at] + piece + whole[at + cut :])
    try:
        reader.read(folder)
    except (LocalFault, UsageFault, GuardRefused) as error:
        assert name.partition(" ")[0] in error.message or name == "lock"  # noqa: PT017
    finally:
        path.unlink()
