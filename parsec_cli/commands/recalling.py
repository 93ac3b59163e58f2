"""What `parsec history` does: the entries of this machine as a listing, or one in full."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from parsec_cli import exact_json
from parsec_cli.commands import columns
from parsec_cli.commands.cards import shown
from parsec_cli.models import JsonObject
from parsec_cli.results import Block, Card, Listing, Record
from parsec_cli.runtime import Runtime

_PAGE = 100


def list_history(
    runtime: Runtime, user: str | None, since: str | None, limit: int | None
) -> Listing:
    """Return the entries as the file is read from its end; no key and no network is needed."""
    name, by = _named(user)
    entries = runtime.history.entries(name, since, limit, by=by)
    filtered = bool(user or since)
    empty = "no change matches" if filtered else "no change was made from here yet"
    pages = _pages(runtime, entries)
    return Listing("entries", columns.HISTORY, pages, empty=empty, filtered=filtered)


def _named(user: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Read a USER as all commands do; return the id and which of the two it may be."""
    either = ("external_id", "customer_id")
    if user is None:
        return None, either
    from parsec_cli.api.resolve import Reference

    named = Reference.parse(user)
    forced = user != named.id
    return named.id, (named.meaning,) if forced else either


def show_entry(runtime: Runtime, entry: str) -> Record:
    value = runtime.history.get(entry)
    _warn_of_damage(runtime)
    return Record(value, columns.HISTORY, tuple(_blocks(value)))


def _pages(runtime: Runtime, entries: Iterator[JsonObject]) -> Iterator[list[JsonObject]]:
    while page := list(itertools.islice(entries, _PAGE)):
        yield page
    _warn_of_damage(runtime)


def _warn_of_damage(runtime: Runtime) -> None:
    if damage := runtime.history.damage():
        runtime.screen.warning(damage)


def _blocks(entry: JsonObject) -> Iterator[Block]:
    target = entry["target"]
    names = ("id", "time", "profile", "host", "key", "command")
    pairs = [(name, shown(entry[name])) for name in names]
    pairs += [(name, shown(target[name])) for name in ("external_id", "customer_id")]
    told = ("outcome", "http_status", "attempts", "error", "reason")
    pairs += [(name, shown(entry[name])) for name in told if entry.get(name) is not None]
    yield Card(tuple(pairs))
    for name in ("before", "after"):
        if isinstance(entry[name], dict):
            yield Card(tuple((key, _told(value)) for key, value in entry[name].items()), name)


def _told(value: object) -> str:
    return exact_json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else shown(value)
