"""Responses that differ from what the API promises, and responses with unknown members."""

from __future__ import annotations

import pytest
from support.actions import html, json_response, response
from support.records import new_user, wallet
from support.views import FORMATS, masked

CUSTOMER = new_user("alice", 0)["customer_id"]
PAGE = "<!DOCTYPE html><html><head><style>body{}</style></head><body>" + "<p>x</p>" * 500
PAGES = {
    "502 HTML": (html(502, PAGE), 7, "502"),
    "401 empty": (response(401, b"", {"WWW-Authenticate": "Basic"}), 4, "401"),
    "418 text": (response(418, "tea"), 5, "418"),
    "502 plain called gzip": (response(502, "x" * 50, {"Content-Encoding": "gzip"}), 7, "502"),
}


@pytest.mark.parametrize(("action", "code", "status"), PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("debug", [None, "1"])
def test_an_error_page_becomes_one_line_with_its_status(
    run_at, server, action, code, status, debug
):
    server.respond(action)
    completed = run_at("users", "get", CUSTOMER, env={"PARSEC_DEBUG": debug})
    assert completed.code == code, completed
    assert completed.out == ""
    assert status in completed.err
    if debug is None:
        assert "<p>" not in completed.err
        assert "Traceback" not in completed.err
        assert len(completed.err) < 2000


ODD = [
    {"tier": "platinum-plus", "status": "frozen", "created_at": "not a time", "fee_bps": "25"},
    {"kyc": {"level": 2, "by": ["a", None]}, "linked_exchanges": ["newex", "polymarket"]},
    {"linked_exchanges": [{"name": "newex"}], "created_at": 1790000000, "tier": 3},
    {"wallet": {"wallet_type": "mpc", "chain": {"id": 1}}, "qps_limit": 10.5},
    {"wallet": "0xabc", "qps_limit": "10"},
    {"wallet": None, "linked_exchanges": None, "created_at": None, "tier": None},
    {"wallet": {}, "qps_limit": None, "api_key": None, "fee_escrow_enabled": None, "fee_bps": None},
    {"wallet": {"eoa_address": None, "balances": None, "safe_address": None}, "qps_limit": 0},
    {"wallet": {**wallet(), "balances": []}, "tier": "", "created_at": ""},
    {"wallet": {**wallet(), "balances": [{"token": None, "balance": None}]}},
    {"wallet": {**wallet(), "balances": ["x", None, 5]}, "affiliate_address": ""},
]
OPTIONAL = [
    *("external_id", "api_key", "tier", "qps_limit", "created_at", "linked_exchanges", "wallet")
]


@pytest.mark.usefixtures("odd_records")
@pytest.mark.parametrize("fields", [*ODD, *OPTIONAL], ids=str)
@pytest.mark.parametrize("form", FORMATS)
def test_new_null_and_absent_fields_work_everywhere(run, builder, fields, form):
    """The API may add values at any time, and JSON must not invent fields."""
    user = builder.add("alice", **(fields if isinstance(fields, dict) else {}))
    if isinstance(fields, str):
        del user[fields]
    for argv in (["users", "list"], ["users", "get", user["customer_id"]]):
        completed = run(*argv, "-o", form)
        assert completed.code == 0, completed
        assert "None" not in completed.out
    if form == "json":
        assert completed.json == (masked(user) if user.get("api_key") else user)


@pytest.mark.parametrize("form", ["tsv", "csv", "table"])
def test_zero_is_shown_as_zero_and_null_as_nothing(run, builder, form):
    """An empty cell would hide that the user may send no requests."""
    builder.add("zero", 0)
    builder.add("null", None)
    fields = ["--fields", "external_id,qps_limit"]
    lines = run("users", "list", "-o", form, *fields, env={"COLUMNS": "120"}).out.splitlines()
    zero = next(line for line in lines if "zero" in line)
    null = next(line for line in lines if "null" in line)
    assert "0" in zero
    assert "0" not in null


WRONG_READS = {
    "pool show": ({"qps_pool": -1, "end_user_count": 1, "total_allocated_qps": 1}, {}),
    "pool check": ({"qps_pool": 5, "end_user_count": True, "total_allocated_qps": 1}, {}),
    "pool share": ({"qps_pool": 5, "end_user_count": 1, "total_allocated_qps": "1"}, {}),
    "escrow show": (
        {"fee_bps": 5},
        {"fee_escrow_enabled": "yes"},
        {"fee_escrow_enabled": None},
        {"fee_escrow_enabled": None, "fee_bps": None, "another": 1},
    ),
    "usage check": (
        {"limits": {"monthly_requests": -1}, "usage": {}},
        {"limits": {"monthly_requests": 5}},
    ),
    "usage show": (
        {"limits": {"monthly_requests": -1}, "usage": {}},
        {"limits": {"monthly_requests": True}, "usage": {}},
        {"limits": {}, "usage": {"monthly_requests": "many"}},
    ),
    "users list": ({"users": [], "error": "x"}, {"count": 0, "error": "x"}),
}


@pytest.mark.parametrize(
    "value", [{"fee_escrow_enabled": False}, {"fee_escrow_enabled": None, "min_fee_usdc": "0"}]
)
def test_escrow_with_one_value_is_readable(run_at, server, value):
    server.respond(json_response(200, value))
    completed = run_at("escrow", "show", "--json")
    assert (completed.code, completed.json) == (0, value), completed


@pytest.mark.parametrize(
    ("command", "value"),
    [
        (command, value)
        for command, values in WRONG_READS.items()
        for value in ({"error": "internal"}, *values)
    ],
    ids=str,
)
def test_a_good_status_with_a_wrong_body_is_not_a_success(run_at, server, command, value):
    server.script(*[json_response(200, value)] * 2)
    completed = run_at(*command.split(), "--json")
    assert (completed.code, completed.out) == (7, ""), completed
