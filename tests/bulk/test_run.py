from __future__ import annotations

import threading
from pathlib import Path

import pytest
from bulk.disks import CountingDisk
from bulk.rig import Rig

from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.diff import diff
from parsec_cli.bulk.run.journal import run_ids
from parsec_cli.bulk.run.rate_limiter import Pacer
from parsec_cli.bulk.run.recorded_runs import find_run
from parsec_cli.errors import (
    Interrupted,
    LocalFault,
    NameNotFound,
    NotABuilder,
    OutcomeUnknown,
    QuotaUsedUp,
    Redirected,
    Refused,
    TlsFailed,
    Unauthorized,
)
from parsec_cli.files.lock import Disk
from parsec_cli.models import Applied, NotApplied, Unknown


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def creates(count: int, qps: int | None = 1) -> list[Wanted]:
    return [Wanted(row, f"u{row}", qps) for row in range(2, count + 2)]


def refuse(*names: str, error: Exception | None = None):
    fault = error or Refused("validation failed", http_status=400)
    return lambda name: NotApplied(fault, 1) if name in names else None


def no_response(*names: str, status: int | None = None):
    error = OutcomeUnknown("outcome unknown: no response", http_status=status)
    return lambda name: Unknown(error, 4) if not names or name in names else None


ONE = {"concurrency": 1}


def test_result_row_has_the_documented_members(rig):
    rig.apply([Wanted(2, "new", 4, "a@b.example")])
    assert rig.rows() == [
        {
            "row": 2,
            "external_id": "new",
            "customer_id": rig.world.named("new")["customer_id"],
            "action": "create",
            "before": None,
            "after": {"qps_limit": 4, "email": "a@b.example"},
            "outcome": "created",
            "http_status": 201,
            "attempts": 1,
            "error": None,
        }
    ]


def test_an_unknown_row_decides_the_exit_code_over_a_failed_one(rig):
    rig.world.before = lambda name: no_response("u3")(name) or refuse("u4")(name)
    assert rig.apply(creates(3)).exit_code == 12


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unauthorized("invalid API key", http_status=401), 4),
        (NotABuilder("not a builder", http_status=403), 4),
        (QuotaUsedUp("monthly limit", http_status=429), 6),
        (NameNotFound("no such host"), 8),
        (TlsFailed("certificate expired"), 8),
        (Redirected("redirected to elsewhere", http_status=301), 8),
        (LocalFault("cannot write the history"), 1),
    ],
)
def test_fault_that_would_fail_every_row_stops_the_run_at_once(rig, error, code):
    """A 401 stops the run; the rest is not attempted."""
    rig.world.before = refuse("u3", error=error)
    ended = rig.apply(creates(9), **ONE)
    assert ended.stop is error
    assert ended.exit_code == code
    assert ended.results.counts["created"] == 1
    assert ended.results.counts["not_attempted"] == 7
    assert [name for _, name in rig.world.sent] == ["u2"]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (Unauthorized("invalid API key", http_status=401), 4),
        (QuotaUsedUp("monthly limit", http_status=429), 6),
    ],
)
def test_it_stops_the_run_after_a_lost_response_too(rig, last, code):
    """The first attempt was lost, so the row is unknown."""
    error = OutcomeUnknown("outcome unknown; no", http_status=last.http_status)
    rig.world.before = lambda name: Unknown(error, 2, last) if name == "u3" else None
    ended = rig.apply(creates(9), **ONE)
    assert (type(ended.stop), ended.stop.message) == (type(last), "outcome unknown; no")
    assert ended.exit_code == code
    assert ended.results.counts["unknown"] == 1
    assert ended.results.counts["not_attempted"] == 7


def test_a_signal_in_the_last_row_leaves_nothing_to_continue(rig):
    def on_run(run):
        rig.world.before = lambda name: run.request_stop(Interrupted("i")) if name == "u3" else None

    rig.on_run = on_run
    ended = rig.apply(creates(2), **ONE)
    assert (ended.exit_code, ended.state) == (130, "finished")
    assert (ended.error().message, ended.error().hint) == ("i: 2 created", "")


@pytest.mark.parametrize(("limit", "failed"), [(None, 20), (3, 3), (1, 1)])
def test_max_failures_stops_the_run(rig, limit, failed):
    rig.world.before = lambda _: NotApplied(Refused("no", http_status=400), 1)
    ended = rig.apply(creates(50), concurrency=1, max_failures=limit)
    assert (ended.results.counts["failed"], ended.results.counts["not_attempted"]) == (
        failed,
        50 - failed,
    )


def test_deactivations_are_sent_one_at_a_time(rig):
    for number in range(20):
        rig.world.add(f"u{number}")
    busy = threading.Semaphore(1)

    def before(_: str) -> None:
        assert busy.acquire(blocking=False), "two at once"

    def after(_: str) -> None:
        busy.release()

    rig.world.before, rig.world.after = before, after
    ended = rig.apply([Wanted(n + 2, f"u{n}", absent=True) for n in range(20)])
    assert ended.results.counts["deactivated"] == 20


def test_row_whose_user_changed_since_the_plan_is_refused_not_overwritten(rig):
    """Drift is reported row by row."""
    rig.world.add("limit", 5)
    rig.world.add("linked", 5)
    rig.world.add("still", 5)
    vanished = rig.world.add("vanished", 5)
    plan = diff(
        [
            Wanted(2, "limit", 6),
            Wanted(3, "linked", absent=True),
            Wanted(4, "still", 6),
            Wanted(5, "new", 6),
            Wanted(6, "vanished", 6),
        ],
        rig.world.snapshot(),
    )
    rig.world.named("limit")["qps_limit"] = 50
    rig.world.named("linked")["linked_exchanges"] = ["kalshi"]
    rig.world.add("new", 3)
    del rig.world.users[vanished]
    ended = rig.apply(plan)
    assert [(row["outcome"], row["error"]) for row in rig.rows()] == [
        ("failed", "changed since the plan: qps_limit is 50 now, the plan saw 5"),
        ("failed", "changed since the plan: linked_exchanges changed"),
        ("changed", None),
        ("failed", "changed since the plan: the user exists now, with qps_limit 3"),
        ("failed", "changed since the plan: the user is gone"),
    ]
    assert ended.exit_code == 8
    assert [verb for verb, _ in rig.world.sent] == ["set-qps"]


def test_create_of_an_existing_user_with_unknown_limit_says_so(rig):
    outcome = Applied({"customer_id": "c", "external_id": "u2"}, 200, 1, created=False)
    rig.world.before = lambda _: outcome
    rig.apply(creates(1))
    assert rig.rows()[0]["outcome"] == "unchanged"
    assert rig.rows()[0]["error"] == "already existed; its qps_limit is unknown"


def test_stop_while_a_worker_waits_for_its_turn_sends_nothing_more(rig):
    """The wait may also be the one after a 429."""
    pacer = Pacer(0.001)
    pacer.acquire()
    rig.on_run = lambda run: threading.Timer(0.05, run.request_stop, [Interrupted("i")]).start()
    ended = rig.apply(creates(3), pacer=pacer)
    assert rig.world.sent == []
    assert ended.results.counts["not_attempted"] == 3
    assert ended.exit_code == 130


@pytest.mark.parametrize("twice", [True, False])
def test_rows_in_flight_are_unknown_after_a_second_stop_or_ten_seconds(rig, twice):
    hangs, free, now = threading.Event(), threading.Event(), [0.0]

    def before(name: str) -> None:
        if name == "u3":
            hangs.set()
            assert free.wait(30)

    def press(run) -> None:
        assert hangs.wait(30)
        run.request_stop(Interrupted("i"))
        if twice:
            run.request_stop(Interrupted("i"))
        else:
            now[0] = 10.1

    rig.world.before = before
    rig.on_run = lambda run: threading.Thread(target=press, args=[run]).start()
    ended = rig.apply(creates(4), **ONE, clock=lambda: now[0])
    free.set()
    assert [row["outcome"] for row in rig.rows()] == ["created", "unknown", *["not_attempted"] * 2]
    assert ended.exit_code == 130
    assert len([line for line in rig.journal_lines() if line.get("done") == "created"]) == 1


def test_the_file_of_a_run_agrees_with_its_results_after_a_second_signal(rig):
    """The handler raises in the main thread, which waits for a worker."""
    hangs, free = threading.Event(), threading.Event()

    class Interruptible(threading.Thread):
        def join(self, _timeout=None):
            assert hangs.wait(30)
            raise Interrupted("interrupted")

    def spawn(job):
        worker = Interruptible(target=job, daemon=True)
        worker.start()
        return worker

    def before(name: str) -> None:
        if name == "u3":
            hangs.set()
            assert free.wait(30)

    rig.world.before = before
    rig.apply(creates(4), **ONE, spawn=spawn)
    (name,) = run_ids(rig.runs)
    recorded = [row["outcome"] for row in find_run(rig.runs, name).rows()]
    free.set()
    printed = [row["outcome"] for row in rig.rows()]
    assert recorded == printed == ["created", "unknown", *["not_attempted"] * 2]


def test_a_response_that_arrives_with_the_second_signal_is_not_lost(rig):
    """The run ends while a worker writes that the user was deactivated."""
    for number in range(2):
        rig.world.add(f"u{number}", 5)
    runs, ending = [], threading.Event()
    rig.on_run = runs.append

    class Slow(Disk):
        def write(self, descriptor, data):
            if b'"end"' in data:
                ending.set()
            if b'"done": "deactivated"' in data:
                for _ in range(2):
                    runs[0].request_stop(Interrupted("i"))
                ending.wait(0.3)  # which the run must not reach meanwhile
            super().write(descriptor, data)

    gone = [Wanted(number + 2, f"u{number}", absent=True) for number in range(2)]
    rig.apply(gone, **ONE, disk=Slow())
    assert [row["outcome"] for row in rig.rows()] == ["deactivated", "not_attempted"]


def test_fault_of_the_tool_in_a_worker_is_raised_after_every_row_has_a_result(rig):
    def before(_: str) -> None:
        raise ZeroDivisionError

    rig.world.before = before
    with pytest.raises(ZeroDivisionError):
        rig.apply(creates(3), **ONE)
    assert [row["outcome"] for row in rig.rows()] == ["unknown", "not_attempted", "not_attempted"]


def test_durability_costs_one_fsync_for_many_rows(rig):
    rig.world.qps_pool = 10_000
    disk = CountingDisk()
    rig.apply(creates(2000), disk=disk)
    # 2,000 / 64 intents, one each quarter of a second for results, a few at the ends
    assert disk.syncs < 100


def test_thousands_of_rows_by_many_workers_have_one_effect_each(rig):
    rig.world.qps_pool = 10_000
    ended = rig.apply(creates(3000), concurrency=64)
    assert ended.results.counts["created"] == 3000
    assert sorted(rig.world.effects) == sorted(("create", f"u{n}", 1) for n in range(2, 3002))
    lines = rig.journal_lines()
    assert len({line["n"] for line in lines if "intent" in line}) == 3000
    assert len({line["n"] for line in lines if line.get("done") == "created"}) == 3000
