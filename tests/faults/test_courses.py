"""Faults that come and go during one command: the final report is true."""

from __future__ import annotations

import json
import socket

import pytest
from faults.commands import ALICE, CHANGES, COMMANDS, check_history, of_kind
from support.actions import Action, close, error, html, json_response, reset, response, too_many
from support.records import new_user
from support.server import refused_port

NOT_OURS = {"error": "end-user not found or not owned by this builder"}
LOSSES = [reset(), close(), html(502), response(504), json_response(503, {}, {"Retry-After": "1"})]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_a_response_lost_after_the_change_still_gives_the_true_outcome(struck, builder, name, loss):
    """The change is made, its response is lost, and the server works again."""
    completed, sent = struck(name, loss, times=1, after_effect=True)
    kind = COMMANDS[name].kind
    # `parsec api` has no read that shows whether an onboarding took effect
    assert completed.code == (12 if kind == "aO" else 0), completed
    assert sent == (1 if kind.endswith("O") else 2)
    effects = [effect for effect, _ in builder.effects]
    assert effects == {"U": ["PATCH", "PATCH"]}.get(kind[-1], effects[:1])
    if kind == "C":
        assert completed.json["created"] is None
        assert "exists; the first response was lost, so it may be new or old" in completed.err
    if kind == "D":
        assert completed.json["results"][0]["outcome"] == "deactivated"
        assert "lost" in completed.err
    if kind in ("O", "D"):
        assert "lost" in completed.err


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_when_every_response_is_lost_a_later_read_decides(struck, name, loss):
    """The change is made each time, but no response ever arrives."""
    completed, _ = struck(name, loss, after_effect=True)
    assert completed.code == (0 if COMMANDS[name].kind in ("O", "U") else 12), completed
    if completed.code == 0:
        assert "the response was lost; a read shows" in completed.err


@pytest.mark.parametrize("name", ["onboard", "set-qps"])
def test_when_the_later_read_fails_too_the_outcome_is_unknown(struck, builder, name):
    builder.fault("GET", "/builder/users/", action=html(502), nth=2, times=9)
    completed, _ = struck(name, close(), after_effect=True)
    assert completed.code == 12, completed
    assert any("again" in line for line in completed.error["details"])


def test_onboarding_without_evidence_is_unknown(run, builder, work):
    """An exchange that was linked before proves nothing: its keys may be the old ones."""
    builder.add("alice", linked_exchanges=["polymarket"])
    keys = dict.fromkeys(
        ("clob_api_key", "clob_api_secret", "clob_api_passphrase"), "CANARY-12345678"
    )
    (work / "keys.json").write_text(json.dumps(keys))
    builder.strict = False
    builder.fault("POST", "/onboard", action=close())
    argv = ["users", "onboard", ALICE, "--exchange", "polymarket", "--mode", "self"]
    completed = run(*argv, "--credentials", "keys.json", "--json")
    assert completed.code == 12, completed
    assert len(builder.mutations) == 1


def test_a_response_with_another_limit_is_checked_by_a_read(struck, builder):
    other = {**new_user("alice", 0), "qps_limit": 77}
    completed, sent = struck("set-qps", json_response(200, other), after_effect=True)
    assert (completed.code, sent) == (0, 1)
    assert builder.users[ALICE]["qps_limit"] == 5


@pytest.mark.parametrize("name", ["deactivate", "api delete"])
@pytest.mark.parametrize("second", [error(404, "no", "not_found"), json_response(403, NOT_OURS)])
def test_not_found_after_a_lost_response_is_a_finished_deactivation(struck, builder, name, second):
    builder.fault(*COMMANDS[name].target, action=html(502), after_effect=True)
    completed, sent = struck(name, second, nth=2)
    assert (completed.code, sent) == (0, 2)


def test_not_found_after_a_429_is_not_a_deactivation(struck, builder):
    builder.fault(*COMMANDS["deactivate"].target, action=too_many("1"), times=2)
    completed, sent = struck("deactivate", error(404, "no", "not_found"), nth=3)
    assert (completed.code, sent) == (3, 3)


@pytest.mark.parametrize("name", of_kind("C", "U", "D", "aC", "aU", "aD"))
def test_a_refusal_after_a_lost_response_leaves_the_outcome_unknown(struck, builder, name):
    """The failure of the second attempt does not show whether the first one worked."""
    builder.fault(*COMMANDS[name].target, action=close())
    completed, sent = struck(name, error(400, "no", "bad_request"), nth=2)
    assert (completed.code, sent) == (12, 2)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_refused_connection_sends_nothing_and_is_tried_again(tool, key_env, home, name):
    with refused_port() as port:
        env = key_env(f"http://127.0.0.1:{port}")
        completed = tool(*COMMANDS[name].argv, "--json", env=env)
    assert completed.code == 7, completed
    assert "nothing was sent" in completed.error["message"]
    assert f"127.0.0.1:{port}" in completed.error["message"]
    assert completed.error["code"] == "connect_failed"
    assert len(completed.waits) == 3
    check_history(home, completed, COMMANDS[name])


@pytest.mark.parametrize("name", of_kind("O", "U", "D", "aD"))
def test_a_refused_connection_is_reported_as_nothing_sent(run, builder, home, name):
    """The user was read; then the server went away."""
    command = COMMANDS[name]
    builder.add("alice", 10)
    builder.strict = False

    def read_then_leave(peer, request):
        # in this order: the next connection may come as soon as the response is there
        builder._listener.shutdown(socket.SHUT_RDWR)
        json_response(200, builder.users[ALICE], keep_alive=False).act(peer, request)
        return False

    builder.fault("GET", action=Action("respond and leave", read_then_leave))
    completed = run(*command.argv, "--json")
    assert completed.code == 7, completed
    assert "nothing was sent" in completed.error["message"]
    check_history(home, completed, command)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_name_is_not_tried_again(tool, key_env, home, name):
    completed = tool(*COMMANDS[name].argv, "--json", env=key_env("https://parsec.invalid"))
    assert completed.code == 7, completed
    assert completed.error["code"] == "name_not_found"
    assert "nothing was sent" in completed.error["message"]
    assert completed.waits == ()
    check_history(home, completed, COMMANDS[name])


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_the_history_cannot_record_is_not_sent(run, builder, home, name):
    builder.add("alice", 10)
    state = home / ".local" / "state"
    state.mkdir(parents=True)
    (state / "parsec").write_text("not a directory")
    completed = run(*COMMANDS[name].argv, "--json")
    assert completed.code == 1, completed
    assert builder.mutations == []
    assert completed.error["code"] == "local_error"
