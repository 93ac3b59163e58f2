"""The vendor's own SDK, with its strict check of responses, against `sandbox serve`."""

from __future__ import annotations

from collections.abc import Callable

import parsec_api
import pytest
from parsec_api import ParsecAPI
from sandbox.samples import ADDRESS, HEX_KEY, MANAGED, OWN_KALSHI, OWN_POLYMARKET, SAFE
from sandbox.served import served

from parsec_cli.sandbox import app

NOBODY = "11111111-2222-4333-8444-555555555555"
Connect = Callable[..., ParsecAPI]


@pytest.fixture(scope="module")
def connect(tmp_path_factory):
    """One server for the file; each test makes users of its own."""
    db = tmp_path_factory.mktemp("sdk") / "parsec" / "sandbox.sqlite3"
    clients: list[ParsecAPI] = []
    with served(db) as server:

        def build(key=app.KEY, url=server.url):
            clients.append(strict(key, url))
            return clients[-1]

        yield build
        for client in clients:
            client.close()


def strict(key, url):
    return ParsecAPI(api_key=key, base_url=url, max_retries=0, _strict_response_validation=True)


@pytest.fixture
def sdk(connect):
    return connect()


def test_a_user_is_created_read_changed_and_deactivated(sdk):
    created = sdk.builder.users.create(
        external_id="life", email="life@example.com", qps_limit=5, eoa_address=ADDRESS
    )
    assert created.status == "complete"
    read = sdk.builder.users.retrieve(created.customer_id)
    assert (read.external_id, read.qps_limit, read.api_key) == ("life", 5, created.api_key)
    assert sdk.builder.users.update(created.customer_id, qps_limit=9).qps_limit == 9
    assert sdk.builder.users.deactivate(created.customer_id) is None
    with pytest.raises(parsec_api.NotFoundError):
        sdk.builder.users.deactivate(created.customer_id)


def test_pages_cover_all_users(sdk):
    seen: list[str] = []
    page = sdk.builder.users.list(limit=5)
    for _ in range(100):
        assert page.count == len(page.users)
        seen += [user.customer_id for user in page.users]
        if page.next_cursor is None:
            break
        page = sdk.builder.users.list(limit=5, cursor=page.next_cursor)
    assert len(seen) == len(set(seen)) == sdk.builder.pool().end_user_count


@pytest.mark.parametrize(
    "wish",
    [MANAGED, SAFE, {**OWN_POLYMARKET, "private_key": HEX_KEY}, OWN_KALSHI],
    ids=["eoa", "safe", "own polymarket", "own kalshi"],
)
def test_the_sdk_can_send_every_form_of_onboarding(sdk, request, wish):
    customer_id = sdk.builder.users.create(external_id=request.node.name).customer_id
    assert sdk.builder.onboard.create(customer_id=customer_id, **wish).status == "complete"
    assert sdk.builder.onboard.create(customer_id=customer_id, **wish).status == "already_linked"
    headers = {"X-Builder-Customer-Id": customer_id}
    assert sdk.account.balance(exchange=wish["exchange"], extra_headers=headers).raw
    assert sdk.positions.list(exchange=wish["exchange"], extra_headers=headers) == []


def test_refusals_are_the_sdks_errors(connect, sdk):
    end_user = sdk.builder.users.list(limit=1).users[0]
    for key in ("pk_live_wrong", ""):
        with pytest.raises(parsec_api.AuthenticationError):
            connect(key).builder.pool()
    with pytest.raises(parsec_api.PermissionDeniedError):
        connect(end_user.api_key).builder.pool()
    with pytest.raises(parsec_api.BadRequestError) as refused:
        sdk.builder.users.create(external_id="wrong", qps_limit=0)
    assert refused.value.body["validation_errors"] == ["qps_limit must be at least 1"]
    for call in ("retrieve", "update", "deactivate"):
        with pytest.raises(parsec_api.NotFoundError):
            getattr(sdk.builder.users, call)(NOBODY)


def test_the_rate_limit_and_faults_are_the_sdks_errors(db):
    with (
        served(db, "--fault", "PATCH 503 1", "--rate-limit", "1:1") as server,
        strict(app.KEY, server.url) as limited,
    ):
        with pytest.raises(parsec_api.InternalServerError) as fault:
            limited.builder.users.update(NOBODY, qps_limit=1)
        with pytest.raises(parsec_api.RateLimitError) as refused:
            limited.builder.pool()
    assert fault.value.status_code == 503
    assert refused.value.body["limit_qps"] == 1
    assert refused.value.response.headers["retry-after"] == "1"


def test_the_tool_and_the_sdk_see_each_others_changes(sdk, parsec, key_env):
    def tool(*argv):
        return parsec(*argv, "--json", env=key_env(str(sdk.base_url).rstrip("/"), app.KEY))

    made = tool("users", "create", "by_tool", "--qps-limit", "7").json
    assert sdk.builder.users.retrieve(made["customer_id"]).qps_limit == 7
    sdk.builder.users.update(made["customer_id"], qps_limit=9)
    assert tool("users", "get", "by_tool").json["qps_limit"] == 9
    listed = sdk.builder.users.list(limit=100).users
    shown = tool("users", "list", "--page-size", "5").json["users"]
    assert [user["customer_id"] for user in shown] == [user.customer_id for user in listed]
    sdk.builder.users.deactivate(made["customer_id"])
    assert tool("users", "get", made["customer_id"]).code == 3
