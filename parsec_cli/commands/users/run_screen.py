"""What people see of a run: the rows that were changed, their sum, and last what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from parsec_cli import columns
from parsec_cli.bulk.plan.plan import from_json
from parsec_cli.bulk.run.row_results import LEFT, ResultName, Results, name_of_row
from parsec_cli.commands.shared.cards import command_lines
from parsec_cli.commands.users.plan_screen import change_text, nothing_to_change
from parsec_cli.models import JsonObject, customer_argument, user_argument
from parsec_cli.next_command import run
from parsec_cli.results import OUTCOMES, Block, Line, Listing, Tone
from parsec_cli.runtime import Runtime

_DONE: tuple[ResultName, ...] = ("changed", "created", "deactivated")
_WRONG = ("failed", "unknown")
_FEW = 10  # rows that are named one by one, each with its reason
_NAMED = 3  # rows with the same reason that are named, if there are many
_MOST = 30  # lines of rows that went wrong
# what a row need not repeat
_WORDY = re.compile(r"^(outcome unknown; )?(\S+ responded with \d{3}: )?|; nothing was changed$")
_CHECKED = 5  # users whose unknown outcome is checked with one command


def run_listing(
    runtime: Runtime, verb: str, results: Results, name: str | None, *, all_rows: bool
) -> Listing:
    """List the rows that were changed, or all; `name` is the id of the run."""

    def pages() -> Iterator[list[JsonObject]]:
        for page in results.pages():
            rows = [row for row in page if row["outcome"] not in _WRONG]
            yield [
                {**row, "change": change_text(from_json(row), holdings=False) or None}
                for row in rows
                if all_rows or row["outcome"] in _DONE
            ]

    def closing() -> tuple[Block, ...]:
        counts = results.counts
        if not any(counts[outcome] for outcome in (*_DONE, *LEFT)):
            return (Line(nothing_to_change(counts["unchanged"], verb), "good"),)
        listed = all_rows or any(counts[outcome] for outcome in _DONE)
        return (
            *((Line(""),) if listed else ()),
            _sum(results),
            *_wrong(runtime, results),
            *_name(runtime, results, name),
        )

    return Listing("results", columns.CHANGED, pages(), closing=closing)


def _sum(results: Results) -> Line:
    """`118 done: 88 changed, 30 created · 2 failed · 273 unchanged`."""
    counts = results.counts
    done = {outcome: counts[outcome] for outcome in _DONE if counts[outcome]}
    parts = [", ".join(f"{count:,} {outcome}" for outcome, count in done.items())]
    if len(done) > 1:
        parts = [f"{sum(done.values()):,} done: {parts[0]}"]
    others: tuple[ResultName, ...] = (*LEFT, "unchanged")
    for outcome in others:
        if count := counts[outcome]:
            parts.append(f"{count:,} {outcome.replace('_', ' ')}")
    tone: Tone = "good"
    if any(counts[outcome] for outcome in LEFT):
        tone = "bad" if counts["failed"] or counts["not_attempted"] else "unknown"
    return Line(" · ".join(filter(None, parts)), tone)


def _wrong(runtime: Runtime, results: Results) -> list[Line]:
    """List the rows that failed or are unknown; many with the same reason are one line."""
    groups: dict[tuple[str, str], list[JsonObject]] = {}
    for page in results.pages():
        for row in page:
            if row["outcome"] in _WRONG:
                groups.setdefault((row["outcome"], brief_error(row)), []).append(row)
    few = sum(map(len, groups.values())) <= _FEW
    cells: list[tuple[str, str, str, str]] = []
    for (outcome, reason), rows in groups.items():
        if few or len(rows) <= _NAMED:
            cells += [(name_of_row(row["row"]), _user(row), outcome, reason) for row in rows]
        else:
            users = f"{', '.join(map(_user, rows[:_NAMED]))} and {len(rows) - _NAMED:,} more"
            cells.append((f"{len(rows):,} rows", users, outcome, reason))
    lines = _aligned(cells[:_MOST])
    if len(cells) > _MOST:
        lines.append(Line(f"  … and {len(cells) - _MOST:,} more", "bad"))
    unknown = [row for (outcome, _), rows in groups.items() for row in rows if outcome == "unknown"]
    if unknown:
        names = [_argument(row) for row in unknown[:_CHECKED]]
        lines.append(Line("Check what is unknown with"))
        lines += command_lines(runtime, run("users", "get", names=names))
    return lines


def _argument(row: JsonObject) -> str:
    """Return the user of a row as a USER of a command line."""
    name = row["external_id"]
    return user_argument(name) if name else customer_argument(row["customer_id"])


def brief_error(row: JsonObject) -> str:
    """Return the error as briefly as possible, such as `limit above the pool (400)`."""
    status = row["http_status"]
    text = _WORDY.sub("", row["error"] or "")
    if row["outcome"] == "unknown" and status is not None:
        return f"no final response ({status})"
    return text if status is None or str(status) in text else f"{text} ({status})"


def _user(row: JsonObject) -> str:
    return str(row["external_id"] or row["customer_id"])


def _aligned(cells: Sequence[tuple[str, str, str, str]]) -> list[Line]:
    """Return a line for each; the last cell may be wrapped."""
    widths = [*(max(map(len, column)) for column in zip(*cells, strict=True)), 0][:3]
    lines = []
    for *first, reason in cells:
        padded = [cell.ljust(width) for cell, width in zip(first, widths, strict=True)]
        lines.append(Line(f"  {'  '.join([*padded, reason])}", OUTCOMES[first[-1]]))
    return lines


def _name(runtime: Runtime, results: Results, name: str | None) -> list[Line]:
    """Say how to see the run again."""
    if name is None:
        return []
    if not any(results.counts[outcome] for outcome in LEFT):
        return [Line(f"Run {name}", "dim")]
    command = run("runs", "show", name, "--failed")
    return [
        Line(f"Run {name}: see the remaining rows with"),
        *command_lines(runtime, command),
    ]
