"""A whole run in one call: plan, journal, results file, workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bulk.world import World

from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.diff import diff
from parsec_cli.bulk.plan.plan import Plan
from parsec_cli.bulk.plan.snapshot import CheckedPlan, recheck
from parsec_cli.bulk.run.journal import open_journal
from parsec_cli.bulk.run.rate_limiter import Pacer
from parsec_cli.bulk.run.row_results import ResultName, Results, RunResult
from parsec_cli.bulk.run.run import Run
from parsec_cli.files.lock import Disk
from parsec_cli.interrupts import start_thread

HOST, KEY = "api.example", "0123456789ab"


class Rig:
    def __init__(self, directory: Path, world: World | None = None) -> None:
        self.runs = directory / "runs"
        self.results = directory / "results.jsonl"
        self.world = world or World()
        self.shown: list[ResultName] = []
        self.checked: CheckedPlan | None = None
        self.on_run: Callable[[Run], None] = lambda _: None
        self.on_row: Callable[[], None] = lambda: None

    def apply(
        self,
        wanted: Sequence[Wanted] | Plan,
        *,
        prune: bool = False,
        disk: Disk | None = None,
        pacer: Pacer | None = None,
        changes: Any = None,
        spawn: Any = start_thread,
        **how: Any,
    ) -> RunResult:
        with open_journal(self.runs, HOST, KEY, command="users apply", disk=disk) as journal:
            snapshot = self.world.snapshot()
            plan = wanted if isinstance(wanted, Plan) else diff(wanted, snapshot, prune=prune)
            self.checked = recheck(plan, snapshot)
            run = Run(
                self.checked,
                Results(plan.entries, self.results, disk=disk),
                journal,
                changes=changes or self.world,
                pacer=pacer or Pacer(None),
                advance=self._advance,
                pool=self.world.pool,
                spawn=spawn,
                **how,
            )
            self.on_run(run)
            return run.execute()

    def _advance(self, outcome: ResultName) -> None:
        self.shown.append(outcome)
        self.on_row()

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.results.read_text().splitlines()]

    def outcomes(self) -> dict[str, str]:
        return {row["external_id"]: row["outcome"] for row in self.rows()}

    def journal_lines(self) -> list[dict[str, Any]]:
        paths = sorted(self.runs.glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]
