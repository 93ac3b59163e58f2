"""The benchmark's own server responds as documented, and counts what it is asked."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlencode

import pytest
from builder import KEY, QPS, MeasuredBuilder, external_id
from steering import Server, Setting
from support.records import customer_id
from support.wire import Request

USERS = "/api/v1/builder/users"


@pytest.fixture(scope="module")
def server():
    with Server() as started:
        yield started


@pytest.fixture
def ask(server):
    """Send a request over one kept connection; return status, headers and parsed body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def send(method, path, body=None):
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"X-API-Key": KEY})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), json.loads(response.read())

    yield send
    connection.close()


def walk(ask, limit):
    query, seen = {"limit": limit}, []
    for _ in range(100):
        status, _, page = ask("GET", f"{USERS}?{urlencode(query)}")
        assert (status, page["count"]) == (200, len(page["users"]))
        seen += page["users"]
        if page.get("next_cursor") is None:
            return seen
        query["cursor"] = page["next_cursor"]
    raise AssertionError("no end")


@pytest.mark.parametrize("limit", [100, 7])
def test_pages_contain_every_user_once(server, ask, limit):
    server.settle(Setting(users=250))
    listed = [user["external_id"] for user in walk(ask, limit)]
    assert listed == [external_id(number) for number in range(250)]


def test_requests_and_connections_are_counted(server, ask):
    server.settle(Setting(users=250))
    walk(ask, 100)
    ask("GET", "/api/v1/builder/pool")
    counted = server.counted()
    assert counted.requests == {"GET /builder/users": 3, "GET /builder/pool": 1}
    assert (counted.total, counted.connections) == (4, 1)


def test_an_unknown_cursor_is_refused(server, ask):
    server.settle(Setting(users=250))
    assert ask("GET", f"{USERS}?limit=100&cursor=eA%3D%3D")[0] == 400


def test_a_request_beyond_the_burst_gets_the_documented_429(server, ask):
    server.settle(Setting(users=5, rate=0.001, burst=2))
    responses = [ask("PATCH", f"{USERS}/{customer_id(n)}", {"qps_limit": 9}) for n in range(3)]
    assert [status for status, _, _ in responses] == [200, 200, 429]
    _, headers, body = responses[-1]
    assert headers["Retry-After"] == "1"
    assert (body["code"], body["retryable"]) == ("rate_limit_exceeded", True)
    counted = server.counted()
    assert (counted.writes, counted.effects, counted.too_many) == (2, 2, 1)


def test_a_repeated_write_has_one_effect(server, ask):
    server.settle(Setting(users=5))
    path = f"{USERS}/{customer_id(1)}"
    assert [ask("PATCH", path, {"qps_limit": 9})[2]["qps_limit"] for _ in range(2)] == [9, 9]
    made = [ask("POST", USERS, {"external_id": "new", "qps_limit": 3}) for _ in range(2)]
    assert [status for status, _, _ in made] == [201, 200]
    assert made[0][2]["customer_id"] == made[1][2]["customer_id"]
    assert (server.counted().writes, server.counted().effects) == (4, 2)


def test_a_created_user_can_be_read(server, ask):
    server.settle(Setting(users=5))
    made = ask("POST", USERS, {"external_id": "new"})[2]["customer_id"]
    assert ask("GET", f"{USERS}/{made}")[0] == 200
    assert ask("GET", f"{USERS}/{customer_id(6)}")[0] == 404


def test_the_share_of_the_permitted_rate_counts_what_was_saved_before():
    now = [0.0]
    builder = MeasuredBuilder(lambda: now[0])
    builder.settle(users=100, rate=8, burst=10)
    for number in range(30):
        now[0] = max(0.0, (number - 9) / 8)
        path = f"{USERS}/{customer_id(number)}"
        key = (("X-API-Key", KEY),)
        request = Request(number, 0, "PATCH", path, key, b'{"qps_limit": 9}')
        assert builder.action(request).status == 200
    counters = builder.counters
    assert (counters.tokens, counters.first_write, counters.last_write) == (10, 0.0, 2.5)
    assert counters.writes == 10 + 8 * 2.5
    refused = builder.action(request)
    assert (refused.status, json.loads(refused.body)["limit_qps"]) == (429, 8)


def test_a_new_setting_restores_the_users(server, ask):
    server.settle(Setting(users=5))
    ask("PATCH", f"{USERS}/{customer_id(1)}", {"qps_limit": 9})
    ask("POST", USERS, {"external_id": "new"})
    server.settle(Setting(users=5))
    users = walk(ask, 100)
    assert [user["qps_limit"] for user in users] == [QPS] * 5
    assert 400 < len(json.dumps(users)) / 5 < 500
