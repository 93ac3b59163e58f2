from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bulk.disks import CountingDisk
from bulk.rig import HOST, KEY

from parsec_cli.bulk.plan.plan import Create, Deactivate, SetQps
from parsec_cli.bulk.run.journal import (
    IRREVERSIBLE,
    EarlierDeactivations,
    binding,
    open_journal,
    read_earlier_runs,
)
from parsec_cli.errors import GuardRefused, LocalFault

GONE = Deactivate(2, "u1", "C-1", {"qps_limit": 5})


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs"


def opened(runs: Path, **how):
    return open_journal(runs, HOST, KEY, command="users apply", **how)


def write(runs: Path, *outcomes: str | None) -> Path:
    """A run that deactivated C-1, once per outcome; None leaves it unanswered."""
    with opened(runs) as journal:
        journal.begin(irreversible=True)
        for outcome in outcomes:
            (number,) = journal.intend([GONE], [{"customer_id": "C-1"}])
            if outcome is not None:
                journal.done(number, GONE, outcome, None)
        assert journal.path is not None
        return journal.path


def test_journal_has_the_run_the_intent_and_the_outcome(runs):
    with opened(runs, wall=lambda: 1_790_000_000.25) as journal:
        journal.begin(irreversible=True)
        action = SetQps(3, "u1", "c1", 5, 6)
        (number,) = journal.intend([action], [None])
        journal.done(number, action, "changed", "c1")
        path = journal.path
    header, intent, done = [json.loads(line) for line in path.read_text().splitlines()]
    time = "2026-09-21T14:13:20.250Z"
    assert header == {
        "run": 1,
        "host": HOST,
        "key": KEY,
        "command": "users apply",
        "time": time,
        "pid": os.getpid(),
    }
    assert intent == {
        "n": 1,
        "row": 3,
        "external_id": "u1",
        "customer_id": "c1",
        "before": {"qps_limit": 5},
        "after": {"qps_limit": 6},
        "intent": "set-qps",
        "time": time,
    }
    assert done == {"n": 1, "done": "changed", "of": "set-qps", "customer_id": "c1", "time": time}


def test_directory_and_files_are_for_the_owner_only(runs):
    path = write(runs, "deactivated")
    assert runs.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


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


def test_creates_are_skipped_even_when_named_like_a_mark(runs):
    with opened(runs) as journal:
        journal.begin(irreversible=True)
        journal.intend([Create(2, "deactivate"), Create(3, '"deactivate"')], [None, None])
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()


def test_torn_last_line_is_dropped_at_every_byte(runs):
    """A journal that was cut anywhere can be read, and never shows more than was written."""
    path = write(runs, "deactivated")
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        earlier = read_earlier_runs(runs, HOST, KEY)
        lines = sum(end <= cut for end in ends)
        assert (len(earlier.unknown), len(earlier.done)) == [(0, 0), (0, 0), (1, 0), (0, 1)][lines]


def test_earlier_deactivations_are_found_by_external_id():
    earlier = EarlierDeactivations(
        done={"c-1": "u1", "c-4": None, "c-5": "same"}, unknown={"c-2": "u2", "c-3": "same"}
    )
    assert earlier.by_external_id() == {"u1": "c-1", "u2": "c-2", "same": "c-5"}


def test_journal_without_deactivations_is_not_read_again(runs):
    with opened(runs) as journal:
        journal.begin(irreversible=False)
        path = journal.path
    path.write_bytes(b'{"deactivate" damaged\n')
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()


def test_second_run_is_refused_and_names_the_first(runs):
    message = f"in progress: process {os.getpid()}"
    with opened(runs):
        with pytest.raises(GuardRefused, match=message), opened(runs):
            pytest.fail("a second run started")
        with open_journal(runs, HOST, "another key", command="x") as other:
            other.begin(irreversible=False)
    with opened(runs) as later:
        later.begin(irreversible=False)
    assert later.path.is_file()
    assert other.path.is_file()


def test_journal_of_another_run_is_never_written_over(runs):
    with opened(runs, wall=lambda: 5.0) as journal:
        journal.begin(irreversible=True)
    with opened(runs, wall=lambda: 5.0) as journal, pytest.raises(LocalFault):
        journal.begin(irreversible=True)


def test_journal_without_a_file_takes_no_intent(runs):
    with opened(runs) as journal, pytest.raises(LocalFault, match="no file yet"):
        journal.intend([GONE], [None])


def test_withdrawn_intent_is_not_unknown(runs):
    with opened(runs) as journal:
        journal.begin(irreversible=True)
        (number,) = journal.intend([GONE], [None])
        journal.withdraw([(number, GONE)])
        journal.withdraw([])
        *_, last = journal.path.read_text().splitlines()
    assert read_earlier_runs(runs, HOST, KEY) == EarlierDeactivations()
    assert json.loads(last) == {"n": number, "done": "not_sent", "of": "deactivate"}


@pytest.mark.parametrize(("irreversible", "mark"), [(True, f"-{IRREVERSIBLE}"), (False, "")])
def test_file_name_has_the_time_in_utc_the_process_and_whether_it_is_irreversible(
    runs, irreversible, mark
):
    with opened(runs, wall=lambda: 1_790_000_000.25) as journal:
        journal.begin(irreversible=irreversible)
        start = f"{binding(HOST, KEY)}-20260921T141320.250000"
        assert journal.path.name == f"{start}-{os.getpid()}{mark}.jsonl"


def test_record_of_a_deactivation_is_durable_before_its_outcome(runs):
    disk, raised = CountingDisk(), SetQps(3, "u1", "c1", 5, 6)
    with opened(runs, disk=disk) as journal:
        journal.begin(irreversible=True)
        first, second = journal.intend([raised, GONE], [None, None])
        journal.done(first, raised, "changed", "c1")
        assert disk.kept == disk.written - 1
        journal.done(second, GONE, "deactivated", "C-1")
        assert disk.kept == disk.written


def test_a_journal_of_a_later_version_is_refused(runs):
    path = write(runs, "deactivated")
    path.write_bytes(path.read_bytes().replace(b'{"run": 1', b'{"run": 2', 1))
    with pytest.raises(LocalFault, match="was made by a later version of parsec"):
        read_earlier_runs(runs, HOST, KEY)


def test_a_journal_that_cannot_be_read_is_an_error(runs):
    (runs / f"{binding(HOST, KEY)}-x-{IRREVERSIBLE}.jsonl").mkdir(parents=True)
    with pytest.raises(LocalFault) as caught:
        read_earlier_runs(runs, HOST, KEY)
    path = runs / f"{binding(HOST, KEY)}-x-{IRREVERSIBLE}.jsonl"
    assert caught.value.message == f"cannot read the journal `{path}`: is a directory"


def test_an_intent_and_the_record_as_it_was_are_kept_before_it_returns(runs):
    disk = CountingDisk()
    with opened(runs, disk=disk) as journal:
        journal.begin(irreversible=True)
        record = {"customer_id": "C-1", "qps_limit": 5}
        numbers = journal.intend([GONE, GONE], [record, None])
        assert disk.kept == disk.written == 3
        lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert numbers == [1, 2]
    assert lines[1]["record"] == record
    assert "record" not in lines[2]
    with opened(runs) as journal:
        journal.begin(irreversible=False)
        with pytest.raises(ValueError, match="zip"):
            journal.intend([GONE], [None, None])


@pytest.mark.parametrize("line", ['{"n": 1, "intent": "deactivate"}', '{"intent": "deactivate"}'])
def test_damaged_line_about_a_deactivation_is_reported_with_its_place(runs, line):
    path = write(runs)
    with path.open("a") as journal:
        journal.write(line + "\n")
    with pytest.raises(LocalFault) as caught:
        read_earlier_runs(runs, HOST, KEY)
    assert caught.value.message == f"line 2 of the journal `{path}` is damaged"
    assert "move the file away" in caught.value.hint
