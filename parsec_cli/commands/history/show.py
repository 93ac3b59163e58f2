"""`parsec history show`: one change in full."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import argument, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.history import warn_of_damage
from parsec_cli.commands.shared.cards import shown
from parsec_cli.errors import counted
from parsec_cli.memory.entry import in_words
from parsec_cli.results import Block, Card, Line, Record

_NAMES = ("time", "command", "profile", "host", "reason", "error", "run", "id", "key")


@verb("show")
def command(
    ctx: typer.Context,
    entry: str = argument("ID", "The id of an entry, or its start."),
) -> Record:
    """Show one change in full: what it changed, before, after and outcome.

    Examples:
      parsec history show 1m88e5fh1h8wgx
      parsec history show 01m3 --json | jq .before

    """
    runtime = runtime_of(ctx)
    value = runtime.history.get(entry)
    warn_of_damage(runtime)
    outcome = str(value["outcome"])
    if value["http_status"] is not None:
        outcome += f" ({value['http_status']}, {counted(value['attempts'] or 0, 'attempt')})"
    pairs = [("outcome", outcome)]
    ids = ((name, value["target"][name]) for name in ("external_id", "customer_id"))
    facts = (*ids, *((name, value.get(name)) for name in _NAMES))
    pairs += [(name, shown(fact)) for name, fact in facts if fact is not None]
    who = value["target"]["external_id"] or value["target"]["customer_id"]
    words = in_words(value) or str(value["command"])
    blocks: list[Block] = [
        Line(f"{who}: {words}" if who else words, "strong"),
        Card(tuple(pairs), indent=True),
    ]
    before, after = ({} if value[name] is None else value[name] for name in ("before", "after"))
    differs = {name: field for name, field in after.items() if field != before.get(name, ...)}
    records = {"before": before, "after, where it differs" if before else "after": differs}
    records = {title: record for title, record in records.items() if record}
    for title, record in records.items():
        fields = ((name, shown(field)) for name, field in record.items())
        blocks.append(Card(tuple(fields), title))
    form = runtime.screen.format_name
    if form not in ("json", "jsonl"):
        value = {**value, "change": in_words(value, "→" if form == "table" else "->")}
    lacking = {"error": value.get("error"), **records}
    summary = "; ".join(f"{title}: {shown(fact)}" for title, fact in lacking.items() if fact)
    return Record(value, columns.HISTORY, tuple(blocks), summary=summary)
