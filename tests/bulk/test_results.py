from __future__ import annotations

import json
import os
from pathlib import Path

from parsec_cli.bulk.plan.plan import Create, Keep
from parsec_cli.bulk.run.row_results import Results, RowResult

ENTRIES = [Create(2, "a"), Create(3, "b"), Keep(4, "c", "c4", 5)]


def names(path: Path) -> list[str]:
    return [json.loads(line)["external_id"] for line in path.read_text().splitlines()]


def test_file_grows_during_the_run_and_ends_in_the_order_of_the_input(tmp_path):
    path = tmp_path / "results.jsonl"
    results = Results(ENTRIES, path)
    results.settle([(ENTRIES[2], "")])
    results.add(ENTRIES[1], RowResult("created", customer_id="c3"))
    assert names(path) == ["c", "b"]
    results.finish()
    assert names(path) == ["a", "b", "c"]
    assert [made.name for made in tmp_path.glob("*results*")] == [path.name]
    assert not list(tmp_path.glob(".*"))


def test_first_result_of_a_row_is_kept():
    results = Results(ENTRIES)
    results.add(ENTRIES[0], RowResult("unknown"))
    results.add(ENTRIES[0], RowResult("created"))
    assert results.counts["unknown"] == 1
    assert results.counts["created"] == 0


def test_results_are_yielded_in_batches_in_order():
    entries = [Create(row, f"u{row}") for row in range(2, 1203)]
    results = Results(entries)
    for entry in reversed(entries):
        results.add(entry, RowResult("created"))
    pages = list(results.pages())
    assert [len(page) for page in pages] == [500, 500, 201]
    assert [row["row"] for page in pages for row in page] == list(range(2, 1203))


def test_device_is_written_to_and_not_replaced():
    results = Results(ENTRIES, Path(os.devnull))
    results.add(ENTRIES[0], RowResult("created"))
    results.finish()
    assert not Path(os.devnull).is_file()
