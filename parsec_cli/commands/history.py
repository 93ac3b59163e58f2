"""`parsec history`: list and show the changes that were sent from this machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import argument, number, option, runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.commands.shared.cards import shown
from parsec_cli.errors import counted
from parsec_cli.models import JsonObject
from parsec_cli.results import Card, Listing, Record
from parsec_cli.runtime import Runtime

_PAGE = 100
noun = Noun()


@noun.command("list")
def list_entries(
    ctx: typer.Context,
    user: str | None = option("--user USER", "Only changes to this user, by its whole id."),
    since: str | None = option(
        "--since T", "Only changes since T: 2h, 3d, a date or an RFC 3339 time (UTC)."
    ),
    limit: int | None = number("--limit N", 1, 10**9, "Only the newest N changes."),
) -> Listing:
    """List the changes sent from this machine, newest first.

    Examples:
      parsec history list --since 2h
      parsec history list --user alice --json

    """
    from parsec_cli.api.resolve import Reference

    runtime, filtered = runtime_of(ctx), bool(user or since)
    named = None if user is None else Reference.parse(user)
    forced = named is not None and named.id != user
    by = (named.meaning,) if named and forced else ("external_id", "customer_id")
    entries = runtime.history.entries(named.id if named else None, since, limit, by=by)

    def pages() -> Iterator[list[JsonObject]]:
        while page := list(itertools.islice(entries, _PAGE)):
            yield page
        _warn_of_damage(runtime)

    empty = "no change matches" if filtered else "no change was made from this machine yet"
    return Listing("entries", columns.HISTORY, pages(), empty=empty, filtered=filtered)


@noun.command("show")
def show(
    ctx: typer.Context,
    entry: str = argument("ID", "The id of an entry, or its start."),
) -> Record:
    """Show one change in full: before, after and outcome.

    Examples:
      parsec history show 1m88e5fh1h8wgx
      parsec history show 01m3 --json | jq .before

    """
    runtime = runtime_of(ctx)
    value = runtime.history.get(entry)
    _warn_of_damage(runtime)
    names = ("id", "time", "profile", "host", "key", "command")
    pairs = [(name, shown(value[name])) for name in names]
    pairs += [(name, shown(value["target"][name])) for name in ("external_id", "customer_id")]
    optional = ("outcome", "http_status", "attempts", "error", "reason")
    pairs += [(name, shown(value[name])) for name in optional if value.get(name) is not None]
    cards = [Card(tuple(pairs))]
    for name in ("before", "after"):
        if isinstance(value[name], dict):
            fields = ((key, shown(field)) for key, field in value[name].items())
            cards.append(Card(tuple(fields), name))
    return Record(value, columns.HISTORY, tuple(cards))


def _warn_of_damage(runtime: Runtime) -> None:
    if count := runtime.history.damaged:
        path = runtime.places.history_file
        runtime.screen.warning(f"`{path}` is damaged: skipped {counted(count, 'line')}")
