"""Any sequence of commands, broken in any way: history, runs, results and the API agree."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sessions.agreement import Entry, check_history, check_results, key_of
from sessions.fleet import FATES, Fleet, Step, Trouble
from support.builder import BUILDER_KEY
from support.clock import START
from support.runner import clean_environment
from support.steady import FULL, STEADY
from support.zygote import Zygote

NAMES = [f"u{number}" for number in range(5)]
names = st.sampled_from(NAMES)
limits = st.integers(1, 9)
several = st.lists(names, min_size=2, max_size=4, unique=True)
rows = st.dictionaries(
    names, st.tuples(limits, st.sampled_from([False, False, False, True])), min_size=2
)
# `id` is the customer_id of the first word
WORDS = {
    "create": "users create {}",
    "create with a limit": "users create {} --qps-limit {}",
    "set-qps": "users set-qps {} {}",
    "deactivate": "users deactivate {0} --confirm {0}",
    "onboard": "users onboard {} --exchange polymarket --mode managed",
    "api create": "api POST /builder/users -f external_id={}",
    "api set-qps": "api PATCH /builder/users/{id} -F qps_limit={1}",
    "api deactivate": "api DELETE /builder/users/{id} --confirm {0}",
    "api other": "api POST /orders -f market={}",
}
BULK = ("set-several", "deactivate-several", "apply", "apply-saved")
workers = st.sampled_from([1, 3])
commands = st.one_of(
    st.tuples(st.sampled_from([*WORDS]), names, limits),
    st.tuples(st.sampled_from([*WORDS]), names, limits),
    st.tuples(st.just("set-several"), st.dictionaries(names, limits, min_size=2, max_size=3)),
    st.tuples(st.just("deactivate-several"), several),
    st.tuples(st.just("plan"), rows, st.booleans()),
    st.tuples(st.just("apply"), rows, st.booleans(), workers),
    st.tuples(st.just("apply"), rows, st.booleans(), workers),
    st.tuples(st.just("apply-saved"), workers),
)
fates = st.sampled_from(FATES)
troubles = st.builds(
    Trouble,
    fates=st.lists(fates, max_size=5) | fates.map(lambda fate: [fate] * 8),
    blind=st.sampled_from([False, False, True]),
    writes=st.sampled_from([None] * 12 + [*range(12)]),
)


class AnySequence(RuleBasedStateMachine):
    """Ends with the check of everything that was ever recorded."""

    zygote: Zygote

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="parsec-")
        self.home = Path(self.directory.name)
        self.fleet = Fleet()
        self.steps: list[Step] = []
        for name in NAMES[:4]:
            self.fleet.server.add(name, 5)
        settings = {"PARSEC_API_KEY": BUILDER_KEY, "PARSEC_API_BASE_URL": self.fleet.server.url}
        self.environment = clean_environment(self.home) | settings

    @rule(command=commands, trouble=troubles)
    def do(self, command: tuple, trouble: Trouble) -> None:
        self.run(command, trouble)

    @rule(command=commands, trouble=troubles, other=commands, others=troubles)
    def do_two_at_once(
        self, command: tuple, trouble: Trouble, other: tuple, others: Trouble
    ) -> None:
        """Run another command while the first waits for a response."""
        self.run(command, trouble, other, others)

    def run(self, command: tuple, trouble: Trouble, *other: Any) -> None:
        argv = self.argv(*command)
        step = Step(len(self.steps), argv, trouble, bulk=command[0] in BULK)
        self.steps.append(step)
        # with several workers, the API could not tell whose request it sees
        if other and not works_in_parallel(command):
            step.meanwhile = lambda: self.run(*other)
        if command[0] != "plan":
            argv += ["--reason", step.reason]
        before, since = self.run_files, self.fleet.connections
        self.fleet.running.append(step)
        step.process = self.zygote.start(
            ["--json", *argv],
            env=self.environment,
            cwd=self.home,
            now=START + 60 * step.number,
            writes=trouble.writes,
        )
        step.started.set()
        step.completed = step.process.finish()
        self.fleet.settle(since)
        self.fleet.running.pop()
        inner = {run for later in self.steps[step.number + 1 :] for run in later.runs}
        step.runs = sorted(self.run_files - before - inner)
        if not step.killed:
            assert "fault of parsec" not in step.completed.err, step
        if step.bulk and any(outer.bulk for outer in self.fleet.running):
            assert step.sent == [], f"sent during another run: {step}"

    def argv(self, what: str, *more: Any) -> list[str]:
        if what in WORDS:
            return WORDS[what].format(*more, id=self.fleet.customer_id(more[0])).split(" ")
        match what, *more:
            case "set-several", pairs:
                return ["users", "set-qps", *(f"{name}={qps}" for name, qps in pairs.items())]
            case "deactivate-several", chosen:
                return ["users", "deactivate", *chosen, "--confirm", str(self.there(chosen))]
            case "plan", wanted, prune:
                self.write_roster(wanted)
                return ["users", "plan", "fleet.csv", "--out", "plan.json", *["--prune"] * prune]
            case "apply", wanted, prune, workers:
                self.write_roster(wanted)
                gone = [name for name, (_, absent) in wanted.items() if absent]
                gone += [name for name in NAMES if prune and name not in wanted]
                return [*self.apply("fleet.csv", gone, workers), *["--prune"] * prune]
            case "apply-saved", workers:
                return self.apply("plan.json", self.leavers_in_plan(), workers)
        raise AssertionError(what)

    def write_roster(self, wanted: dict[str, tuple[int, bool]]) -> None:
        lines = ["external_id,qps_limit,state"]
        for name, (qps, absent) in wanted.items():
            lines.append(f"{name},,absent" if absent else f"{name},{qps},active")
        (self.home / "fleet.csv").write_text("\n".join(lines) + "\n")

    def leavers_in_plan(self) -> list[str]:
        path = self.home / "plan.json"
        actions = json.loads(path.read_text())["actions"] if path.exists() else []
        return [one["external_id"] for one in actions if one["action"] == "deactivate"]

    def apply(self, file: str, gone: list[str], workers: int) -> list[str]:
        """Confirm as many deactivations as an operator would see."""
        count = self.there(gone)
        confirm = ["--confirm", str(count)] if count else []
        return ["users", "apply", file, "--yes", "--concurrency", str(workers), *confirm]

    def there(self, chosen: list[str]) -> int:
        return sum(self.fleet.server.by_external_id(name) is not None for name in chosen)

    @property
    def run_files(self) -> set[str]:
        folder = self.home / ".local/state/parsec/runs"
        return {path.stem for path in folder.glob("r-*.jsonl")}

    def ask(self, *argv: str) -> Any:
        running = self.zygote.start(
            [*argv, "--json"], env=self.environment, cwd=self.home, now=START + 10_000_000
        )
        completed = running.finish()
        assert completed is not None
        assert completed.code == 0, completed
        return completed.json

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            self.fleet.server.stop()
            self.directory.cleanup()
        self.fleet.server.check()

    def check(self) -> None:
        entries: list[Entry] = self.ask("history", "list", "--limit", "100000")["entries"]
        check_history(self.steps, entries)
        listed = {run["id"] for run in self.ask("runs", "list", "--limit", "100000")["runs"]}
        for step in self.steps:
            assert len(step.runs) <= step.bulk, step
            found = {key_of(one): one for one in entries if one["reason"] == step.reason}
            printed = None
            if not step.killed and step.bulk and step.completed.out:
                printed = step.completed.json["results"]
                check_results(step, found, printed)
            shown = [run for run in step.runs if run in listed]
            for run in shown:
                document = self.ask("runs", "show", run)
                recorded, state = document["results"], document["run"]["state"]
                assert state in ("finished", "stopped", "interrupted"), step
                assert state != "interrupted" or step.killed or step.interrupted, step
                check_results(step, found, recorded)
                # a worker may take a row, without sending it, while the process gives up
                assert printed in (None, recorded) or step.abandoned, step
            if step.bulk and not shown:
                assert step.sent == [], step


def works_in_parallel(command: tuple) -> bool:
    return command[0] == "set-several" or (command[0] in BULK and command[-1] == 3)


def test_history_runs_results_and_the_api_agree_after_any_sequence():
    AnySequence.zygote = Zygote()
    try:
        run_state_machine_as_test(
            AnySequence,
            settings=settings(
                STEADY,
                max_examples=60 if FULL else 3,
                stateful_step_count=40 if FULL else 10,
                # a smaller sequence takes minutes to find, and a failure names its step
                phases=[Phase.generate],
            ),
        )
    finally:
        AnySequence.zygote.stop()
