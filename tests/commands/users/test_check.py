"""`users check`: one balance read on a user's behalf proves that its credentials work."""

from __future__ import annotations

import base64
import json

import pytest
from commands.keys import KEYS, SECRETS
from support.actions import error, html, json_answer
from support.builder import BUILDER_KEY


@pytest.mark.parametrize("exchange", ["polymarket", "kalshi"])
def test_stored_credentials_are_checked_by_one_balance_read(run, builder, exchange):
    user = builder.add("alice")
    done = run("users", "check", user["customer_id"], "--exchange", exchange, "--json")
    assert done.code == 0, done
    balance = {"exchange": exchange, "balance": "12.50"}
    assert done.json == {"ok": True, "exchange": exchange, "http_status": 200, "balance": balance}
    assert builder.log == [
        f"GET /api/v1/builder/users/{user['customer_id']}",
        f"GET /api/v1/balance?exchange={exchange}",
    ]
    sent = builder.requests[-1]
    assert sent.header("x-builder-customer-id") == user["customer_id"]
    assert sent.header("x-exchange-credentials") is None


@pytest.mark.parametrize("exchange", ["polymarket", "kalshi"])
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_keys_per_request_travel_in_their_header_and_are_seen_nowhere(
    run, builder, keys_file, work, leaks, exchange, source
):
    user = builder.add("alice")
    file = keys_file(exchange)
    where, stdin = (file, b"") if source == "file" else ("-", (work / file).read_bytes())
    argv = ["users", "check", "alice", "--exchange", exchange, "--credentials", where]
    done = run(*argv, "-v", "--json", stdin=stdin)
    assert done.code == 0, done
    sent = builder.requests[-1].header("x-exchange-credentials")
    assert json.loads(base64.b64decode(sent, validate=True)) == KEYS[exchange]()
    assert builder.requests[-1].header("x-builder-customer-id") == user["customer_id"]
    assert builder.mutations == []
    assert leaks(done, [*SECRETS, sent, BUILDER_KEY]) == []


def test_the_header_goes_to_the_balance_only(run, builder, keys_file):
    builder.add("alice")
    run("users", "check", "alice", "--exchange", "kalshi", "--credentials", keys_file("kalshi"))
    *before, balance = builder.requests
    assert balance.path == "/api/v1/balance"
    assert [r.header("x-exchange-credentials") for r in before] == [None] * len(before)


@pytest.mark.parametrize("status", [200, 403])
def test_a_header_that_the_server_gives_back_is_masked(run, builder, keys_file, leaks, status):
    """As a whole, as a key, or line by line."""
    user = builder.add("alice")
    encoded = run("credentials", "encode", "--exchange", "kalshi", keys_file("kalshi")).out.strip()
    value = {"error": f"got {encoded} {' '.join(SECRETS[:2])}", "code": "credentials_required"}
    builder.fault("GET", "balance", action=json_answer(status, value))
    done = run(
        *("users", "check", user["customer_id"], "--exchange", "kalshi"),
        *("--credentials", keys_file("kalshi"), "--json", "-v"),
    )
    assert done.code == {200: 0, 403: 5}[status], done
    assert leaks(done, [encoded, *SECRETS[:2]]) == []


def test_a_uuid_that_is_an_external_id_is_found(run, builder):
    named = "11111111-1111-4111-8111-111111111111"
    user = builder.add(named)
    done = run("users", "check", named, "--exchange", "kalshi")
    assert done.code == 0, done
    assert builder.requests[-1].header("x-builder-customer-id") == user["customer_id"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "credentials_required"),
        (403, "authentication_failed"),
        (400, "bad_request"),
        (501, "not_supported"),
    ],
)
def test_credentials_that_do_not_work_are_an_error_in_the_words_of_the_server(
    run, builder, status, code
):
    builder.add("alice")
    builder.fault("GET", "balance", action=error(status, "some reason", code))
    done = run("users", "check", "alice", "--exchange", "polymarket", "--json")
    assert (done.code, done.out) == (5, ""), done
    assert "some reason" in done.error["message"]
    assert "builder key" not in done.err
    onboard = " users onboard --exchange EXCHANGE --mode MODE USER"
    assert done.error["hint"].endswith(onboard) is (status == 403)


def test_a_user_of_another_builder_is_not_found(run, builder):
    builder.add("alice")
    text = "end-user not found or not owned by this builder"
    builder.fault("GET", "balance", action=json_answer(403, {"error": text}))
    done = run("users", "check", "alice", "--exchange", "polymarket")
    assert done.code == 3, done
    assert "not owned" in done.err


def test_an_html_page_is_not_a_success(run, builder):
    builder.add("alice")
    builder.fault("GET", "balance", action=html(200), times=2)
    done = run("users", "check", "alice", "--exchange", "polymarket", "--json")
    assert done.code == 7, done
    assert "<html" not in done.err


@pytest.mark.parametrize(
    "options",
    [
        ["--exchange", "nyse"],
        ["--exchange", "KALSHI"],
        ["--exchange", ""],
        ["--exchange", "kalshi", "--api-key-id", "kid-0001"],
        ["--exchange", "polymarket", "--api-key-id", "x", "--credentials", "polymarket.json"],
        ["--exchange", "kalshi", "--credentials", "polymarket.json"],
        ["--exchange", "kalshi", "--credentials", "missing.json"],
    ],
    ids=" ".join,
)
def test_invalid_options_are_refused_before_any_request(run, builder, keys_file, options):
    builder.add("alice")
    keys_file("polymarket")
    done = run("users", "check", "alice", *options)
    assert done.code == 2, done
    assert builder.requests == []
