"""A redirect is never followed: the key would go along, and a change become a read."""

from __future__ import annotations

import pytest
from support.actions import redirect

REDIRECTS = [301, 302, 303, 307, 308]


def locations(target, other) -> list[str]:
    return [
        f"{other.url}/api/v1/builder/users",
        f"//127.0.0.1:{other.port}/x",
        f"{target.url}/api/v1/elsewhere",
        "/api/v1/elsewhere",
        "http://evil.example/?a=\x1b[2J".replace("\x1b", "%1b"),
    ]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("which", range(5))
def test_no_redirect_is_followed_by_a_read(run_at, server, other_origin, status, which):
    """A key header would travel along; the target is named instead."""
    location = locations(server, other_origin)[which]
    server.script(redirect(status, location))
    completed = run_at("users", "list")
    assert completed.code == 7, completed
    assert completed.out == ""
    assert location.partition("?")[0].removeprefix("http:").lstrip("/")[:20] in completed.err
    assert other_origin.connections == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_no_redirect_is_followed_by_a_change(run, builder, other_origin, status, method):
    """Neither the key nor a body reaches the second origin; nothing was applied."""
    user = builder.add("alice")
    argv = {
        "POST": ["users", "create", "u1"],
        "PATCH": ["users", "set-qps", user["customer_id"], "20"],
        "DELETE": ["users", "deactivate", user["customer_id"], "--confirm", "alice"],
    }[method]
    builder.fault(method, action=redirect(status, f"{other_origin.url}/api/v1/builder/users/"))
    completed = run(*argv)
    assert completed.code == 7, completed
    assert completed.out == ""
    assert other_origin.connections == []
    assert [request.method for request in builder.mutations] == [method]
    assert builder.requests[-1].method == method, "the change was repeated as a read"
    assert builder.effects == []
