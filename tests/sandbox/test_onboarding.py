from __future__ import annotations

import pytest
from sandbox.client import problems
from sandbox.samples import ADDRESS, CLOB, HEX_KEY, MANAGED, OWN_KALSHI, OWN_POLYMARKET, SAFE

from parsec_cli.sandbox.calls import OTHER_BUILDERS_USER


@pytest.fixture
def user(empty):
    customer_id: str = empty.create("u1")["customer_id"]
    return customer_id


@pytest.mark.parametrize("wallet_type", [None, "eoa"])
def test_managed_makes_an_embedded_wallet_by_default(empty, user, wallet_type):
    result = empty.onboard(user, **MANAGED, wallet_type=wallet_type).json()
    assert result["steps_completed"] == ["wallet_eoa_created", "exchange_linked"]
    assert result["eoa_address"] == result["wallet"]["eoa_address"]
    assert result["wallet"]["privy_wallet_id"]


@pytest.mark.parametrize(("chain", "chain_id"), [({"chain_id": 80002}, 80002), ({}, 137)])
def test_managed_safe_is_owned_by_the_given_address(empty, user, chain, chain_id):
    result = empty.onboard(user, **SAFE, **chain).json()
    steps = ["external_eoa_provided", "wallet_safe_created", "exchange_linked"]
    assert result["steps_completed"] == steps
    assert result["eoa_address"] == ADDRESS
    assert result["safe_address"] == result["wallet"]["safe_address"] != ADDRESS
    assert (result["wallet"]["wallet_type"], result["wallet"]["chain_id"]) == ("safe", chain_id)


@pytest.mark.parametrize(
    "wish", [OWN_POLYMARKET, {**OWN_POLYMARKET, "private_key": HEX_KEY}, OWN_KALSHI]
)
def test_credentials_of_the_user_are_checked_and_stored(empty, user, wish):
    result = empty.onboard(user, **wish).json()
    steps = ["credentials_validated", "credentials_stored", "exchange_linked"]
    assert (result["steps_completed"], result["wallet"]) == (steps, None)
    assert empty.get(user)["linked_exchanges"] == [wish["exchange"]]


def test_no_response_contains_the_credentials(empty, user):
    secret = "0x" + "5e" * 32
    response = empty.onboard(user, **OWN_POLYMARKET, private_key=secret)
    refused = empty.onboard(user, **{**OWN_POLYMARKET, "private_key": secret + "5e"})
    assert "5e5e" not in response.text + refused.text


@pytest.mark.parametrize("wish", [MANAGED, SAFE, OWN_POLYMARKET, OWN_KALSHI])
def test_a_repeat_is_already_linked_and_does_nothing(empty, user, wish):
    empty.onboard(user, **wish)
    before = empty.get(user)
    again = empty.onboard(user, **wish)
    assert again.status_code == 200
    assert (again.json()["status"], again.json()["steps_completed"]) == ("already_linked", [])
    assert empty.get(user) == before


def test_a_wallet_without_a_link_is_only_linked(api):
    user = api.named("user_009")
    assert (user["linked_exchanges"], user["wallet"]["wallet_type"]) == ([], "eoa")
    result = api.onboard(user["customer_id"], **MANAGED).json()
    assert result["steps_completed"] == ["exchange_linked"]
    assert result["wallet"] == user["wallet"]


def test_an_address_set_at_creation_is_not_repeated_as_a_step(empty):
    user = empty.create("u2", eoa_address=ADDRESS)["customer_id"]
    result = empty.onboard(user, **{**SAFE, "eoa_address": ADDRESS.lower()}).json()
    assert result["steps_completed"] == ["wallet_safe_created", "exchange_linked"]


def test_a_second_exchange_is_added_to_the_first(empty, user):
    empty.onboard(user, **MANAGED)
    assert empty.onboard(user, **OWN_KALSHI).json()["linked_exchanges"] == ["polymarket", "kalshi"]


def test_a_safe_of_another_owner_is_refused_and_nothing_is_linked(empty):
    user = empty.create("u2", eoa_address=ADDRESS)["customer_id"]
    response = empty.onboard(user, **{**SAFE, "eoa_address": "0x" + "0" * 40})
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert empty.get(user)["linked_exchanges"] == []


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, ["exchange is required", "mode is required"]),
        (
            {"exchange": "nyse", "mode": "auto"},
            ["exchange must be one of polymarket, kalshi", "mode must be one of managed, self"],
        ),
        ({"exchange": "kalshi", "mode": "managed"}, ["mode managed is for polymarket only"]),
        (
            {**MANAGED, "eoa_address": ADDRESS},
            ["eoa_address must not be given with wallet_type eoa"],
        ),
        ({**MANAGED, "wallet_type": "safe"}, ["eoa_address is required"]),
        ({**MANAGED, "wallet_type": "cold"}, ["wallet_type must be one of eoa, safe"]),
        ({**SAFE, "eoa_address": "0x1"}, ["eoa_address must be 0x and 40 hex digits"]),
        ({**SAFE, "chain_id": "137"}, ["chain_id must be an integer"]),
        ({"exchange": "polymarket", "mode": "self"}, [f"{name} is required" for name in CLOB]),
        ({**OWN_POLYMARKET, "private_key": "abc"}, ["private_key must be 0x and 64 hex digits"]),
        ({**OWN_KALSHI, "private_key": None}, ["private_key is required"]),
        (
            {**OWN_KALSHI, "private_key": HEX_KEY},
            ["private_key must be an RSA private key in PEM format"],
        ),
    ],
)
def test_a_request_against_the_rules_of_its_mode_links_nothing(empty, user, wish, expected):
    assert problems(empty.onboard(user, **wish)) == expected
    assert empty.get(user)["linked_exchanges"] == []


@pytest.mark.parametrize(
    "wish", [{**OWN_KALSHI, "api_key_id": "bad-1"}, {**OWN_POLYMARKET, "clob_api_key": "bad"}]
)
def test_credentials_that_begin_with_bad_are_refused_by_the_exchange(empty, user, wish):
    response = empty.onboard(user, **wish)
    assert (response.status_code, response.json()["code"]) == (403, "authentication_failed")
    assert empty.get(user)["linked_exchanges"] == []


@pytest.mark.parametrize(
    "customer_id", ["11111111-2222-4333-8444-555555555555", OTHER_BUILDERS_USER, "user_001"]
)
def test_an_unknown_user_cannot_be_onboarded(api, customer_id):
    response = api.onboard(customer_id, **MANAGED)
    assert response.status_code == 403
    assert response.json()["error"] == "end-user not found or not owned by this builder"
