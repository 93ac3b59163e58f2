"""After any fault, the journal agrees with the server or says unknown."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from bulk.rig import HOST, KEY, Rig
from bulk.world import not_found
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.steady import FULL, STEADY

from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.diff import diff
from parsec_cli.bulk.plan.plan import Plan
from parsec_cli.bulk.run.journal import read_earlier_runs, run_ids
from parsec_cli.bulk.run.recorded_runs import find_run
from parsec_cli.errors import (
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    ServerFault,
    Unauthorized,
)
from parsec_cli.models import NotApplied, Outcome, Unknown

NAMES = [f"u{n}" for n in range(4)]
names = st.sampled_from(NAMES)
limits = st.integers(1, 9)
FATES = (
    *("ok", "ok", "lost before", "lost after", "limited", "refused", "missing", "down"),
    *("unauthorized", "killed before", "killed after"),
)
wishes = st.dictionaries(names, st.tuples(limits, st.booleans()), min_size=1)
fates = st.lists(st.sampled_from(FATES), min_size=4, max_size=4)


class Killed(BaseException):
    """Raised where the process dies."""


class MortalDisk:
    """A disk that tears one write in half and then kills the process."""

    def __init__(self, writes: int | None) -> None:
        self.left = writes
        self.dead = False

    def write(self, descriptor: int, data: bytes) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0 and not self.dead:
                self.dead = True
                os.write(descriptor, data[: len(data) // 2])
        if self.dead:
            raise Killed
        os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        del descriptor
        if self.dead:
            raise Killed


class Truth(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.rig = Rig(self.directory)
        self.world = self.rig.world
        self.wanted: dict[str, tuple[int, bool]] = {}
        self.ours: set[str] = set()
        self.plan: Plan | None = None

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    @initialize(there=st.dictionaries(names, limits, min_size=2))
    def begin(self, there: dict[str, int]) -> None:
        for name, qps in there.items():
            self.world.add(name, qps)

    @rule(name=names, qps=limits)
    def somebody_else_edits_or_creates(self, name: str, qps: int) -> None:
        there = self.world.named(name)
        if there is None:
            self.world.add(name, qps)
        else:
            there["qps_limit"] = qps

    @rule(name=names)
    def somebody_else_deactivates(self, name: str) -> None:
        there = self.world.named(name)
        if there is not None:
            del self.world.users[there["customer_id"]]

    @rule()
    def save_a_plan(self) -> None:
        self.plan = diff(self.rows, self.world.snapshot())

    @rule(wishes=wishes, fates=fates, writes=st.sampled_from([None] * 9 + [*range(9)]))
    def apply(
        self, wishes: dict[str, tuple[int, bool]], fates: list[str], writes: int | None
    ) -> None:
        self.wanted.update(wishes)
        self.run(self.rows, fates, writes)

    @precondition(lambda self: self.plan is not None)
    @rule(fates=fates)
    def apply_the_saved_plan(self, fates: list[str]) -> None:
        assert self.plan is not None
        self.run(self.plan, fates, None)

    def run(self, wanted: list[Wanted] | Plan, fates: list[str], writes: int | None) -> None:
        disk = MortalDisk(writes)
        self.strike(fates, disk)
        known, runs = len(self.world.effects), run_ids(self.rig.runs)
        try:
            ended = self.rig.apply(wanted, disk=disk, concurrency=1, max_failures=9)
        except Killed:
            return
        finally:
            self.strike([], disk)
            self.note_ours()
            self.check_record(self.world.effects[known:], {*run_ids(self.rig.runs)} - {*runs})
        self.check_results(self.world.effects[known:], self.rig.rows())
        assert ended.exit_code in (0, 4, 8, 12)

    @precondition(lambda self: self.wanted)
    @rule()
    def run_again_undisturbed(self) -> None:
        ended = self.rig.apply(self.rows, concurrency=3)
        assert ended.exit_code == 0
        self.note_ours()
        assert diff(self.rows, self.world.snapshot()).actions == ()

    def note_ours(self) -> None:
        self.ours |= {value for verb, _, value in self.world.effects if verb == "deactivate"}

    @invariant()
    def journal_is_true_or_says_unknown(self) -> None:
        earlier = read_earlier_runs(self.rig.runs, HOST, KEY)
        for customer in earlier.done:
            assert customer not in self.world.users, "done, but the user is there"
        for customer in self.ours:
            assert customer in earlier.done or customer in earlier.unknown, "done, but not known"
        assert not set(earlier.done) - self.ours, "done, but by somebody else"

    @property
    def rows(self) -> list[Wanted]:
        return [
            Wanted(row, name, qps, absent=absent)
            for row, (name, (qps, absent)) in enumerate(self.wanted.items(), 2)
        ]

    def strike(self, fates: list[str], disk: MortalDisk) -> None:
        """Let each of the next requests have one of these faults."""
        left = iter(fates)
        current = "ok"

        def before(_: str) -> Outcome | None:
            nonlocal current
            current = next(left, "ok")
            if current == "killed before":
                disk.dead = True
                raise Killed
            return BEFORE.get(current, lambda: None)()

        def after(_: str) -> Outcome | None:
            if current == "killed after":
                disk.dead = True
                raise Killed
            return lost() if current == "lost after" else None

        self.world.before, self.world.after = before, after

    def check_record(self, effects: list, new: set[str]) -> None:
        """The file of the run, if it is whole, shows every row and its outcome."""
        rows: list[dict[str, Any]] = []
        with suppress(NotFound):
            for name in new:
                rows = [*find_run(self.rig.runs, name).rows()]
                assert self.rig.checked is not None
                assert len(rows) == len(self.rig.checked.plan.entries)
        if rows or effects:
            self.check_results(effects, rows)
            assert {name for _, name, _ in effects} <= {row["external_id"] for row in rows}

    def check_results(self, effects: list, rows: list[dict[str, Any]]) -> None:
        """A row that reports an effect had one in this run; a failed row had none."""
        changed = {name for _, name, _ in effects}
        for row in rows:
            if row["outcome"] in ("created", "changed", "deactivated"):
                assert row["external_id"] in changed
            elif row["outcome"] != "unknown":
                assert row["external_id"] not in changed


def lost() -> Outcome:
    return Unknown(OutcomeUnknown("outcome unknown: no response"), 3)


BEFORE = {
    "lost before": lost,
    "limited": lambda: NotApplied(RateLimited("beyond `--max-wait`", http_status=429), 9),
    "refused": lambda: NotApplied(Refused("validation failed", http_status=400), 1),
    "missing": not_found,
    "down": lambda: NotApplied(ServerFault("bad gateway", http_status=502), 4),
    "unauthorized": lambda: NotApplied(Unauthorized("invalid API key", http_status=401), 1),
}

TestTruth = Truth.TestCase
TestTruth.settings = settings(STEADY, max_examples=3000 if FULL else 25, stateful_step_count=20)
