"""Start a bulk run: send its changes through the API, stop on signals, list its results."""

from __future__ import annotations

import datetime
import os
from contextlib import AbstractContextManager
from itertools import chain, count
from pathlib import Path
from typing import Any

from parsec_cli import columns
from parsec_cli.api import changes
from parsec_cli.api.client import Change
from parsec_cli.api.error_of import quota_used_up
from parsec_cli.bulk.plan.plan import Create, as_json
from parsec_cli.bulk.plan.snapshot import CheckedPlan
from parsec_cli.bulk.run.journal import Journal, open_journal
from parsec_cli.bulk.run.row_results import Results, RunResult
from parsec_cli.bulk.run.run import Run
from parsec_cli.commands.shared.input_file import path_of
from parsec_cli.commands.users.builder_state import BuilderState
from parsec_cli.errors import (
    Interrupted,
    LocalFault,
    OutcomeUnknown,
    ParsecError,
    QuotaUsedUp,
    RowsFailed,
    shortened,
)
from parsec_cli.holdings import json_of
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.next_command import again
from parsec_cli.outcomes import Applied, Outcome
from parsec_cli.output.progress import Progress
from parsec_cli.records import changed, record
from parsec_cli.redaction import Redaction, without_keys
from parsec_cli.results import Line, Listing
from parsec_cli.runtime import Runtime

_NAMED = 10  # failed rows named in the error; the results list all


@record
class RunOptions:
    """The options of a run; `results` is a file, `max_failures` None takes the run's default."""

    concurrency: int = 8
    max_failures: int | None = None
    results: str | None = None
    reason: str = ""


class ApiChanges:
    """Send the changes of a run to the API, with an entry in the history for each.

    `created` are pairs of ids and `deactivated` customer_ids, for the index.
    """

    def __init__(self, runtime: Runtime, command: str, reason: str, checked: CheckedPlan) -> None:
        self._client = runtime.client
        self._redaction = Redaction(lambda: runtime.secrets)
        self._command = command
        self._reason = reason
        actions = checked.deactivations
        self._held = {one.customer_id.lower(): json_of(one.holdings) for one in actions}
        self.created: list[tuple[str, str]] = []
        self.deactivated: list[str] = []

    def create(self, action: Create) -> Outcome:
        external_id = action.external_id
        body: JsonObject = {"external_id": external_id, **as_json(action)["after"]}
        change = Change(self._command, None, external_id, None, body, self._reason)
        outcome = changes.create(self._client, body, change)
        if isinstance(outcome, Applied) and outcome.after:
            self.created.append((outcome.after["customer_id"], external_id))
        return self._without_keys(outcome)

    def set_qps(self, user: User, qps: int) -> Outcome:
        change = self._change(user, {"qps_limit": qps})
        return self._without_keys(changes.set_qps(self._client, user, qps, change))

    def deactivate(self, user: User) -> Outcome:
        record = {**user.raw, "holdings": self._held.get(user.customer_id.lower())}
        change = self._change(User(record), None)
        outcome = changes.deactivate(self._client, user, change)
        if isinstance(outcome, Applied):
            self.deactivated.append(user.customer_id)
        return self._without_keys(outcome)

    def _without_keys(self, outcome: Outcome) -> Outcome:
        """Mask keys that a server repeats in its error: a row's error is kept in files."""
        if not isinstance(outcome, Applied):
            text = self._redaction.text(without_keys(outcome.error.message))
            outcome = changed(outcome, error=outcome.error.but(text))
        return outcome

    def _change(self, user: User, after: JsonObject | None) -> Change:
        return Change(
            self._command, user.customer_id, user.external_id, user.raw, after, self._reason
        )

    def quota_used_up(self) -> QuotaUsedUp | None:
        return quota_used_up(self._client.quota)


class RunProgress:
    """The progress display of a run; a note about waiting stays until the next row is done."""

    def __init__(self, display: Progress) -> None:
        self._display = display
        self._noted = False

    def advance(self, n: int) -> None:
        if self._noted:
            self._noted = False
            self._display.note("")
        self._display.advance(n)

    def note(self, text: str) -> None:
        self._noted = True
        self._display.note(text)


def journal_of(runtime: Runtime, command: str) -> AbstractContextManager[Journal]:
    """Take the lock of this host and key, and open the journal of a run."""
    return open_journal(
        runtime.places.runs_dir,
        runtime.profile.base_url.display,
        runtime.fingerprint,
        command=command,
        wall=runtime.world.clock,
    )


def run_listing(
    runtime: Runtime,
    command: str,
    checked: CheckedPlan,
    journal: Journal,
    builder: BuilderState,
    options: RunOptions,
    pool: Pool | None = None,
) -> Listing:
    """Run a checked plan and return its rows; the listing of a failed run raises after the last.

    `pool` is the one that the sum of limits must not exceed, None to allow that.
    """
    path = _results_path(runtime, options.results) if checked.send or options.results else None
    entries, changes = checked.plan.entries, ApiChanges(runtime, command, options.reason, checked)
    with runtime.screen.progress(len(entries), command.removeprefix("users ")) as display:
        progress = RunProgress(display)
        builder.client.retry.notice = progress.note
        run = Run(
            checked,
            Results(entries, path),
            journal,
            changes=changes,
            pacer=builder.pacer,
            advance=progress.advance,
            concurrency=options.concurrency,
            max_failures=options.max_failures,
            pool=pool,
        )
        ended = _execute(runtime, run)
    runtime.index.remember(changes.created)
    for customer_id in changes.deactivated:
        runtime.index.forget(customer_id)
    if path is not None:
        runtime.screen.notice(f"{ended.sentence}; results: {path}")
    elif runtime.screen.format_name != "table":  # which shows it below
        runtime.screen.notice(ended.sentence)
    return _listing(ended)


def _execute(runtime: Runtime, run: Run) -> RunResult:
    """Run to the end; the first signal lets rows in flight end, the second abandons them."""
    interrupts = runtime.interrupts
    interrupts.on_first = lambda: run.request_stop(interrupts.pending or Interrupted("interrupted"))
    try:
        with interrupts.shield():
            return run.execute()
    finally:
        interrupts.on_first = None


def _results_path(runtime: Runtime, asked: str | None) -> Path:
    if asked is not None:
        return path_of(asked)
    now = datetime.datetime.fromtimestamp(runtime.world.clock(), datetime.UTC)
    first = runtime.places.runs_dir / f"results-{now:%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
    # a process in another container may have the same number in the same second
    names = chain([first], (first.with_stem(f"{first.stem}-{number}") for number in count(2)))
    return next(filter(_reserve, names))


def _reserve(path: Path) -> bool:
    """Create the file; False if it exists. Any other fault is reported when it is written."""
    try:
        path.touch(0o600, exist_ok=False)
    except OSError as fault:
        return not isinstance(fault, FileExistsError)
    return True


def _listing(ended: RunResult) -> Listing:
    failure = _error_of(ended) if ended.exit_code else None
    return Listing(
        "results",
        columns.RESULT,
        ended.results.pages(),
        lambda: {"summary": ended.summary},
        lambda: (Line(ended.sentence, "bad" if failure else "good"),),
        lambda: failure,
        empty="no rows",
        effect=ended.sentence,
    )


def _error_of(ended: RunResult) -> ParsecError:
    """Return the error of a run: how many rows went how, and which failed."""
    stop, details = ended.stop, _failed_rows(ended)
    # the rest may need consent to another count
    command = again(confirm=None, allow_holdings=None)
    hint: dict[str, Any] = {
        "hint": "to continue, run it again; finished rows are skipped",
        "command": command,
    }
    own_hint = hint
    if stop is not None and stop.hint:
        own_hint = {"hint": stop.hint, "command": stop.command}
    if stop is not None and (isinstance(stop, LocalFault) or stop.exit_code == ended.exit_code):
        message = f"{stop.message}: {ended.sentence}"
        return stop.but(message, details=(*stop.details, *details), **own_hint)
    if stop is not None:
        details = [stop.message, *details]
    kind = OutcomeUnknown if ended.exit_code == OutcomeUnknown.exit_code else RowsFailed
    return kind(ended.sentence, details=details).but(**hint)


def _failed_rows(ended: RunResult) -> list[str]:
    named: list[str] = []
    for page in ended.results.pages():
        for row in page:
            if row["outcome"] in ("failed", "unknown"):
                user = row["external_id"] or row["customer_id"]
                where = name_of_row(row["row"])
                named.append(f"{where} `{user}` {row['outcome']}: {row['error']}")
    return shortened(named, _NAMED)


def name_of_row(row: int | None) -> str:
    return "pruned user" if row is None else f"row {row}"
