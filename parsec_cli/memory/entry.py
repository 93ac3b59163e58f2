"""An entry of the history: its change, as data and in words, and the choice of entries."""

from __future__ import annotations

import re

from parsec_cli import exact_json
from parsec_cli.models import JsonObject
from parsec_cli.records import record

OUTCOMES = ("applied", "not_applied", "unknown")
API_DEACTIVATION = "api DELETE /builder/users/[^/ ]+"
_CREATED, _DEACTIVATED = ["absent", "active"], ["active", "absent"]
_STATE = "state"  # as in a roster
_LINKED = "linked_exchanges"
_LONGEST = 60  # characters of a value in words


@record
class Selection:
    """Which entries are wanted; None for any.

    `user` is an id of the kinds in `by`. `since` and `until` are as `parse_moment` returns them;
    the moment `until` is excluded. `command` may lack its noun `users`, or the path of an `api`
    command.
    """

    user: str | None = None
    by: tuple[str, ...] = ("external_id", "customer_id")
    since: str | None = None
    until: str | None = None
    profile: str | None = None
    command: str | None = None
    outcome: str | None = None
    run: str | None = None

    @property
    def trace(self) -> bytes:
        """Return text that each line about a wanted entry contains, in lower case; b"" for none."""
        wanted = (self.run, self.user, self.profile)
        text = next((text for text in wanted if text is not None), None)
        if text is None or not text.isascii():  # which a file may have in two ways
            return b""
        return exact_json.dumps(text).lower().encode()

    def matches(self, entry: JsonObject) -> bool:
        """Whether this entry, as `History` yields it, is wanted."""
        time = str(entry["time"])
        return (
            (self.since is None or time >= self.since)
            and (self.until is None or time < self.until)
            and (self.outcome is None or entry["outcome"] == self.outcome)
            and (self.run is None or entry["run"] == self.run)
            and (self.profile is None or entry["profile"] == self.profile)
            and (self.command is None or _is_command(str(entry["command"]), self.command))
            and (self.user is None or self._concerns(entry["target"], self.user))
        )

    def _concerns(self, target: JsonObject, user: str) -> bool:
        if "external_id" in self.by and target["external_id"] == user:
            return True
        return "customer_id" in self.by and str(target["customer_id"] or "").lower() == user.lower()


def _is_command(command: str, wanted: str) -> bool:
    command, wanted = command.removeprefix("users "), wanted.strip().removeprefix("users ")
    return command == wanted or command.startswith(f"{wanted} ")


def change_of_entry(entry: JsonObject, asked: JsonObject | None) -> JsonObject:
    """Return `{field: [before, after]}` of a change, `asked` being the values that were sent.

    A user that is created or deactivated changes its `state`, as in a roster.
    """
    command, before = str(entry["command"]), entry["before"]
    if asked is None:
        gone = command.startswith("users ") or re.fullmatch(API_DEACTIVATION, command)
        return {_STATE: _DEACTIVATED} if gone and before is not None else {}
    if command == "users onboard":
        if (entry["after"] or {}).get("status") == "already_linked":
            return {}
        known = (before or {}).get(_LINKED)
        linked, exchange = (known if isinstance(known, list) else []), asked.get("exchange")
        return {_LINKED: [linked, linked if exchange in linked else [*linked, exchange]]}
    if before is None and command.startswith("users "):
        if (entry["http_status"], entry["attempts"]) == (200, 1):
            return {}  # the user existed
        fields = {name: [None, value] for name, value in asked.items() if name != "external_id"}
        return {_STATE: _CREATED, **fields}
    return {name: [(before or {}).get(name), value] for name, value in asked.items()}


def is_deactivation(change: JsonObject) -> bool:
    return change.get(_STATE) == _DEACTIVATED


def in_words(entry: JsonObject, arrow: str = "→") -> str:
    """Describe the change to people: `qps_limit 10 → 20`, `created`, `linked polymarket`.

    "" if only the command says what it was, such as `api DELETE /orders/5`.
    """
    change = entry["change"]
    if not change and str(entry["command"]).startswith("users "):
        return "already linked" if entry["command"] == "users onboard" else "already existed"
    if change.get(_STATE) == _CREATED:
        return "created"
    if is_deactivation(change):
        return "deactivated"
    parts = []
    for name, (before, after) in change.items():
        if name == _LINKED:
            new = [str(one) for one in after if one not in before] or [str(one) for one in after]
            parts.append(f"linked {', '.join(new)}")
        elif entry["before"] is None:  # what it was is not known
            parts.append(f"{name} {_shown(after)}")
        else:
            parts.append(f"{name} {_shown(before)} {arrow} {_shown(after)}")
    return ", ".join(parts)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else exact_json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
