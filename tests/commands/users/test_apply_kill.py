"""Runs that are killed and run again lose nothing, repeat nothing and leave a readable journal.

A few kills by default; every boundary and 200 random ones with PARSEC_TEST_FULL=1.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from commands.users import fused
from commands.users.bulk_files import roster
from support.actions import close
from support.steady import FULL

ROWS = [
    *(f"new-{n:02d},2," for n in range(20)),
    *(f"up-{n},20," for n in range(6)),
    *(f"down-{n},1," for n in range(4)),
    *(f"gone-{n},,absent" for n in range(4)),
    *(f"same-{n},5," for n in range(2)),
]
EFFECTS = 34
SMALL = ["new-0,2,", "up-0,20,", "down-0,1,", "gone-0,,absent", "gone-1,,absent", "same-0,5,"]
BOUNDARIES = 110  # about as many as a whole run of SMALL has; a test finds the true number


class Victim:
    """A run of the tool that gets killed, and the same run again."""

    def __init__(self, builder, env, work, rows) -> None:
        self.builder, self.env, self.work = builder, env, work
        for row in rows:
            name = row.partition(",")[0]
            if not name.startswith("new"):
                builder.add(name, 5)
        self.gone = {row.partition(",")[0] for row in rows if row.endswith("absent")}
        header = "external_id,qps_limit,state"
        self.file = roster(work / "users.csv", *rows, header=header)
        self.rows = len(rows)
        self.runs = 0  # that have a file
        self.child: subprocess.Popen[bytes] | None = None

    def argv(self, concurrency: int) -> list[str]:
        # consent is to the deactivations that are left
        left = sum(user["external_id"] in self.gone for user in self.builder.users.values())
        how = ["--confirm", str(left), "--rate", "max", "--concurrency", str(concurrency)]
        return ["users", "apply", self.file, "--yes", *how, "--results", "out.jsonl", "--json"]

    def start(self, *command: str, concurrency: int) -> None:
        self.child = subprocess.Popen(
            [sys.executable, *command, *self.argv(concurrency)],
            env=self.env,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> int:
        assert self.child is not None
        try:
            code = self.child.wait(30)
        finally:
            if self.child.poll() is None:
                self.child.kill()
                self.child.wait()
        self.builder.settle()
        return code

    def kill_at_request(self, number: int, *, lost: bool) -> None:
        """Kill at the change of that number: before the server acts on it (`lost`), or after."""
        handle, seen, lock = self.builder._handle, Counter(), threading.Lock()

        def respond(request):
            if request.method == "GET":
                return handle(request)
            with lock:
                seen["changes"] += 1
                mine = seen["changes"] == number
            if mine and lost:
                self._kill()
                return close()  # as if it had never arrived
            action = handle(request)
            if mine:
                self._kill()
            return action

        self.builder.respond(respond)

    def _kill(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGKILL)

    def check_record(self, parsec, before: int = 0) -> None:
        """Check that the file of the killed run has every row, with what became of it.

        `before` counts the effects of earlier runs.
        """
        new = {customer_id for _, customer_id in self.builder.effects[before:]}
        listed = parsec("runs", "list", "--json", env=self.env)
        assert listed.code == 0, listed
        runs = listed.json["runs"]
        if len(runs) == self.runs:
            assert new == set(), "the run had effects before its plan was kept"
            return
        self.runs = len(runs)
        shown = parsec("runs", "show", runs[-1]["id"], "--json", env=self.env).json
        assert shown["run"]["state"] in ("interrupted", "finished")
        assert len(shown["results"]) == self.rows
        for row in shown["results"]:
            user = self.builder.by_external_id(row["external_id"]) or {}
            changed = (row["customer_id"] or user.get("customer_id")) in new
            if row["outcome"] in ("created", "changed", "deactivated"):
                assert changed, row
            elif row["outcome"] != "unknown":
                assert not changed, row

    def check(self, parsec, *, effects: int, concurrency: int, kills: int = 1) -> None:
        """Run again and compare: complete, each effect once, few requests again."""
        self.builder.respond(self.builder._handle)

        completed = parsec(*self.argv(concurrency), env=self.env)

        assert completed.code == 0, completed
        summary = completed.json["summary"]
        assert sum(summary.values()) == self.rows
        assert summary["failed"] == summary["unknown"] == summary["not_attempted"] == 0
        assert len(self.builder.effects) == effects
        assert set(Counter(self.builder.effects).values()) == {1}
        assert len(self.builder.mutations) - effects <= concurrency * kills
        after = parsec("users", "plan", self.file, "--exit-code", env=self.env)
        assert after.code == 0, after


@pytest.fixture
def victim(builder, isolated_environment, key_env, work):
    def make(rows) -> Victim:
        return Victim(builder, {**isolated_environment, **key_env(builder)}, work, rows)

    return make


@pytest.mark.parametrize("event", range(0, BOUNDARIES, 1 if FULL else 19))
def test_the_next_run_completes_a_run_killed_at_a_write(victim, parsec, event):
    """One worker, so that every boundary has its number."""
    run = victim(SMALL)
    run.start(fused.__file__, str(event), concurrency=1)
    assert run.wait() in (-signal.SIGKILL, 0)

    run.check_record(parsec)
    run.check(parsec, effects=5, concurrency=1)


def test_boundaries_cover_the_whole_run(victim):
    run = victim(SMALL)
    run.start(fused.__file__, str(BOUNDARIES), concurrency=1)

    assert run.wait() == 0


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("number", range(1, EFFECTS + 1) if FULL else [6])
def test_the_next_run_completes_a_run_killed_at_a_request(victim, parsec, number, lost):
    run = victim(ROWS)
    run.kill_at_request(number, lost=lost)
    run.start("-m", "parsec_cli", concurrency=1)
    assert run.wait() == -signal.SIGKILL

    run.builder.respond(run.builder._handle)
    run.check_record(parsec)
    run.check(parsec, effects=EFFECTS, concurrency=1)


@pytest.mark.parametrize("seed", range(200 if FULL else 2))
def test_the_next_run_completes_a_run_of_many_workers_killed_at_random(
    victim, builder, parsec, seed
):
    chance = random.Random(seed)
    builder.latency = 0.01
    run = victim(ROWS)
    run.start("-m", "parsec_cli", concurrency=8)
    for _ in range(3000):
        if builder.mutations or run.child.poll() is not None:
            break
        time.sleep(0.01)
    time.sleep(chance.random() * 0.25)
    run._kill()
    assert run.wait() in (-signal.SIGKILL, 0)

    run.check_record(parsec)
    run.check(parsec, effects=EFFECTS, concurrency=8)


def test_a_run_killed_again_and_again_is_completed(victim, parsec):
    run = victim(SMALL)
    kills = 0
    for event in range(30, BOUNDARIES, 9 if FULL else 30):
        before = len(run.builder.effects)
        run.start(fused.__file__, str(event), concurrency=1)
        assert run.wait() in (-signal.SIGKILL, 0)
        run.check_record(parsec, before)
        kills += 1

    run.check(parsec, effects=5, concurrency=1, kills=kills)


def test_a_deactivation_that_a_kill_left_unknown_needs_consent_again(
    victim, builder, parsec, terminal
):
    run = victim(SMALL)
    run.kill_at_request(2, lost=True)
    run.start("-m", "parsec_cli", concurrency=1)
    assert run.wait() == -signal.SIGKILL
    builder.respond(builder._handle)

    refused = parsec("users", "apply", run.file, "--yes", env=run.env)
    session = terminal(
        ["users", "apply", run.file], env=run.env, answers=[("Type 2", "2\n")], cols=120
    )

    assert refused.code == 9
    assert "the outcome of an earlier deactivation of" in session.text
    assert session.code == 0
    assert set(Counter(builder.effects).values()) == {1}
