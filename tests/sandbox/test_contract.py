"""The contract itself: it has every route, and it finds faults."""

from __future__ import annotations

import json

import pytest
from sandbox.contract import breaches
from sandbox.shapes import SUCCESS

from parsec_cli.sandbox.app import ROUTES

QUOTA = {
    "content-type": "application/json",
    "x-parsec-tier": "pro",
    **{f"x-ratelimit-monthly-{name}": "1" for name in ("limit", "remaining", "reset")},
}
POOL = {"qps_pool": 1, "end_user_count": 1, "total_allocated_qps": 1}
NOT_FOUND = {"error": "no", "code": "not_found", "retryable": False}
LIMITED = {"error": "no", "code": "rate_limit_exceeded", "retryable": True}
LIMITED |= {"tier": "pro", "limit_qps": 1}


def test_the_sandbox_has_exactly_the_documented_calls():
    routes = {f"{method} {path}" for path, methods in ROUTES.items() for method in methods}
    assert routes == set(SUCCESS)


@pytest.mark.parametrize("operation", [name for name in SUCCESS if name.startswith("GET")])
def test_every_read_keeps_the_contract(api, operation):
    """The client compares each response; here no read is left out."""
    user = api.named("market-maker-1")
    path = operation.removeprefix("GET ").replace("{customer_id}", user["customer_id"])
    headers = {"X-Builder-Customer-Id": user["customer_id"]}
    query = {} if "builder" in path else {"exchange": "polymarket"}
    assert api("GET", path, params=query, headers=headers).status_code == 200


def test_a_correct_response_keeps_the_contract():
    assert breaches("GET", "/builder/pool", 200, QUOTA, json.dumps(POOL).encode()) == []


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, QUOTA, {**POOL, "qps_pool": "1"}),
        (200, QUOTA, {**POOL, "qps_pool": -1}),
        (200, QUOTA, {**POOL, "extra": 1}),
        (200, QUOTA, {"qps_pool": 1}),
        (200, {"content-type": "application/json"}, POOL),
        (200, {**QUOTA, "content-type": "text/html"}, POOL),
        (201, QUOTA, POOL),
        (404, QUOTA, {"error": "no"}),
        (404, QUOTA, {**NOT_FOUND, "code": "forbidden"}),
        (404, QUOTA, {**NOT_FOUND, "retryable": True}),
        (400, QUOTA, {**NOT_FOUND, "code": "validation_error"}),
        (429, QUOTA, LIMITED),
        (429, {**QUOTA, "retry-after": "0"}, LIMITED),
        (418, QUOTA, {**NOT_FOUND, "code": "teapot"}),
    ],
)
def test_a_wrong_response_breaks_the_contract(status, headers, body):
    assert breaches("GET", "/builder/pool", status, headers, json.dumps(body).encode())
