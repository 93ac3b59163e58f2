from __future__ import annotations

import base64
import json

import pytest
from sandbox.client import problems
from sandbox.samples import CLOB, HEX_KEY, PEM

from parsec_cli.sandbox import seed

READS = ("/balance", "/positions", "/fills", "/orders")
KALSHI_KEY = {"api_key_id": "k", "private_key": PEM}


def as_user(user, credentials=None):
    headers = {"X-Builder-Customer-Id": user["customer_id"]}
    if credentials is not None:
        headers["X-Exchange-Credentials"] = encoded(credentials)
    return headers


def encoded(credentials):
    return base64.b64encode(json.dumps(credentials).encode()).decode()


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    ("external_id", "exchange"), [("user_001", "polymarket"), ("user_005", "kalshi")]
)
def test_a_linked_user_is_read_on_behalf(api, path, external_id, exchange):
    assert of(api, path, external_id, exchange=exchange, status="all")


def read(api, path, external_id, credentials=None, **query):
    """Send a GET for a user, at polymarket unless another exchange is given."""
    params = {"exchange": "polymarket", **query}
    return api("GET", path, params=params, headers=as_user(api.named(external_id), credentials))


def of(api, path, external_id, **query):
    answer = read(api, path, external_id, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("external_id", "units"),
    [("user_001", "100500000"), ("user_003", "0"), ("market-maker-1", "48250750000")],
)
def test_a_balance_is_what_the_wallet_holds_in_base_units(api, external_id, units):
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
def test_seeded_users_hold_different_orders_and_positions(
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
    answer = read(api, "/orders", "user_001", **query)
    assert problems(answer)[0].startswith(f"{next(iter(query))} must be ")


def test_some_users_of_a_fleet_trade_and_some_did_before(api, db):
    seed.seed(db, 64)
    linked = [u["external_id"] for u in api.all_users() if "polymarket" in u["linked_exchanges"]]
    counts = {name: len(of(api, "/orders", name)) for name in linked}
    past = {name: len(of(api, "/orders", name, status="closed")) for name in linked}
    assert sorted(set(counts.values())) == [0, 1]
    assert any(past[name] and not counts[name] for name in linked)


def test_a_deactivated_user_loses_everything_also_when_created_again(api):
    user = api.named("market-maker-1")
    assert api.delete(user["customer_id"]) == 204
    for path in (*READS, "/wallet"):
        gone = api("GET", path, params={"exchange": "polymarket"}, headers=as_user(user))
        assert gone.json() == {"error": "end-user not found or not owned by this builder"}
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


def test_rates_of_user_and_pool_run_down_within_a_second(api, clock):
    user = api.named("user_001")

    def left():
        answer = api("GET", "/ping", headers=as_user(user))
        names = ("user-limit", "user-remaining", "pool-limit", "pool-remaining")
        return tuple(answer.headers[f"x-ratelimit-{name}"] for name in names)

    assert left() == ("10", "9", "2500", "2499")
    assert left() == ("10", "8", "2500", "2498")
    clock.sleep(1.0)  # type: ignore[attr-defined]
    assert left() == ("10", "9", "2500", "2499")


def test_a_user_without_a_limit_has_that_of_the_pool(api):
    answer = api("GET", "/ping", headers=as_user(api.named("user_004")))
    assert answer.headers["x-ratelimit-user-limit"] == "2500"


def test_reads_of_the_builder_itself_have_no_user_rates(api):
    assert "x-ratelimit-user-limit" not in api("GET", "/ping").headers


@pytest.mark.parametrize("path", READS)
def test_an_exchange_must_be_named(api, path):
    answer = api("GET", path, headers=as_user(api.named("user_001")))
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_parameter")


@pytest.mark.parametrize("path", [*READS, "/ping"])
def test_an_unknown_exchange_is_a_404(api, path):
    answer = api("GET", path, params={"exchange": "nyse"})
    assert (answer.status_code, answer.json()["code"]) == (404, "exchange_not_found")


@pytest.mark.parametrize("external_id", ["user_005", "user_007", "user_009"])
def test_without_a_link_credentials_are_required(api, external_id):
    answer = read(api, "/balance", external_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "credentials_required")


@pytest.mark.parametrize("customer_id", ["user_001", "0b5e55ed-0000-4000-8000-000000000000"])
def test_on_behalf_of_nobody_is_a_bare_403(api, customer_id):
    headers = {"X-Builder-Customer-Id": customer_id}
    answer = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json() == {"error": "end-user not found or not owned by this builder"}


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
    ("exchange", "credentials", "first"),
    [
        ("kalshi", {}, "api_key_id is required"),
        ("kalshi", {"api_key_id": "k"}, "private_key is required"),
        ("polymarket", {}, "private_key is required"),
        (
            "polymarket",
            {"private_key": HEX_KEY, "clob_api_key": "k"},
            "clob_api_secret is required",
        ),
        ("polymarket", {"private_key": "abc"}, "private_key must be 0x and 64 hex digits"),
    ],
)
def test_credentials_of_the_wrong_shape_are_told_by_field(api, exchange, credentials, first):
    answer = read(api, "/balance", "user_007", credentials, exchange=exchange)
    assert problems(answer)[0] == first


@pytest.mark.parametrize("value", ["{}", "###", "e30", encoded([1]), encoded("text")])
def test_a_credentials_header_that_is_not_base64_of_an_object_is_refused(api, value):
    headers = {**as_user(api.named("user_007")), "X-Exchange-Credentials": value}
    answer = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_credentials_that_the_exchange_refuses(api):
    bad = {**KALSHI_KEY, "api_key_id": "bad"}
    answer = read(api, "/balance", "user_001", bad, exchange="kalshi")
    assert (answer.status_code, answer.json()["code"]) == (403, "authentication_failed")


def test_ping_tells_each_exchange(api):
    answer = api("GET", "/ping", headers=as_user(api.named("user_001")))
    assert [tuple(told.values()) for told in answer.json()] == [
        ("polymarket", True, True, "ok"),
        ("kalshi", False, False, "no credentials for kalshi"),
    ]
    bad = {**KALSHI_KEY, "api_key_id": "bad"}
    (told,) = read(api, "/ping", "user_007", bad, exchange="kalshi").json()
    assert (told["has_credentials"], told["authenticated"]) == (True, False)


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
