"""`parsec users diff`: who joined, left and changed between two exports, or since one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import typer

from parsec_cli import columns
from parsec_cli.bulk.files.compare import Changes, Side, compare
from parsec_cli.bulk.files.export import PATHS, Export, Row, listed_row
from parsec_cli.cli.common_options import argument, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.all_users import all_users
from parsec_cli.commands.shared.cards import short_address
from parsec_cli.commands.shared.checks import FOUND
from parsec_cli.commands.shared.input_file import name_of, read_bytes
from parsec_cli.errors import UsageFault
from parsec_cli.field_rules import ADDRESS
from parsec_cli.models import JsonObject
from parsec_cli.results import Line, Listing, Tone, paged
from parsec_cli.runtime import Runtime

_TONES: dict[str, Tone] = {"joined": "good", "left": "bad", "changed": "warning"}


@verb("diff", formats=("markdown",))
def command(
    ctx: typer.Context,
    old: str = argument("OLD|-", "An export of all users: csv, tsv, json or jsonl."),
    new: str | None = argument("[NEW|-]", "A later export; without it, the users as they are now."),
    *,
    exit_code: bool = option("--exit-code", "Exit with 11 if anything changed."),
) -> Listing:
    """Show who joined, left and changed since an export.

    Users are matched by customer_id. Compares the columns that both sides have, but never keys. An
    incomplete or filtered export in JSON is refused; csv, tsv and jsonl do not record that.

    Examples:
      parsec users diff monday.json
      parsec users diff monday.csv friday.json --exit-code

    """
    runtime = runtime_of(ctx)
    if old == new == "-":
        raise UsageFault("only one of the two exports can be stdin")
    changes = compare(_side(runtime, old), _Listed(runtime) if new is None else _side(runtime, new))
    summary, screen = changes.summary, runtime.screen
    people = screen.format_name == "table"
    counts = ", ".join(f"{count:,} {change}" for change, count in summary.items())
    sentence = counts if any(summary.values()) else "nothing changed"
    if not people:  # a table has it below
        screen.notice(sentence)
    return Listing(
        "changes",
        columns.CHANGE_SHOWN if people else columns.CHANGE,
        _pages(changes, people=people),
        lambda: {"summary": summary, "complete": True},
        lambda: (Line(sentence, "dim"),),
        exit_code=FOUND if exit_code and any(summary.values()) else 0,
        summary=lambda: sentence,
        tone=lambda change: _TONES[change["change"]],
    )


def _side(runtime: Runtime, path: str) -> Side:
    return Export(partial(read_bytes, runtime, path), name_of(path))


class _Listed:
    """The users as the API lists them now."""

    def __init__(self, runtime: Runtime) -> None:
        self.columns = frozenset(PATHS)
        self._runtime = runtime

    def __iter__(self) -> Iterator[Row]:
        return map(listed_row, all_users(self._runtime))


def _pages(changes: Changes, *, people: bool) -> Iterator[list[JsonObject]]:
    for page in paged(changes.records()):
        yield [{**one, "value": _arrow(one)} for one in page] if people else page


def _arrow(change: JsonObject) -> str | None:
    """Return `50 → 20` for a changed field, and `+kalshi` for a list that got one more."""
    if change["field"] is None:
        return None
    old, new = change["old"], change["new"]
    if isinstance(old, list) or isinstance(new, list):
        before, after = set(old or ()), set(new or ())
        parts = [f"+{one}" for one in sorted(after - before)]
        return " ".join([*parts, *(f"−{one}" for one in sorted(before - after))])
    return f"{_text(old)} → {_text(new)}"


def _text(value: object) -> str:
    """Return a value for people."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return short_address(text) if ADDRESS.fullmatch(text) else text
