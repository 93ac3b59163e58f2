from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from parsec_cli.bulk.plan.plan import Create, Keep
from parsec_cli.bulk.plan.recheck import Settled
from parsec_cli.bulk.run.row_results import Result, Tally, ended
from parsec_cli.errors import LocalFault

ENTRIES = [Create(2, "a"), Create(3, "b"), Keep(4, "c", "c4", 5)]


def names(path: Path) -> list[str]:
    return [json.loads(line)["external_id"] for line in path.read_text().splitlines()]


def test_file_grows_as_the_run_goes_and_ends_in_the_order_of_the_input(tmp_path):
    path = tmp_path / "results.jsonl"
    tally = Tally(ENTRIES, path)
    tally.settle([Settled(ENTRIES[2], "unchanged")])
    tally.add(ENTRIES[1], Result("created", customer_id="c3"))
    assert names(path) == ["c", "b"]
    tally.finish()
    assert names(path) == ["a", "b", "c"]
    assert [made.name for made in tmp_path.glob("*results*")] == [path.name]
    assert not list(tmp_path.glob(".*"))


def test_rows_without_a_result_are_not_attempted(tmp_path):
    tally = Tally(ENTRIES, tmp_path / "r")
    tally.finish()
    assert tally.counts["not_attempted"] == 3


def test_first_result_of_a_row_stays():
    tally = Tally(ENTRIES)
    assert tally.add(ENTRIES[0], Result("unknown"))
    assert not tally.add(ENTRIES[0], Result("created"))
    assert tally.counts["unknown"] == 1
    assert tally.counts["created"] == 0


def test_results_are_given_in_batches_in_order():
    entries = [Create(row, f"u{row}") for row in range(2, 1203)]
    tally = Tally(entries)
    for entry in reversed(entries):
        tally.add(entry, Result("created"))
    pages = list(tally.pages())
    assert [len(page) for page in pages] == [500, 500, 201]
    assert [row["row"] for page in pages for row in page] == list(range(2, 1203))


def test_symbolic_link_stays_one(tmp_path):
    target = tmp_path / "real"
    target.write_text("old\n")
    link = tmp_path / "link"
    link.symlink_to(target)
    Tally(ENTRIES, link).finish()
    assert link.is_symlink()
    assert names(target) == ["a", "b", "c"]


def test_device_is_written_to_and_not_replaced():
    tally = Tally(ENTRIES, Path(os.devnull))
    tally.add(ENTRIES[0], Result("created"))
    tally.finish()
    assert not Path(os.devnull).is_file()


def test_results_file_that_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(LocalFault, match="cannot write the results file"):
        Tally(ENTRIES, tmp_path / "missing" / "results.jsonl")


def test_summary_has_every_outcome_and_the_sentence_only_those_that_are():
    tally = Tally(ENTRIES)
    tally.add(ENTRIES[0], Result("failed"))
    tally.finish()
    end = ended(tally, None)
    assert end.summary == {
        "created": 0,
        "changed": 0,
        "deactivated": 0,
        "unchanged": 0,
        "failed": 1,
        "unknown": 0,
        "not_attempted": 2,
    }
    assert end.sentence == "1 failed, 2 not attempted"
    assert not end.finished
