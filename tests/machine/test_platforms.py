"""What a system without POSIX changes: nothing but refusals with a reason.

`support/lacking.py` says what is taken away, and how the children are Windows or are not.
"""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import lacking
from support.builder import BUILDER_KEY
from support.runner import Completed

ROSTER = "external_id,qps_limit\nuser_001,15\nuser_004,5\n"
GUARD = 10
# the words of a command, with what is typed; the exit code is 0
DAY = {
    "config init --base-url {url} --json": BUILDER_KEY,
    "config set rate 20": "",
    "config show --json": "",
    "doctor --json": "",
    "users list --json": "",
    "users get user_001 --json": "",
    "users create user_003 --qps-limit 5": "",
    "users set-qps user_001 20": "",
    "users set-qps user_002 30": "",
    "users plan fleet.csv --json": "",
    "users deactivate user_003 --confirm user_003": "",
    "history list --json": "",
    "runs list --json": "",
    "completion powershell": "",
    "sandbox seed 5": "",
    "-p sandbox users create user_009": "",
    "-p sandbox history list": "",
    "--version": "",
    "help --json": "",
}
PLAN = {
    "config init --base-url {url} --no-verify": BUILDER_KEY,
    "users plan fleet.csv --out plan.json": "",
}
BULK = PLAN | {
    "users apply plan.json --yes": "",
    "users apply fleet.csv --yes --prune --confirm 1 --results results.jsonl": "",
    "runs list": "",
    "runs show {run}": "",
    "users apply fleet.csv --yes --json": "",
}


@pytest.fixture(scope="module")
def systems():
    """One of each kind, from the first command on."""
    started: dict[str, lacking.System] = {}
    try:
        yield started
    finally:
        for system in started.values():
            system.stop()


@pytest.fixture
def lacks(isolated_environment, work, home, systems):
    """Run a command where a system lacks much: `lacks(kind, argv, stdin="")`."""
    # where Windows has a user's files; a POSIX system without a passwd file needs HOME
    environment = {
        name: value for name, value in isolated_environment.items() if not name.startswith("XDG_")
    }
    environment |= {"LOCALAPPDATA": str(home / "Local"), "PARSEC_DEBUG": "1"}

    def start(kind, argv, **how):
        return subprocess.Popen(
            [sys.executable, lacking.__file__, kind, *argv],
            env=environment,
            cwd=work,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **how,
        )

    def run(kind, argv, stdin=""):
        if kind not in systems:
            systems[kind] = lacking.System(kind, environment)
        ended = systems[kind].run(argv, env=environment, cwd=work, stdin=stdin.encode())
        completed = Completed(*ended)
        assert "Traceback" not in completed.err, completed.err
        assert "fault of parsec" not in completed.err, completed.err
        return completed

    run.start = start
    return run


@pytest.fixture
def fleet(builder, work):
    builder.add("user_001", 10)
    builder.add("user_002", 10)
    (work / "fleet.csv").write_text(ROSTER)
    return builder


def do(lacks, kind, day, url):
    done = {}
    for line, stdin in day.items():
        run = done["runs list"].out.split()[0] if "runs list" in done else ""
        completed = lacks(kind, line.format(url=url, run=run).split(), stdin)
        assert completed.code == 0, f"{line}: {completed.code}\n{completed.out}{completed.err}"
        done[line] = completed
    return done


@pytest.mark.parametrize("kind", ["windows", "bare"])
def test_the_main_commands_do_their_work(lacks, fleet, kind):
    done = do(lacks, kind, DAY, fleet.url)
    entries = done["history list --json"].json["entries"]
    assert {entry["outcome"] for entry in entries} == {"applied"}
    assert len(entries) == len(fleet.effects) == 4
    assert fleet.by_external_id("user_002")["qps_limit"] == 30


def test_windows_applies_a_file_of_users_one_run_at_a_time(lacks, fleet, home):
    do(lacks, "windows", BULK, fleet.url)
    limits = {user["external_id"]: user["qps_limit"] for user in fleet.users.values()}
    assert limits == {"user_001": 15, "user_004": 5}
    (lock,) = home.rglob("*.lock")
    with lock.open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as the stand-in for Windows does
        sent = len(fleet.mutations)
        again = lacks("windows", ["users", "apply", "fleet.csv", "--yes"])
    assert again.code == GUARD, again
    assert "another bulk run for this host and key is in progress" in again.err
    assert len(fleet.mutations) == sent


def test_without_locks_a_bulk_run_is_refused_before_it_sends_anything(lacks, fleet):
    do(lacks, "bare", PLAN, fleet.url)
    refused = lacks("bare", ["users", "apply", "plan.json", "--yes", "--json"])
    assert refused.code == 1, refused
    assert "cannot lock" in refused.error["message"]
    assert "nothing was sent" in refused.error["message"]
    assert fleet.mutations == []


@pytest.mark.parametrize("kind", ["windows", "bare"])
def test_the_sandbox_serves_until_it_is_interrupted(lacks, kind):
    with lacks.start(kind, ["sandbox", "serve", "--port", "0"]) as child:
        try:
            assert child.stdout.readline().startswith(b"http://127.0.0.1:")
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=30)
        finally:
            child.kill()
    assert child.returncode == 0, err
    assert b"Traceback" not in err


def test_what_is_taken_away_is_gone():
    """Without this, a misspelled name would leave the other tests with nothing to find."""
    kinds = {}
    for kind in ("windows", "bare"):
        code = (
            "import json, sys; from support import lacking;"
            f"lacking.take_away({kind!r});"
            "found = [n for h, names in lacking.GONE.items() for n in names if hasattr(h, n)];"
            "print(json.dumps([found, sys.platform, sys.modules.get('msvcrt') is not None]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(Path(lacking.__file__).parents[1])},
            capture_output=True,
            check=True,
        )
        kinds[kind] = json.loads(done.stdout)
    assert kinds == {"windows": [[], "win32", True], "bare": [[], "linux", False]}


def test_a_key_is_read_where_no_terminal_can_hide_it(terminal, fleet, home):
    argv = ["config", "init", "--base-url", fleet.url, "--no-verify"]
    program = (lacking.__file__, "bare")
    question = "(not shown): "
    given_up = terminal(argv, answers=[(question, "\x04")], program=program)
    assert given_up.code != 0, given_up
    assert "fault of parsec" not in given_up.text
    assert list(home.rglob("config.toml")) == []
    done = terminal(argv, answers=[(question, f"{BUILDER_KEY}\n")], program=program)
    assert done.code == 0, done
    (config,) = home.rglob("config.toml")
    assert BUILDER_KEY in config.read_text()
