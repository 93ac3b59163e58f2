"""The contract itself: it knows every route, and it is able to find fault."""

from __future__ import annotations

import json

import pytest
from sandbox.contract import CODES, breaches
from sandbox.shapes import SUCCESS

from parsec_cli.sandbox.app import ROUTES

QUOTA = {
    "content-type": "application/json",
    "x-parsec-tier": "pro",
    "x-ratelimit-monthly-limit": "5000000",
    "x-ratelimit-monthly-remaining": "1",
    "x-ratelimit-monthly-reset": "1790812800",
}
POOL = {"qps_pool": 1, "end_user_count": 1, "total_allocated_qps": 1}
LIMITED = {
    "error": "rate limit exceeded",
    "code": "rate_limit_exceeded",
    "retryable": True,
    "tier": "pro",
    "limit_qps": 1,
}


def test_the_sandbox_has_exactly_the_documented_calls():
    assert {f"{method} {path}" for path, methods in ROUTES.items() for method in methods} == set(
        SUCCESS
    )


@pytest.mark.parametrize("operation", [name for name in SUCCESS if name.startswith("GET")])
def test_every_read_keeps_the_contract(api, operation):
    """The client compares each answer; here no read is left out."""
    user = api.named("market-maker-1")
    path = operation.removeprefix("GET ").replace("{customer_id}", user["customer_id"])
    headers = {"X-Builder-Customer-Id": user["customer_id"]}
    query = {} if "builder" in path else {"exchange": "polymarket"}
    assert api("GET", path, params=query, headers=headers).status_code == 200


def test_a_good_answer_has_no_breach():
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
        (404, QUOTA, {"error": "no", "code": "forbidden", "retryable": False}),
        (404, QUOTA, {"error": "no", "code": "not_found", "retryable": True}),
        (400, QUOTA, {"error": "no", "code": "validation_error", "retryable": False}),
        (429, QUOTA, LIMITED),
        (429, {**QUOTA, "retry-after": "0"}, LIMITED),
        (418, QUOTA, {"error": "no", "code": "teapot", "retryable": False}),
    ],
)
def test_a_wrong_answer_is_found(status, headers, body):
    assert breaches("GET", "/builder/pool", status, headers, json.dumps(body).encode())


def test_no_documented_status_is_without_a_code():
    assert {400, 401, 402, 403, 404, 429, 500, 501, 503} <= set(CODES)
