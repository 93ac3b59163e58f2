from __future__ import annotations

import sys
import threading
from dataclasses import dataclass

import pytest
from bulk.virtual import VirtualTime
from support.bucket import Bucket

from parsec_cli.bulk.run.rate_limiter import Pacer, pacer_for

LATENCY = 0.020


@dataclass
class Load:
    applied: int = 0
    limited: int = 0
    seconds: float = 0.0


def drive(
    pacer: Pacer,
    time: VirtualTime,
    bucket: Bucket,
    *,
    rows: int,
    workers: int,
    reported: bool = True,
    wait: float = 1.0,
) -> Load:
    """Send `rows` requests as the API room does: turn, request, note and sleep on a 429."""
    load = Load()
    left = iter(range(rows))
    started = time()

    def work() -> None:
        for _ in left:
            while True:
                pacer.acquire()
                time.sleep(LATENCY / 2)
                accepted = bucket.take()
                time.sleep(LATENCY / 2)
                if accepted:
                    load.applied += 1
                    break
                load.limited += 1
                pacer.limited(bucket.rate if reported else None, wait)
                time.sleep(wait)

    threads = [time.spawn(work) for _ in range(workers)]
    for thread in threads:
        thread.join()
    load.seconds = time() - started
    return load


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def unpaced(time: VirtualTime) -> Pacer:
    return Pacer(None, clock=time, sleep=time.sleep)


def fastest(rows: int, bucket: Bucket, workers: int) -> float:
    """The minimum number of seconds, by the bucket or by the latency of the workers."""
    return max((rows - bucket.burst) / bucket.rate, rows * LATENCY / workers)


@pytest.mark.parametrize(
    ("rate", "burst", "workers"), [(200.0, 400, 8), (200.0, 400, 32), (10.0, 10, 32)]
)
def test_unpaced_run_uses_all_of_the_limit_that_the_first_429_reports(
    rate, burst, workers, time, unpaced
):
    bucket = Bucket(rate, burst, time)
    load = drive(unpaced, time, bucket, rows=2000, workers=workers)
    assert load.applied == 2000
    assert load.limited <= workers + 2
    assert fastest(2000, bucket, workers) / load.seconds >= 0.98


def test_short_retry_after_is_not_followed_by_a_burst(time, unpaced):
    bucket = Bucket(200.0, 200, time)
    load = drive(unpaced, time, bucket, rows=1000, workers=16, wait=0.1)
    assert load.applied == 1000
    assert load.limited <= 18


@pytest.mark.parametrize(
    ("rate", "burst", "workers"), [(200.0, 400, 8), (200.0, 400, 32), (10.0, 10, 32), (5.0, 5, 8)]
)
def test_default_rate_gets_no_429_and_leaves_a_fifth(rate, burst, workers, time):
    bucket = Bucket(rate, burst, time)
    pacer = pacer_for(None, int(rate), clock=time, sleep=time.sleep)
    load = drive(pacer, time, bucket, rows=1000, workers=workers)
    assert load.limited == 0
    paced = 1000 - rate * 0.8  # the first second's worth may leave at once
    assert paced / load.seconds == pytest.approx(rate * 0.8, rel=0.02)


def test_unreported_limit_is_found_without_a_flood_of_429s(time, unpaced):
    bucket = Bucket(50.0, 50, time)
    load = drive(unpaced, time, bucket, rows=1000, workers=8, reported=False)
    assert load.applied == 1000
    assert load.limited <= 40
    assert 1000 / load.seconds >= 20


def test_an_app_that_shares_the_key_keeps_its_share(time, unpaced):
    bucket = Bucket(100.0, 100, time)
    app = Load()

    def serve_end_users() -> None:
        for _ in range(600):  # 60 a second for ten seconds in any case
            time.sleep(1 / 60)
            if bucket.take():
                app.applied += 1
            else:
                app.limited += 1

    time.spawn(serve_end_users)
    drive(unpaced, time, bucket, rows=2000, workers=8)
    assert app.limited <= 0.2 * 600


def test_429_after_the_limit_is_known_halves_the_rate_which_recovers(time):
    pacer = Pacer(100.0, clock=time, sleep=time.sleep)

    def work() -> None:
        pacer.acquire()
        time.sleep(LATENCY)
        pacer.limited(1000, 0.5)
        assert pacer.rate == pytest.approx(50)
        time.sleep(5)
        assert pacer.rate == pytest.approx(75)
        time.sleep(6)
        assert pacer.rate == pytest.approx(100)

    run(time, work)


def test_one_stray_429_at_the_limit_costs_nothing_and_a_second_one_halves(time, unpaced):

    def work() -> None:
        for expected in (99, 99, 49.5):
            unpaced.acquire()
            time.sleep(LATENCY)
            unpaced.limited(100, 0.1)
            assert unpaced.rate == pytest.approx(expected)

    run(time, work)


def test_requests_that_left_before_a_429_was_known_halve_nothing_more(time):
    pacer = Pacer(100.0, clock=time, sleep=time.sleep)

    def work() -> None:
        pacer.acquire()
        time.sleep(LATENCY)
        pacer.limited(1000, 0.5)

    run(time, work, work, work)
    assert pacer.rate == pytest.approx(50, rel=0.01)


def test_later_429_delays_only_its_own_worker(time):
    pacer = Pacer(100.0, clock=time, sleep=time.sleep)
    turns = {}

    def held() -> None:
        pacer.acquire()
        pacer.limited(1000, 30)
        pacer.acquire()
        turns["held"] = time()

    def other() -> None:
        time.sleep(1)
        pacer.acquire()
        turns["other"] = time()

    run(time, held, other)
    assert turns["held"] >= 1030
    assert turns["other"] < 1003


def test_first_429_delays_all_waiting_workers(time, unpaced):
    turns = []

    def taught() -> None:
        unpaced.acquire()
        unpaced.limited(10, 2.0)

    def other() -> None:
        time.sleep(0.1)
        unpaced.acquire()
        turns.append(time())

    run(time, taught, other)
    assert turns[0] >= 1002


def test_turn_taken_ahead_serves_the_next_request(time):
    pacer = Pacer(1.0, clock=time, sleep=time.sleep)

    def work() -> None:
        assert pacer.take_turn()
        assert pacer.take_turn()
        pacer.acquire()
        assert time() == 1000.0
        pacer.acquire()
        assert time() == 1001.0

    run(time, work)


def test_closed_pacer_gives_no_turn_and_does_not_delay_requests_in_flight(time):
    pacer = Pacer(1.0, clock=time, sleep=time.sleep)

    def work() -> None:
        pacer.acquire()
        pacer.close()
        assert not pacer.take_turn()
        pacer.acquire()
        pacer.pause(100)
        assert time() == 1000.0

    run(time, work)


def test_waiting_threads_notice_close_soon(time):
    pacer = Pacer(0.001, clock=time, sleep=time.sleep)
    seen = []

    def waiting() -> None:
        pacer.acquire()
        assert not pacer.take_turn()
        seen.append(time())

    def closing() -> None:
        time.sleep(10)
        pacer.close()

    run(time, waiting, closing)
    assert seen[0] <= 1010.25


def handler_at_line(number, pacer, step):
    """Run `step` in a thread and close the pacer, as a handler does, before that line of it."""
    left = number

    def trace(_frame, event, _argument):
        nonlocal left
        left -= event == "line"
        if left == 0:
            pacer.close()
            left = -1
        return trace

    def work():
        sys.settrace(trace)
        step(pacer)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), f"deadlock with a handler at line {number}"
    return left < 0


@pytest.mark.parametrize(
    "step",
    [Pacer.take_turn, Pacer.limited, lambda pacer: pacer.pause(0.01)],
    ids=["turn", "429", "pause"],
)
def test_signal_handler_can_close_the_pacer_at_every_line(step):
    """This includes lines at which the interrupted thread holds a lock."""
    number = 1
    while handler_at_line(number, Pacer(1000.0), step):
        number += 1
    assert number > 5


def test_unlimited_tier_is_not_paced():
    assert pacer_for(None, 0).rate is None


@pytest.mark.parametrize("rest_qps", [None, -1, -60])
def test_without_a_known_limit_the_rate_is_four_a_second(rest_qps):
    assert pacer_for(None, rest_qps).rate == 4.0


@pytest.mark.parametrize(("text", "rate"), [("max", None), ("50", 50.0), ("0.5", 0.5)])
def test_requested_rate_is_used(text, rate):
    assert pacer_for(text, 10).rate == rate


def run(time: VirtualTime, *jobs) -> None:
    failures = []

    def guarded(job):
        def body() -> None:
            try:
                job()
            except AssertionError as failure:
                failures.append(failure)

        return body

    threads = [time.spawn(guarded(job)) for job in jobs]
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
