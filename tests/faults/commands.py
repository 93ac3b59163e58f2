"""The commands of the fault table by class, and checks of their messages and history."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from support.builder import BuilderServer
from support.records import customer_id
from support.runner import Completed

ALICE = customer_id(0)
MEMBER = f"/builder/users/{ALICE}$"


@dataclass(frozen=True)
class Command:
    """`target` is the one request of the command that the fault is about: method and path."""

    kind: str
    line: str
    target: tuple[str, str]

    @property
    def argv(self) -> list[str]:
        return self.line.split()


_ONBOARD = ("POST", "/builder/onboard$")
_FORM = f"-f customer_id={ALICE} -f exchange=polymarket -f mode=managed"
COMMANDS = {
    "get": Command("R", f"users get {ALICE}", ("GET", MEMBER)),
    "list": Command("R", "users list", ("GET", "/builder/users$")),
    "pool": Command("R", "pool show", ("GET", "/builder/pool$")),
    "create": Command("C", "users create new", ("POST", "/builder/users$")),
    "onboard": Command(
        "O", f"users onboard {ALICE} --exchange polymarket --mode managed", _ONBOARD
    ),
    "set-qps": Command("U", f"users set-qps {ALICE} 5", ("PATCH", MEMBER)),
    "deactivate": Command("D", f"users deactivate {ALICE} --confirm alice", ("DELETE", MEMBER)),
    "api get": Command("aR", f"api GET /builder/users/{ALICE}", ("GET", MEMBER)),
    "api create": Command("aC", "api POST /builder/users -f external_id=new", ("POST", "users$")),
    "api onboard": Command("aO", f"api POST /builder/onboard {_FORM}", _ONBOARD),
    "api patch": Command(
        "aU", f"api PATCH /builder/users/{ALICE} -F qps_limit=5", ("PATCH", MEMBER)
    ),
    "api delete": Command(
        "aD", f"api DELETE /builder/users/{ALICE} --confirm alice", ("DELETE", MEMBER)
    ),
}
CHANGES = [name for name, command in COMMANDS.items() if not command.kind.endswith("R")]


def of_kind(*kinds: str) -> list[str]:
    return [name for name, command in COMMANDS.items() if command.kind in kinds]


def targeted(builder: BuilderServer, command: Command) -> int:
    """Count the requests that the fault was about."""
    method, path = command.target
    return len([r for r in builder.requests if r.method == method and re.search(path, r.path)])


def check_words(completed: Completed, command: Command) -> None:
    """Check the one line of JSON of a failed run, and its exit code."""
    error = completed.error
    assert completed.out == "", completed
    assert "Traceback" not in completed.err
    assert {"code", "message", "http_status", "retryable", "hint", "exit_code"} <= set(error)
    assert error["exit_code"] == completed.code
    assert error["hint"], error
    assert "127.0.0.1" in error["message"], error
    assert len(completed.err) < 3000
    unknown = "outcome unknown" in error["message"]
    nothing = re.search(r"nothing was (sent|changed)", error["message"])
    assert unknown == (completed.code == 12), error
    assert (error["code"] == "outcome_unknown") == unknown
    if not command.kind.endswith("R"):
        assert bool(nothing) != unknown, error


def check_history(home: Path, completed: Completed, command: Command) -> None:
    """Check that the history of a change agrees with the exit code."""
    files = list(home.rglob("history.jsonl"))
    if command.kind.endswith("R"):
        assert files == []
        return
    if not files:
        # refused or failed before the change was ready to be sent
        assert completed.code in (3, 4, 5, 6, 7, 10)
        return
    lines = [json.loads(line) for line in files[0].read_text().splitlines()]
    expected = {0: "applied", 12: "unknown"}.get(completed.code, "not_applied")
    assert [line["outcome"] for line in lines if "outcome" in line] == [expected]
    assert len(lines) == 2
