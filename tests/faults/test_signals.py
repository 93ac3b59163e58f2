"""Ctrl-C and SIGTERM end a command at once, or after a short wait for a sent request."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from pathlib import Path

import pytest
from faults.children import ENDLESS, Child, until
from faults.commands import ALICE
from support.actions import close, json_response, stall, too_many
from support.records import new_user, wallet

from parsec_cli.bulk.run.run import Run
from parsec_cli.errors import Interrupted, Terminated
from parsec_cli.interrupts import DRAIN_SECONDS
from parsec_cli.output.screen import Screen

INT, TERM, HUP = (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)
DEACTIVATE = ("users", "deactivate", ALICE, "--confirm", "alice")
SET_QPS = ("users", "set-qps", ALICE, "5")
CREATE = ("users", "create", "new")
SOCKETS, SYN_SENT = Path("/proc/net/tcp"), "02"


@pytest.fixture
def start(isolated_environment, work, builder, key_env):
    builder.add("alice", 10)
    builder.strict = False
    started = []

    def run(*argv: str, url=None, **how) -> Child:
        env = {**isolated_environment, **key_env(url or builder)}
        started.append(Child([*argv, "--json"], env, work, **how))
        return started[-1]

    yield run
    for child in started:
        child.finish()


@pytest.fixture
def outcomes(home):
    """Read the outcomes of the changes from the history, in order; None if one is missing."""

    def read() -> list[str | None]:
        found: dict[str, str | None] = {}
        for path in home.rglob("history.jsonl"):
            for line in map(json.loads, path.read_text().splitlines()):
                found[line["id"]] = line.get("outcome")
        return list(found.values())

    return read


def requests(builder, method: str) -> int:
    return len([r for r in builder.requests if r.method == method and r.complete])


def test_a_signal_ends_the_reading_of_holdings_at_once(start, builder):
    names = ["bob", "carol"]
    for name in names:
        builder.add(name, wallet=wallet(), linked_exchanges=["polymarket"])
    builder.fault("GET", "/orders", action=stall(), times=9)
    child = start("users", "deactivate", *names, "--confirm", "2")
    until(lambda: len([r for r in builder.requests if r.path.endswith("/orders")]) == len(names))
    child.signal(signal.SIGINT)
    completed = child.finish()
    assert completed.code == 130, completed
    assert builder.mutations == []


@pytest.mark.parametrize(
    ("argv", "number", "code", "message"),
    [
        (("pool", "show"), *INT, "interrupted"),
        ((*SET_QPS, "--dry-run"), *INT, "interrupted"),
        (SET_QPS, *TERM, "terminated; nothing was changed"),
        (DEACTIVATE, *INT, "interrupted; nothing was changed"),
        (("users", "deactivate", "alice", "bob"), *HUP, "terminated; nothing was changed"),
    ],
)
def test_a_read_is_interrupted_at_once(start, builder, outcomes, number, code, argv, message):
    builder.fault("GET", action=stall())
    child = start(*argv)
    until(lambda: requests(builder, "GET"))
    child.signal(number)
    completed = child.finish()
    assert completed.code == code, completed
    assert completed.out == ""
    assert (completed.error["message"], completed.error["exit_code"]) == (message, code)
    assert "Traceback" not in completed.err
    assert builder.mutations == []
    assert outcomes() == []


def test_a_run_that_is_interrupted_twice_before_it_sent_a_change_says_so(
    run, builder, work, monkeypatch
):
    """The second signal arrives while the run ends."""

    def execute(self):
        self.request_stop(Interrupted("interrupted"))
        raise Interrupted("interrupted")

    builder.add("alice", 10)
    (work / "r.csv").write_text("external_id,qps_limit\nalice,5\n")
    monkeypatch.setattr(Run, "execute", execute)
    done = run("users", "apply", "r.csv", "--yes", "--json")
    assert (done.code, done.error["message"]) == (130, "interrupted; nothing was changed")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("users set-qps alice 5", "interrupted: the change was made"),
        ("users set-qps alice=5 bob=5", "interrupted: 2 changed"),
        ("users set-qps alice 10", "interrupted; nothing was changed"),
    ],
)
def test_a_signal_while_the_result_is_shown_says_what_was_done(
    run, builder, monkeypatch, line, message
):
    def show(_screen, _result):
        raise Interrupted("interrupted")

    for name in ("alice", "bob"):
        builder.add(name, 10)
    monkeypatch.setattr(Screen, "show", show)
    done = run(*line.split(), "--json")
    assert (done.code, done.error["message"]) == (130, message)
    changed = "nothing" not in message
    assert ("see what was changed with\n" in (done.error["hint"] or "")) is changed
    assert (len(builder.effects) > 0) is changed


def test_a_second_signal_while_a_run_ends_proposes_the_history(run, builder, monkeypatch):
    def execute(self):
        execute_all(self)
        raise Terminated("terminated")

    for name in ("alice", "bob"):
        builder.add(name, 10)
    execute_all = Run.execute
    monkeypatch.setattr(Run, "execute", execute)
    done = run("users", "set-qps", "alice=5", "bob=5", "--json")
    assert (done.code, done.error["message"]) == (143, "terminated")
    assert "see what was changed with\nparsec --base-url" in done.error["hint"]
    assert done.error["hint"].endswith(" history list")


@pytest.mark.parametrize("users", [["holder"], ["holder", "alice"]], ids=len)
def test_reading_holdings_is_interrupted_at_once_and_nothing_is_sent(
    start, builder, outcomes, users
):
    builder.add("holder", 10, wallet=wallet(), linked_exchanges=["polymarket"])
    builder.fault("GET", "/orders", action=stall())
    child = start("users", "deactivate", *users, "--confirm", "holder")
    until(lambda: any(r.path.endswith("/orders") for r in builder.requests))
    child.signal(signal.SIGINT)
    completed = child.finish()
    assert completed.code == 130, completed
    assert builder.mutations == []
    assert outcomes() == []


def connecting(port: int) -> int:
    """Return how many sockets wait for this port to accept them."""
    lines = [line.split() for line in SOCKETS.read_text().splitlines()[1:]]
    return sum(line[2].endswith(f":{port:04X}") and line[3] == SYN_SENT for line in lines)


@pytest.mark.skipif(not SOCKETS.exists(), reason="the system does not list its sockets")
@pytest.mark.parametrize(("number", "code"), [INT, TERM])
def test_a_change_that_still_connects_is_interrupted_at_once_and_not_sent(
    start, outcomes, number, code
):
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    try:
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        before = connecting(port)
        child = start(*CREATE, url=f"http://127.0.0.1:{port}")
        until(lambda: connecting(port) > before)
        child.signal(number)
        completed = child.finish()
    finally:
        for each in (listener, *waiting):
            each.close()
    assert completed.code == code, completed
    assert "nothing was sent" in completed.error["message"]
    assert outcomes() == ["not_applied"]


@pytest.mark.parametrize(
    ("argv", "number", "code"),
    [
        (CREATE, signal.SIGTERM, 143),
        (DEACTIVATE, signal.SIGINT, 130),
        (SET_QPS, signal.SIGINT, 130),
    ],
)
def test_waiting_for_a_429_ends_at_once_and_nothing_was_changed(
    start, builder, outcomes, number, code, argv
):
    for method in ("POST", "DELETE", "PATCH"):
        builder.fault(method, action=too_many("50"))
    child = start(*argv)
    until(lambda: len(builder.mutations) and outcomes())
    child.signal(number)
    completed = child.finish()
    assert completed.code == code, completed
    assert "nothing was changed" in completed.error["message"]
    assert completed.error["exit_code"] == code
    assert len(builder.mutations) == 1
    assert outcomes() == ["not_applied"]


@pytest.mark.parametrize(
    ("argv", "method", "number", "code"),
    [
        (CREATE, "POST", *INT),
        (DEACTIVATE, "DELETE", *INT),
        (DEACTIVATE, "DELETE", *TERM),
        # a terminal that is closed ends what it started
        (SET_QPS, "PATCH", *HUP),
    ],
)
def test_a_change_in_flight_is_finished_and_reported(
    start, builder, outcomes, number, code, argv, method
):
    builder.release = threading.Event()
    child = start(*argv, drain=DRAIN_SECONDS)
    until(lambda: requests(builder, method))
    child.defer(number)
    builder.release.set()
    completed = child.finish()
    assert completed.code == code, completed
    assert completed.json
    assert outcomes() == ["applied"]
    assert len(builder.effects) == 1


@pytest.mark.parametrize("lost", [close(), stall()], ids=str)
@pytest.mark.parametrize(("argv", "method"), [(CREATE, "POST"), (DEACTIVATE, "DELETE")])
def test_a_change_without_a_response_in_time_is_unknown_and_not_repeated(
    start, builder, outcomes, argv, method, lost
):
    builder.fault(method, action=lost, times=9, after_effect=True)
    builder.release = threading.Event()
    child = start(*argv, drain=0.8)
    until(lambda: requests(builder, method))
    child.defer(signal.SIGINT)
    builder.release.set()
    completed = child.finish()
    assert completed.code == 130, completed
    assert "outcome unknown" in completed.error["message"]
    assert completed.error["hint"]
    assert len(builder.mutations) == 1
    assert outcomes() == ["unknown"]


@pytest.mark.parametrize(
    ("argv", "method", "number", "code", "hint"),
    [
        (DEACTIVATE, "DELETE", *INT, f"see the current state with\nparsec users get {ALICE}"),
        (SET_QPS, "PATCH", *TERM, f"see the current state with\nparsec users get {ALICE}"),
        (CREATE, "POST", *INT, "it is safe to run the same command again"),
        (("api", "POST", "/x"), "POST", *INT, "check the current state before repeating it"),
    ],
)
def test_the_second_signal_ends_at_once_and_reports_what_is_unknown(
    start, builder, outcomes, argv, method, number, code, hint
):
    builder.fault(method, action=stall(), after_effect=True)
    child = start(*argv, drain=ENDLESS)
    until(lambda: requests(builder, method))
    child.defer(signal.SIGINT)
    child.signal(number)
    completed = child.finish()
    assert completed.code == code, completed
    assert "outcome unknown" in completed.error["message"]
    shown = re.sub(r" --base-url \S+", "", completed.error["hint"])
    assert shown == hint
    assert "Traceback" not in completed.err
    assert outcomes() == ["unknown"]


def test_an_interrupted_listing_closes_its_document(start, builder):
    page = {"users": [new_user("a", 1)], "count": 1, "next_cursor": "x"}
    builder.fault("GET", "/users$", action=json_response(200, page))
    builder.fault("GET", "/users$", action=stall(), nth=2)
    child = start("users", "list")
    until(lambda: requests(builder, "GET") == 2)
    child.signal(signal.SIGINT)
    completed = child.finish()
    assert completed.code == 130, completed
    assert completed.json["complete"] is False
    assert completed.json["next_cursor"] == "x"


def test_an_ignored_signal_stays_ignored(start, builder):
    """As under nohup, or in the background of a shell without job control."""
    builder.latency = 0.4
    child = start("pool", "show", deaf=True)
    until(lambda: requests(builder, "GET"))
    child.signal(signal.SIGINT)
    completed = child.finish()
    assert completed.code == 0, completed
