from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.client import Api, problems
from sandbox.samples import CLOB, HEX_KEY, PEM

READS = ("/balance", "/positions", "/fills", "/orders")
KALSHI_KEY = {"api_key_id": "k", "private_key": PEM}


def as_user(user: dict[str, Any], credentials: Any = None) -> dict[str, str]:
    headers = {"X-Builder-Customer-Id": user["customer_id"]}
    if credentials is not None:
        headers["X-Exchange-Credentials"] = encoded(credentials)
    return headers


def encoded(credentials: Any) -> str:
    return base64.b64encode(json.dumps(credentials).encode()).decode()


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    ("external_id", "exchange"), [("user_001", "polymarket"), ("user_005", "kalshi")]
)
def test_a_linked_user_is_read_on_behalf(
    api: Api, path: str, external_id: str, exchange: str
) -> None:
    headers = as_user(api.named(external_id))
    answer = api("GET", path, params={"exchange": exchange}, headers=headers)
    assert answer.status_code == 200
    assert answer.json()


def test_a_balance_is_what_the_wallet_holds(api: Api) -> None:
    def balance(external_id: str) -> str:
        headers = as_user(api.named(external_id))
        answer = api("GET", "/balance", params={"exchange": "polymarket"}, headers=headers)
        raw: dict[str, str] = answer.json()["raw"]
        return raw["balance"]

    assert [balance(f"user_00{n}") for n in (1, 2, 3, 4)] == ["100.50", "2500.00", "0.00", "0.00"]


def test_rates_of_user_and_pool_run_down_within_a_second(
    api: Api, clock: Callable[[], float]
) -> None:
    user = api.named("user_001")

    def left() -> tuple[str, ...]:
        answer = api("GET", "/ping", headers=as_user(user))
        names = ("user-limit", "user-remaining", "pool-limit", "pool-remaining")
        return tuple(answer.headers[f"x-ratelimit-{name}"] for name in names)

    assert left() == ("10", "9", "2500", "2499")
    assert left() == ("10", "8", "2500", "2498")
    clock.sleep(1.0)  # type: ignore[attr-defined]
    assert left() == ("10", "9", "2500", "2499")


def test_a_user_without_a_limit_has_that_of_the_pool(api: Api) -> None:
    answer = api("GET", "/ping", headers=as_user(api.named("user_004")))
    assert answer.headers["x-ratelimit-user-limit"] == "2500"


def test_reads_of_the_builder_itself_have_no_user_rates(api: Api) -> None:
    assert "x-ratelimit-user-limit" not in api("GET", "/ping").headers


@pytest.mark.parametrize("path", READS)
def test_an_exchange_must_be_named(api: Api, path: str) -> None:
    answer = api("GET", path, headers=as_user(api.named("user_001")))
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_parameter")


@pytest.mark.parametrize("path", [*READS, "/ping"])
def test_an_unknown_exchange_is_a_404(api: Api, path: str) -> None:
    answer = api("GET", path, params={"exchange": "nyse"})
    assert (answer.status_code, answer.json()["code"]) == (404, "exchange_not_found")


@pytest.mark.parametrize("external_id", ["user_005", "user_007", "user_009"])
def test_without_a_link_credentials_are_required(api: Api, external_id: str) -> None:
    headers = as_user(api.named(external_id))
    answer = api("GET", "/balance", params={"exchange": "polymarket"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "credentials_required")


@pytest.mark.parametrize("customer_id", ["user_001", "0b5e55ed-0000-4000-8000-000000000000"])
def test_on_behalf_of_nobody_is_a_bare_403(api: Api, customer_id: str) -> None:
    headers = {"X-Builder-Customer-Id": customer_id}
    answer = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json() == {"error": "end-user not found or not owned by this builder"}


def test_an_end_users_key_reads_its_own_account_and_no_others(api: Api) -> None:
    user, other = api.named("user_001"), api.named("user_002")
    query = {"exchange": "polymarket"}
    own = api("GET", "/balance", params=query, key=user["api_key"])
    assert own.json()["raw"]["balance"] == "100.50"
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
def test_credentials_of_the_request_need_no_link(
    api: Api, exchange: str, credentials: dict[str, str]
) -> None:
    headers = as_user(api.named("user_007"), credentials)
    answer = api("GET", "/balance", params={"exchange": exchange}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("exchange", "credentials", "first"),
    [
        ("kalshi", {}, "api_key_id is required"),
        ("kalshi", {"api_key_id": "k"}, "private_key is required"),
        ("polymarket", {}, "private_key is required"),
        (
            "polymarket",
            {"private_key": HEX_KEY, "clob_api_key": "k"},
            "clob_api_secret is required with the other clob fields",
        ),
        ("polymarket", {"private_key": "abc"}, "private_key must be 0x and 64 hex digits"),
    ],
)
def test_credentials_of_the_wrong_shape_are_told_by_field(
    api: Api, exchange: str, credentials: dict[str, str], first: str
) -> None:
    headers = as_user(api.named("user_007"), credentials)
    answer = api("GET", "/balance", params={"exchange": exchange}, headers=headers)
    assert problems(answer)[0] == first


@pytest.mark.parametrize("value", ["{}", "###", "e30", encoded([1]), encoded("text")])
def test_a_credentials_header_that_is_not_base64_of_an_object_is_refused(
    api: Api, value: str
) -> None:
    headers = {**as_user(api.named("user_007")), "X-Exchange-Credentials": value}
    answer = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_credentials_that_the_exchange_refuses(api: Api) -> None:
    headers = as_user(api.named("user_001"), {**KALSHI_KEY, "api_key_id": "bad"})
    answer = api("GET", "/balance", params={"exchange": "kalshi"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "authentication_failed")


def test_ping_tells_each_exchange(api: Api) -> None:
    answer = api("GET", "/ping", headers=as_user(api.named("user_001")))
    assert answer.json() == [
        {
            "exchange": "polymarket",
            "has_credentials": True,
            "authenticated": True,
            "message": "ok",
        },
        {
            "exchange": "kalshi",
            "has_credentials": False,
            "authenticated": False,
            "message": "no credentials for kalshi",
        },
    ]


def test_ping_of_one_exchange_with_refused_credentials(api: Api) -> None:
    headers = as_user(api.named("user_007"), {**KALSHI_KEY, "api_key_id": "bad"})
    (told,) = api("GET", "/ping", params={"exchange": "kalshi"}, headers=headers).json()
    assert (told["has_credentials"], told["authenticated"]) == (True, False)


@pytest.mark.parametrize("path", ["/positions", "/fills", "/orders"])
def test_lists_are_filtered_by_market(api: Api, path: str) -> None:
    headers = as_user(api.named("user_005"))

    def markets(**query: str) -> set[str]:
        answer = api("GET", path, params={"exchange": "kalshi", **query}, headers=headers)
        return {item["market_id"] for item in answer.json()}

    (market,) = markets()
    assert markets(market_id=market) == {market}
    assert markets(market_id="another") == set()


def test_fills_are_cut_to_a_limit(api: Api) -> None:
    headers = as_user(api.named("user_005"))

    def fills(**query: str) -> int:
        answer = api("GET", "/fills", params={"exchange": "kalshi", **query}, headers=headers)
        return len(answer.json())

    assert (fills(), fills(limit="1")) == (2, 1)
    refused = api("GET", "/fills", params={"exchange": "kalshi", "limit": "0"}, headers=headers)
    assert problems(refused) == ["limit must be an integer from 1 to 1000"]
