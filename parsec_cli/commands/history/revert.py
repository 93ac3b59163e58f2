"""`parsec history revert`: a roster that undoes a change, or all changes of a run."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from parsec_cli import columns, field_rules
from parsec_cli.api.reads import get_user, pages
from parsec_cli.bulk.plan.snapshot import Snapshot, named_in, take_snapshot
from parsec_cli.bulk.run.recorded_runs import find_run
from parsec_cli.cli.common_options import argument, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.history import warn_of_damage
from parsec_cli.errors import GuardRefused, NotFound, UsageFault, shortened
from parsec_cli.memory.entry import change_of_entry, is_deactivation
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import again
from parsec_cli.results import Listing
from parsec_cli.runtime import Runtime

# for more users than this, one listing of all users costs less than one GET each
_LISTING_FROM = 50
_NAMED = 20  # notices of one kind
_DONE = ("created", "changed", "deactivated", "unknown")


@verb("revert")
def command(
    ctx: typer.Context,
    name: str = argument("ID|RUN", "The id of an entry of the history, or of a run."),
) -> Listing:
    """Print a roster that undoes a change, or all changes of a run.

    Sends only reads; `users plan` and `users apply` take the roster. A limit gets its former value,
    unless somebody has changed it since. A deactivated user is created again, without wallet, keys
    and links. Created users are kept; deactivate them yourself if you need to.

    Examples:
      parsec history revert r-20261126-1402 | parsec users plan -
      parsec history revert 1m88e5fh1h8wgx > undo.csv

    """
    runtime = runtime_of(ctx)
    if runtime.options.format is None:
        runtime.options.output = "csv"  # which `users plan` reads; a table is none
    undo = _Undo(runtime, _changes(runtime, name))
    rows = undo.rows()
    for text in undo.skipped and shortened(undo.skipped, _NAMED):
        runtime.screen.notice(text)
    for text in undo.warnings and shortened(undo.warnings, _NAMED):
        runtime.screen.warning(text)
    if not rows:
        runtime.screen.notice("nothing to undo")
    # `users plan --prune` would deactivate all other users
    return Listing("users", columns.UNDO, [rows], lambda: {"filtered": True})


def _changes(runtime: Runtime, name: str) -> list[JsonObject]:
    """Return the changes as entries of the history, perhaps with fewer members."""
    if name.startswith("r-"):
        run = find_run(runtime.places.runs_dir, name)
        _check_origin(runtime, run.header)
        if run.state == "running":
            runtime.screen.warning(f"the run `{name}` is not finished yet")
        changes = [_as_entry(row) for row in run.rows() if row["outcome"] in _DONE]
        if run.damage:
            runtime.screen.warning(f"{run.damage}; the roster does not undo what they recorded")
        return changes
    entry = runtime.history.get(name)
    warn_of_damage(runtime)
    _check_origin(runtime, entry)
    if entry["outcome"] == "not_applied":
        runtime.screen.notice("the change was not applied")
        return []
    return [entry]


def _as_entry(row: JsonObject) -> JsonObject:
    """Return the row of a run as far as it matters as an entry of the history."""
    entry = {
        "target": {name: row.get(name) for name in ("external_id", "customer_id")},
        "command": "users " + row["action"],
        **{name: row.get(name) for name in ("before", "after", "http_status", "attempts")},
    }
    return entry | {"change": change_of_entry(entry, row["after"])}


def _check_origin(runtime: Runtime, origin: JsonObject) -> None:
    """Refuse a change that was made elsewhere: the ids of its users mean nothing here."""
    profile, host = origin.get("profile"), runtime.profile.base_url.display
    key, now = origin.get("key"), runtime.fingerprint
    if origin.get("host") == host and (key == now or profile == runtime.profile.name):
        if key != now:  # an environment variable may hold the key of any builder
            runtime.screen.warning(
                f"the change was made with another key ({key}, now {now}): check that both are of "
                "the same builder"
            )
        return
    raise GuardRefused(
        f"the change was made with profile {profile} at {origin.get('host')}",
        hint="if that profile still exists, run",
        command=again(profile=str(profile), base_url=None),
    )


class _Undo:
    """The rows of the roster; `skipped` says what it leaves out, `warnings` what it cannot undo."""

    def __init__(self, runtime: Runtime, changes: Sequence[JsonObject]) -> None:
        self._changes = changes
        self._snapshot = _users_of(runtime, changes) if changes else Snapshot()
        self._created: set[str] = set()
        self.skipped: list[str] = []
        self.warnings: list[str] = []

    def rows(self) -> list[JsonObject]:
        found = (self._row(change) for change in self._changes)
        return [row for row in found if row is not None]

    def _row(self, change: JsonObject) -> JsonObject | None:
        """Return the row that undoes a change, or None if it says why there is none."""
        target, done, row = change["target"], change["change"], None
        name = target["external_id"] or target["customer_id"] or "a user"
        if is_deactivation(done):
            why, row = self._recreated(change)
        elif "state" in done:
            why = "a creation is not undone, because that would deactivate the user"
        elif "qps_limit" in done and change["before"] is not None:
            why, row = self._former_limit(change)
        elif not done and not change["command"].startswith("api "):
            why = "nothing was changed"
        else:
            why = "this change cannot be undone"
        if why:
            self.skipped.append(f"skipped `{name}`: {why}")
        return row

    def _former_limit(self, change: JsonObject) -> tuple[str, JsonObject | None]:
        new = change["change"]["qps_limit"][1]
        before = User(change["before"])
        old = before.qps_limit
        customer_id = str(change["target"]["customer_id"])
        user = self._snapshot.by_customer_id(customer_id)
        if user is None:
            return "the user is gone", None
        if "qps_limit" not in before.raw or before.has_odd_limit:
            return "the former limit is not known", None
        if old is None:
            return "the user had no limit before, and the API cannot remove one", None
        if user.qps_limit == old:
            return f"the limit is {old} already", None
        if user.qps_limit != new:
            now = "not set" if user.qps_limit is None else user.qps_limit
            return f"the limit is {now} now; the change had set {new}", None
        return "", {
            "external_id": user.external_id,
            "customer_id": user.customer_id,
            "qps_limit": old,
            "email": None,
        }

    def _recreated(self, change: JsonObject) -> tuple[str, JsonObject | None]:
        before, target = change["before"], change["target"]
        name = target["external_id"]
        if self._snapshot.by_customer_id(str(target["customer_id"])):
            return "the user was not deactivated", None
        if not name:
            return "the user had no external_id", None
        if name in self._snapshot.named or name in self._created:
            return "a user with this external_id exists again", None
        if fault := field_rules.new_id_fault(name):
            return f"the API cannot create it again: {fault}", None
        self._created.add(name)
        parts = (("wallet", "wallet"), ("linked_exchanges", "links"))
        lost = " and ".join(f"its {what}" for field, what in parts if before.get(field))
        self.warnings.append(f"`{name}` would get a new key{lost and f', without {lost}'}")
        return "", {
            "external_id": name,
            "customer_id": None,
            "qps_limit": None if (was := User(before)).has_odd_limit else was.qps_limit,
            "email": before.get("email"),
        }


def _users_of(runtime: Runtime, changes: Sequence[JsonObject]) -> Snapshot:
    """Read the users as they are now: each of a few, or all in one listing."""
    targets = [change["target"] for change in changes]
    ids = {str(one["customer_id"]).lower() for one in targets if one["customer_id"]}
    client, snapshot = runtime.client, Snapshot()
    if len(ids) > _LISTING_FROM or any(is_deactivation(change["change"]) for change in changes):
        names = ids | {one["external_id"] for one in targets}
        listed = ([User(user) for user in page.users] for page in pages(client))
        return take_snapshot(listed, named_in(names))
    for customer_id in ids:
        try:
            snapshot.add(get_user(client, customer_id))
        except (NotFound, UsageFault):  # gone, or no id because somebody edited the file
            continue
    return snapshot
