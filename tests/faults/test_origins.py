"""The key is sent only to its own origin, even if a response or setting names another."""

from __future__ import annotations

import itertools

import pytest
from faults.commands import COMMANDS
from support.actions import json_response, response
from support.builder import BUILDER_KEY
from support.records import END_USER_KEY
from support.server import ScriptedServer

POOL = {"qps_pool": 1, "end_user_count": 0, "total_allocated_qps": 0}
LOCATIONS = {
    "another port": "http://127.0.0.1:{port}/api/v1/builder/pool",
    "another name": "http://localhost:{port}/api/v1/builder/pool",
    "without a scheme": "//127.0.0.1:{port}/api/v1/builder/pool",
    "with a user": "http://a:b@127.0.0.1:{port}/",
    "with a key": "http://127.0.0.1:{port}/?key=" + BUILDER_KEY,
    "backslashes": "http:\\\\127.0.0.1:{port}\\x",
    "blanks": "  http://127.0.0.1:{port}/",
    "control": "http://127.0.0.1:{port}/\x01\x1b[2J",
    "relative": "../../elsewhere",
    "itself": "",
    "not a URL": "http://[",
    "another scheme": "file:///etc/passwd",
    "not ASCII": "http://127.0.0.1:{port}/\xe9",
}
SIDE_DOORS = {
    "refresh": {"Refresh": "0; url=http://127.0.0.1:{port}/"},
    "alternative service": {"Alt-Svc": 'http/1.1="127.0.0.1:{port}"; ma=86400'},
    "content location": {"Content-Location": "http://127.0.0.1:{port}/"},
    "link": {"Link": "<http://127.0.0.1:{port}/>; rel=next"},
    "cookie": {"Set-Cookie": "session=COOKIECANARY; Domain=127.0.0.1; Path=/"},
    "location of a 201": {"Location": "http://127.0.0.1:{port}/"},
}


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("name", ["pool", "create", "deactivate"])
def test_no_redirect_is_followed_anywhere(
    run, builder, other_origin: ScriptedServer, leaks, name, location
):
    builder.add("alice", 10)
    target = LOCATIONS[location].replace("{port}", str(other_origin.port))
    status = (301, 302, 303, 307, 308)[(len(location) + len(name)) % 5]
    command = COMMANDS[name]
    builder.fault(*command.target, action=response(status, b"", {"Location": target}))
    completed = run(*command.argv)
    assert completed.code == 7, completed
    assert other_origin.connections == []
    assert builder.effects == []
    assert len([r for r in builder.requests if r.method == command.target[0]]) == 1
    assert "\x1b" not in completed.err
    assert leaks(completed, [BUILDER_KEY, END_USER_KEY]) == []


@pytest.mark.parametrize("headers", SIDE_DOORS.values(), ids=SIDE_DOORS.keys())
def test_no_header_of_a_good_response_leads_to_another_host(
    run_at, server: ScriptedServer, other_origin: ScriptedServer, headers
):
    port = str(other_origin.port)
    named = {name: text.replace("{port}", port) for name, text in headers.items()}
    argv = ["pool", "show", "--watch", "0.01"]
    # two requests of one process, so that a cookie would come back
    server.script(json_response(200, POOL, named), response(401))
    completed = run_at(*argv)
    assert completed.code == 4, completed
    assert len(server.requests) == 2
    assert other_origin.connections == []
    assert server.requests[1].header("cookie") is None


PLACES = ("", "/", "/api/v1", "/api/v1/", "/gw", "/gw/parsec/api/v1")
CALLS = {
    "pool show": "GET {root}/builder/pool",
    "pool share": "GET {root}/builder/pool",
    "usage show": "GET {root}/usage",
    "usage check": "GET {root}/usage",
    "escrow show": "GET {root}/builder/escrow/config",
    "users list": "GET {root}/builder/users?limit=100",
    "api GET builder/pool": "GET {root}/builder/pool",
    "api GET /api/v1/builder/pool": "GET {root}/builder/pool",
    "users create x": "POST {root}/builder/users",
}


@pytest.mark.parametrize(("place", "call"), [*itertools.product(PLACES, CALLS)])
def test_every_call_stays_below_the_base_url_in_any_spelling(tool, builder, key_env, place, call):
    root = place.rstrip("/").removesuffix("/api/v1") + "/api/v1"
    builder.prefix = root
    completed = tool(*call.split(), env=key_env(builder.url + place))
    assert completed.code == 0, completed
    assert builder.log[0] == CALLS[call].format(root=root)
    assert all(request.path.startswith(root) for request in builder.requests)


def test_the_sandbox_is_never_sent_the_real_key(run_at, server: ScriptedServer, leaks):
    completed = run_at("pool", "show", "-p", "sandbox")
    assert completed.code == 0, completed
    assert server.connections == []
    assert leaks(completed, [BUILDER_KEY]) == []
