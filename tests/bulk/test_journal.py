from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bulk.disks import CountingDisk
from bulk.rig import HOST, KEY

from parsec_cli.bulk.plan.plan import Create, Deactivate, Keep, SetQps, arranged
from parsec_cli.bulk.plan.snapshot import CheckedPlan, Snapshot
from parsec_cli.bulk.run.journal import (
    EarlierDeactivations,
    binding,
    open_journal,
    read_earlier_runs,
    run_ids,
)
from parsec_cli.bulk.run.row_results import RowResult
from parsec_cli.errors import GuardRefused, LocalFault
from parsec_cli.files.lock import is_held

GONE = Deactivate(2, "u1", "C-1", {"qps_limit": 5})


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs"


def checked(*actions, settled=()) -> CheckedPlan:
    """A plan whose `actions` are all to be sent; `settled` rows need no request."""
    plan = arranged([*actions, *(entry for entry, _ in settled)])
    return CheckedPlan(plan, actions, tuple(settled), Snapshot())


def opened(runs: Path, **how):
    return open_journal(runs, HOST, KEY, command="users apply", **how)


def write(runs: Path, *outcomes: str | None) -> Path:
    """A run that deactivated C-1, once per outcome; None leaves it without a response."""
    with opened(runs) as journal:
        journal.begin(checked(GONE))
        for outcome in outcomes:
            (number,) = journal.intend([GONE], [{"customer_id": "C-1"}])
            if outcome == "not_sent":
                journal.withdraw([(number, GONE)])
            elif outcome is not None:
                journal.done(number, GONE, RowResult(outcome))
        assert journal.path is not None
        return journal.path


def test_journal_has_the_run_the_plan_the_intent_the_outcome_and_the_end(runs):
    up, same, new = SetQps(3, "u1", "c1", 5, 6), Keep(4, "u2", "c2", 7), Create(5, "u3", 1, "e@x")
    odd = Create(6, "NULL")
    plan = checked(up, new, settled=[(same, ""), (odd, "the id is a word")])
    with opened(runs, profile="prod", file="u.csv", wall=lambda: 1_790_000_000.25) as journal:
        journal.begin(plan)
        (number,) = journal.intend([up], [None])
        journal.done(number, up, RowResult("changed", http_status=200, attempts=2))
        journal.end("stopped", {"changed": 1})
        path = journal.path
    header, *rows, intent, done, end = [json.loads(line) for line in path.read_text().splitlines()]
    time = "2026-09-21T14:13:20.250Z"
    assert header == {
        "run": 2,
        "id": "r-20260921-1413",
        "host": HOST,
        "key": KEY,
        "profile": "prod",
        "command": "users apply",
        "file": "u.csv",
        "time": time,
        "pid": os.getpid(),
        "rows": 4,
        "deactivates": False,
    }
    assert [(row["n"], row["row"], row.get("outcome"), row.get("error")) for row in rows] == [
        (1, 3, None, None),
        (2, 4, "unchanged", None),
        (3, 5, None, None),
        (4, 6, "failed", "the id is a word"),
    ]
    assert rows[0] == {
        "n": 1,
        "row": 3,
        "external_id": "u1",
        "customer_id": "c1",
        "action": "set-qps",
        "before": {"qps_limit": 5},
        "after": {"qps_limit": 6},
    }
    assert rows[2]["after"] == {"qps_limit": 1, "email": "e@x"}
    assert intent == {"n": 1, "intent": "set-qps", "time": time}
    assert done == {
        "n": 1,
        "done": "changed",
        "of": "set-qps",
        "customer_id": None,
        "http_status": 200,
        "attempts": 2,
        "error": None,
        "time": time,
    }
    assert end == {"end": "stopped", "counts": {"changed": 1}, "time": time}


def test_directory_and_files_are_for_the_owner_only(runs):
    path = write(runs, "deactivated")
    assert runs.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_plan_is_on_the_disk_before_the_run_has_an_id(runs):
    class Disk(CountingDisk):
        def sync(self, descriptor: int) -> None:
            assert journal.id is None
            super().sync(descriptor)

    disk = Disk()
    with opened(runs, disk=disk) as journal:
        journal.begin(checked(GONE, Create(3, "u2")))
        assert disk.kept == disk.written == 3
        assert journal.id == journal.path.stem


def test_the_file_is_held_until_the_run_ends(runs):
    with opened(runs) as journal:
        journal.begin(checked(GONE))
        assert is_held(journal.path)
        assert is_held(journal.path), "a reader takes nothing"
    assert not is_held(journal.path)
    assert not is_held(runs / "missing")


def test_nothing_is_written_before_the_run_begins(runs):
    with opened(runs):
        assert [path.suffix for path in runs.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("outcomes", "done", "unknown"),
    [
        (["deactivated"], True, False),
        ([None], False, True),
        (["unknown"], False, True),
        (["failed"], False, False),
        (["not_sent"], False, False),
        ([None, "deactivated"], True, False),
        ([None, "failed"], False, False),
        (["deactivated", None], False, True),
    ],
)
def test_earlier_runs_show_which_deactivations_are_done_or_unknown(runs, outcomes, done, unknown):
    write(runs, *outcomes)
    earlier = read_earlier_runs(runs, HOST, KEY)
    assert earlier.done == ({"c-1": "u1"} if done else {})
    assert earlier.unknown == ({"c-1": "u1"} if unknown else {})


def test_earlier_runs_of_another_host_or_key_are_ignored(runs):
    write(runs, "deactivated")
    assert read_earlier_runs(runs, HOST, "other") == EarlierDeactivations()
    assert read_earlier_runs(runs, "other", KEY) == EarlierDeactivations()


def test_creates_are_skipped_even_if_their_ids_look_like_a_deactivation(runs):
    with opened(runs) as journal:
        creates = Create(2, "deactivate"), Create(3, '"deactivate"')
        journal.begin(checked(GONE, *creates))
        journal.intend(creates, [None, None])
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()


def test_a_journal_cut_at_any_byte_loses_only_its_last_line(runs):
    """It can still be read, and never shows more than was written."""
    path = write(runs, "deactivated")
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        earlier = read_earlier_runs(runs, HOST, KEY)
        lines = sum(end <= cut for end in ends)
        found = len(earlier.unknown), len(earlier.done)
        assert found == [(0, 0), (0, 0), (0, 0), (1, 0), (0, 1)][lines]


def test_earlier_deactivations_are_found_by_external_id():
    earlier = EarlierDeactivations(
        done={"c-1": "u1", "c-4": None, "c-5": "same"}, unknown={"c-2": "u2", "c-3": "same"}
    )
    assert earlier.by_external_id() == {"u1": "c-1", "u2": "c-2", "same": "c-5"}


def test_journal_without_deactivations_is_not_read_again(runs):
    with opened(runs) as journal:
        journal.begin(checked(Create(2, "u1")))
        path = journal.path
    with path.open("ab") as file:
        file.write(b'{"deactivate" damaged\n')
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()


def test_second_run_is_refused_and_names_the_first(runs):
    message = f"in progress: process {os.getpid()}"
    with opened(runs):
        with pytest.raises(GuardRefused, match=message), opened(runs):
            pytest.fail("a second run started")
        with open_journal(runs, HOST, "another key", command="x") as other:
            other.begin(checked(GONE))
    with opened(runs) as later:
        later.begin(checked(GONE))
    assert later.path.is_file()
    assert other.path.is_file()


def test_runs_that_start_in_the_same_minute_have_different_ids(runs):
    made = []
    for host in ("a.example", "b.example", "a.example"):
        with open_journal(runs, host, KEY, command="x", wall=lambda: 1_790_000_000.0) as journal:
            journal.begin(checked(GONE))
            made.append(journal.id)
    assert made == ["r-20260921-1413", "r-20260921-1413-2", "r-20260921-1413-3"]


def test_runs_are_ordered_by_time_and_number(runs):
    runs.mkdir(parents=True)
    names = ["r-20260921-1413", "r-20260921-1413-2", "r-20260921-1413-10", "r-20260921-1414"]
    for name in [*reversed(names), "r-x", "r-20260921-1413-0", "results-1", binding(HOST, KEY)]:
        (runs / f"{name}.jsonl").touch()
    assert run_ids(runs) == names
    assert run_ids(runs / "missing") == []


def test_journal_without_a_file_takes_no_intent(runs):
    with opened(runs) as journal, pytest.raises(LocalFault, match="no file yet"):
        journal.intend([GONE], [None])


def test_withdrawn_intent_is_not_unknown(runs):
    with opened(runs) as journal:
        journal.begin(checked(GONE))
        (number,) = journal.intend([GONE], [None])
        journal.withdraw([(number, GONE)])
        journal.withdraw([])
        *_, last = journal.path.read_text().splitlines()
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()
    assert json.loads(last) == {"n": number, "done": "not_sent", "of": "deactivate"}


def test_record_of_a_deactivation_is_durable_before_its_outcome(runs):
    disk, raised = CountingDisk(), SetQps(3, "u1", "c1", 5, 6)
    with opened(runs, disk=disk) as journal:
        journal.begin(checked(raised, GONE))
        first, second = journal.intend([raised, GONE], [None, None])
        journal.done(first, raised, RowResult("changed"))
        assert disk.kept == disk.written - 1
        journal.done(second, GONE, RowResult("deactivated"))
        assert disk.kept == disk.written


def test_a_journal_of_a_later_version_is_refused(runs):
    path = write(runs, "deactivated")
    path.write_bytes(path.read_bytes().replace(b'{"run": 2', b'{"run": 3', 1))
    with pytest.raises(LocalFault, match="was made by a later version of parsec"):
        read_earlier_runs(runs, HOST, KEY)


def test_a_journal_that_cannot_be_read_is_an_error(runs):
    path = runs / "r-20260921-1413.jsonl"
    path.mkdir(parents=True)
    with pytest.raises(LocalFault) as caught:
        read_earlier_runs(runs, HOST, KEY)
    assert caught.value.message == f"cannot read the journal `{path}`: is a directory"


@pytest.mark.parametrize("closed", ["", "state", "state/runs"])
def test_a_directory_of_runs_that_cannot_be_read_is_an_error(plain_user, closed):
    """One that is missing means no runs."""
    runs = plain_user / "state" / "runs"
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()
    runs.mkdir(parents=True)
    shut = plain_user / closed
    shut.chmod(0)
    try:
        for read in (run_ids, lambda runs: read_earlier_runs(runs, HOST, KEY)):
            with pytest.raises(LocalFault) as caught:
                read(runs)
            assert caught.value.message == f"cannot read the runs in `{runs}`: permission denied"
    finally:
        shut.chmod(0o700)


def test_a_file_in_place_of_the_directory_of_runs_is_an_error(runs):
    runs.parent.mkdir()
    runs.touch()
    with pytest.raises(LocalFault, match=r"cannot read the runs in `.+`: not a directory"):
        run_ids(runs)
    assert run_ids(runs / "below a file") == []


def test_an_intent_is_durable_with_its_record_before_the_call_returns(runs):
    disk = CountingDisk()
    with opened(runs, disk=disk) as journal:
        other = Deactivate(3, "u2", "C-2", {"qps_limit": 5})
        journal.begin(checked(GONE, other))
        record = {"customer_id": "C-1", "qps_limit": 5}
        numbers = journal.intend([GONE, other], [record, None])
        assert disk.kept == disk.written == 5
        lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert numbers == [1, 2]
    assert lines[3]["record"] == record
    assert "record" not in lines[4]
    with opened(runs) as journal:
        journal.begin(checked(GONE))
        with pytest.raises(ValueError, match="zip"):
            journal.intend([GONE], [None, None])


@pytest.mark.parametrize("line", ['{"n": 1, "intent": "deactivate"}', '{"intent": "deactivate"}'])
def test_damaged_line_about_a_deactivation_is_reported_with_its_place(runs, line):
    path = write(runs)
    with path.open("a") as journal:
        journal.write(line + "\n")
    with pytest.raises(LocalFault) as caught:
        read_earlier_runs(runs, HOST, KEY)
    assert caught.value.message == f"line 3 of the journal `{path}` is damaged"
    assert "move the file away" in caught.value.hint


@pytest.mark.parametrize(("done", "unknown"), [("deactivated", False), ("unknown", True)])
def test_journals_of_the_first_edition_are_read_before_the_others(runs, done, unknown):
    """They have no plan; their names contain the host, the key and whether they deactivate."""
    runs.mkdir(parents=True)
    ids = {"customer_id": "C-1", "external_id": "u1"}
    header = {"run": 1, "host": HOST, "key": KEY, "command": "users apply", "time": "t", "pid": 7}
    intent = {"n": 1, "row": 2, **ids, "before": {}, "after": None, "intent": "deactivate"}
    lines = [header, intent, {"n": 1, "done": done, "of": "deactivate", "customer_id": None}]
    path = runs / f"{binding(HOST, KEY)}-20260921T141320.250000-7-d.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    earlier = read_earlier_runs(runs, HOST, KEY)
    assert earlier.unknown == ({"c-1": "u1"} if unknown else {})
    assert earlier.done == ({} if unknown else {"c-1": "u1"})
    write(runs, "failed")
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()
