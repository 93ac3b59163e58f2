"""The history keeps every change and its outcome, without secrets, and reads back newest first."""

import json
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.errors import UsageFault
from parsec_cli.files.save import lines_backwards
from parsec_cli.memory.entry import Selection
from parsec_cli.memory.history import History, parse_moment

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
ANY = Selection()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "state" / "history.jsonl"


@pytest.fixture
def history(path: Path, clock: Clock) -> History:
    return History(path, clock, entropy=lambda count: b"\1" * count)


def change(external_id: str = "ann", **more) -> dict:
    return {
        "profile": "prod",
        "host": "api.parsecapi.com",
        "key": "0123456789ab",
        "command": "users set-qps",
        "target": {"customer_id": "0A", "external_id": external_id},
        "before": {"qps_limit": 1},
        "after": {"qps_limit": 2},
        "reason": None,
    } | more


DONE = {"outcome": "applied", "http_status": 200, "attempts": 1, "after": {"qps_limit": 2}}


def test_the_intent_is_on_disk_before_the_outcome(history, path):
    """A process that dies in between leaves an entry whose outcome is unknown."""
    entry = history.begin(change(), durable=True)
    assert json.loads(path.read_bytes())["id"] == entry
    assert next(history.newest_first(ANY))["outcome"] == "unknown"


def test_a_new_user_is_found_by_the_id_in_the_response(history):
    entry = history.begin(change(target={"customer_id": None, "external_id": "ann"}))
    history.finish(entry, DONE | {"after": {"customer_id": "0B"}})
    assert next(history.newest_first(Selection(user="0b")))["target"]["customer_id"] == "0B"


def test_the_newest_entry_comes_first_even_if_outcomes_come_late(history):
    first, second, third = (history.begin(change(name)) for name in "abc")
    history.finish(third, DONE)
    history.finish(first, DONE | {"outcome": "not_applied"})
    listed = [(entry["id"], entry["outcome"]) for entry in history.newest_first(ANY)]
    assert listed == [(third, "applied"), (second, "unknown"), (first, "not_applied")]


def test_ids_are_short_and_sort_in_order_of_creation_within_a_millisecond(history, clock):
    ids = [history.begin(change()) for _ in range(100)]
    clock.now += 0.001
    ids.append(history.begin(change()))
    clock.now -= 3600  # the clock was set back
    ids.append(history.begin(change()))
    assert ids == sorted(set(ids))
    assert {len(entry) for entry in ids} == {14}


def test_two_processes_in_the_same_millisecond_have_different_ids(path, clock):
    one, other = (History(path, clock, entropy=lambda n, b=b: b * n) for b in (b"\1", b"\2"))
    assert one.begin(change()) != other.begin(change())


def test_entries_are_filtered_by_user_and_time(history, clock):
    old = history.begin(change("ann"))
    clock.now += 7200
    new = history.begin(change("ann"))
    other = history.begin(change("bob", target={"customer_id": "0C", "external_id": "bob"}))

    def found(**wanted):
        return [entry["id"] for entry in history.newest_first(Selection(**wanted))]

    assert found(user="ann") == [new, old]
    assert found(user="0c") == [other]
    assert found(user="an") == []
    assert found(since=parse_moment("1h", clock.now)) == [other, new]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", "2026-09-21T12:13:20.000Z"),
        ("90m", "2026-09-21T12:43:20.000Z"),
        ("3d", "2026-09-18T14:13:20.000Z"),
        ("1w", "2026-09-14T14:13:20.000Z"),
        ("30s", "2026-09-21T14:12:50.000Z"),
        ("2026-03-01", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00.000Z"),
        ("2026-03-01T08:00:00.5+02:00", "2026-03-01T06:00:00.500Z"),
    ],
)
def test_points_in_time_are_parsed_as_people_write_them(text, moment):
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2 h", "h", "-3d", "2026-13-01", "999999w", "5"])
def test_an_invalid_point_in_time_is_refused(text):
    with pytest.raises(UsageFault, match="is not a point in time"):
        parse_moment(text, NOW)


def test_one_entry_is_found_by_its_id_or_the_start_of_it(history, clock):
    first = history.begin(change("ann"))
    clock.now += 1000
    history.begin(change("bob"))
    assert history.get(first)["target"]["external_id"] == "ann"
    assert history.get(first[:-1])["id"] == first
    with pytest.raises(UsageFault, match="matches 2 entries"):
        history.get(first[:4])


def test_torn_and_foreign_lines_are_skipped(history, path):
    kept = history.begin(change())
    with path.open("ab") as file:
        file.write(b'\n[1]\n{"no": "id"}\n{"id": 5}\n\xff\xfe\n{"id": "torn", "comm')
    last = history.begin(change())
    assert [entry["id"] for entry in history.newest_first(ANY)] == [last, kept]
    assert history.damaged == 5


def test_a_torn_last_line_is_skipped(history, path):
    kept = history.begin(change())
    history.finish(kept, DONE)
    path.write_bytes(path.read_bytes()[:-20])
    assert [(e["id"], e["outcome"]) for e in history.newest_first(ANY)] == [(kept, "unknown")]


def test_entries_of_several_threads_have_ids_of_their_own(history):
    threads = [
        threading.Thread(target=lambda: [history.begin(change()) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({entry["id"] for entry in history.newest_first(ANY)}) == 200


def test_a_long_run_of_zeros_is_skipped_without_filling_memory(history, path):
    first = history.begin(change())
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size + (64 << 20))  # sparse, as a power cut may leave it
    last = history.begin(change())
    tracemalloc.start()
    listed = [entry["id"] for entry in history.newest_first(ANY)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert listed == [last, first]
    assert peak < 40 << 20


@pytest.mark.parametrize("limit", [None, 5, 2])
def test_the_oldest_entry_comes_first_on_demand(history, path, limit):
    first, second, third = (history.begin(change(name)) for name in "abc")
    history.finish(third, DONE)
    with path.open("ab") as file:
        file.write(b"damaged\n")
    history.finish(first, DONE | {"outcome": "not_applied"})
    listed = [(e["id"], e["outcome"]) for e in history.oldest_first(Selection(), limit)]
    whole = [(first, "not_applied"), (second, "unknown"), (third, "applied")]
    assert listed == whole[-(limit or 3) :]
    assert history.damaged == 1


def test_all_entries_are_listed_in_little_memory(history, path):
    history.begin(change("ann", before={"text": "x" * 1000}))
    line = path.read_bytes()
    with path.open("ab") as file:
        file.writelines(line.replace(b'"id":"', b'"id":"%06d' % n) for n in range(8_000))
    tracemalloc.start()
    count = sum(1 for _ in history.oldest_first(Selection()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 8_001
    assert peak < 5 << 20 < path.stat().st_size


def test_entries_of_one_user_or_run_are_found_without_reading_the_others(history, path):
    """Lines that cannot be about them are not even parsed."""
    wanted = history.begin(change("ann"))
    history.run = lambda: "r-20260921-1413"
    in_run = history.begin(change("bob", target={"customer_id": "0C", "external_id": "bob"}))
    with path.open("ab") as file:
        file.write(b'{"id":"zz","time":"t","command":{"no":"text"}}\n')
    for selection, found in (
        (Selection(user="ann"), [wanted]),
        (Selection(user="0c"), [in_run]),
        (Selection(run="r-20260921-1413"), [in_run]),
        (Selection(user="bob", run="r-20260921-1413"), [in_run]),
        (Selection(user="ann", run="r-20260921-1413"), []),
    ):
        assert [entry["id"] for entry in history.newest_first(selection)] == found
        assert history.damaged == 0
    assert len([*history.newest_first(Selection(user="änn"))]) == 0
    assert history.damaged == 1


def test_a_large_file_is_read_from_its_end(history, path):
    """The newest entry takes one read, however much comes before it."""
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(1 << 34)  # sparse: 16 GiB of nothing, which no test could read
        file.seek(0, 2)
        file.write(b"\n")
    entry = history.begin(change())
    assert next(history.newest_first(ANY))["id"] == entry
    assert [e["id"] for e in history.oldest_first(ANY, 1)] == [entry]


def test_secrets_never_reach_the_file(history, path):
    secrets = {"API-Key": "CANARY", "clob_api_secret": "CANARY", "credentials": {"x": "CANARY"}}
    nested = {"user": {"list": [secrets | {"tier": "pro"}]}}
    entry = history.begin(
        change(before=nested, reason="rotated pk_live_CANARYabc123, see sk_test_CANARY")
    )
    history.finish(
        entry, DONE | {"after": nested | secrets, "error": "key pk_live_CANARY-1 refused"}
    )
    assert "CANARY" not in path.read_text()
    read = history.get(entry)
    assert read["before"] == {"user": {"list": [{"tier": "pro"}]}}
    assert read["reason"] == "rotated pk_live_****, see sk_test_****"
    assert read["error"] == "key pk_live_**** refused"


@given(st.lists(st.binary(max_size=40).filter(lambda line: line and b"\n" not in line)))
def test_lines_are_read_backwards_unchanged(lines):
    path = Path.home() / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert list(lines_backwards(path)) == lines[::-1]


@pytest.mark.parametrize("size", [65_534, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_lines_longer_than_one_read_are_whole(folder, size):
    path = folder / "lines"
    lines = [b"first", b"x" * size, b"y" * size, b"last"]
    path.write_bytes(b"\n".join(lines))
    assert list(lines_backwards(path)) == lines[::-1]
