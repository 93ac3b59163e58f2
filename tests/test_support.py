"""The tests' own servers, runners and searches do what they promise."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import time
from pathlib import Path

import pytest
from support import actions
from support.builder import BUILDER_KEY, BuilderServer
from support.leaks import leaks as find_leaks
from support.runner import Completed
from support.server import ScriptedServer
from support.terminal import _converse


def fetch(server, target="/", method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()


def ask(builder, method, path, body=None):
    headers = {"X-API-Key": BUILDER_KEY}
    status, data, _ = fetch(builder, "/api/v1" + path, method, body and json.dumps(body), headers)
    return status, json.loads(data) if data else None


def test_answers_come_in_the_scripted_order_and_requests_are_recorded_raw(server):
    server.script(actions.answer(200, "one"), actions.json_answer(404, {"error": "two"}))
    assert fetch(server, "/a%2Fb?x=1", "POST", "body", {"X-One": " v "})[:2] == (200, b"one")
    assert fetch(server, "/b")[0] == 404
    first = server.requests[0]
    assert (first.method, first.target, first.body) == ("POST", "/a%2Fb?x=1", b"body")
    assert first.header("x-one") == "v"
    assert first.query == {"x": "1"}
    assert server.log == ["POST /a%2Fb?x=1", "GET /b"]
    assert [c.number for c in server.connections] == [0, 1]


@pytest.mark.parametrize("after", ["nothing", "head", "all"])
def test_reset_is_seen_as_a_reset_and_recorded_as_far_as_it_came(server, after):
    server.script(actions.reset(after))
    with pytest.raises(ConnectionResetError):
        fetch(server, "/", "POST", "x" * 10)
    expected = {"nothing": [], "head": [False], "all": [True]}[after]
    assert [request.complete for request in server.requests] == expected
    assert len(server.connections) == 1


def test_stop_ends_a_stalled_connection():
    server = ScriptedServer()
    server.script(actions.stall())
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for _ in range(1000):
            if server.requests:
                break
            time.sleep(0.005)
        server.stop()
        assert client.recv(1) == b""


def test_unused_actions_and_unscripted_requests_fail_the_check():
    server = ScriptedServer()
    server.script(actions.answer(200))
    with pytest.raises(AssertionError, match="never used"):
        server.check()
    fetch(server)
    server.check()
    assert fetch(server, "/more")[0] == 501
    server.stop()
    with pytest.raises(AssertionError, match=r"not scripted: .*GET /more"):
        server.check()


def test_a_failing_function_fails_the_check():
    server = ScriptedServer()
    server.respond(lambda _: 1 / 0)
    with pytest.raises(http.client.RemoteDisconnected):
        fetch(server)
    server.stop()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        server.check()


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_fault_strikes_the_nth_request_before_or_after_its_effect(builder, after_effect):
    one, two = builder.add("u1"), builder.add("u2")
    builder.fault("DELETE", nth=2, after_effect=after_effect, action=actions.reset())
    ask(builder, "DELETE", f"/builder/users/{one['customer_id']}")
    with pytest.raises(ConnectionResetError):
        ask(builder, "DELETE", f"/builder/users/{two['customer_id']}")
    assert (two["customer_id"] in builder.users) is not after_effect


def test_a_fault_that_never_struck_fails_the_check():
    builder = BuilderServer()
    builder.fault("DELETE", action=actions.reset())
    builder.stop()
    with pytest.raises(AssertionError, match="faults that never came true"):
        builder.check()


CANARY = "pk_live_CANARY/+value"


@pytest.mark.parametrize(
    "disguise",
    [
        CANARY,
        CANARY.upper(),
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(f"x{CANARY}y".encode()).decode(),
        base64.urlsafe_b64encode(f"ab{CANARY}".encode()).decode(),
        "pk_live_CANARY%2F%2Bvalue",
        "".join(f"%{ord(c):02X}" for c in CANARY),
        CANARY.encode().hex(),
        "".join(f"\\u{ord(c):04x}" for c in CANARY),
    ],
)
@pytest.mark.parametrize("where", ["stdout", "stderr", "file"])
def test_a_canary_is_found_in_every_disguise_and_place(tmp_path, disguise, where):
    out = disguise.encode() if where == "stdout" else b""
    err = disguise.encode() if where == "stderr" else b""
    if where == "file":
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "log").write_text(f"a {disguise} b")
    assert find_leaks(Completed(0, out, err), tmp_path, [CANARY])


def test_a_canary_is_found_in_a_file_name(tmp_path):
    (tmp_path / "state-CANARY").mkdir()
    assert "CANARY as plain text in a file name" in find_leaks(None, tmp_path, ["CANARY"])


def test_a_masked_key_is_no_leak_and_a_file_may_be_allowed(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(CANARY)
    completed = Completed(0, b"pk_live_****alue", b"")
    assert find_leaks(completed, tmp_path, [CANARY], except_files=[config]) == []


def test_the_environment_of_every_test_is_the_isolated_one(isolated_environment, home):
    assert Path.home() == home
    assert not [n for n in os.environ if n.startswith("PARSEC_") or n.lower().endswith("_proxy")]
    assert isolated_environment["LANG"] == "C.UTF-8"


def test_a_conversation_types_each_answer_behind_its_own_question():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"name? sure? sure? ")
        theirs.shutdown(socket.SHUT_WR)
        screen = _converse(
            ours.fileno(), None, [("name? sure?", "a\n"), ("sure?", "b\n")], time.monotonic() + 60
        )
        assert screen == b"name? sure? sure? "
        assert theirs.recv(100) == b"a\nb\n"
