"""What must be true after any sequence of commands, whatever happened to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sessions.fleet import DOUBTFUL, Key, Step

Entry = dict[str, Any]
# an outcome in a row of results, and the outcome in the history that it stands for
APPLIED = ("created", "changed", "deactivated")
# a change may be repeated after these
REPEATED = {"limited", *DOUBTFUL} - {"killed", "cut"}
# requests of one change, apart from those that got a 429
MOST = {"create": 4, "set-qps": 4, "deactivate": 3, "onboard": 1, "other": 1}


def check_history(steps: Sequence[Step], entries: Sequence[Entry]) -> None:
    """Everything that was sent is there, with an outcome that the API confirms."""
    of_step: dict[str, dict[Key, Entry]] = defaultdict(dict)
    for entry in entries:
        of_this = of_step[entry["reason"]]
        assert key_of(entry) not in of_this, ("twice", entry)
        of_this[key_of(entry)] = entry
    known = {step.reason for step in steps}
    assert set(of_step) <= known, set(of_step) - known
    for step in steps:
        check_step(step, of_step[step.reason])


def check_step(step: Step, entries: dict[Key, Entry]) -> None:
    for key in {one.key for one in step.sent}:
        assert key in entries, f"{key} was sent, but is not in the history: {step}"
        check_repeats(step, key)
    for key, entry in entries.items():
        attempts, outcome = step.attempts(key), entry["outcome"]
        where = f"{key} is {outcome}: {step}"
        doubtful = any(one.kind_of_fate in DOUBTFUL for one in attempts)
        if outcome == "applied":
            assert key in step.true, where
        elif outcome == "not_applied":
            assert key not in step.effects, where
        else:
            assert outcome == "unknown", where
            assert doubtful or step.abandoned, where
        if not step.abandoned:
            assert entry["attempts"] == len(attempts), where
    if not step.killed and not step.bulk:
        outcomes = [entry["outcome"] for entry in entries.values()]
        assert len(outcomes) <= 1, step
        code = {0: ["applied"], 12: ["unknown"]}.get(step.completed.code, ["not_applied"])
        assert outcomes in (code, []) or step.interrupted, step
        assert outcomes or step.completed.code != 12, step


def check_repeats(step: Step, key: Key) -> None:
    """A change is repeated only where the last response says so or is missing."""
    attempts = [one.kind_of_fate for one in step.attempts(key)]
    counted = [kind for kind in attempts if kind != "limited"]
    assert len(counted) <= MOST[key[0]], f"{key} was sent too often: {step}"
    for kind in attempts[:-1]:
        # another thread may repeat before the main thread has seen the signal
        repeated = kind in REPEATED or (kind == "cut" and step.bulk)
        assert repeated, f"{key} was sent after {kind}: {step}"


def check_results(step: Step, entries: dict[Key, Entry], rows: Sequence[Entry]) -> None:
    """Each row of a run, as it was printed or as `runs show` shows it, agrees with the history."""
    found = {row_key(row): row for row in rows if row["action"] != "none"}
    for key in {one.key for one in step.sent}:
        assert key in found, f"{key} was sent, but is in no row: {step}"
    for key, row in found.items():
        outcome, where = row["outcome"], f"{key} is {row}: {step}"
        in_history = entries.get(key, {}).get("outcome")
        if outcome in APPLIED:
            assert in_history == "applied", where
        elif outcome == "unknown":
            # the end of the process may come between the two files
            assert in_history == "unknown" or step.abandoned, where
        elif outcome == "failed":
            assert in_history in (None, "not_applied"), where
        else:
            assert outcome in ("unchanged", "not_attempted"), where
            assert step.attempts(key) == [], where
        if key in step.effects:
            assert outcome in (*APPLIED, "unknown"), where
    counts = Counter(row["outcome"] for row in rows)
    if not step.killed:
        failed = any(counts[name] for name in ("failed", "unknown", "not_attempted"))
        assert failed == (step.completed.code != 0) or step.interrupted, (counts, step)
        assert not failed or step.completed.code != 0, (counts, step)


def key_of(entry: Entry) -> Key:
    command, target = entry["command"], entry["target"]
    after, before = entry["after"] or {}, entry["before"]
    words = command.split(" ")
    if words[0] == "api":
        _, method, path = words
        if path.endswith("/builder/users"):
            return "create", entry["after"]["external_id"]
        kind = {"PATCH": "set-qps", "DELETE": "deactivate"}.get(method, "other")
        return kind, path.rpartition("/")[2] if kind != "other" else f"{method} /api/v1{path}"
    if command == "users create" or (command == "users apply" and before is None):
        return "create", target["external_id"]
    if command == "users onboard":
        return "onboard", target["customer_id"]
    gone = command == "users deactivate" or (command == "users apply" and not after)
    return "deactivate" if gone else "set-qps", target["customer_id"]


def row_key(row: Entry) -> Key:
    create = row["action"] == "create"
    return row["action"], row["external_id" if create else "customer_id"]
