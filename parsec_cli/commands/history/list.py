"""`parsec history list`: the changes that were sent from this machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import typer

from parsec_cli import columns
from parsec_cli.api.resolve import Reference
from parsec_cli.cli.common_options import ALL_PROFILES, NEWEST, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.history import warn_of_damage
from parsec_cli.errors import LocalFault, NotFound, UsageFault, counted, unknown
from parsec_cli.memory.entry import OUTCOMES, Selection, in_words
from parsec_cli.memory.history import parse_moment
from parsec_cli.models import JsonObject
from parsec_cli.records import changed
from parsec_cli.results import Column, Listing, Tone, paged
from parsec_cli.runtime import Runtime

_PAGE = 100
_SHOWN = 30  # lines on a terminal
_MOST_READ = 1000  # entries that they may stand for


@verb("list")
def command(
    ctx: typer.Context,
    *,
    user: str | None = option("--user USER", "Only changes to this user, by its whole id."),
    since: str | None = option(
        "--since T", "Only changes since T: 2h, 3d, a date or an RFC 3339 time (UTC)."
    ),
    until: str | None = option("--until T", "Only changes before T."),
    outcome: str | None = option(
        "--outcome OUTCOME", "Only applied, not_applied or unknown changes."
    ),
    by_command: str | None = option(
        "--command COMMAND", "Only changes by this command, such as set-qps."
    ),
    run: str | None = option("--run RUN", "Only the changes of this run."),
    all_profiles: bool = ALL_PROFILES,
    limit: int | None = NEWEST,
) -> Listing:
    """List the changes sent from this machine, the newest last.

    Lists the changes of the current profile. A terminal shows the last 30, with a run as one
    line; with --run or --user, each change has a line.

    Examples:
      parsec history list --since 2h
      parsec history list --user alice --json

    """
    runtime = runtime_of(ctx)
    filters = (user, since, until, outcome, by_command, run)
    profile = None if all_profiles else runtime.profile.name
    wanted = _selection(runtime, *filters, profile)
    short = runtime.screen.shows_table and limit is None and since is None
    return Listing(
        "entries",
        _columns(all_profiles=all_profiles),
        _Pages(runtime, wanted, limit, short=short),
        empty="no change matches" if any(filters) else _none_yet(wanted),
        filtered=any(filters),
        tone=_tone,
    )


def _selection(
    runtime: Runtime,
    user: str | None,
    since: str | None,
    until: str | None,
    outcome: str | None,
    by_command: str | None,
    run: str | None,
    profile: str | None,
) -> Selection:
    """Read the filters; UsageFault for one that means nothing."""
    for name, text in (("--command", by_command), ("--run", run)):
        if text is not None and not text.strip():
            raise UsageFault(f"`{name}` is empty", hint="was a shell variable unset?")
    if outcome not in (None, *OUTCOMES):
        raise unknown("outcome", outcome, OUTCOMES)
    named, now = None if user is None else Reference.parse(user), runtime.world.clock()
    forced = named is not None and named.id != user
    start, end = (None if text is None else parse_moment(text, now) for text in (since, until))
    if start is not None and end is not None and start > end:
        raise UsageFault("`--since` is later than `--until`", hint="exchange the two times")
    if run is not None:
        _check_run(runtime, run)
    return Selection(
        user=named.id if named else None,
        by=(named.meaning,) if named and forced else ("external_id", "customer_id"),
        since=start,
        until=end,
        profile=profile,
        command=by_command,
        outcome=outcome,
        run=run,
    )


def _check_run(runtime: Runtime, name: str) -> None:
    """Raise NotFound if neither a run nor an entry has this id."""
    from parsec_cli.bulk.run.recorded_runs import find_run

    try:
        find_run(runtime.places.runs_dir, name)
    except LocalFault:  # its file is damaged
        pass
    except NotFound:
        if next(runtime.history.newest_first(Selection(run=name)), None) is None:
            raise


def _columns(*, all_profiles: bool) -> tuple[Column, ...]:
    shown = {"profile": all_profiles}
    return tuple(changed(c, shown=shown.get(c.path, c.shown)) for c in columns.HISTORY)


def _none_yet(wanted: Selection) -> str:
    where = "" if wanted.profile is None else f" with profile {wanted.profile}"
    return f"no change was made from this machine{where} yet"


def _tone(record: JsonObject) -> Tone:
    tone: Tone = record.get("tone", "plain")
    return tone


class _Pages:
    """The pages of the list; `short` cuts it to what a terminal shows by default."""

    def __init__(
        self, runtime: Runtime, wanted: Selection, limit: int | None, *, short: bool
    ) -> None:
        self._runtime = runtime
        self._wanted = wanted
        self._limit = limit
        self._short = short
        self._people = runtime.screen.format_name == "table"
        # a run is one line, unless its changes are wanted
        self._grouped = self._people and wanted.user is wanted.outcome is wanted.run is None
        self._read = 0  # entries
        self._year = parse_moment("0s", runtime.world.clock())[:5]

    def __iter__(self) -> Iterator[list[JsonObject]]:
        lines, records = 0, self._newest() if self._short else self._all()
        for page in paged(records, _PAGE):
            lines += len(page)
            yield page
        warn_of_damage(self._runtime)
        if lines and self._people:
            self._runtime.screen.notice(self._footer(lines), tone="dim")

    def _footer(self, lines: int) -> str:
        profile = self._wanted.profile
        place = "all profiles" if profile is None else f"profile {profile}"
        what = counted(self._read, "change")
        if self._short and (lines == _SHOWN or self._read == _MOST_READ):
            last = str(_SHOWN) if lines == _SHOWN else what
            what = f"the last {last}: --limit or --since for more"
        return f"{place} · {what}"

    def _all(self) -> Iterator[JsonObject]:
        entries = self._runtime.history.oldest_first(self._wanted, self._limit)
        return self._lines(entries)

    def _newest(self) -> Iterator[JsonObject]:
        entries = self._runtime.history.newest_first(self._wanted)
        lines = self._lines(itertools.islice(entries, _MOST_READ))
        return reversed([*itertools.islice(lines, _SHOWN)])

    def _lines(self, entries: Iterable[JsonObject]) -> Iterator[JsonObject]:
        """Yield a record per line of the list."""
        seen: set[str] = set()
        for entry in entries:
            self._read += 1
            run = entry["run"]
            if self._grouped and run is not None:
                if run not in seen:
                    seen.add(run)
                    yield self._for_people({**entry, **_of_run(self._runtime, run)})
            elif self._people:
                yield self._for_people({**entry, "change": in_words(entry)})
            elif self._runtime.screen.format_name in ("json", "jsonl"):
                yield entry
            else:
                yield {**entry, "change": in_words(entry, "->")}

    def _for_people(self, entry: JsonObject) -> JsonObject:
        """Shorten what a person reads: the time of this year, the command, the user."""
        name, _, path = str(entry["command"]).removeprefix("users ").partition(" /")
        target, time = entry["target"], str(entry["time"])[:16].replace("T", " ")
        after = entry["after"] if entry["id"] and isinstance(entry["after"], dict) else {}
        who = target["external_id"] or after.get("external_id") or target["customer_id"]
        who = who or path.removeprefix("builder/users/") or None
        return {
            **entry,
            "time": time.removeprefix(self._year),
            "command": name,
            "target": {**target, "external_id": who},
            "change": entry["change"] or None,
        }


def _of_run(runtime: Runtime, name: str) -> JsonObject:
    """Return what the line of a run shows in place of its first entry."""
    from parsec_cli.bulk.run.recorded_runs import find_run

    line: JsonObject = {
        "id": None,
        "target": dict.fromkeys(("customer_id", "external_id")),
        "change": f"run {name}",
        "outcome": None,
        "run": name,
    }
    try:
        one = find_run(runtime.places.runs_dir, name)
    except (NotFound, LocalFault):  # its file was moved away
        return line
    return {**line, "outcome": one.summary, "tone": one.tone}
