from __future__ import annotations

import http.client
import re
import signal
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from sandbox.contract import breaches
from sandbox.served import served

from parsec_cli.errors import LocalFault
from parsec_cli.next_command import again
from parsec_cli.sandbox import app, seed
from parsec_cli.sandbox.serve import serve

KEY = {"X-API-Key": app.KEY}


@pytest.fixture
def running(db):
    with served(db) as server:
        yield server


def connect(server):
    host = urlsplit(server.url)
    return closing(http.client.HTTPConnection(host.hostname or "", host.port, timeout=30))


def ask(connection, method, path):
    """Send a request over a connection; return the status and the body of the response."""
    connection.request(method, f"/api/v1{path}", headers=KEY)
    response = connection.getresponse()
    return response.status, response.read()


def test_one_connection_serves_many_requests(running):
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", running.url)
    with connect(running) as connection:
        connection.connect()
        first = connection.sock
        for _ in range(5):
            connection.request("GET", "/api/v1/builder/users?limit=3", headers=KEY)
            response = connection.getresponse()
            body = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
            assert breaches("GET", "/builder/users", response.status, headers, body) == []
        assert response.version == 11
        assert connection.sock is first


def status_of(server, *lines, target="/api/v1/builder/pool"):
    """Send a GET with exactly these header lines; PORT stands for the port of the server."""
    port = urlsplit(server.url).port or 0
    key = f"X-API-Key: {app.KEY}"
    head = "\r\n".join((f"GET {target} HTTP/1.1", key, "Connection: close", *lines, "", ""))
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(head.replace("PORT", str(port)).encode())
        with client.makefile("rb") as response:
            received = response.read()
    assert b"access-control" not in received.lower()
    return int(received.split()[1])


LOCAL = [
    "127.0.0.1:PORT", "localhost:PORT", "LocalHost", "localhost.:PORT", "[::1]:PORT",
    "sandbox.localhost:PORT", "127.0.0.2", "localhost:1",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:PORT", "127.0.0.1.evil.example", "localhost.evil.example",
    "notlocalhost", "0.0.0.0:PORT", "192.168.0.1:PORT", "[::]:PORT", "[fe80::1]", "localhost..",
    "localhost@evil.example", "evil.example#.localhost", "localhost,evil.example", "2130706433",
]  # fmt: skip


def test_only_requests_to_a_loopback_name_from_no_foreign_page_get_a_response(db):
    with served(db) as server:

        def statuses(names, line, *more):
            return {status_of(server, line.format(name), *more) for name in names}

        local = "Host: localhost"
        assert statuses(LOCAL, "Host: {}") == {200}
        assert statuses(FOREIGN, "Host: {}") == {421}
        assert statuses([""], "Host:{}") == statuses(["1"], "X-Other: {}") == {400}
        assert status_of(server, local, "Host: evil.example") == 421
        assert statuses(LOCAL, "Origin: http://{}", local) == {200}
        assert statuses(FOREIGN, "Origin: https://{}", local) == {403}
        assert statuses(["null", "", "localhost"], "Origin: {}", local) == {403}
        path = "http://{}/api/v1/builder/pool"
        assert status_of(server, local, target=path.format("localhost")) == 200
        assert status_of(server, local, target=path.format("evil.example")) == 421
        assert status_of(server, "Host: evil.example", target=path.format("localhost")) == 421


def test_state_is_shared_with_the_in_process_sandbox(running, sandbox, db):
    api = sandbox()
    created = api.create("u1")
    with connect(running) as connection:
        path = f"/builder/users/{created['customer_id']}"
        assert ask(connection, "DELETE", path) == (204, b"")
        # a response without a body keeps the connection; an escaped slash leads nowhere else
        assert ask(connection, "GET", "/builder/users/..%2Fpool")[0] == 404
        assert ask(connection, "GET", path)[0] == 404
        assert api.delete(created["customer_id"]) == 404
        seed.reset(db)
        assert b'"end_user_count":12' in ask(connection, "GET", "/builder/pool")[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(running, db, number):
    with connect(running) as connection:
        ask(connection, "GET", "/builder/pool")
        assert running.end(number) == (0, "", "")
    assert list(db.parent.iterdir()) == [db]


def test_clients_cannot_cause_output_on_stderr(running):
    port = urlsplit(running.url).port or 0
    for garbage in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    assert running.end() == (0, "", "")


def test_a_file_that_breaks_while_serving_causes_a_500(running, db):
    with connect(running) as connection:
        ask(connection, "GET", "/builder/pool")
        seed.reset(db)  # so that the server cannot continue with what it has read
        for path in (db, db.with_name(f"{db.name}-wal")):
            size = path.stat().st_size
            with path.open("r+b") as file:
                file.write(b"\xa5" * size)
        status, body = ask(connection, "GET", "/builder/users")
        assert status == 500
        assert b'"code":"internal_error"' in body
    assert running.end()[2] == ""


def test_a_port_in_use_is_an_error(db):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalFault) as fault:
            serve(db, port=port, announce=pytest.fail)
    assert f"`{port}`" in fault.value.message
    assert fault.value.command == again(port=0)


def test_a_file_that_cannot_be_used_is_an_error_before_serving(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LocalFault, match="cannot use the sandbox file"):
        serve(tmp_path / "file" / "sandbox.db", port=0, announce=pytest.fail)
