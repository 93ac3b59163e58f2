"""Which programs run in turn against which server, and how often: the groups of the benchmark."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from measuring import Failed, Program, Took, run
from programs import WORKERS, Bench, Writes
from steering import ANYTHING, Counted, Server, Setting

LATENCY = 0.02
ROWS = 2_000
SLOW_ROWS = 150
FAST = Setting(users=ROWS, latency=LATENCY, rate=200, burst=400)
SLOW = Setting(users=SLOW_ROWS, latency=LATENCY, rate=10, burst=10)


@dataclass(frozen=True, slots=True)
class Lane:
    """One program of a group. `requests` is how many it must make, None where that is measured.

    `fresh`: each run gets a home of its own, as what the last one left would change this one.
    `quick`: it also runs where two minutes are all there is.
    """

    program: Program
    setting: Setting = ANYTHING
    requests: int | None = None
    fresh: bool = False
    quick: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Lanes that run in turn, A B C A B C, so that a busy machine is busy for all of them."""

    name: str
    rounds: int
    quick: int
    lanes: Sequence[Lane]


@dataclass(frozen=True, slots=True)
class Measured:
    took: Took
    counted: Counted


Results = Mapping[str, list[Measured]]


def groups(bench: Bench) -> tuple[Group, ...]:
    return (
        _starting(bench),
        _one_page(bench),
        _many_pages(bench),
        _distant(bench),
        _memory(bench),
        _bulk(bench),
        _limited(bench),
    )


def _lanes(*lanes: tuple[Program | None, Setting, int | None]) -> list[Lane]:
    return [Lane(program, setting, count) for program, setting, count in lanes if program]


def _starting(bench: Bench) -> Group:
    none = Setting()
    lanes = _lanes(
        (bench.python("import typer", "-c", "import typer"), none, 0),
        (bench.parsec("--version", "--version"), none, 0),
        (bench.parsec("--help", "--help"), none, 0),
        (bench.tab("TAB"), none, 0),
    )
    return Group("start-up", 25, 9, lanes)


def _one_page(bench: Bench) -> Group:
    page = Setting(users=100)
    lanes = _lanes(
        (bench.parsec("1 page, --json", "users", "list", "--json"), page, 1),
        (bench.script("1 page, httpx", "list_httpx.py"), page, 1),
        (bench.script("1 page, http.client", "list_http_client.py"), page, 1),
        (bench.sdk_loop("1 page, SDK"), page, 1),
        (bench.httpie_page("1 page, httpie"), page, 1),
        (bench.python("1 page, imports", "-c", "import typer, httpx, httpcore"), page, 0),
        (bench.curl_jq("1 page, curl + jq"), page, 1),
    )
    return Group("one page", 25, 5, lanes)


def _many_pages(bench: Bench) -> Group:
    many = Setting(users=10_000)
    listing = ("users", "list")
    lanes = _lanes(
        (bench.parsec("10,000, --json", *listing, "--json"), many, 101),
        (bench.script("10,000, httpx", "list_httpx.py"), many, 100),
        (bench.parsec("10,000, piped", *listing), many, 101),
        (bench.parsec("10,000, terminal", *listing, terminal=True), many, 101),
        (bench.sdk_loop("10,000, SDK"), many, 100),
        (bench.curl_jq("10,000, curl + jq"), many, 100),
    )
    return Group("many pages", 9, 2, lanes)


def _distant(bench: Bench) -> Group:
    many = Setting(users=10_000, latency=LATENCY)
    listing = ("users", "list")
    lanes = _lanes(
        (bench.parsec("20 ms, 10,000, --json", *listing, "--json"), many, 101),
        (bench.script("20 ms, 10,000, http.client", "list_http_client.py"), many, 100),
        (
            bench.parsec("20 ms, 1 page, --json", *listing, "--json"),
            Setting(users=100, latency=LATENCY),
            1,
        ),
        (bench.first_line("20 ms, head -1", *listing), many, None),
    )
    return Group("at 20 ms", 9, 2, lanes)


def _memory(bench: Bench) -> Group:
    few, most = Setting(users=1_000), Setting(users=100_000)
    listing = ("users", "list")
    lanes = _lanes(
        (bench.parsec("1,000, --json", *listing, "--json"), few, 11),
        (bench.parsec("100,000, --json", *listing, "--json"), most, 1_001),
        (bench.parsec("1,000, terminal", *listing, terminal=True), few, 11),
        (bench.parsec("100,000, terminal", *listing, terminal=True), most, 1_001),
    )
    return Group("memory", 3, 1, lanes)


def _bulk(bench: Bench) -> Group:
    lanes = []
    for create, what in ((True, "creates"), (False, "limits")):
        writes = Writes(ROWS, create)
        setting = Setting(users=0 if create else ROWS, latency=LATENCY)
        tool = apply(bench, f"{what}, apply", writes)
        lanes += [
            replace(lane, fresh=True, quick="xargs" not in lane.program.name)
            for lane in _lanes(
                (tool, setting, None),
                (writes.curl_parallel(bench, f"{what}, curl --parallel"), setting, ROWS),
                (writes.xargs_curl(bench, f"{what}, xargs -P curl"), setting, ROWS),
            )
        ]
    return Group("bulk", 3, 1, lanes)


def _limited(bench: Bench) -> Group:
    fast, slow = Writes(ROWS, create=False), Writes(SLOW_ROWS, create=False)
    lanes = [
        Lane(apply(bench, "200/s, apply", fast), FAST, fresh=True),
        Lane(apply(bench, "10/s, apply", slow), SLOW, fresh=True),
    ]
    return Group("under a limit", 3, 1, lanes)


def apply(bench: Bench, name: str, writes: Writes) -> Program:
    roster = str(writes.roster(bench.scratch))
    options = ("--yes", "--json", "--rate", "max", "--concurrency", str(WORKERS))
    return bench.parsec(name, "users", "apply", roster, *options)


def measure(server: Server, bench: Bench, group: Group, *, quick: bool) -> Results:
    """Run a group's lanes in turn; the first round warms caches and does not count."""
    lanes = [lane for lane in group.lanes if lane.quick or not quick]
    results: dict[str, list[Measured]] = {lane.program.name: [] for lane in lanes}
    rounds = group.quick if quick else group.rounds
    # long runs leave nothing to warm, and their first round costs too much to throw away
    cold = 0 if lanes[0].fresh else 1
    for number in range(rounds + cold):
        print(f"{group.name}: round {number + 1} of {rounds + cold}", file=sys.stderr)
        for lane in lanes:
            measured = _once(server, bench, lane)
            if number >= cold:
                results[lane.program.name].append(measured)
    return results


def _once(server: Server, bench: Bench, lane: Lane) -> Measured:
    server.settle(lane.setting)
    with tempfile.TemporaryDirectory(dir=bench.scratch) as home:
        took = run(lane.program, {**bench.environ, "HOME": home} if lane.fresh else bench.environ)
    counted = server.counted()
    if lane.requests is not None and counted.total != lane.requests:
        raise Failed(f"{lane.program.name}: {counted.total} requests, not {lane.requests}")
    return Measured(took, counted)
