from __future__ import annotations

import pytest
from sandbox.client import problems
from sandbox.samples import ADDRESS

from parsec_cli.sandbox.calls import OTHER_BUILDERS_USER

NOBODY = "11111111-2222-4333-8444-555555555555"


def test_created_users_are_read_back_with_tier_time_and_external_wallet(empty):
    created = empty.create("u1", email="ops@example.com", eoa_address=ADDRESS)
    user = empty.get(created["customer_id"].upper().replace("-", "%2D"))
    assert (user["tier"], user["created_at"]) == ("pro", "2026-09-21T14:13:20Z")
    assert (user["wallet"]["eoa_address"], user["wallet"]["privy_wallet_id"]) == (ADDRESS, "")
    assert "status" not in user


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("external_id", None, "external_id is required"),
        ("external_id", "", "external_id must not be empty"),
        ("external_id", 5, "external_id must be a string"),
        ("external_id", "\ud800", "external_id must be valid Unicode"),
        ("email", "nobody", "email must be an email address"),
        ("qps_limit", 0, "qps_limit must be at least 1"),
        ("qps_limit", -3, "qps_limit must be at least 1"),
        ("qps_limit", "5", "qps_limit must be an integer"),
        ("qps_limit", 5.0, "qps_limit must be an integer"),
        ("qps_limit", True, "qps_limit must be an integer"),
        ("qps_limit", [5], "qps_limit must be an integer"),
        ("qps_limit", 2**31, "qps_limit must be at most 2147483647"),
        pytest.param("qps_limit", 10**4000, "qps_limit must be at most 2147483647", id="huge"),
        ("eoa_address", "0x12", "eoa_address must be 0x and 40 hex digits"),
        ("eoa_address", ADDRESS + "\n", "eoa_address must be 0x and 40 hex digits"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_created(empty, field, value, problem):
    response = empty("POST", "/builder/users", json={"external_id": "u1", field: value})
    assert problems(response) == [problem]
    assert empty.pool()["end_user_count"] == 0


def test_all_wrong_fields_are_named_at_once(empty):
    response = empty(
        "POST", "/builder/users", json={"email": 1, "qps_limit": 0, "eoa_address": "x"}
    )
    named = [line.split()[0] for line in problems(response)]
    assert named == ["external_id", "email", "qps_limit", "eoa_address"]


@pytest.mark.parametrize("value", [0, -1, "5", 5.5, True, None, 2**31, 10**30])
def test_an_update_without_a_limit_or_to_a_wrong_one_changes_nothing(empty, value):
    path = f"/builder/users/{empty.create('u1', qps_limit=7)['customer_id']}"
    assert problems(empty("PATCH", path, json={"qps_limit": value}))[0].startswith("qps_limit must")
    unchanged = empty("PATCH", path, json={})
    assert (unchanged.status_code, unchanged.json()["qps_limit"]) == (200, 7)


def test_deactivating_revokes_the_users_key(empty):
    created = empty.create("u1")
    assert empty("GET", "/usage", key=created["api_key"]).status_code == 200
    empty.delete(created["customer_id"])
    assert empty("GET", "/usage", key=created["api_key"]).status_code == 401


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("customer_id", "status"),
    [(NOBODY, 404), ("user_001", 404), ("%00", 404), (OTHER_BUILDERS_USER, 403)],
)
def test_users_of_another_builder_are_refused(api, method, customer_id, status):
    body = {"json": {"qps_limit": 5}} if method == "PATCH" else {}
    response = api(method, f"/builder/users/{customer_id}", **body)
    assert response.status_code == status
    assert response.json()["error"].startswith("end-user not found")


def test_the_minimum_fee_of_the_escrow_is_in_base_units(api):
    assert api("GET", "/builder/escrow/config").json()["min_fee_usdc"] == "100000"
