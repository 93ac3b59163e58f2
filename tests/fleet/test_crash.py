"""Runs that are killed with SIGKILL, then run again: nothing lost, nothing done twice.

A few kills by default; every boundary and 200 random ones with PARSEC_TEST_FULL=1.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fleet import victim
from fleet.rig import HOST, KEY
from fleet.steady import FULL

from parsec_cli.fleet.past import read_past

EVENTS = 100  # about as many as a whole run has; the tests find the true number
TESTS = Path(victim.__file__).parents[1]


def run(directory: Path, workers: int, kill_at: int | None = None) -> int:
    argv = [sys.executable, victim.__file__, str(directory), str(workers)]
    argv += [] if kill_at is None else [str(kill_at)]
    env = {**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}
    return subprocess.run(argv, check=False, timeout=60, env=env).returncode


def server_lines(directory: Path) -> list[list]:
    path = directory / "server"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def outcomes(directory: Path) -> Counter:
    lines = (directory / "results.jsonl").read_text().splitlines()
    return Counter(json.loads(line)["outcome"] for line in lines)


def check_killed_and_run_again(directory: Path, workers: int, kill_at: int) -> bool:
    """Kill, look at what is left, run again, compare; False when the run ended before the kill."""
    code = run(directory, workers, kill_at)
    assert code in (-signal.SIGKILL, 0)
    past = read_past(directory / "runs", HOST, KEY)
    lines = server_lines(directory)
    gone = [name for kind, verb, name, _ in lines if (kind, verb) == ("effect", "deactivate")]
    told = {*past.done.values(), *past.unknown.values()}
    assert set(gone) <= told, "a deactivation that no journal knows of"
    assert set(past.done.values()) <= set(gone), "a deactivation that never was"

    assert run(directory, workers) == 0
    lines = server_lines(directory)
    effects = Counter(name for kind, _, name, _ in lines if kind == "effect")
    assert len(effects) == victim.EFFECTS
    assert set(effects.values()) == {1}, "an effect twice"
    asked = sum(kind == "request" for kind, *_ in lines)
    assert asked - victim.EFFECTS <= workers, "more than one request again per worker"
    assert sum(outcomes(directory).values()) == len(victim.WANTED)
    assert not set(outcomes(directory)) & {"failed", "unknown", "not_attempted"}
    return code != 0


def test_undisturbed_run_is_complete(tmp_path):
    assert run(tmp_path, 4) == 0
    assert outcomes(tmp_path) == {"created": 6, "changed": 2, "deactivated": 2, "unchanged": 1}


@pytest.mark.parametrize("kill_at", range(0, EVENTS, 1 if FULL else 9))
def test_killed_at_a_boundary_of_writing_or_sending(tmp_path, kill_at):
    """One worker, so that every boundary has its number."""
    check_killed_and_run_again(tmp_path, 1, kill_at)


def test_boundaries_cover_the_whole_run(tmp_path):
    assert not check_killed_and_run_again(tmp_path, 1, EVENTS + 20)


@pytest.mark.parametrize("seed", range(200 if FULL else 4))
def test_killed_at_a_random_event_with_many_workers(tmp_path, seed):
    """Also when several requests were in flight."""
    check_killed_and_run_again(tmp_path, 8, random.Random(seed).randrange(EVENTS))


def test_killed_again_and_again_until_it_is_done(tmp_path):
    for step in range(12, EVENTS, 12):
        code = run(tmp_path, 2, step)
        assert code in (0, -signal.SIGKILL)
    assert run(tmp_path, 2) == 0
    effects = Counter(name for kind, _, name, _ in server_lines(tmp_path) if kind == "effect")
    assert set(effects.values()) == {1}
    assert len(effects) == victim.EFFECTS
