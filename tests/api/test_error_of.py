"""The error for each response: its exit code and its text."""

from __future__ import annotations

import json

import pytest
from api.attempts import LOST, REFUSED, run, status
from api.origins import Origin, client_of, reply
from support.clock import VirtualClock

from parsec_cli import next_command
from parsec_cli.api.call import Call, Exchange, Kind
from parsec_cli.api.changes import settled
from parsec_cli.api.error_of import error_of, reset_time
from parsec_cli.errors import (
    ForeignNotFound,
    NotABuilder,
    NotFound,
    QuotaUsedUp,
    Redirected,
    Refused,
    ServerFault,
    Unauthorized,
)
from parsec_cli.models import Unknown

HOST = "api.parsec.invalid"
USER = Call(Kind.READ, "GET", "/builder/users/abc")
POOL = Call(Kind.READ, "GET", "/builder/pool")
BALANCE = Call(Kind.READ, "GET", "/balance", headers={"x-builder-customer-id": "abc"})
NOT_OURS = "end-user not found or not owned by this builder"


def error_for(number: int, value=None, call: Call = USER, **headers: str):
    return error_of(Exchange(status(number, value, **headers), 1, doubt=False), call, HOST)


@pytest.mark.parametrize("call", [USER, BALANCE, Call(Kind.ONBOARD, "POST", "/builder/onboard")])
@pytest.mark.parametrize("code", [{}, {"code": "forbidden"}, {"code": "not_found"}])
@pytest.mark.parametrize(
    "text", [NOT_OURS, "end-user does not belong to this builder account"], ids=["usual", "other"]
)
def test_a_403_about_another_builders_user_is_not_found(call, code, text):
    error = error_for(403, {"error": text, **code}, call)
    assert isinstance(error, NotFound)
    assert error.command == next_command.run("users", "list")


@pytest.mark.parametrize(
    "code",
    ["unauthorized", "permission_denied", "FORBIDDEN", "credentials_required", "brand_new", 5],
)
@pytest.mark.parametrize(
    "text",
    [
        NOT_OURS,
        "End user not found.",
        "customer does not exist",
        "this user doesn't belong to your builder account",
    ],
)
def test_the_text_of_a_403_says_that_a_user_is_not_found_whatever_its_code(text, code):
    for call in (USER, BALANCE):
        error = error_for(403, {"error": text, "code": code}, call)
        assert (type(error), error.exit_code) == (NotFound, 3)
    for elsewhere in (error_for(403, {"error": text, "code": code}, POOL), error_for(403, text)):
        assert not isinstance(elsewhere, NotFound)


@pytest.mark.parametrize(
    ("value", "call"),
    [
        ({"error": "builder key required"}, USER),
        ({"error": "builder key required", "code": "forbidden"}, POOL),
        ({"error": "forbidden"}, POOL),
        ({"error": "builder account not found"}, POOL),
        ({"error": "this key does not belong to a builder"}, POOL),
        ({"error": "requires a builder account", "code": "unauthorized"}, USER),
        ({"error": "the user is not found: builder key required", "code": "x"}, USER),
        ({"error": "builder account required", "code": "credentials_required"}, BALANCE),
        ({"error": "This account is not a builder", "code": "brand_new"}, USER),
        ({"error": "not an approved builder account"}, BALANCE),
        ({"error": "only builders may impersonate"}, BALANCE),
        ({"error": "builder access is not enabled", "code": "x"}, POOL),
        ({"error": "builder-only endpoint"}, POOL),
        ({"error": "this endpoint is for builders"}, POOL),
    ],
)
def test_a_403_about_the_key_is_a_key_fault(value, call):
    error = error_for(403, value, call)
    assert isinstance(error, NotABuilder)
    assert error.exit_code == 4
    assert error.command == next_command.run("doctor")


@pytest.mark.parametrize(
    ("value", "call"),
    [
        ({"error": "wallet not connected", "code": "credentials_required"}, BALANCE),
        ({"error": "bad signature", "code": "authentication_failed"}, BALANCE),
        ({"error": "user credentials not found", "code": "credentials_required"}, BALANCE),
        ({"error": "wallet of user not found", "code": "credentials_required"}, BALANCE),
        ({"error": "order not found", "code": "permission_denied"}, BALANCE),
        ({"error": "forbidden", "code": "forbidden"}, BALANCE),
        ({"error": "x", "code": "brand_new"}, USER),
        ({"error": "the builder fee is not approved", "code": "fee"}, BALANCE),
        *((value, USER) for value in ({"message": "Forbidden"}, {}, None, ["x"])),
    ],
)
def test_any_other_403_is_a_refusal(value, call):
    error = error_for(403, value, call)
    assert isinstance(error, Refused)
    assert error.hint


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *((n, Refused) for n in (400, 402, 405, 409, 413, 418, 422, 451, 499, 501)),
        *((n, ServerFault) for n in (500, 502, 503, 504, 507, 599)),
        *((n, Redirected) for n in (300, 301, 302, 303, 304, 307, 308)),
        (401, Unauthorized),
        (404, ForeignNotFound),
    ],
)
@pytest.mark.parametrize(
    "body", [None, {}, {"error": None}, ["x"], "x", {"error": {"message": "m"}}, {"code": 5}]
)
def test_the_status_decides_and_every_error_names_host_status_and_what_to_do(number, kind, body):
    error = error_for(number, body)
    assert type(error) is kind
    assert HOST in error.message
    assert str(number) in error.message
    assert error.http_status == number
    assert error.hint


def test_a_404_for_a_create_means_a_wrong_base_url():
    call = Call(Kind.CREATE, "POST", "/builder/users", {})
    error = error_for(404, {"error": "not found"}, call)
    assert error.exit_code == 7
    assert "base URL" in error.hint


def test_the_text_of_the_server_is_shown_up_to_a_limit():
    lines = ["y " * 10_000] * 1_000
    error = error_for(400, {"error": "x " * 10**6, "code": "c" * 10**6, "validation_errors": lines})
    assert len(error.message) < 700
    assert error.message.count("x") > 200
    assert error.api_code == ""
    assert sum(len(line) for line in error.details) < 30_000
    assert "950" in error.details[-1]


def test_unknown_codes_are_shown_unchanged():
    assert error_for(409, {"error": "x", "code": "brand_new"}).api_code == "brand_new"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://evil.invalid/x?key=SECRET#SECRET", "https://evil.invalid/x"),
        ("https://SECRET:SECRET@evil.invalid/", "https://evil.invalid/"),
        ("/elsewhere", "/elsewhere"),
        ("//evil.invalid/x", "points to //evil.invalid/x;"),
        (r"http://evil.invalid\@SECRET.invalid/", "points to an invalid address;"),
        ("", "nowhere"),
        ("?SECRET", "itself"),
        ("https://[SECRET", "invalid"),
        ("https://evil.invalid/" + "x" * 5000, "https://evil.invalid/xxx"),
    ],
)
def test_a_redirect_is_named_without_its_possible_secrets(location, shown):
    message = error_for(302, location=location).message
    assert shown in message
    assert "SECRET" not in message
    assert len(message) < 800


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1790812800", "2026-10-01T00:00:00Z"),
        (1790812800, "2026-10-01T00:00:00Z"),
        ("0", "1970-01-01T00:00:00Z"),
        *((odd, "") for odd in (None, "", "soon", "1e9", "9" * 5000, "9" * 30, "-" + "9" * 20)),
    ],
)
def test_the_reset_time_is_a_date_or_nothing(text, time):
    assert reset_time(text) == time


def test_a_used_up_quota_says_when_it_resets_if_the_api_reports_it():
    value = {"error": "monthly request limit exceeded"}
    error = error_for(429, value, x_ratelimit_monthly_reset="1790812800")
    assert isinstance(error, QuotaUsedUp)
    assert "2026-10-01" in error.message
    assert error.hint == ""


@pytest.mark.parametrize(
    ("call", "hint"), [(USER, "see the reset time with"), (Call(Kind.READ, "GET", "/usage"), "")]
)
def test_a_reset_time_that_is_not_reported_is_looked_up_elsewhere_if_possible(call, hint):
    error = error_for(429, {"error": "monthly request limit exceeded"}, call)
    assert "does not report" in error.message
    assert error.hint == hint
    assert (error.command is not None) == bool(hint)


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_was_sent_is_said_only_if_it_is_certain(kind, clock: VirtualClock):
    call = Call(kind, "POST", "/builder/x")
    never, _ = run(kind, REFUSED, clock=clock)
    assert "nothing was sent" in error_of(never, call, HOST).message
    if kind in (Kind.ONBOARD, Kind.OTHER):
        return
    perhaps, _ = run(kind, LOST, REFUSED, clock=clock)
    assert perhaps.doubt
    assert "nothing was sent" not in error_of(perhaps, call, HOST).message


def test_an_unknown_outcome_keeps_its_own_code(clock: VirtualClock):
    """A script must see that the outcome is unknown, not why."""
    exchange, _ = run(Kind.OTHER, status(500, {"error": "x", "code": "boom"}), clock=clock)
    outcome = settled(client_of(Origin(reply)), exchange, POOL, "look")
    assert isinstance(outcome, Unknown)
    error = outcome.error
    assert (error.api_code, error.code, error.http_status) == ("", "outcome_unknown", 500)
    assert json.dumps(error.message)


@pytest.mark.parametrize("text", ["x" * 20_000, "残高が不足しているため" * 900])
def test_a_long_text_without_blanks_shows_its_beginning(text):
    error = error_for(400, {"error": text})
    assert text[:200] in error.message
    assert error.message.endswith("…")


def test_a_long_word_is_cut_before_a_key_in_it():
    error = error_for(400, {"error": "x" * 200 + "pk_live_CANARY_" + "9" * 20_000})
    assert "x" * 200 in error.message
    assert "CANARY" not in error.message
