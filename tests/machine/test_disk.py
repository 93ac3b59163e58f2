"""A disk that is full or broken at every byte that a command writes.

Whatever fails: nothing is sent before it is recorded, what was sent is reported, the exit code is
1, old files stay whole, and the same command continues once there is room.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from machine.limits import largest_file
from machine.words import FLEET, check_words
from support.steady import FULL

ALICE, BOB = "alice", "bob"


@dataclass(frozen=True)
class Command:
    """`effects` in the order in which they reach the server; `again` as a rerun may exit."""

    argv: tuple[str, ...]
    effects: tuple[str, ...]
    again: tuple[int, ...] = (0,)
    env: dict[str, str] = field(default_factory=dict)


ONE = ("--concurrency", "1")
ONBOARD = ("users", "onboard", "alice", "--exchange", "polymarket", "--mode", "managed")
CHANGES = {
    "create": Command(("users", "create", "zoe"), ("POST",)),
    "set-qps": Command(("users", "set-qps", "alice", "7"), ("PATCH",)),
    "onboard": Command(ONBOARD, ("ONBOARD",)),
    # a user that is gone is not found
    "deactivate": Command(
        ("users", "deactivate", "alice", "--confirm", "alice"), ("DELETE",), (0, 3)
    ),
    "api": Command(("api", "POST", "/builder/users", "-f", "external_id=zoe"), ("POST",)),
}
RUNS = {
    # the count is of those still to be sent
    "deactivate several": Command(
        ("users", "deactivate", "alice", "bob", "--confirm", "2", "--results", "out.jsonl"),
        ("DELETE", "DELETE"),
        (0, 9),
    ),
    "apply": Command(
        ("users", "apply", "fleet.csv", "--confirm", "1", "--results", "out.jsonl", *ONE),
        ("PATCH", "DELETE", "POST", "POST"),
        (0, 9),
    ),
}


class Machine:
    """A builder with alice and bob, and a state directory that is new for every attempt."""

    def __init__(self, tool, builder, builder_env, work, tmp_path, clock):
        self._tool, self._builder, self._env = tool, builder, builder_env
        self._work, self._tmp_path, self._clock = work, tmp_path, clock
        self._numbers = itertools.count()
        self.state = Path()

    def fresh(self):
        shutil.rmtree(self.state, ignore_errors=True) if self.state.name else None
        self.state = self._tmp_path / f"state-{next(self._numbers)}"
        for path in self._work.iterdir():
            path.unlink()
        (self._work / "fleet.csv").write_text(FLEET)
        self._builder.clear()
        self._builder.add(ALICE, 10)
        self._builder.add(BOB, 20)

    def run(self, argv, limit=None):
        # only the time distinguishes the journals of one process
        self._clock.sleep(1)
        env = {**self._env, "XDG_STATE_HOME": str(self.state)}
        with largest_file(limit):
            return self._tool(*argv, env=env)

    def attempts(self, command, step=1):
        """Run the command on disks that are full at one byte after the other."""
        self.fresh()
        assert self.run(command.argv).code == 0
        assert self.effects == list(command.effects)
        for limit in self.boundaries()[::-step]:
            self.fresh()
            completed = self.run(command.argv, limit)
            check_words(completed)
            yield completed

    @property
    def effects(self):
        return [effect for effect, _ in self._builder.effects]

    @property
    def written(self):
        """All files but the cache, whose failures are silent, and the input."""
        found = [path for path in self.state.rglob("*") if path.is_file() and path.name != "index"]
        return found + [path for path in self._work.iterdir() if path.name != "fleet.csv"]

    def intents(self):
        """The commands of the whole intents in the history."""
        path = self.state / "parsec" / "history.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line["command"] for line in map(parsed, lines) if "command" in line]

    def boundaries(self):
        """Sizes of a file at which another write would be the one that fails, and between."""
        ends: set[int] = {0, 1}
        for path in self.written:
            at = 0
            for line in path.read_bytes().splitlines(keepends=True):
                ends |= {at + len(line) // 2, at + len(line) - 1, at + len(line)}
                at += len(line)
        return sorted(ends)


def parsed(line):
    """A line of JSON; a torn one is an empty object."""
    try:
        return json.loads(line)
    except ValueError:
        return {}


@pytest.fixture
def machine(tool, builder, builder_env, work, tmp_path, clock):
    return Machine(tool, builder, builder_env, work, tmp_path, clock)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_sent_only_if_its_intent_fits_on_the_disk(machine, name):
    """It is sent only if its intent is on the disk; a lost outcome is reported."""
    command, seen = CHANGES[name], set()
    for completed in machine.attempts(command):
        # an intent that lacks no more than its line end is one too many, on the safe side
        assert len(machine.intents()) >= len(machine.effects), completed
        if completed.code == 0:
            assert machine.effects == list(command.effects)
        else:
            assert completed.code == 1, completed
            expected = "the change was made" if machine.effects else "this change was not sent"
            assert expected in completed.err, completed
            assert machine.effects or "then run the same command again" in completed.err
        seen.add((completed.code, len(machine.effects)))

        again = machine.run(command.argv)
        assert again.code in command.again, again
        assert machine.effects in (list(command.effects), ["PATCH", "PATCH"])
        assert machine.run(("history", "list")).code == 0
    assert seen == {(1, 0), (1, 1), (0, 1)}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_sends_only_rows_whose_intents_fit_on_the_disk(machine, name, work):
    """Journal, results and history fail in turn; rows are never sent without their intents."""
    command, seen = RUNS[name], set()
    # the lines of one file end within those of the others
    for completed in machine.attempts(command, step=1 if FULL else 2):
        assert completed.code in (0, 1), completed
        done = len(machine.effects)
        assert len(machine.intents()) >= done, completed
        assert machine.effects == list(command.effects[:done])
        if completed.code and done:
            assert "deactivated" in completed.err or "changed" in completed.err, completed
        results = work / "out.jsonl"
        for line in results.read_text().splitlines()[:-1] if results.exists() else ():
            assert parsed(line)["outcome"]
        seen.add((completed.code, done))

        again = machine.run(command.argv)
        assert again.code in command.again, again
        if again.code == 9:
            at = command.argv.index("--confirm") + 1
            # what is left is another number of deactivations, or none
            left = re.search(r"--confirm (\d+)", again.err)
            consent = ("--confirm", left[1]) if left else ("--yes",)
            again = machine.run((*command.argv[: at - 1], *consent, *command.argv[at + 1 :]))
        assert again.code == 0, again
        assert machine.effects == list(command.effects)
        outcomes = {parsed(line)["outcome"] for line in results.read_text().splitlines()}
        assert outcomes <= {"created", "changed", "deactivated", "unchanged"}
    assert seen >= {(1, 0), (1, 1), (0, len(command.effects))}


CONFIG = '# mine\n[profiles.default]\nbase_url = "https://one.example"\nunknown = 1\n'
PLAN = ("users", "plan", "fleet.csv", "--out", "out.plan")


@pytest.mark.parametrize(
    ("argv", "stdin"),
    [
        (("config", "set", "rate", "5"), b""),
        (("config", "unset", "base_url"), b""),
        (("config", "use", "sandbox"), b""),
        (("config", "set", "api_key", "--no-verify"), b"pk_live_CANARY_0123456789"),
        (("config", "init", "-p", "two", "--no-verify"), b"pk_live_CANARY_0123456789"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_config_that_cannot_be_saved_is_unchanged(tool, tmp_path, argv, stdin):
    """No byte of the new one, nothing beside it, and the next save works."""
    config = tmp_path / "config" / "parsec.toml"
    config.parent.mkdir(mode=0o700)
    env = {"PARSEC_CONFIG": str(config)}
    config.write_text(CONFIG)
    assert tool(*argv, env=env, stdin=stdin).code == 0
    whole = config.read_bytes()
    assert whole != CONFIG.encode()
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        config.write_text(CONFIG)
        with largest_file(size):
            completed = tool(*argv, env=env, stdin=stdin)
        assert completed.code == 1, completed
        check_words(completed)
        assert "CANARY" not in completed.err
        assert f"cannot save `{config}`: file too large" in completed.err
        assert config.read_text() == CONFIG
        assert list(config.parent.iterdir()) == [config]
        assert tool(*argv, env=env, stdin=stdin).code == 0
        assert config.read_bytes() == whole


def test_a_plan_that_cannot_be_saved_leaves_the_old_one(machine, work):
    machine.fresh()
    plan = work / "out.plan"
    assert machine.run(PLAN).code == 0
    size = plan.stat().st_size
    for limit in (0, size // 2, size - 1):
        plan.write_text("an older plan")
        completed = machine.run(PLAN, limit)
        assert completed.code == 1, completed
        check_words(completed)
        assert completed.out == ""
        assert plan.read_text() == "an older plan"
        assert {path.name for path in work.iterdir()} == {"fleet.csv", "out.plan"}
    assert machine.effects == []
    assert machine.run(PLAN).code == 0


def test_an_index_that_cannot_be_written_stops_no_command(machine):
    """It is a cache: the output is the same, and a later command repairs it."""
    machine.fresh()
    usual = machine.run(("users", "list"))
    index = machine.state / "parsec" / "index"
    for limit in (0, 1, 20, index.stat().st_size // 2, index.stat().st_size - 1):
        machine.fresh()
        for argv in (("users", "list"), ("users", "get", "bob")):
            completed = machine.run(argv, limit)
            assert (completed.code, completed.err) == (0, ""), completed
            assert argv[1] == "get" or completed.out == usual.out
        assert machine.run(("users", "get", "alice")).code == 0
        assert machine.run(("users", "list")).out == usual.out


def test_a_sandbox_that_cannot_be_created_is_created_later(machine):
    machine.fresh()
    file = machine.state / "parsec" / "sandbox.sqlite3"
    usual = machine.run(("-p", "sandbox", "users", "list"))
    for limit in (0, 1, 4096, 8192, 20_000, file.stat().st_size - 1):
        machine.fresh()
        file = machine.state / "parsec" / "sandbox.sqlite3"
        completed = machine.run(("-p", "sandbox", "users", "list"), limit)
        assert completed.code == 1, completed
        check_words(completed)
        assert f"cannot use the sandbox file `{file}`" in completed.err
        assert list(file.parent.iterdir()) == [file]
        assert machine.run(("-p", "sandbox", "users", "list")).out == usual.out


@pytest.mark.parametrize(
    "argv",
    [
        ("sandbox", "seed", "300"),
        ("sandbox", "reset"),
        ("-p", "sandbox", "users", "create", "zoe"),
        ("-p", "sandbox", "users", "deactivate", "user_001", "--confirm", "user_001"),
    ],
    ids=" ".join,
)
def test_a_sandbox_that_cannot_grow_keeps_its_users(machine, argv):
    """The file is whole, and the exit code shows that nothing changed."""
    machine.fresh()
    listing = ("-p", "sandbox", "users", "list")
    before = machine.run(listing).out
    assert machine.run(("sandbox", "seed", "20")).code == 0
    before = machine.run(listing).out
    completed = machine.run(argv, 3000)
    assert completed.code == 1, completed
    check_words(completed)
    assert machine.run(listing).out == before
    assert machine.run(("sandbox", "seed", "20")).code == 0
