"""`users check`: one read on a user's behalf tests its credentials and shows live rate limits."""

from __future__ import annotations

import base64
import json

import pytest
from commands.keys import KEYS, SECRETS
from support.actions import error, html, json_response, too_many
from support.builder import BUILDER_KEY

NO_RATES = dict.fromkeys(("user_limit", "user_remaining", "pool_limit", "pool_remaining"))
RATES = {
    "x-ratelimit-user-limit": "50",
    "x-ratelimit-user-remaining": "12",
    "x-ratelimit-pool-limit": "2500",
    "x-ratelimit-pool-remaining": "400",
}
RATE = {"user_limit": 50, "user_remaining": 12, "pool_limit": 2500, "pool_remaining": 400}
RATE_TEXT = "this second: user 12 of 50 left · pool 400 of 2,500 left"
ROWS = [
    {"exchange": "polymarket", "has_credentials": True, "authenticated": True, "message": "ok"},
    {
        "exchange": "kalshi",
        "has_credentials": False,
        "authenticated": False,
        "message": "no credentials for kalshi",
    },
]


def entry(exchange, *, has, works, **more):
    return {"exchange": exchange, "has_credentials": has, "authenticated": works, **more}


@pytest.fixture
def alice(builder):
    builder.rate_headers = RATES
    return builder.add("alice", linked_exchanges=["polymarket"])


def test_without_an_exchange_one_ping_reports_on_all_of_them(run, builder, alice):
    done = run("users", "check", alice["customer_id"], "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json == {"exchanges": ROWS, "ok": True, "rate": RATE}
    assert builder.log == [
        f"GET /api/v1/builder/users/{alice['customer_id']}",
        "GET /api/v1/ping",
    ]
    sent = builder.requests[-1]
    assert sent.header("x-builder-customer-id") == alice["customer_id"]
    assert sent.header("x-exchange-credentials") is None


@pytest.mark.usefixtures("alice")
def test_people_see_a_row_per_exchange_and_the_live_limits(run):
    done = run("users", "check", "alice", "-o", "table")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "EXCHANGE    CREDENTIALS  AUTHENTICATED  MESSAGE\n"
        "polymarket  yes          yes            ok\n"
        "kalshi      no           no             no credentials for kalshi\n"
        "\n"
        f"{RATE_TEXT}\n"
    )


@pytest.mark.usefixtures("alice")
def test_rows_without_the_live_limits_have_them_on_stderr(run):
    done = run("users", "check", "alice")
    assert done.err == f"{RATE_TEXT}\n"
    assert done.out == (
        "polymarket\ttrue\ttrue\tok\nkalshi\tfalse\tfalse\tno credentials for kalshi\n"
    )
    lines = run("users", "check", "alice", "-o", "jsonl")
    assert (lines.err, [json.loads(line) for line in lines.out.splitlines()]) == (done.err, ROWS)
    one = run("users", "check", "alice", "--exchange", "kalshi")
    assert (one.out, one.err) == ("true\tkalshi\t200\n", done.err)


@pytest.mark.usefixtures("alice")
def test_the_live_limits_come_with_an_exchange_too(run):
    done = run("users", "check", "alice", "--exchange", "polymarket", "--json")
    assert (done.json["rate"], done.err) == (RATE, "")
    text = run("users", "check", "alice", "--exchange", "polymarket", "-o", "table")
    works = "the stored or managed credentials of `alice` work on polymarket"
    assert text.out == f"{works}\n{RATE_TEXT}\n"


@pytest.mark.parametrize(
    ("headers", "rate", "text"),
    [
        ({}, {}, "the API reported no live rate limits"),
        (
            {"x-ratelimit-pool-limit": "2500", "x-ratelimit-pool-remaining": "0"},
            {"pool_limit": 2500, "pool_remaining": 0},
            "this second: pool 0 of 2,500 left",
        ),
        (
            {"x-ratelimit-user-remaining": " 7 "},
            {"user_remaining": 7},
            "this second: user 7 left",
        ),
        (
            {"x-ratelimit-user-limit": "50", "x-ratelimit-user-remaining": "-1"},
            {"user_limit": 50},
            "the API reported no live rate limits",
        ),
        (
            {"x-ratelimit-user-limit": "many", "x-ratelimit-user-remaining": "9" * 19},
            {},
            "the API reported no live rate limits",
        ),
    ],
)
@pytest.mark.usefixtures("alice")
def test_limits_that_are_absent_are_null(run, builder, headers, rate, text):
    builder.rate_headers = headers
    assert run("users", "check", "alice", "--json").json["rate"] == NO_RATES | rate
    assert run("users", "check", "alice", "-o", "table").out.splitlines()[-1] == text


@pytest.mark.usefixtures("alice")
def test_a_limit_that_is_used_up_is_red(terminal, builder, key_env):
    builder.rate_headers = {**RATES, "x-ratelimit-user-remaining": "0"}
    session = terminal(["users", "check", "alice"], env=key_env(builder))
    text = "this second: user 0 of 50 left · pool 400 of 2,500 left"
    assert f"\x1b[31m{text}\x1b[0m" in session.text


def test_credentials_that_do_not_work_are_an_error_below_the_rows(run, builder, alice):
    rows = [
        entry("polymarket", has=True, works=True, message="ok"),
        entry("kalshi", has=True, works=False, message="invalid signature"),
    ]
    builder.hold(alice, "/ping", rows)
    done = run("users", "check", "alice", "--json")
    assert done.code == 5
    assert done.json == {"exchanges": rows, "ok": False, "rate": RATE}
    assert done.error["message"] == "the stored credentials of `alice` do not work on kalshi"
    assert done.error["details"] == ["kalshi: invalid signature"]
    onboard = f" users onboard --exchange kalshi --mode MODE {alice['customer_id']}"
    assert done.error["hint"].endswith(onboard)
    shown = run("users", "check", "alice", "-o", "table")
    assert shown.code == 5
    assert shown.out.splitlines()[-1] == RATE_TEXT
    assert shown.err.startswith("error: the stored credentials of `alice` do not work on kalshi\n")


def test_all_credentials_that_do_not_work_are_named(run, builder, alice):
    builder.hold(
        alice,
        "/ping",
        [entry("polymarket", has=True, works=False), entry("kalshi", has=True, works=False)],
    )
    done = run("users", "check", "alice")
    assert done.code == 5
    assert "do not work on polymarket and kalshi\n" in done.err


@pytest.mark.parametrize(
    "rows", [[], [entry("polymarket", has=False, works=False, message="none")]]
)
def test_a_user_without_credentials_is_an_error(run, builder, alice, rows):
    builder.hold(alice, "/ping", rows)
    done = run("users", "check", "alice", "--json")
    assert (done.code, done.json["ok"]) == (5, False)
    assert done.error["message"] == "`alice` has no stored credentials on any exchange"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"exchanges": []},
        "ok",
        [7],
        [{"exchange": 1, "has_credentials": True, "authenticated": True}],
        [{"exchange": "kalshi", "has_credentials": True}],
        [{"exchange": "kalshi", "has_credentials": 1, "authenticated": True}],
    ],
)
def test_a_ping_of_another_shape_is_unreadable(run, builder, alice, value):
    builder.hold(alice, "/ping", value)
    done = run("users", "check", "alice", "--json")
    assert (done.code, done.out) == (7, "")


@pytest.mark.usefixtures("alice")
def test_a_429_reports_what_is_left(run, builder):
    builder.fault("GET", "ping", action=json_response(429, {"error": "x"}, RATES))
    done = run("users", "check", "alice", "--json", "--max-wait", "0")
    assert (done.code, done.out) == (6, "")
    assert done.error["details"] == [RATE_TEXT]


@pytest.mark.usefixtures("alice")
def test_a_429_without_live_limits_has_no_details(run, builder):
    builder.fault("GET", "ping", action=too_many("1"))
    done = run("users", "check", "alice", "--json", "--max-wait", "0")
    assert done.code == 6
    assert "details" not in done.error


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--credentials", "polymarket.json"], "--credentials"),
        (["--api-key-id", "kid-0001"], "--api-key-id"),
    ],
)
def test_given_credentials_need_an_exchange(run, builder, options, name):
    done = run("users", "check", "alice", *options)
    assert (done.code, builder.requests) == (2, [])
    assert f"`{name}` needs `--exchange`" in done.err


def test_the_sandbox_answers_a_ping(tool):
    done = tool("-p", "sandbox", "users", "check", "market-maker-1", "--json")
    assert done.code == 0
    assert done.json["ok"] is True
    assert [row["exchange"] for row in done.json["exchanges"]] == ["polymarket", "kalshi"]
    assert done.json["rate"] == {
        "user_limit": 800,
        "user_remaining": 799,
        "pool_limit": 2500,
        "pool_remaining": 2499,
    }


@pytest.mark.parametrize("exchange", ["polymarket", "kalshi"])
def test_stored_credentials_are_checked_by_one_balance_read(run, builder, exchange):
    user = builder.add("alice")
    done = run("users", "check", user["customer_id"], "--exchange", exchange, "--json")
    assert done.code == 0, done
    balance = {"raw": {"exchange": exchange, "balance": "12.50"}}
    assert done.json == {
        "ok": True,
        "exchange": exchange,
        "http_status": 200,
        "balance": balance,
        "rate": NO_RATES,
    }
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
    builder.fault("GET", "balance", action=json_response(status, value))
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
    customer_id = builder.add("alice")["customer_id"]
    builder.fault("GET", "balance", action=error(status, "some reason", code))
    done = run("users", "check", "alice", "--exchange", "polymarket", "--json")
    assert (done.code, done.out) == (5, ""), done
    assert "some reason" in done.error["message"]
    assert "builder key" not in done.err
    onboard = f" users onboard --exchange polymarket --mode MODE {customer_id}"
    assert done.error["hint"].endswith(onboard) is (status == 403)


def test_a_user_of_another_builder_is_not_found(run, builder):
    builder.add("alice")
    text = "end-user not found or not owned by this builder"
    builder.fault("GET", "balance", action=json_response(403, {"error": text}))
    done = run("users", "check", "alice", "--exchange", "polymarket")
    assert done.code == 3, done
    assert "not owned" in done.err


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"raw": None},
        {"raw": [1]},
        {"raw": {"error": "invalid signature"}},
        {"message": "not authenticated"},
        {"ok": False},
        {"balance": "0"},
    ],
    ids=str,
)
def test_a_balance_of_another_shape_is_unreadable(run, builder, value):
    builder.hold(builder.add("alice"), "/balance", value)
    done = run("users", "check", "alice", "--exchange", "kalshi", "--json")
    assert (done.code, done.out) == (7, ""), done


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
