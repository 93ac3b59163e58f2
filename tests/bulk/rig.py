"""A whole run in a few words: plan, journal, results file, workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bulk.world import World

from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.bulk.plan.plan import Plan, diff
from parsec_cli.bulk.plan.recheck import Ready, prepare
from parsec_cli.bulk.run.journal import open_journal
from parsec_cli.bulk.run.limits import Limits
from parsec_cli.bulk.run.rate_limiter import Pacer
from parsec_cli.bulk.run.row_results import Ended, Tally
from parsec_cli.bulk.run.run import Run, thread
from parsec_cli.files.append import Disk

HOST, KEY = "api.example", "0123456789ab"


class Quiet:
    """Progress that only counts."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, n: int = 1) -> None:
        self.done += n

    def note(self, text: str) -> None:
        raise AssertionError(text)


class Rig:
    def __init__(self, directory: Path, world: World | None = None) -> None:
        self.runs = directory / "runs"
        self.results = directory / "results.jsonl"
        self.world = world or World()
        self.progress = Quiet()
        self.ready: Ready | None = None
        self.on_run: Callable[[Run], None] = lambda _: None

    def apply(
        self,
        wanted: Sequence[Wanted] | Plan,
        *,
        prune: bool = False,
        disk: Disk | None = None,
        gate: Pacer | None = None,
        limits: Limits | None = None,
        changes: Any = None,
        spawn: Any = thread,
        **how: Any,
    ) -> Ended:
        with open_journal(self.runs, HOST, KEY, command="users apply", disk=disk) as journal:
            census = self.world.census()
            plan = wanted if isinstance(wanted, Plan) else diff(wanted, census, prune=prune)
            self.ready = prepare(plan, census)
            run = Run(
                self.ready,
                Tally(plan.entries, self.results, disk=disk),
                journal,
                changes=changes or self.world,
                gate=gate or Pacer(None),
                progress=self.progress,
                limits=limits or Limits(pool=self.world.pool),
                spawn=spawn,
                **how,
            )
            self.on_run(run)
            return run.execute()

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.results.read_text().splitlines()]

    def outcomes(self) -> dict[str, str]:
        return {row["external_id"]: row["outcome"] for row in self.rows()}

    def journal_lines(self) -> list[dict[str, Any]]:
        paths = sorted(self.runs.glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]
