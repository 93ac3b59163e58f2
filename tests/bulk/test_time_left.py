"""The time left of a run of 300 rows, 120 of which must be sent, on a virtual clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from typing import Any

import pytest
from bulk.rig import Rig
from bulk.virtual import VirtualTime
from bulk.world import World
from support.bucket import Bucket

from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.run.rate_limiter import Pacer
from parsec_cli.bulk.run.run import Run
from parsec_cli.models import Applied

ROWS, SENT = 300, 120
FROM = 10  # the first sent row whose time left must be right
TOLERANCE = 0.3

# decreases, deactivations, creates
Parts = tuple[int, int, int]
CREATES: Parts = (0, 0, SENT)
MIXED: Parts = (40, 0, 80)
WITH_DEACTIVATIONS: Parts = (30, 40, 50)


class Sender:
    """Sends as the API room does: turn, request, and a wait for each 429.

    `limited` are the requests, counted from 1, that get a 429, or the server's limit.
    """

    def __init__(
        self,
        world: World,
        pacer: Pacer,
        time: VirtualTime,
        latency: float,
        limited: Collection[int] | Bucket,
    ) -> None:
        self._world = world
        self._pacer = pacer
        self._sleep = time.sleep
        self._latency = latency
        self._limited = limited
        self._requests = itertools.count(1)
        self.quota_used_up = world.quota_used_up

    def send(self, action: Any) -> Applied:
        attempts = 0
        while True:
            attempts += 1
            self._pacer.acquire()
            number, limit = next(self._requests), None
            self._sleep(self._latency)
            if isinstance(self._limited, Bucket):
                limit, accepted = self._limited.rate, self._limited.take()
            else:
                accepted = number not in self._limited
            if accepted:
                break
            self._pacer.limited(limit, 1.0)
            self._pacer.pause(1.0)
        outcome = self._world.send(action)
        assert isinstance(outcome, Applied)
        return Applied(outcome.after, outcome.http_status, attempts, created=outcome.created)


class Watched:
    """A finished run: the forecast after each sent row, and the true end."""

    def __init__(self, rig: Rig, time: VirtualTime) -> None:
        self.forecasts: list[tuple[int, float, float | None]] = []
        self.rates: list[float | None] = []
        self.at_start: float | None = 0.0
        self.end = 0.0
        self._time = time
        self._rig = rig
        rig.on_run = self._watch

    def _watch(self, run: Run) -> None:
        def note() -> None:
            self.forecasts.append((len(self._rig.shown), self._time(), run.time_left.seconds()))
            self.rates.append(run.time_left.rate)

        self._rig.on_row = note
        self.at_start = run.time_left.seconds()

    def errors(self, since: int = FROM) -> list[float]:
        """Return the error of each forecast, as a fraction of the true time left.

        An error of up to a tenth of a second does not count.
        """
        found = []
        for number, now, seconds in self.forecasts:
            truth = self.end - now
            assert seconds is not None
            if number >= since:
                seen = abs(seconds - truth) > 0.1
                found.append(abs(seconds - truth) / truth if seen and truth > 0 else 0.0)
        return found


@pytest.fixture
def watch(tmp_path) -> Callable[..., Watched]:
    def run(
        rate: float | None,
        latency: float,
        workers: int,
        parts: Parts = MIXED,
        *,
        limited: Collection[int] = (),
        server: tuple[float, int] | None = None,
    ) -> Watched:
        time, world = VirtualTime(), World(qps_pool=100_000)
        rig, wanted = Rig(tmp_path, world), []
        lowered, deactivated, created = parts
        names = {
            "same": (ROWS - SENT, 5, False),
            "lowered": (lowered, 3, False),
            "deactivated": (deactivated, None, True),
            "created": (created, 3, False),
        }
        for kind, (number, limit, absent) in names.items():
            for name in (f"{kind}-{n}" for n in range(number)):
                if kind != "created":
                    world.add(name, 5)
                wanted.append(Wanted(len(wanted) + 2, name, limit, absent=absent))
        expected = server[0] if server else None
        pacer = Pacer(rate, expected=expected, clock=time, sleep=time.sleep)
        bucket = Bucket(*server, time) if server else None
        watched = Watched(rig, time)
        rig.apply(
            wanted,
            pacer=pacer,
            changes=Sender(world, pacer, time, latency, bucket or limited),
            spawn=time.spawn,
            clock=time,
            concurrency=workers,
        )
        watched.end = time()
        assert len(rig.shown) == SENT
        return watched

    return run


@pytest.mark.parametrize("parts", [CREATES, MIXED, WITH_DEACTIVATIONS])
@pytest.mark.parametrize("workers", [1, 8, 32])
@pytest.mark.parametrize("latency", [0.0, 0.02, 0.2, 1.0])
@pytest.mark.parametrize("rate", [4.0, 8.0, 40.0, 160.0, None])
def test_the_time_left_is_right_from_the_tenth_sent_row_on(watch, rate, latency, workers, parts):
    watched = watch(rate, latency, workers, parts)
    assert max(watched.errors()) <= TOLERANCE


def test_the_burst_of_the_first_second_does_not_count_as_the_rate(watch):
    """Forty rows are sent at once, the other eighty take two seconds."""
    watched = watch(40.0, 0.02, 8, CREATES)
    number, _, seconds = watched.forecasts[FROM - 1]
    assert number == FROM
    assert seconds == pytest.approx(2, abs=0.05)
    assert watched.end - 1000.0 == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("latency", [0.02, 0.2])
@pytest.mark.parametrize("rate", [4.0, 8.0, 40.0])
@pytest.mark.parametrize(
    "limited",
    [{60}, {60, 61, 62}, set(range(60, 68)), {40, 80}],
    ids=["one", "three", "all", "two"],
)
def test_a_429_changes_the_forecast_at_once(watch, rate, latency, workers, limited):
    """No forecast knows of a later 429, so it counts after the last one."""
    watched = watch(rate, latency, workers, CREATES, limited=limited)
    assert max(watched.errors(since=max(limited))) <= TOLERANCE


@pytest.mark.parametrize("latency", [0.02, 0.2])
@pytest.mark.parametrize("server", [(10.0, 10), (20.0, 20), (200.0, 400)])
def test_without_a_rate_the_limit_of_the_server_is_expected(watch, server, latency):
    """With `--rate max`, the first 429 comes after the burst."""
    watched = watch(None, latency, 8, CREATES, server=server)
    assert max(watched.errors()) <= TOLERANCE


def test_the_rate_is_that_of_the_last_seconds(watch):
    watched = watch(8.0, 0.02, 8, CREATES)
    assert watched.rates[0] is None
    assert watched.rates[-1] == pytest.approx(8, abs=0.2)


def test_nothing_is_forecast_before_the_first_response(watch):
    watched = watch(8.0, 0.02, 8, CREATES)
    assert watched.at_start is None
    assert watched.forecasts[0][2] is not None
