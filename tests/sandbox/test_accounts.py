from __future__ import annotations

import base64
import json

import pytest
from sandbox.client import problems
from sandbox.samples import CLOB, HEX_KEY, PEM

from parsec_cli.sandbox import seed

READS = ("/balance", "/positions", "/fills", "/orders")
KALSHI_KEY = {"api_key_id": "k", "private_key": PEM}
BAD_KEY = {**KALSHI_KEY, "api_key_id": "bad"}
NOT_OWNED = {"error": "end-user not found or not owned by this builder"}


def as_user(user, credentials=None):
    headers = {"X-Builder-Customer-Id": user["customer_id"]}
    if credentials is not None:
        headers["X-Exchange-Credentials"] = encoded(credentials)
    return headers


def encoded(credentials):
    return base64.b64encode(json.dumps(credentials).encode()).decode()


def read(api, path, external_id, credentials=None, **query):
    """Send a GET for a user, at polymarket unless another exchange is given."""
    params = {"exchange": "polymarket", **query}
    return api("GET", path, params=params, headers=as_user(api.named(external_id), credentials))


def of(api, path, external_id, **query):
    response = read(api, path, external_id, **query)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("external_id", "units"),
    [("user_001", "100500000"), ("user_003", "0"), ("market-maker-1", "48250750000")],
)
def test_a_balance_is_that_of_the_wallet_in_base_units(api, external_id, units):
    assert of(api, "/balance", external_id)["raw"]["balance"] == units


@pytest.mark.parametrize(
    ("external_id", "open_orders", "closed", "sizes"),
    [
        ("market-maker-1", ["open"], ["filled"], [1500.0]),
        ("user_002", ["pending", "partially_filled"], ["cancelled"], [25.0, 0.0]),
        ("user_003", [], ["filled", "cancelled", "rejected"], [0.0]),
        ("user_004", [], [], []),
    ],
)
def test_seeded_users_have_different_orders_and_positions(
    api, external_id, open_orders, closed, sizes
):
    def statuses(**query):
        return [order["status"] for order in of(api, "/orders", external_id, **query)]

    assert statuses() == statuses(status="open") == open_orders
    assert statuses(status="closed") == closed
    assert sorted(statuses(status="all")) == sorted(open_orders + closed)
    assert [held["size"] for held in of(api, "/positions", external_id)] == sizes


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"limit": "2"}, 2),
        ({"limit": "0"}, 1),
        ({"limit": "501"}, 3),
        ({"start_ts": "1767614400"}, 3),
        ({"start_ts": "1767614401"}, 0),
        ({"end_ts": "1767614400"}, 3),
        ({"end_ts": "1767614399"}, 0),
    ],
)
def test_orders_are_cut_to_a_limit_and_a_time(api, query, count):
    assert len(of(api, "/orders", "user_002", status="all", **query)) == count


@pytest.mark.parametrize("query", [{"status": "closd"}, {"limit": "x"}, {"start_ts": "-1"}])
def test_a_wrong_order_query_is_refused(api, query):
    response = read(api, "/orders", "user_001", **query)
    assert problems(response)[0].startswith(f"{next(iter(query))} must be ")


def test_some_users_of_a_fleet_have_orders_and_some_had_them_before(api, db):
    seed.seed(db, 24)
    linked = [u["external_id"] for u in api.all_users() if "polymarket" in u["linked_exchanges"]]
    counts = {
        (len(of(api, "/orders", name)), len(of(api, "/orders", name, status="closed")))
        for name in linked
    }
    assert counts == {(0, 0), (1, 0), (0, 2)}


def test_a_deactivated_user_loses_everything_even_if_created_again(api):
    user = api.named("market-maker-1")
    assert api.delete(user["customer_id"]) == 204
    for path in (*READS, "/wallet"):
        gone = api("GET", path, params={"exchange": "polymarket"}, headers=as_user(user))
        assert (gone.status_code, gone.json()) == (403, NOT_OWNED)
    again = api.create("market-maker-1")["customer_id"]
    assert api.onboard(again, exchange="polymarket", mode="managed").status_code == 200
    assert of(api, "/balance", "market-maker-1")["raw"]["balance"] == "0"
    assert of(api, "/orders", "market-maker-1", status="all") == []
    assert of(api, "/positions", "market-maker-1") == []


def test_a_wallet_is_shown_with_its_signer_and_links(api):
    def wallet(external_id):
        return api("GET", "/wallet", headers=as_user(api.named(external_id))).json()

    held, none = wallet("user_001"), wallet("user_006")
    assert held["wallets"] == [held["wallet"]] == [api.named("user_001")["wallet"]]
    assert held["session_signer"] == {"active": True, "expires_at": None}
    assert (none["wallets"], none["session_signer"]["active"]) == ([], False)
    assert [link["exchange"] for link in none["linked_exchanges"]] == ["polymarket", "kalshi"]


@pytest.mark.parametrize(("external_id", "limit"), [("user_001", 10), ("user_004", 2500)])
def test_remaining_rates_of_user_and_pool_fall_within_a_second(api, clock, external_id, limit):
    """A user without a limit has that of the pool."""
    user = api.named(external_id)

    def left():
        headers = api("GET", "/ping", headers=as_user(user)).headers
        names = ("user-limit", "user-remaining", "pool-limit", "pool-remaining")
        return tuple(int(headers[f"x-ratelimit-{name}"]) for name in names)

    assert left() == (limit, limit - 1, 2500, 2499)
    assert left() == (limit, limit - 2, 2500, 2498)
    clock.sleep(1.0)
    assert left() == (limit, limit - 1, 2500, 2499)
    assert "x-ratelimit-user-limit" not in api("GET", "/ping").headers


@pytest.mark.parametrize("path", [*READS, "/ping"])
def test_a_known_exchange_must_be_named(api, path):
    unknown = api("GET", path, params={"exchange": "nyse"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "exchange_not_found")
    if path in READS:
        missing = api("GET", path, headers=as_user(api.named("user_001")))
        assert (missing.status_code, missing.json()["code"]) == (400, "missing_parameter")


@pytest.mark.parametrize("customer_id", ["user_001", "0b5e55ed-0000-4000-8000-000000000000"])
def test_an_unknown_user_to_act_for_causes_a_403_without_a_code(api, customer_id):
    headers = {"X-Builder-Customer-Id": customer_id}
    response = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert (response.status_code, response.json()) == (403, NOT_OWNED)


def test_an_end_users_key_reads_its_own_account_and_no_others(api):
    user, other = api.named("user_001"), api.named("user_002")
    query = {"exchange": "polymarket"}
    own = api("GET", "/balance", params=query, key=user["api_key"])
    assert own.json()["raw"]["balance"] == "100500000"
    foreign = api("GET", "/balance", params=query, key=user["api_key"], headers=as_user(other))
    assert foreign.json() == {"error": "X-Builder-Customer-Id needs a builder key"}


@pytest.mark.parametrize(
    ("exchange", "credentials"),
    [
        ("kalshi", KALSHI_KEY),
        ("polymarket", {"private_key": HEX_KEY}),
        ("polymarket", CLOB),
        ("polymarket", {"private_key": HEX_KEY, **CLOB}),
    ],
)
def test_credentials_of_the_request_need_no_link(api, exchange, credentials):
    assert of(api, "/balance", "user_007", credentials=credentials, exchange=exchange)


@pytest.mark.parametrize(
    ("exchange", "credentials", "expected"),
    [
        ("kalshi", {}, ["api_key_id is required", "private_key is required"]),
        ("polymarket", {}, ["private_key is required"]),
        (
            "polymarket",
            {"private_key": HEX_KEY, "clob_api_key": "k"},
            ["clob_api_secret is required", "clob_api_passphrase is required"],
        ),
        ("polymarket", {"private_key": "abc"}, ["private_key must be 0x and 64 hex digits"]),
    ],
)
def test_problems_of_credentials_are_reported_by_field(api, exchange, credentials, expected):
    assert problems(read(api, "/balance", "user_007", credentials, exchange=exchange)) == expected


@pytest.mark.parametrize("value", ["{}", "###", "e30", encoded([1]), encoded("text")])
def test_a_credentials_header_that_is_not_base64_of_an_object_is_refused(api, value):
    headers = {**as_user(api.named("user_007")), "X-Exchange-Credentials": value}
    response = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("external_id", "credentials", "code"),
    [
        ("user_005", None, "credentials_required"),
        ("user_007", None, "credentials_required"),
        ("user_009", None, "credentials_required"),
        ("user_001", {**CLOB, "clob_api_key": "bad"}, "authentication_failed"),
    ],
)
def test_without_a_link_or_with_refused_credentials_nothing_is_read(
    api, external_id, credentials, code
):
    response = read(api, "/balance", external_id, credentials)
    assert (response.status_code, response.json()["code"]) == (403, code)


def test_ping_reports_on_each_exchange(api):
    response = api("GET", "/ping", headers=as_user(api.named("user_001")))
    assert [tuple(exchange.values()) for exchange in response.json()] == [
        ("polymarket", True, True, "ok"),
        ("kalshi", False, False, "no credentials for kalshi"),
    ]
    (refused,) = read(api, "/ping", "user_007", BAD_KEY, exchange="kalshi").json()
    assert (refused["has_credentials"], refused["authenticated"]) == (True, False)


@pytest.mark.parametrize("path", ["/positions", "/fills", "/orders"])
def test_lists_are_filtered_by_market(api, path):
    def markets(**query):
        items = of(api, path, "user_005", exchange="kalshi", **query)
        return {item["market_id"] for item in items}

    (market,) = markets()
    assert markets(market_id=market) == {market}
    assert markets(market_id="another") == set()


def test_fills_are_cut_to_a_limit(api):
    def fills(**query):
        return read(api, "/fills", "user_005", exchange="kalshi", **query)

    assert (len(fills().json()), len(fills(limit="1").json())) == (2, 1)
    assert problems(fills(limit="0")) == ["limit must be an integer from 1 to 1000"]
