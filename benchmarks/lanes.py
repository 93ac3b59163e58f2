"""A group of programs that run in turn, how often, and what was measured of each."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from measuring import Failed, Program, Took, run
from programs import Bench
from steering import ANYTHING, Counted, Server, Setting


@dataclass(frozen=True, slots=True)
class Lane:
    """One program of a group. `requests` is how many it must make, None where that is measured.

    `fresh`: each run gets a home of its own, as what the last one left would change this one;
    otherwise `home` names the one it shares. `quick`: it also runs where two minutes are all there
    is.
    """

    program: Program
    setting: Setting = ANYTHING
    requests: int | None = None
    fresh: bool = False
    quick: bool = True
    home: str = "home"


def nothing(server: Server) -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lanes that run in turn, A B C A B C, so that a busy machine is busy for all of them.

    `prepare` makes what they need beforehand. The first `cold` rounds warm caches and do not
    count: long runs leave nothing to warm, and such a round would cost too much.
    """

    name: str
    rounds: int
    quick: int
    lanes: Sequence[Lane]
    prepare: Callable[[Server], None] = nothing
    cold: int = 1


@dataclass(frozen=True, slots=True)
class Measured:
    took: Took
    counted: Counted


Results = Mapping[str, list[Measured]]


def lanes(*of: tuple[Program | None, Setting, int | None]) -> list[Lane]:
    """Make lanes of the programs that this machine has."""
    return [Lane(program, setting, count) for program, setting, count in of if program]


def measure(server: Server, bench: Bench, group: Group, *, quick: bool) -> Results:
    """Run a group's lanes in turn, those that are quick or all."""
    chosen = [lane for lane in group.lanes if lane.quick or not quick]
    results: dict[str, list[Measured]] = {lane.program.name: [] for lane in chosen}
    if not chosen:
        return results
    group.prepare(server)
    rounds = group.quick if quick else group.rounds
    for number in range(rounds + group.cold):
        print(f"{group.name}: round {number + 1} of {rounds + group.cold}", file=sys.stderr)
        for lane in chosen:
            measured = _once(server, bench, lane)
            if number >= group.cold:
                results[lane.program.name].append(measured)
    return results


def _once(server: Server, bench: Bench, lane: Lane) -> Measured:
    server.settle(lane.setting)
    with tempfile.TemporaryDirectory(dir=bench.scratch) as own:
        home = own if lane.fresh else str(bench.home(lane.home))
        took = run(lane.program, {**bench.environ, "HOME": home})
    counted = server.counted()
    if lane.requests is not None and counted.total != lane.requests:
        raise Failed(f"{lane.program.name}: {counted.total} requests, not {lane.requests}")
    return Measured(took, counted)
