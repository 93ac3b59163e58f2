"""No request exceeds its deadline, wherever it stalls, and the tool knows what was sent.

The limits are real time, as that is what sockets know. Where a test needs a request to be sent, the
time of the request begins then, so that a slow machine does not use it up before.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx  # noqa: TID253 - tests need no quick start
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.actions import Action, chunked, close, drip, json_response, reset, response, stall
from support.server import ScriptedServer
from support.steady import STEADY
from support.wire import Peer, Request

from parsec_cli.api.call import Call, Exchange, Kind, Lost, NotSent
from parsec_cli.api.client import _UNCHANGED, Client
from parsec_cli.api.retry import RetryBudget, RetrySettings
from parsec_cli.api.transport import connect
from parsec_cli.base_url import BaseUrl
from parsec_cli.interrupts import Deadline, Interrupts
from parsec_cli.models import Secret

LIMIT = 0.5
MARGIN = 60.0  # seconds: far above the limit, for a busy machine


def exchange(
    url: str,
    kind: Kind = Kind.OTHER,
    *,
    path: str = "/x",
    body: dict | None = None,
    timeout: float = LIMIT,
    environ: dict | None = None,
    deadline: Deadline | None = None,
) -> Exchange:
    """Make one attempt; the rule of Kind.OTHER repeats nothing that was sent."""
    base, deadline = BaseUrl.parse(url), deadline or Deadline()
    client = Client(
        base,
        lambda: Secret("pk_live_TESTKEY"),
        connect(base, deadline, environ or {}),
        deadline=deadline,
        interrupts=Interrupts(),
        timeout=timeout,
        # `stopping` ends the call after its first attempt
        retry=RetrySettings(RetryBudget(), sleep=lambda _: None, stopping=lambda: True),
    )
    try:
        return client.read(Call(kind, "POST", path, body))
    finally:
        client.close()


def from_sending(reads: int = 0) -> Deadline:
    """Return a deadline whose clock stands still until the request was sent.

    With `reads`, it also stands still while the beginning of the response is read that many times.
    """
    thread = threading.local()  # `looks` since the request was sent, and when the clock `started`

    def clock() -> float:
        if not deadline.attempt.sent:
            return 0
        thread.looks = getattr(thread, "looks", 0) + 1
        if thread.looks <= reads:
            return 0
        thread.started = getattr(thread, "started", time.monotonic())
        return time.monotonic() - thread.started

    deadline = Deadline(clock)
    return deadline


@contextmanager
def in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < MARGIN


@contextmanager
def listening(serve: Callable[[socket.socket], None] | None) -> Iterator[str]:
    """Accept one connection and hand it to `serve`; None leaves it in the backlog."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def accept() -> None:
            with listener.accept()[0] as peer:
                peer.settimeout(MARGIN)
                with suppress(OSError):
                    serve(peer)
                ended.wait(MARGIN)

        thread = threading.Thread(target=accept, daemon=True)
        if serve is not None:
            thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        ended.set()
        if serve is not None:
            thread.join(MARGIN)


def silent(_: socket.socket) -> None:
    """Read nothing and send nothing."""


def dripping(data: bytes, delay: float = 0.05) -> Callable[[socket.socket], None]:
    def serve(peer: socket.socket) -> None:
        peer.recv(65536)
        for byte in data:
            peer.sendall(bytes([byte]))
            time.sleep(delay)

    return serve


def sipping(peer: socket.socket) -> None:
    for _ in range(20):
        peer.recv(200_000)
        time.sleep(0.05)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Padding: " + b"x" * 400 + b"\r\n\r\n{}"
# what a server does with a request: it was sent
LOSING = {
    "silent": silent,
    "slow headers": dripping(HEAD),
    "interim responses": dripping(b"HTTP/1.1 102 Processing\r\n\r\n" * 50, 0.02),
    "no HTTP": lambda peer: peer.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"),
}


@pytest.mark.parametrize("serve", LOSING.values(), ids=LOSING.keys())
def test_a_request_without_a_whole_response_does_not_exceed_the_limit(serve):
    with listening(serve) as place, in_time():
        last = exchange(f"http://{place}", deadline=from_sending()).last
    assert isinstance(last, Lost)
    assert last.reason == "no response within 0.5 s"


@pytest.mark.parametrize("serve", [silent, sipping])
def test_a_request_that_is_not_read_does_not_exceed_the_limit(serve):
    """The body is larger than the buffers between."""
    with listening(serve) as place, in_time():
        body = {"x": "y" * 24_000_000}
        found = exchange(f"http://{place}", body=body, deadline=from_sending())
    assert isinstance(found.last, Lost)


# the second: the beginning of a record of 16 kB that never becomes whole
@pytest.mark.parametrize(
    "serve", [silent, dripping(b"\x16\x03\x03\x40\x00" + b"\x02" * 1000, 0.05)]
)
def test_an_unfinished_tls_handshake_does_not_exceed_the_limit(serve):
    with listening(serve) as place, in_time():
        assert isinstance(exchange(f"https://{place}").last, NotSent)


@pytest.mark.parametrize(
    "action",
    [
        drip(200, b" " * 1000, delay=0.05),
        chunked(200, (b" " for _ in iter(lambda: time.sleep(0.02), 1) if _ is None)),
    ],
    ids=["drip", "endless chunks"],
)
def test_a_slow_body_does_not_exceed_the_limit(server: ScriptedServer, action):
    server.script(action)
    with in_time():
        found = exchange(server.url, deadline=from_sending(reads=1))
    assert found.response is not None
    assert found.response.cut
    assert found.good is None


def test_extensions_and_trailers_of_chunks_are_not_kept():
    # the head is longer than one read; each byte of the body comes with 8 KiB around it
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n"

    def serve(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(head)
        for _ in range(1000):
            peer.sendall(b"1;" + b"e" * 8192 + b"\r\n1\r\n")
        peer.sendall(b"0\r\n\r\n")

    tracemalloc.start()
    try:
        with listening(serve) as place:
            found = exchange(f"http://{place}", timeout=MARGIN)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.good is not None
    assert peak < 6_000_000


def full_backlog() -> tuple[socket.socket, list[socket.socket]]:
    """Open a port that accepts no more connections: connecting to it hangs."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(8):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        waiting.append(client)
    return listener, waiting


def test_a_hanging_connection_attempt_does_not_exceed_the_limit():
    listener, waiting = full_backlog()
    try:
        with in_time():
            found = exchange(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        for each in (listener, *waiting):
            each.close()
    assert isinstance(found.last, NotSent)


def test_all_addresses_of_a_name_are_tried_within_one_limit(monkeypatch, server: ScriptedServer):
    """The first swallows packets: it must leave time for the others, not take all of it."""
    given: list[float] = []
    real, system = socket.create_connection, socket.getaddrinfo

    def create(place: tuple[str, int], timeout: float, **options: Any) -> socket.socket:
        if place[0] != "127.0.0.3":
            given.append(timeout)
            raise TimeoutError
        return real(("127.0.0.1", server.port), timeout, **options)

    def look_up(addresses: list[str]) -> Callable:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in addresses]
        return lambda host, *a, **k: found if "many" in host else system(host, *a, **k)

    server.script(json_response(200, {}))
    monkeypatch.setattr(socket, "create_connection", create)
    monkeypatch.setattr(socket, "getaddrinfo", look_up(["127.0.0.2", "127.0.0.3"]))
    found = exchange("http://many.localhost", timeout=MARGIN, deadline=from_sending())
    assert found.good is not None
    assert given == [MARGIN / 2]
    given.clear()
    monkeypatch.setattr(socket, "getaddrinfo", look_up([f"127.0.1.{n}" for n in range(5)]))
    last = exchange("http://many.localhost", deadline=from_sending()).last
    assert isinstance(last, NotSent)
    assert given == [LIMIT / left for left in (5, 4, 3, 2, 1)]


@pytest.mark.parametrize(
    "way", [{}, {"http_proxy": "http://near.localhost:3128"}], ids=["straight", "proxy"]
)
def test_plain_http_goes_only_to_addresses_of_this_machine(monkeypatch, way):
    """A resolver may give any address for a name below `localhost`."""
    opened = []
    monkeypatch.setattr(socket, "create_connection", lambda place, *_a, **_k: opened.append(place))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.9", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)
    last = exchange("http://api.localhost", environ=way).last
    assert isinstance(last, NotSent)
    assert "plain http is only for this machine" in last.reason
    assert opened == []


def test_a_hanging_name_look_up_does_not_exceed_the_limit(monkeypatch):
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        released.wait(MARGIN)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with in_time():
        found = exchange("http://slow.localhost")
    released.set()
    assert isinstance(found.last, NotSent)
    assert found.last.cause == "connect"


@pytest.mark.parametrize(
    "fault", [socket.gaierror(socket.EAI_NONAME, "x"), UnicodeError("x"), OverflowError("x")]
)
def test_a_name_that_does_not_resolve_has_a_cause_of_its_own(monkeypatch, fault):
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    found = exchange("http://nowhere.localhost", Kind.READ, timeout=MARGIN)
    assert isinstance(found.last, NotSent)
    assert found.last.cause == "name"
    assert found.attempts == 1


def test_a_signal_moves_the_deadline_of_a_request_in_flight(server: ScriptedServer):
    """After the first Ctrl-C, a request has a limited time."""
    until: list[float] = []
    server.script(stall(lambda: until.append(time.monotonic() + 0.2)))
    deadline = Deadline(drain_at=lambda: until[0] if until else None)
    with in_time():
        found = exchange(server.url, timeout=60, deadline=deadline)
    assert isinstance(found.last, Lost)


@pytest.mark.parametrize("stage", ["getaddrinfo", "create_connection"])
def test_a_signal_moves_the_deadline_of_a_connection_attempt(monkeypatch, stage):
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        released.wait(MARGIN)
        raise OSError

    monkeypatch.setattr(socket, stage, hang)
    until: list[float] = []
    deadline = Deadline(drain_at=lambda: until[0] if until else None)
    threading.Timer(0.2, lambda: until.append(time.monotonic() + 0.2)).start()
    with in_time():
        found = exchange("http://127.0.0.1:9", timeout=60, deadline=deadline)
    released.set()
    assert isinstance(found.last, NotSent)
    assert found.last.cause == "connect"


@pytest.mark.parametrize("action", [reset("all"), reset("head"), reset("nothing"), close("all")])
def test_a_failure_after_the_first_byte_counts_as_lost(server: ScriptedServer, action):
    """The place of the failure decides, not the library's name for it."""
    server.script(action)
    found = exchange(server.url, body={"x": "y" * 500_000}, timeout=MARGIN)
    assert isinstance(found.last, Lost)
    assert found.last.reason


@pytest.mark.parametrize(
    "action",
    [response(407), response(502), response(200, b"x" * 10), close("all"), reset("all"), stall()],
    ids=["407", "502", "no TLS behind it", "closed", "reset", "silent"],
)
def test_a_tunnel_that_a_proxy_refuses_has_sent_nothing(server: ScriptedServer, action):
    server.script(action)
    server.strict = False
    with in_time():
        found = exchange("https://api.parsec.invalid", environ={"HTTPS_PROXY": server.url})
    assert isinstance(found.last, NotSent)
    assert {r.method for r in server.requests} == {"CONNECT"}
    assert b"TESTKEY" not in server.received


def test_an_old_protocol_is_a_tls_failure(private_ca):
    context = private_ca.good()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    started = ScriptedServer(tls=context)
    try:
        found = exchange(
            started.url, timeout=MARGIN, environ={"SSL_CERT_FILE": str(private_ca.ca_file)}
        )
    finally:
        started.stop()
    assert isinstance(found.last, NotSent)
    assert found.last.cause == "tls"


def test_each_thread_has_a_deadline_of_its_own(server: ScriptedServer):
    """A request that timed out does not shorten the time of another thread."""
    deadline, timed_out = from_sending(), threading.Event()
    found: dict[str, Exchange] = {}

    def act(peer: Peer, request: Request | None) -> bool:
        if request is not None and request.path.endswith("/short"):
            return stall().act(peer, request)
        assert timed_out.wait(MARGIN)
        return json_response(200, {}).act(peer, request)

    def one(path: str, limit: float) -> None:
        found[path] = exchange(server.url, path=path, timeout=limit, deadline=deadline)

    server.respond(Action("the short one gets no response", act))
    threads = [threading.Thread(target=one, args=each) for each in (("/short", 0.2), ("/", 60.0))]
    for thread in threads:
        thread.start()
    threads[0].join(MARGIN)
    timed_out.set()
    threads[1].join(MARGIN)
    assert isinstance(found["/short"].last, Lost)
    assert found["/"].good is not None


@STEADY
@given(st.from_regex(_UNCHANGED, fullmatch=True))
def test_a_path_that_is_sent_unparsed_would_not_be_changed_by_parsing(path):
    root = "https://api.example/prefix/api/v1"
    assert httpx.URL(root + path).raw_path == httpx.URL(root).raw_path + path.encode()


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/users/a%2Fb?limit=5&cursor=eyJ9%3D", "/users/a%2Fb?limit=5&cursor=eyJ9%3D"),
        ("/a/b.json", "/a/b.json"),
        ("/a?q=<x>&r={y}", "/a?q=%3Cx%3E&r={y}"),
        ("/a/../b", "/b"),
    ],
)
def test_a_path_is_sent_as_the_http_library_writes_it(server, path, sent):
    server.script(json_response(200, {}))
    done = exchange(f"{server.url}/prefix", path=path, timeout=MARGIN)
    assert done.good is not None
    assert server.log == [f"POST /prefix/api/v1{sent}"]
