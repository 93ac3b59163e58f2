"""`parsec runs`: list the bulk runs of this machine, and show the rows of one again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import typer

from parsec_cli import columns
from parsec_cli.bulk.run.recorded_runs import (
    RecordedRun,
    find_run,
    first_edition,
    load,
    newest_runs,
)
from parsec_cli.bulk.run.row_results import LEFT, sentence_of
from parsec_cli.cli.common_options import ALL_PROFILES, NEWEST, argument, option, runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.commands.shared.cards import command_lines
from parsec_cli.commands.users.run_screen import brief_error
from parsec_cli.errors import LocalFault, counted
from parsec_cli.models import JsonObject
from parsec_cli.next_command import again, run
from parsec_cli.results import OUTCOMES, Column, Line, Listing, paged
from parsec_cli.runtime import Runtime

_SHOWN = 30  # runs on a terminal
_JSON = ("json", "jsonl")
_LINES = ("tsv", "csv", "ids")
noun = Noun()


@noun.command("list")
def list_runs(
    ctx: typer.Context,
    limit: int | None = NEWEST,
    *,
    all_profiles: bool = ALL_PROFILES,
) -> Listing:
    """List the bulk runs of this machine, the newest last.

    Runs are made by apply, and by set-qps and deactivate of several users. A run is running,
    finished (all rows attempted), stopped (by an error or a limit) or interrupted (by a signal, or
    its process died). A terminal shows the last 30.

    Examples:
      parsec runs list
      parsec runs list --all-profiles --json

    """
    runtime = runtime_of(ctx)
    profile = None if all_profiles else runtime.profile.name
    where = "" if profile is None else f" with profile {profile}"
    most = limit or (_SHOWN if runtime.screen.shows_table else None)
    newest = list(itertools.islice(_runs(runtime, profile), most))
    if old := first_edition(runtime.places.runs_dir):
        runtime.screen.notice(f"not listed: {counted(old, 'run')} of an older version")
    records = [_record(runtime, one) for one in reversed(newest)]
    return Listing(
        "runs",
        columns.RUN,
        [records],
        closing=lambda: _what_is_left(runtime, newest[:1]),
        tone=lambda record: record.get("tone", "plain"),
        empty=f"no run was made from this machine{where} yet",
    )


def _what_is_left(runtime: Runtime, newest: Sequence[RecordedRun]) -> tuple[Line, ...]:
    """Propose to look at the remaining rows of the newest run."""
    if not any(one.counts.get(name) for one in newest for name in LEFT):
        return ()
    command = run("runs", "show", newest[0].id, "--failed")
    return Line("see the remaining rows with"), *command_lines(runtime, command)


def _runs(runtime: Runtime, profile: str | None) -> Iterator[RecordedRun]:
    """Yield the runs of a profile, the newest first, with their counts."""
    for path in newest_runs(runtime.places.runs_dir):
        try:
            found = load(path)
            if found is not None and profile in (None, found.header.get("profile")):
                found.count()
                yield found
        except LocalFault as fault:
            runtime.screen.warning(fault.message)


def _record(runtime: Runtime, one: RecordedRun) -> JsonObject:
    """Return a run as JSON, or with a sentence for its counts; people see its command in short."""
    record, form = one.as_json(), runtime.screen.format_name
    if form not in _JSON:
        record["counts"] = sentence_of(one.counts)
    if form == "table":
        record |= {"command": str(record["command"]).removeprefix("users "), "tone": one.tone}
    return record


@noun.command("show", formats=("markdown",))
def show(
    ctx: typer.Context,
    name: str = argument("RUN", "The id of a run."),
    *,
    failed: bool = option(
        "--failed", "Only rows that failed, are unknown or were not attempted; csv is a roster."
    ),
) -> Listing:
    """Show the rows of a run and what became of each.

    With --failed -o csv, the rows are a file for `users plan` and `users apply`. The rows of a run
    of `users deactivate` are a file for its --from-file.

    Examples:
      parsec runs show r-20261126-1402
      parsec runs show r-20261126-1402 --failed -o csv | parsec users plan -

    """
    runtime = runtime_of(ctx)
    one = find_run(runtime.places.runs_dir, name)
    as_roster = failed and runtime.screen.format_name == "csv"
    if as_roster and one.header.get("profile") != runtime.profile.name:
        runtime.screen.warning(
            f"the run was made with profile {one.header.get('profile')}, not with"
            f" {runtime.profile.name}"
        )
    people = runtime.screen.format_name == "table"
    shown = (
        _roster_row(row) if as_roster else _for_people(row) if people else row
        for row in one.rows()
        if not failed or row["outcome"] in LEFT
    )

    return Listing(
        "results",
        _roster(one) if as_roster else columns.RESULT,
        _rows(runtime, one, shown),
        lambda: {"run": one.as_json()},
        lambda: _closing(runtime, one, failed=failed),
        empty="no row is left" if failed else "",
        filtered=failed,
        summary=lambda: _in_one_line(one),
        tone=lambda row: OUTCOMES[row["outcome"]] if row.get("outcome") in LEFT else "plain",
    )


def _rows(
    runtime: Runtime, one: RecordedRun, shown: Iterator[JsonObject]
) -> Iterator[Sequence[JsonObject]]:
    """Yield pages of rows, and print what a table has below it."""
    yield from paged(shown)
    if one.damage:
        runtime.screen.warning(one.damage)
    if runtime.screen.format_name in _LINES:
        runtime.screen.notice(_in_one_line(one))


def _for_people(row: JsonObject) -> JsonObject:
    """Shorten the error, if there is one, as `users apply` does."""
    return {**row, "error": row["error"] and brief_error(row)}


def _closing(runtime: Runtime, one: RecordedRun, *, failed: bool) -> tuple[Line, ...]:
    """Return counts and facts, and a command that takes the remaining rows."""
    lines = Line(sentence_of(one.counts), one.tone), Line(_facts(one), "dim")
    if not failed or not any(one.counts.get(name) for name in LEFT):
        return lines
    text, words = "plan these rows with", ["plan", "--out", "plan.json", "-"]
    if one.header.get("command") == "users deactivate":
        text, words = (
            "see what these users hold with",
            ["deactivate", "--dry-run", "--from-file", "-"],
        )
    pipe = command_lines(
        runtime,
        again(output="csv", fields=None, headers=None, no_headers=None),
        run("users", *words),
    )
    return *lines, Line(text), *pipe


def _in_one_line(one: RecordedRun) -> str:
    return f"{sentence_of(one.counts)} · {_facts(one)}"


def _facts(one: RecordedRun) -> str:
    names = ("command", "file", "profile")
    facts = (one.id, *(one.header.get(name) for name in names), one.state)
    return " · ".join(str(fact) for fact in facts if fact)


def _roster(one: RecordedRun) -> tuple[Column, ...]:
    """Return the columns of a file that makes the same changes again."""
    if one.header.get("command") == "users deactivate":
        return columns.LEAVERS
    return columns.ROSTER


def _roster_row(row: JsonObject) -> JsonObject:
    """Return the row of a file from that of a plan."""
    ids = {name: row.get(name) for name in ("external_id", "customer_id")}
    state = "absent" if row["action"] == "deactivate" else None
    # what a row has that needs nothing is not to be changed
    wanted = row["after"] if row["action"] in ("create", "set-qps") else None
    return {**ids, "state": state, **(wanted or {})}
