"""The tool and the official SDK, looking at one served sandbox, see the same users."""

from __future__ import annotations

import pytest
from parsec_api import ParsecAPI
from sandbox.served import served

from parsec_cli.sandbox import app


@pytest.fixture
def both(tmp_path, parsec, key_env):
    """The SDK's client and the tool, each pointed at the same server."""
    with served(tmp_path / "sandbox.db") as server:
        environ = key_env(server.url, app.KEY)
        with ParsecAPI(
            api_key=app.KEY, base_url=server.url, max_retries=0, _strict_response_validation=True
        ) as sdk:
            yield sdk, lambda *argv: parsec(*argv, env=environ)


def test_what_one_lists_the_other_lists(both):
    sdk, tool = both
    listed = tool("users", "list", "--json", "--page-size", "5").json["users"]
    found, cursor = [], None
    while True:
        page = sdk.builder.users.list(limit=4, **({"cursor": cursor} if cursor else {}))
        found += page.users
        cursor = page.next_cursor
        if not cursor:
            break
    seen = [(user.customer_id, user.external_id, user.qps_limit) for user in found]
    shown = [(user["customer_id"], user["external_id"], user["qps_limit"]) for user in listed]
    assert len(seen) == 12
    assert seen == shown


def test_what_one_changes_the_other_sees(both):
    sdk, tool = both
    made = tool("users", "create", "by_tool", "--qps-limit", "7", "--json").json
    assert sdk.builder.users.retrieve(made["customer_id"]).qps_limit == 7
    sdk.builder.users.update(made["customer_id"], qps_limit=9)
    assert tool("users", "get", "by_tool", "--json").json["qps_limit"] == 9
    sdk.builder.users.deactivate(made["customer_id"])
    assert tool("users", "get", made["customer_id"], "--json").code == 3
