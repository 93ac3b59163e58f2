"""The tests' own servers, runners and searches do what they promise."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
from support import actions
from support.builder import BuilderServer
from support.leaks import leaks as find_leaks
from support.runner import Completed
from support.server import ScriptedServer


def fetch(server, target="/"):
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=60)) as connection:
        connection.request("GET", target)
        return connection.getresponse().status


def test_unused_actions_and_unscripted_requests_fail_the_check():
    server = ScriptedServer()
    server.script(actions.response(200))
    with pytest.raises(AssertionError, match="never used"):
        server.check()
    fetch(server)
    server.check()
    assert fetch(server, "/more") == 501
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


def test_a_fault_that_never_struck_fails_the_check():
    builder = BuilderServer()
    builder.fault("DELETE", action=actions.reset())
    builder.stop()
    with pytest.raises(AssertionError, match="faults that never came true"):
        builder.check()


def test_a_settled_server_has_handled_what_a_client_sent_before_it_left(server):
    handled, goes_on = [], threading.Event()

    def respond(request):
        goes_on.wait(60)
        handled.append(request.body)
        return actions.response(204)

    server.respond(respond)
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
    assert handled == []
    threading.Timer(0.05, goes_on.set).start()

    server.settle()

    assert handled == [b"x"]


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


def test_a_masked_key_is_not_a_leak_and_a_file_may_be_allowed(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(CANARY)
    completed = Completed(0, b"pk_live_****alue", b"")
    assert find_leaks(completed, tmp_path, [CANARY], except_files=[config]) == []


def test_the_environment_of_every_test_is_the_isolated_one(isolated_environment, home):
    assert Path.home() == home
    assert not [n for n in os.environ if n.startswith("PARSEC_") or n.lower().endswith("_proxy")]
    assert isolated_environment["LANG"] == "C.UTF-8"
