"""Ctrl-C and SIGTERM in bulk runs: the first drains the run, the second ends it at once.

A few signals by default; 100 of each at random moments with PARSEC_TEST_FULL=1.
"""

from __future__ import annotations

import random
import re
import signal
import threading
import time
from collections import Counter

import pytest
from commands.users.bulk_files import creates, lines_of, roster
from faults.children import ENDLESS, Child, until
from support.actions import held, response, stall, too_many
from support.steady import FULL

from parsec_cli.interrupts import DRAIN_SECONDS

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
ROWS = 60


@pytest.fixture
def start(isolated_environment, work, builder, key_env):
    """Start `apply` of a file in a process of its own."""
    builder.strict = False
    env = {**isolated_environment, **key_env(builder)}
    started = []

    def run(*argv: str, **how) -> Child:
        started.append(Child(["users", *argv, "--rate", "max", "--json"], env, work, **how))
        return started[-1]

    yield run
    for child in started:
        child.signal(signal.SIGKILL)
        child.finish()


@pytest.fixture
def apply(start, work):
    file = creates(work / "u.csv", ROWS)
    return lambda *more, **how: start(
        "apply", file, "--yes", "--results", "out.jsonl", *more, **how
    )


def changes(builder) -> int:
    return len([request for request in builder.mutations if request.complete])


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("seed", range(100 if FULL else 2))
def test_a_signal_drains_the_run_and_the_next_one_continues(apply, builder, work, number, seed):
    """Rows in flight are finished, no more are sent, and the next run sends nothing twice."""
    chance = random.Random(seed)
    builder.latency = 0.03
    at = chance.randrange(1, 40)
    child = apply()
    until(lambda: changes(builder) >= at)
    time.sleep(chance.random() * 0.03)
    child.signal(number)
    completed = child.finish()

    assert completed.code == CODES[number], completed
    assert "Traceback" not in completed.err
    sent, summary = changes(builder), completed.json["summary"]
    assert summary["created"] == sent == len(builder.effects) < ROWS
    assert summary["not_attempted"] == ROWS - sent
    assert f"{sent} created, {ROWS - sent} not attempted" in completed.error["message"]
    assert re.search(r"\nparsec .*users apply .*--yes", completed.error["hint"])
    assert lines_of(work / "out.jsonl") == completed.json["results"]

    again = apply().finish()

    assert again.code == 0, again
    assert again.json["summary"]["unchanged"] == sent
    assert len(builder.mutations) == ROWS
    assert set(Counter(builder.effects).values()) == {1}


@pytest.mark.parametrize("number", CODES)
def test_a_signal_during_a_wait_after_a_429_leaves_nothing_unknown(apply, builder, number):
    builder.fault("POST", nth=9, times=999, action=too_many("500"))
    child = apply("--concurrency", "4", "--max-wait", "600")
    until(lambda: changes(builder) >= 9)
    child.signal(number)
    completed = child.finish()

    assert completed.code == CODES[number], completed
    summary = completed.json["summary"]
    assert summary["created"] == len(builder.effects) == 8
    assert summary["unknown"] == 0
    assert summary["created"] + summary["failed"] + summary["not_attempted"] == ROWS


def test_rows_without_a_response_in_time_are_unknown(apply, builder):
    for number in (6, 10):
        builder.fault("POST", nth=number, action=stall(), after_effect=True)
    child = apply("--concurrency", "2", drain=0.8)
    until(lambda: changes(builder) >= 10)
    child.signal(signal.SIGINT)
    completed = child.finish()

    assert completed.code == 130, completed
    assert completed.json["summary"]["unknown"] == 2
    assert "2 unknown" in completed.error["message"]
    again = apply().finish()
    assert again.code == 0, again
    assert set(Counter(builder.effects).values()) == {1}
    assert len(builder.mutations) == ROWS


@pytest.mark.parametrize("number", CODES)
def test_a_second_signal_ends_the_run_at_once(apply, builder, number, work):
    """Rows in flight are unknown, and the run can be continued."""
    builder.fault("POST", nth=6, times=4, action=stall(), after_effect=True)
    child = apply("--concurrency", "4", drain=ENDLESS)
    until(lambda: changes(builder) >= 9)
    child.defer(signal.SIGINT)
    child.signal(number)
    completed = child.finish()

    assert completed.code == 130, completed
    assert completed.json["summary"]["unknown"] == 4
    assert "4 unknown" in completed.error["message"]
    assert "Traceback" not in completed.err
    assert sum(line["outcome"] == "unknown" for line in lines_of(work / "out.jsonl")) == 4
    assert apply().finish().code == 0
    assert set(Counter(builder.effects).values()) == {1}


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("action", [stall(), too_many("50")], ids=str)
def test_a_signal_before_the_first_row_changes_nothing(apply, builder, number, action):
    """While users are listed, or during a wait after a 429."""
    builder.fault("GET", "users$", action=action)
    child = apply()
    until(lambda: len(builder.requests) == 2)
    child.signal(number)
    completed = child.finish()

    assert completed.code == CODES[number]
    assert completed.out == ""
    assert builder.mutations == []


@pytest.mark.parametrize("number", CODES)
def test_a_deactivation_in_flight_is_finished_and_no_other_is_sent(start, builder, work, number):
    names = [user["external_id"] for user in builder.add_many(5)]
    released = threading.Event()
    builder.fault("DELETE", nth=2, action=held(released, response(204)), after_effect=True)
    file = roster(work / "ids.txt", *names, header="external_id")
    child = start("deactivate", "--from-file", file, "--confirm", "5", drain=DRAIN_SECONDS)
    until(lambda: changes(builder) == 2)
    child.defer(number)
    released.set()
    completed = child.finish()

    assert completed.code == CODES[number], completed
    assert completed.json["summary"]["deactivated"] == len(builder.effects) == 2
    assert completed.json["summary"]["not_attempted"] == 3
    again = start("deactivate", "--from-file", file, "--confirm", "3").finish()
    assert again.code == 0, again
    summary = dict.fromkeys(again.json["summary"], 0)
    assert again.json["summary"] == {**summary, "deactivated": 3, "unchanged": 2}


def test_a_run_under_nohup_ignores_ctrl_c(apply, builder):
    builder.latency = 0.02
    child = apply(deaf=True)
    until(lambda: changes(builder) >= 5)
    child.signal(signal.SIGINT)

    assert child.finish().code == 0
    assert len(builder.effects) == ROWS


@pytest.mark.parametrize("verb", ["apply", "deactivate"])
def test_a_second_run_at_the_same_time_is_refused(start, parsec, builder, work, key_env, verb):
    """The error names the process of the first."""
    builder.fault("POST", action=stall())
    first = start("apply", creates(work / "u.csv", 3), "--yes")
    until(lambda: changes(builder) == 3)
    other = {
        "apply": ["apply", roster(work / "v.csv", "else,1"), "--yes"],
        "deactivate": ["deactivate", "--from-file", roster(work / "w.txt", header="else")],
    }
    before = len(builder.requests)

    completed = parsec("users", *other[verb], env=key_env(builder))

    assert completed.code == 10, completed
    assert f"process {first.pid}" in completed.err
    assert len(builder.requests) == before
    first.signal(signal.SIGKILL)
    first.finish()
    assert parsec("users", *other["apply"], env=key_env(builder)).code == 0
