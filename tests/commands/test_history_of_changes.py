"""Every change of every command is in the history, with its outcome and without a key."""

from __future__ import annotations

import hashlib

import pytest
from commands.keys import SECRETS
from support.actions import close, error, html, json_response, too_many
from support.builder import BUILDER_KEY
from support.records import END_USER_KEY, customer_id

KNOWN = customer_id(0)
RAW = f"/builder/users/{KNOWN}"
COMMANDS = {
    "users create": ["users", "create", "new", "--qps-limit", "5"],
    "users set-qps": ["users", "set-qps", "alice", "20"],
    "users onboard": [
        *("users", "onboard", "alice", "--exchange", "kalshi", "--mode", "self"),
        *("--credentials", "kalshi.json"),
    ],
    "users deactivate": ["users", "deactivate", "alice", "--confirm", "alice"],
    "users deactivate ": ["users", "deactivate", "alice", "alice", "--confirm", "1"],
    f"api DELETE {RAW}": ["api", "DELETE", RAW, "--confirm", "alice"],
    f"api PATCH {RAW}": ["api", "PATCH", RAW, "-F", "qps_limit=20"],
    "api POST /builder/users": ["api", "POST", "/builder/users", "-f", "external_id=new"],
}
# each is the response to every change, with the outcome that the history must contain
FAULTS = {
    "applied": (None, "applied"),
    "rate limited once": (too_many("1"), "applied"),
    "refused": (
        error(400, f"no {END_USER_KEY}0000 and {BUILDER_KEY}", "bad_request"),
        "not_applied",
    ),
    "unauthorized": (error(401, "invalid API key", "unauthorized"), "not_applied"),
    "quota": (json_response(429, {"error": "monthly request limit exceeded"}), "not_applied"),
    "unknown": (close(), "unknown"),
    "failed": (html(500, f"<html>{BUILDER_KEY}</html>"), "unknown"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_change_is_there_with_its_outcome_and_without_a_key(
    run, builder, keys_file, leaks, command, fault
):
    builder.add("alice", 10)
    keys_file("kalshi")
    action, outcome = FAULTS[fault]
    if action is not None:
        builder.strict = False
        times = 1 if fault == "rate limited once" else 99
        for method in ("POST", "PATCH", "DELETE"):
            builder.fault(method, action=action, times=times)
    done = run(*COMMANDS[command], "-v", "--reason", "ticket 4711")
    listed = run("history", "list", "--json")
    (entry,) = listed.json["entries"]
    assert entry["outcome"] == outcome
    assert entry["command"] == command.strip()
    assert entry["reason"] == "ticket 4711"
    assert entry["profile"] == "default"
    assert entry["host"] == builder.url
    key = hashlib.sha256(b"parsec-key:" + BUILDER_KEY.encode()).hexdigest()[:12]
    assert entry["key"] == key
    sent = sum(request.method in ("POST", "PATCH", "DELETE") for request in builder.requests)
    assert entry["attempts"] == sent
    shown = run("history", "show", entry["id"])
    assert shown.code == 0, shown
    for completed in (done, listed, shown):
        assert leaks(completed, [BUILDER_KEY, f"{END_USER_KEY}0000", *SECRETS[:2]]) == []


@pytest.mark.usefixtures("broken_history")
@pytest.mark.parametrize(
    "command",
    [*COMMANDS.values(), ["api", "DELETE", "/orders/5"], ["api", "PUT", "/x"]],
    ids=" ".join,
)
def test_a_change_that_cannot_be_written_down_is_not_sent(run, builder, keys_file, command):
    builder.add("alice", 10)
    keys_file("kalshi")
    assert run(*command).code == 1
    assert builder.mutations == []


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        ("users create", None, {"external_id": "new", "qps_limit": 5}),
        ("users set-qps", 10, {"qps_limit": 20}),
        ("users onboard", 10, {"exchange": "kalshi", "mode": "self"}),
    ],
)
def test_the_user_before_and_after_is_in_the_history(
    run, builder, keys_file, history, command, before, after
):
    user = builder.add("alice", 10)
    keys_file("kalshi")
    run(*COMMANDS[command])
    intent, outcome = history()
    named = {"customer_id": user["customer_id"], "external_id": "alice"}
    if command == "users create":
        user = builder.by_external_id("new")
        named = {"customer_id": None, "external_id": "new"}
    assert intent["target"] == named
    assert (intent["before"] or {}).get("qps_limit") == before
    assert intent["after"] == after
    assert (outcome["outcome"], outcome["attempts"]) == ("applied", 1)
    assert outcome["after"]["customer_id"] == user["customer_id"]
    assert "api_key" not in str(intent) + str(outcome)


def test_each_of_several_has_an_entry_of_its_own(run, builder):
    users = [builder.add(name) for name in ("alice", "bob", "carol")]
    run("users", "deactivate", "alice", "bob", "carol", "--confirm", "3", "--reason", "left")
    entries = run("history", "list", "--json").json["entries"]
    assert [entry["target"]["external_id"] for entry in entries] == ["alice", "bob", "carol"]
    assert [entry["before"]["customer_id"] for entry in entries] == [
        user["customer_id"] for user in users
    ]
    assert {entry["reason"] for entry in entries} == {"left"}


@pytest.mark.parametrize(
    "argv",
    [
        ["users", "get", "alice"],
        ["users", "list"],
        ["users", "check", "alice", "--exchange", "kalshi"],
        ["users", "set-qps", "alice", "10"],
        ["users", "set-qps", "alice", "20", "-n"],
        ["users", "deactivate", "alice"],
        ["users", "deactivate", "alice", "--confirm", "bob"],
        ["users", "deactivate", "alice", "-n"],
        ["users", "set-qps", "nobody", "20"],
        ["users", "set-qps", "alice", "5000"],
        ["api", "GET", "/builder/pool"],
        ["api", "DELETE", RAW],
    ],
    ids=" ".join,
)
def test_a_command_that_sends_no_change_adds_no_entry(run, builder, history, argv):
    builder.add("alice", 10)
    run(*argv)
    assert builder.mutations == []
    assert history() == []


def test_an_outcome_that_cannot_be_stored_is_an_error_after_the_result(run, builder, home):
    builder.add("alice", 10)
    path = home / ".local" / "state" / "parsec" / "history.jsonl"

    def spoil(request):
        if request.method == "PATCH":
            path.unlink()
            path.mkdir()
        return builder._handle(request)

    builder.respond(spoil)
    done = run("users", "set-qps", "alice", "20", "--json")
    assert done.code == 1, done
    assert done.json["qps_limit"] == 20
    assert "history" in done.error["message"]
