"""What a change of one user means: applied, not applied or unknown, and what the history gets."""

from __future__ import annotations

from typing import NamedTuple

import httpx  # noqa: TID253 - stands in for the network of the room that uses it
import pytest
from api.origins import Origin, client_of, reply
from support.told import told

from parsec_cli.api import changes
from parsec_cli.api.call import Response
from parsec_cli.api.changes import change_of, or_raise
from parsec_cli.api.read_holdings import read_holdings
from parsec_cli.errors import (
    NotFound,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Stopped,
    Unauthorized,
)
from parsec_cli.holdings import Holdings
from parsec_cli.models import Applied, NotApplied, Unknown, User
from parsec_cli.next_command import run

HOST = "api.parsec.invalid"
ID = "3f1c2b1e-0000-4000-8000-00000000000a"
RECORD = {"customer_id": ID, "external_id": "u1", "qps_limit": 10, "linked_exchanges": ["kalshi"]}
USER = User(RECORD)
LOST = httpx.ReadError("reset")
GONE = ({"error": "end-user not found"}, 404)
BODY = {"external_id": "u1", "qps_limit": 5}
LIMITED = (b'{"error": "no"}', 429, ("retry-after", "9999"))
FAILED = f"outcome unknown; {HOST}: the connection failed"
PROMISED = f"outcome unknown; {HOST} responded with 200, but not as the API promises: "
OF_USER = {"customer_id": ID, "external_id": "u1"}
SEE = ("see the current state with", run("users", "get", names=[ID]))
WHETHER = ("see whether the user still exists with", run("users", "get", names=[ID]))


def bare(status, body=b""):
    """Describe a response whose body is no JSON."""
    return body, status


def played(found):
    """Return the response that a test describes (body, status, headers), or raise its fault."""
    if isinstance(found, BaseException):
        raise found
    if isinstance(found[0], bytes):
        return httpx.Response(found[1], stream=httpx.ByteStream(found[0]), headers=found[2:])
    return reply(*found)


class Log:
    """Keeps what the history would get."""

    def __init__(self):
        self.begun, self.finished = [], []

    def begin(self, change, *, durable=False):
        self.begun.append((change, durable))
        return "entry"

    def finish(self, entry, outcome):
        assert entry == "entry"
        self.finished.append(outcome)


class Scene:
    """A client and the responses that it gets, the last of them for ever."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.origin = Origin(self.respond)
        self.client = client_of(self.origin)
        self.log = Log()
        self.client.changes = lambda: self.log

    def respond(self, _request):
        found = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return played(found)

    def play(self):
        return changes.deactivate(self.client, USER, {"balances": []}, "users deactivate", "why")

    @property
    def methods(self):
        return [request.method for request in self.origin.requests]


def refusal(status, **members):
    return ({"error": "no", **members}, status)


NOT_FOUND = (
    f"outcome unknown; {HOST} responded with 403: user not found or not owned by this builder"
)
NOT_OWNED = refusal(403, error="user not found or not owned by this builder", code="forbidden")
FINAL = (NOT_OWNED[0] | {"retryable": False}, 403)
HTML = bare(404, b"<html>")


def now(*, status=200, **fields):
    return ({**RECORD, **fields}, status)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (
            [now(qps_limit=5, status=201)],
            Applied({**RECORD, "qps_limit": 5}, 201, 1, "response", created=True),
        ),
        (
            [now(qps_limit=None, status=201)],
            Applied({**RECORD, "qps_limit": None}, 201, 1, "response", created=True),
        ),
        ([(RECORD, 200)], Applied(RECORD, 200, 1, "response", created=False)),
        ([(RECORD, 202)], Applied(RECORD, 202, 1, "response", created=None)),
        ([LOST, (RECORD, 201)], Applied(RECORD, 201, 2, "repeat", created=None)),
    ],
)
def test_a_user_is_created_or_was_there(replies, expected):
    scene = Scene(*replies)
    outcome = changes.create(scene.client, BODY, "users create", "why")
    assert outcome == expected
    assert or_raise(outcome) is outcome
    assert scene.log.begun == [
        (
            {
                "command": "users create",
                "target": {"customer_id": None, "external_id": "u1"},
                "before": None,
                "after": BODY,
                "reason": "why",
            },
            False,
        )
    ]
    assert scene.origin.log[0] == "POST /api/v1/builder/users"
    assert scene.origin.requests[0].content == b'{"external_id": "u1", "qps_limit": 5}'


@pytest.mark.parametrize(
    ("replies", "attempts", "expected", "status"),
    [
        ([LOST], 4, (FAILED, ()), None),
        ([refusal(500)], 4, (f"outcome unknown; {HOST} responded with 500: no", ()), 500),
        (
            [LOST, refusal(400, validation_errors=["bad"])],
            2,
            (f"outcome unknown; {HOST} responded with 400: no", ("bad",)),
            400,
        ),
        ([LOST, refusal(501)], 2, (f"outcome unknown; {HOST} responded with 501: no", ()), 501),
        (
            [({**RECORD, "external_id": "u2"}, 200)],
            2,
            (f"{PROMISED}it is another user's record", ()),
            200,
        ),
    ],
)
def test_whether_a_user_was_created_may_be_unknown(replies, attempts, expected, status):
    outcome = changes.create(Scene(*replies).client, BODY, "users create", "")
    assert isinstance(outcome, Unknown)
    assert outcome.attempts == attempts
    assert told(outcome.error) == (*expected, "it is safe to run the same command again", None)
    assert (outcome.error.http_status, outcome.error.api_code) == (status, "")
    with pytest.raises(OutcomeUnknown) as raised:
        or_raise(outcome)
    assert raised.value is outcome.error


@pytest.mark.parametrize(
    ("response", "kind", "message"),
    [
        (refusal(400), Refused, f"{HOST} responded with 400: no; nothing was changed"),
        (refusal(401), Unauthorized, f"{HOST} responded with 401: no; nothing was changed"),
        (refusal(501), Refused, f"{HOST} responded with 501: no; nothing was changed"),
        (
            refusal(429, code="monthly_limit_exceeded"),
            QuotaUsedUp,
            (
                f"{HOST}: the monthly request quota is used up; "
                "the API does not report when it resets; nothing was changed"
            ),
        ),
    ],
)
@pytest.mark.parametrize("change", ["create", "set_qps", "onboard", "deactivate"])
def test_a_refusal_changes_nothing(change, response, kind, message):
    scene = Scene(response)
    arguments = {
        "create": (BODY,),
        "set_qps": (USER, 20),
        "onboard": (USER, {"exchange": "kalshi", "mode": "self"}),
        "deactivate": (USER, None),
    }
    outcome = getattr(changes, change)(scene.client, *arguments[change], "users x", "")
    assert isinstance(outcome, NotApplied)
    assert outcome.attempts == len(scene.methods) == 1
    assert type(outcome.error) is kind
    assert outcome.error.message == message
    assert scene.log.finished[0]["outcome"] == "not_applied"
    assert scene.log.begun[0][0]["reason"] is None
    with pytest.raises(kind):
        or_raise(outcome)


@pytest.mark.parametrize("change", ["set_qps", "deactivate"])
def test_a_403_about_another_builders_user_is_not_found(change):
    scene = Scene(({"error": "end-user not found or not owned by this builder"}, 403))
    arguments = {"set_qps": (20,), "deactivate": (None,)}[change]
    outcome = getattr(changes, change)(scene.client, USER, *arguments, "users x", "")
    assert isinstance(outcome, NotApplied)
    assert isinstance(outcome.error, NotFound)


def test_a_404_to_the_only_request_deactivates_nobody():
    outcome = Scene(GONE).play()
    assert isinstance(outcome, NotApplied)
    assert type(outcome.error) is NotFound
    assert outcome.error.message.endswith("404: end-user not found; nothing was changed")


def test_a_new_user_with_another_limit_is_unknown():
    scene = Scene((RECORD, 201))
    outcome = changes.create(scene.client, BODY, "users create", "")
    assert isinstance(outcome, Unknown)
    text = "outcome unknown; user `u1` exists, but its qps_limit is 10, not 5"
    change = ("change it with", run("users", "set-qps", names=[ID, "5"]))
    assert told(outcome.error) == (text, (), *change)
    assert (outcome.error.http_status, outcome.attempts, scene.methods) == (201, 1, ["POST"])
    assert scene.log.finished[0]["outcome"] == "unknown"


def test_an_unknown_outcome_keeps_the_time_to_wait():
    outcome = changes.create(Scene(LOST, LIMITED).client, BODY, "users create", "")
    assert isinstance(outcome, Unknown)
    assert (outcome.error.http_status, outcome.error.retry_after) == (429, 9999)


@pytest.mark.parametrize(
    ("named", "fault"), [("", ""), (ID, ""), ("other", "it is another user's record")]
)
def test_a_deletion_of_an_unnamed_user_may_get_any_response(named, fault):
    response = Response(200, {}, value={"customer_id": ID})
    assert changes.deletion_promise(named)(response) == fault
    assert changes.deletion_promise()(response) == ""


def test_what_was_not_sent_is_not_called_unchanged_as_well():
    """The message of the error says already that nothing was sent."""
    scene = Scene((RECORD, 200))
    scene.client.deadline.leave = lambda: None
    scene.replies = [httpx.ConnectError("refused")]
    outcome = changes.set_qps(scene.client, USER, 20, "users set-qps", "")
    assert isinstance(outcome, NotApplied)
    assert outcome.error.message == f"{HOST}: the connection failed; nothing was sent"


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([now(qps_limit=20)], Applied({**RECORD, "qps_limit": 20}, 200, 1)),
        ([now(qps_limit="20")], Applied({**RECORD, "qps_limit": "20"}, 200, 1)),
        ([({"customer_id": ID}, 200)], Applied({"customer_id": ID}, 200, 1)),
        ([({"customer_id": ID.upper()}, 200)], Applied({"customer_id": ID.upper()}, 200, 1)),
        (
            [now(qps_limit=19), now(qps_limit=20)],
            Applied({**RECORD, "qps_limit": 20}, 200, 1, "reread"),
        ),
        ([LOST, now(qps_limit=20)], Applied({**RECORD, "qps_limit": 20}, 200, 2, "repeat")),
        (
            [LOST] * 4 + [now(qps_limit=20)],
            Applied({**RECORD, "qps_limit": 20}, None, 4, "reread"),
        ),
    ],
)
def test_a_limit_is_set(replies, expected):
    scene = Scene(*replies)
    outcome = changes.set_qps(scene.client, USER, 20, "users set-qps", "why")
    assert outcome == expected
    assert scene.log.begun == [
        (
            {
                "command": "users set-qps",
                "target": OF_USER,
                "before": RECORD,
                "after": {"qps_limit": 20},
                "reason": "why",
            },
            False,
        )
    ]
    assert scene.origin.log[0] == f"PATCH /api/v1/builder/users/{ID}"
    assert scene.origin.requests[0].content == b'{"qps_limit": 20}'


@pytest.mark.parametrize(
    ("qps", "replies", "message", "detail"),
    [
        (
            20,
            [now(qps_limit=19), now(qps_limit=19)],
            f"{PROMISED}it shows another `qps_limit`",
            "read again: qps_limit is 19",
        ),
        (
            1,
            [now(qps_limit=True), now(qps_limit=None)],
            f"{PROMISED}it shows another `qps_limit`",
            "read again: qps_limit is not set",
        ),
        (
            20,
            [({"customer_id": "other"}, 200), refusal(400)],
            f"{PROMISED}it is another user's record",
            f"reading again failed: {HOST} responded with 400: no",
        ),
    ],
)
def test_whether_a_limit_was_set_may_be_unknown(qps, replies, message, detail):
    outcome = changes.set_qps(Scene(*replies).client, USER, qps, "users set-qps", "")
    assert isinstance(outcome, Unknown)
    assert told(outcome.error) == (message, (detail,), *SEE)
    assert (outcome.error.http_status, outcome.attempts) == (200, 1)


LINKED = {"customer_id": ID, "exchange": "polymarket", "status": "complete"}


WITHOUT = {name: value for name, value in LINKED.items() if name != "status"}
WALLET = {"eoa_address": "0x1"}


def onboard(exchange, mode, *replies, user=USER):
    scene = Scene(*replies)
    body = {"customer_id": ID, "exchange": exchange, "mode": mode, "secret": "s"}
    return scene, changes.onboard(scene.client, user, body, "users onboard", "why")


@pytest.mark.parametrize(
    ("exchange", "mode", "replies", "expected"),
    [
        ("polymarket", "self", [(LINKED, 200)], Applied(LINKED, 200, 1)),
        (
            "polymarket",
            "managed",
            [({**LINKED, "mode": "managed", "status": "already_linked"}, 200)],
            Applied({**LINKED, "mode": "managed", "status": "already_linked"}, 200, 1),
        ),
        (
            "polymarket",
            "self",
            [({**WITHOUT, "linked_exchanges": ["polymarket"]}, 200)],
            Applied({**WITHOUT, "linked_exchanges": ["polymarket"]}, 200, 1),
        ),
        (
            "polymarket",
            "managed",
            [LOST, now(linked_exchanges=["polymarket"])],
            Applied(now(linked_exchanges=["polymarket"])[0], None, 1, "reread"),
        ),
        (
            "polymarket",
            "self",
            [LOST, now(linked_exchanges=["x", "polymarket"])],
            Applied(now(linked_exchanges=["x", "polymarket"])[0], None, 1, "reread"),
        ),
        (
            "kalshi",
            "managed",
            [LOST, now(wallet=WALLET)],
            Applied(now(wallet=WALLET)[0], None, 1, "reread"),
        ),
    ],
)
def test_an_exchange_is_linked(exchange, mode, replies, expected):
    scene, outcome = onboard(exchange, mode, *replies)
    assert outcome == expected
    assert scene.origin.log[0] == "POST /api/v1/builder/onboard"
    assert b'"secret": "s"' in scene.origin.requests[0].content
    assert scene.log.begun == [
        (
            {
                "command": "users onboard",
                "target": OF_USER,
                "before": RECORD,
                "after": {"exchange": exchange, "mode": mode},
                "reason": "why",
            },
            False,
        )
    ]


@pytest.mark.parametrize(
    ("exchange", "replies", "message", "detail"),
    [
        ("polymarket", [LOST, now()], FAILED, "read again: polymarket is not linked"),
        ("kalshi", [LOST, now()], FAILED, "read again: kalshi was already linked before"),
        (
            "polymarket",
            [({**LINKED, "exchange": "kalshi"}, 200), now()],
            f"{PROMISED}it is about another exchange",
            "read again: polymarket is not linked",
        ),
        (
            "polymarket",
            [({**LINKED, "customer_id": "other"}, 200), now()],
            f"{PROMISED}it is another user's record",
            "read again: polymarket is not linked",
        ),
    ],
)
def test_whether_an_exchange_was_linked_may_be_unknown(exchange, replies, message, detail):
    """A link that was there before proves nothing about new credentials."""
    scene, outcome = onboard(exchange, "self", *replies)
    assert isinstance(outcome, Unknown)
    assert told(outcome.error) == (message, (detail,), *SEE)
    assert scene.methods == ["POST", "GET"]


NO_WALLET = ", and the user has no wallet"


@pytest.mark.parametrize("mode", ["self", "managed"])
@pytest.mark.parametrize(
    ("before", "was"),
    [(["kalshi"], "was already"), (None, "may have been"), ("kalshi", "may have been")],
)
def test_a_link_that_may_be_older_proves_nothing(mode, before, was):
    """What it may lack are new keys, or a wallet."""
    user = User({**RECORD, "linked_exchanges": before})
    _, outcome = onboard("kalshi", mode, LOST, now(wallet=None), user=user)
    assert isinstance(outcome, Unknown)
    more = NO_WALLET if mode == "managed" else ""
    assert outcome.error.details == (f"read again: kalshi {was} linked before{more}",)


@pytest.mark.parametrize(
    "odd",
    [
        *({"status": text} for text in ("failed", "pending", "", {"a": [1]}, True)),
        {"status": None},
        {"status": None, "linked_exchanges": ["kalshi"]},
        {"status": "failed", "linked_exchanges": ["polymarket"]},
        {"mode": "managed"},
    ],
    ids=str,
)
def test_a_result_that_does_not_say_that_it_is_done_is_checked_by_a_read(odd):
    scene, outcome = onboard("polymarket", "self", ({**LINKED, **odd}, 200), now())
    assert isinstance(outcome, Unknown)
    assert outcome.error.details == ("read again: polymarket is not linked",)
    assert scene.methods == ["POST", "GET"]


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"mode": "managed"}, "it is about another mode"),
        ({"status": "failed"}, "its `status` does not say that the exchange is linked"),
    ],
)
def test_why_a_response_does_not_prove_a_link_is_told(odd, why):
    _, outcome = onboard("polymarket", "self", ({**LINKED, **odd}, 200), now(linked_exchanges=[]))
    assert isinstance(outcome, Unknown)
    assert outcome.error.message.endswith(f"but not as the API promises: {why}")


@pytest.mark.parametrize(
    ("replies", "expected", "methods"),
    [
        ([bare(204)], Applied(None, 204, 1), ["DELETE"]),
        ([bare(204, b"<html>")], Applied(None, 204, 1), ["DELETE"]),
        ([bare(200)], Applied(None, 200, 1), ["DELETE"]),
        ([({"ok": True}, 200)], Applied(None, 200, 1), ["DELETE"]),
        ([({"customer_id": ID.upper()}, 202)], Applied(None, 202, 1), ["DELETE"]),
        ([LOST, GONE], Applied(None, 404, 2, "repeat"), ["DELETE"] * 2),
        ([LOST, bare(204)], Applied(None, 204, 2, "repeat"), ["DELETE"] * 2),
        (
            [LOST, bare(404, b"<html>"), GONE],
            Applied(None, 404, 2, "reread"),
            ["DELETE", "DELETE", "GET"],
        ),
        ([LOST, NOT_OWNED, GONE], Applied(None, 403, 2, "reread"), ["DELETE", "DELETE", "GET"]),
        ([LOST, NOT_OWNED], Applied(None, 403, 2, "reread"), ["DELETE", "DELETE", "GET"]),
    ],
)
def test_a_user_is_deactivated(replies, expected, methods):
    scene = Scene(*replies)
    assert scene.play() == expected
    assert scene.methods == methods
    assert {line.partition(" ")[2] for line in scene.origin.log} == {f"/api/v1/builder/users/{ID}"}
    assert scene.log.begun == [
        (
            {
                "command": "users deactivate",
                "target": OF_USER,
                "before": {**RECORD, "holdings": {"balances": []}},
                "after": None,
                "reason": "why",
            },
            True,
        )
    ]


@pytest.mark.parametrize(
    ("replies", "message", "status", "attempts"),
    [
        ([LOST], FAILED, None, 3),
        ([refusal(500)], f"outcome unknown; {HOST} responded with 500: no", 500, 1),
        ([({"customer_id": "x"}, 200)], f"{PROMISED}it is another user's record", 200, 1),
        ([([], 200)], f"{PROMISED}it is not an object", 200, 1),
        ([({"error": "no"}, 200)], f"{PROMISED}it contains an error", 200, 1),
        ([LOST, NOT_OWNED, refusal(400)], NOT_FOUND, 403, 2),
        ([LOST, NOT_OWNED, (RECORD, 200), NOT_OWNED, (RECORD, 200)], NOT_FOUND, 403, 3),
        ([LOST, FINAL, (RECORD, 200), bare(204)], NOT_FOUND, 403, 2),
        ([LOST, HTML, NOT_OWNED], f"outcome unknown; {HOST} responded with 404", 404, 2),
    ],
)
def test_whether_a_user_was_deactivated_may_be_unknown(replies, message, status, attempts):
    outcome = Scene(*replies).play()
    assert isinstance(outcome, Unknown)
    assert told(outcome.error) == (message, (), *WHETHER)
    assert (outcome.error.http_status, outcome.attempts) == (status, attempts)


@pytest.mark.parametrize(
    ("reread", "gone"),
    [
        (GONE, True),
        ((RECORD, 200), False),
        (refusal(400), None),
        (bare(404, b"<html>"), None),
        (LOST, None),
    ],
)
def test_only_the_apis_own_404_shows_that_a_user_is_gone(reread, gone):
    scene = Scene(reread)
    call = changes.deactivation(scene.client, ID)
    assert call.is_gone is not None
    assert call.is_gone(Response(404, {})) is gone
    assert set(scene.methods) == {"GET"}


def test_a_signal_during_the_read_after_a_lost_change_ends_the_command():
    scene = Scene(refusal(500), Stopped("stopped"))
    with pytest.raises(Stopped, match="outcome unknown, the change was sent"):
        changes.onboard(scene.client, USER, {"exchange": "kalshi", "mode": "self"}, "x", "")
    assert scene.methods == ["POST", "GET"]
    assert [line["outcome"] for line in scene.log.finished] == ["unknown"]


def test_an_unknown_outcome_keeps_the_error_of_its_last_attempt():
    """It may hold for every row of a run."""
    outcome = Scene(LOST, refusal(401)).play()
    assert isinstance(outcome, Unknown)
    assert (type(outcome.last), outcome.last.http_status) == (Unauthorized, 401)


@pytest.mark.parametrize("kind", ["about the key", "of a gateway", "another"])
def test_another_403_says_nothing_of_the_user(kind):
    refused = {
        "about the key": refusal(403, error="not a builder account"),
        "of a gateway": bare(403, b"<html>"),
        "another": refusal(403, code="ip_blocked"),
    }
    scene = Scene(LOST, refused[kind], NOT_OWNED)
    assert isinstance(scene.play(), Unknown)
    assert scene.methods == ["DELETE"] * 2


def test_a_signal_during_that_read_ends_the_command():
    scene = Scene(Stopped("stopped"))
    with pytest.raises(Stopped):
        changes.deactivation(scene.client, ID).is_gone(Response(404, {}))


def test_the_command_for_an_odd_id_names_it():
    scene = Scene(refusal(500))
    user = User({**RECORD, "customer_id": "a/b c"})
    outcome = changes.deactivate(scene.client, user, None, "users deactivate", "")
    assert scene.origin.log == ["DELETE /api/v1/builder/users/a%2Fb%20c"]
    assert outcome.error.command == run("users", "get", names=["id:a/b c"])


@pytest.mark.parametrize(
    ("user", "reason", "external_id", "target"),
    [
        (USER, "", None, {"customer_id": ID, "external_id": "u1"}),
        (None, "why", "new", {"customer_id": None, "external_id": "new"}),
        (None, "why", None, {"customer_id": None, "external_id": None}),
    ],
)
def test_a_change_names_its_target(user, reason, external_id, target):
    change = change_of("users x", user, {"a": 1}, {"b": 2}, reason, external_id)
    assert change == {
        "command": "users x",
        "target": target,
        "before": {"a": 1},
        "after": {"b": 2},
        "reason": reason or None,
    }


MONEY = [{"token": "USDC", "balance": "5.00"}]
PAIRS = (("USDC", "5.00"),)


class Case(NamedTuple):
    """A user with a wallet, and other responses than the usual ones."""

    responses: dict | None = None
    exchanges: tuple = ("polymarket",)
    wallet: object = None


class Holder(Scene):
    """A user with a wallet; `responses` has the responses by the end of their paths."""

    def __init__(self, responses=None, *, exchanges=("polymarket",), wallet=None):
        super().__init__()
        wallet = {"balances": MONEY} if wallet is None else wallet
        self.user = User({**RECORD, "linked_exchanges": list(exchanges), "wallet": wallet})
        self.responses = {
            "/balance": ({"raw": {"balance": "7000000"}}, 200),
            "/orders": ([{"status": "open"}, {"status": "filled"}], 200),
            "/positions": ([{"size": 1}, {"size": "2"}], 200),
            ID: (self.user.raw, 200),
            **(responses or {}),
        }

    def respond(self, request):
        found = self.responses[
            next(end for end in self.responses if request.url.path.endswith(end))
        ]
        return played(found)

    def read(self, *, fetched=True, **how):
        user, held = read_holdings(self.client, self.user, fetched=fetched, **how)
        assert user == self.user
        return held

    @property
    def paths(self):
        return [line.rpartition("/api/v1/")[2] for line in self.origin.log]


ORDERS, POSITIONS = "orders?exchange=polymarket&status=open", "positions?exchange=polymarket"


@pytest.mark.parametrize(
    ("case", "how", "held", "paths"),
    [
        (Case(), {}, Holdings(PAIRS, 1, 2), [ORDERS, POSITIONS]),
        (
            Case(),
            {"fetched": False},
            Holdings(PAIRS, 1, 2),
            [f"builder/users/{ID}", ORDERS, POSITIONS],
        ),
        (Case(), {"balances_only": True}, Holdings(PAIRS), []),
        (Case(exchanges=["kalshi"]), {}, Holdings(PAIRS), []),
        (
            Case(wallet={}),
            {"balances_only": True},
            Holdings((("USDC", "7.00"),)),
            ["balance?exchange=polymarket"],
        ),
        (Case(wallet={}, exchanges=["kalshi"]), {}, Holdings(None, unknown=("balances",)), []),
        (Case(wallet={"balances": "x"}, exchanges=[]), {}, Holdings(unknown=("balances",)), []),
        (Case(wallet="odd", exchanges=[]), {}, Holdings(unknown=("balances",)), []),
        (
            Case(exchanges=[5]),
            {},
            Holdings(PAIRS, None, None, ("open_orders", "positions")),
            [],
        ),
        (Case(exchanges=[5]), {"balances_only": True}, Holdings(PAIRS), []),
        (
            Case(exchanges=[5], wallet={"balances": "x"}),
            {},
            Holdings(unknown=("balances", "open_orders", "positions")),
            [],
        ),
        (
            Case({"/balance": refusal(400)}, wallet={}),
            {},
            Holdings(None, 1, 2, ("balances",)),
            ["balance?exchange=polymarket", ORDERS, POSITIONS],
        ),
        (
            Case({"/orders": refusal(400), "/positions": ({}, 200)}),
            {},
            Holdings(PAIRS, None, None, ("open_orders", "positions")),
            [ORDERS, POSITIONS, POSITIONS],
        ),
        (
            Case({ID: refusal(400)}),
            {"fetched": False},
            Holdings(None, 1, 2, ("balances",)),
            [f"builder/users/{ID}", ORDERS, POSITIONS],
        ),
    ],
)
def test_the_holdings_of_a_user_are_read_in_its_name(case, how, held, paths):
    holder = Holder(case.responses, exchanges=case.exchanges, wallet=case.wallet)
    assert holder.read(**how) == held
    assert holder.paths == paths
    for request in holder.origin.requests:
        expected = None if "/builder/" in request.url.path else ID
        assert request.headers.get("x-builder-customer-id") == expected


def test_a_user_without_a_wallet_has_no_holdings():
    scene = Scene((RECORD, 200))
    assert read_holdings(scene.client, USER, fetched=False) == (USER, None)
    assert scene.methods == []


@pytest.mark.parametrize(("fetched", "methods"), [(False, ["GET"]), (True, [])])
def test_a_record_of_a_listing_may_lack_the_wallet(fetched, methods):
    listed = User({**RECORD, "linked_exchanges": ["polymarket"]})
    assert "wallet" not in listed.raw
    scene = Scene(({**RECORD, "wallet": None}, 200))
    assert read_holdings(scene.client, listed, fetched=fetched)[1] is None
    assert scene.methods == methods


def test_a_user_that_is_read_again_may_have_no_wallet_and_other_fields():
    old = User({**RECORD, "wallet": {}, "old": 1})
    scene = Scene(({**RECORD, "wallet": None, "tier": "pro"}, 200))
    user, held = read_holdings(scene.client, old, fetched=False)
    assert (user.raw, held) == ({**RECORD, "wallet": None, "old": 1, "tier": "pro"}, None)
    assert scene.methods == ["GET"]


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (refusal(401), Unauthorized),
        (refusal(429, code="monthly_limit_exceeded"), QuotaUsedUp),
        (refusal(429), RateLimited),
        (Stopped("stopped"), Stopped),
    ],
)
@pytest.mark.parametrize("path", ["/orders", "/positions"])
def test_a_fault_that_the_deactivation_would_meet_as_well_is_raised(path, response, kind):
    with pytest.raises(kind):
        Holder({path: response}).read()
