"""The fault table: for each fault and command the exit code, the requests and the messages.

A cell is `(exit code, requests)`: how often the request that the fault strikes was sent. The fault
strikes every time, and before any effect, unless the test says otherwise.
"""

from __future__ import annotations

import json

import pytest
from faults.commands import ALICE, COMMANDS, of_kind
from support.actions import (
    Action,
    broken_gzip,
    close,
    deep_json,
    drip,
    error,
    gzip_bomb,
    html,
    json_response,
    raw_json,
    redirect,
    reset,
    response,
    stall,
    too_many,
    truncated,
    wrong_charset,
)
from support.records import new_user

GOOD = json.dumps(new_user("alice", 0)).encode()
MONTH = {"error": "monthly request limit exceeded"}
NOT_OURS = {"error": "end-user not found or not owned by this builder"}
KINDS = ("R", "C", "O", "U", "D")
Cell = tuple[int, int]


def row(*cells: Cell, api: tuple[Cell | None, ...] | None = None) -> dict[str, Cell]:
    """Give cells for R, C, O, U, D; `api` where `parsec api` differs (None: not that fault)."""
    named = dict(zip(KINDS, cells, strict=True))
    for kind, cell in zip(KINDS, api or cells, strict=True):
        if cell is not None:
            named[f"a{kind}"] = cell
    return named


def every(code: int, count: int = 1, create: int | None = None) -> dict[str, Cell]:
    second = (create or code, count)
    return row((code, count), second, *[(code, count)] * 3)


LOST = row((7, 4), (12, 4), (12, 1), (12, 4), (12, 3))
UNREADABLE = row((7, 2), (12, 2), (12, 1), (12, 1), (12, 1))
CUT = row((7, 4), (12, 4), (12, 1), (12, 1), (12, 1))
# a response of another shape than promised: `parsec api` promises none
MISSHAPEN = row((7, 2), (12, 2), (12, 1), (12, 1), (0, 1), api=(None,) * 5)

TABLE: dict[str, tuple[Action, dict[str, Cell]]] = {
    "reset": (reset(), LOST),
    "closed": (close(), LOST),
    "429 for ever": (too_many("25"), every(6, 3)),
    "429 beyond --max-wait": (too_many("3600"), every(6, 1)),
    "429 without a wait": (too_many(None), every(6, -1)),
    "429 not to be repeated": (error(429, "no", "rate_limit_exceeded"), every(6)),
    "quota by code": (error(429, "x", "monthly_limit_exceeded"), every(6)),
    "quota by text": (json_response(429, MONTH), every(6)),
    "quota by header": (
        json_response(429, {"error": "x"}, {"x-ratelimit-monthly-remaining": "0"}),
        every(6),
    ),
    "500": (
        error(500, "boom", "internal_error", retryable=True),
        row((7, 4), (12, 4), (12, 1), (12, 4), (12, 1)),
    ),
    "500 not to be repeated": (
        error(500, "boom", "internal_error"),
        row((7, 1), (12, 1), (12, 1), (12, 1), (12, 1)),
    ),
    "502 HTML": (html(502), LOST),
    "503 text": (response(503, "down", {"Content-Type": "text/plain"}), LOST),
    "503 with a wait": (json_response(503, {"error": "busy"}, {"Retry-After": "1"}), LOST),
    "504 empty": (response(504), LOST),
    "502 broken gzip": (broken_gzip(502), LOST),
    "500 cut": (truncated(500, b'{"error": "x'), row((7, 4), (12, 4), (12, 1), (12, 4), (12, 1))),
    "401": (error(401, "invalid API key", "unauthorized"), every(4)),
    "403 no builder": (error(403, "builder key required", "forbidden"), every(4)),
    "403 another": (error(403, "odd", "brand_new"), every(5)),
    "403 empty": (response(403), every(5)),
    "404": (error(404, "not found", "not_found"), every(3, create=7)),
    "404 HTML": (html(404), every(3, create=7)),
    "308": (redirect(308, "/elsewhere"), every(7)),
    **{
        f"{status}": (error(status, "no", "bad_request", retryable=True), every(5))
        for status in (400, 402, 409, 413, 422, 501)
    },
    "2xx HTML": (html(200), UNREADABLE),
    "2xx bomb": (gzip_bomb(20), UNREADABLE),
    "2xx deep": (deep_json(), UNREADABLE),
    "2xx huge integer": (
        raw_json(200, '{"customer_id": "' + ALICE + '", "qps_limit": ' + "9" * 5000 + "}"),
        UNREADABLE,
    ),
    "2xx broken gzip": (broken_gzip(), UNREADABLE),
    "2xx wrong charset": (wrong_charset(200), UNREADABLE),
    "2xx cut": (truncated(200, GOOD), CUT),
    "2xx empty": (response(200), row((7, 2), (12, 2), (12, 1), (12, 1), (0, 1))),
    "204": (response(204), row((7, 2), (12, 2), (12, 1), (12, 1), (0, 1), api=((0, 1),) * 5)),
    "2xx null": (
        json_response(200, None),
        row((7, 2), (12, 2), (12, 1), (12, 1), (12, 1), api=(None, None, None, None, (12, 1))),
    ),
    "2xx list": (
        json_response(200, [{}]),
        row((7, 2), (12, 2), (12, 1), (12, 1), (12, 1), api=(None, None, None, None, (12, 1))),
    ),
    "2xx error": (
        json_response(200, {"error": "no"}),
        row((7, 2), (12, 2), (12, 1), (12, 1), (12, 1), api=(None, None, None, None, (12, 1))),
    ),
    "2xx empty object": (json_response(200, {}), MISSHAPEN),
    "2xx another id": (
        json_response(200, new_user("bob", 1)),
        row((7, 2), (12, 2), (12, 1), (12, 1), (12, 1), api=(None, None, None, None, (12, 1))),
    ),
}
CELLS = [
    pytest.param(fault, name, id=f"{fault}-{name}")
    for fault, (_, cells) in TABLE.items()
    for name, command in COMMANDS.items()
    if command.kind in cells
]


@pytest.mark.parametrize(("fault", "name"), CELLS)
def test_each_fault_has_its_exit_code_requests_and_messages(struck, builder, fault, name):
    action, cells = TABLE[fault]
    code, count = cells[COMMANDS[name].kind]
    completed, sent = struck(name, action)
    assert completed.code == code, completed
    assert sent == count or (count < 0 and 4 < sent <= 601), builder.log
    assert builder.effects == []
    # no other request changes anything
    assert len(builder.mutations) in (0, sent)


@pytest.mark.parametrize(
    "name", ["get", "onboard", "set-qps", "deactivate", *of_kind("aR", "aU", "aD")]
)
def test_a_user_of_another_builder_is_not_found(struck, name):
    completed, sent = struck(name, json_response(403, NOT_OURS))
    assert (completed.code, sent) == (3, 1)


@pytest.mark.parametrize("name", [*of_kind(*KINDS), "api create"])
@pytest.mark.parametrize("says", ["nothing", "too little"])
def test_the_error_of_a_timeout_depends_on_what_was_sent(struck, too_late, name, says):
    dripping = drip(200, b" " * 5000, delay=0.01, begun=too_late)
    action = stall(too_late) if says == "nothing" else dripping
    completed, sent = struck(name, action, **too_late.how)
    expected = {"R": (7, 4), "C": (12, 4), "O": (12, 1), "U": (12, 4), "D": (12, 3)}
    code, count = expected[COMMANDS[name].kind[-1]]
    if says == "too little":
        # a response has begun, so this change is not blindly repeated
        count = {"U": 1, "D": 1}.get(COMMANDS[name].kind[-1], count)
    assert (completed.code, sent) == (code, count)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("asked", "notices"), [("3", 2), ("2", 1), ("0", 0), (None, 0), ("soon", 0)]
)
def test_a_429_is_waited_for_and_costs_nothing_else(struck, builder, name, asked, notices):
    """The operator is told once a call has waited more than two seconds in all."""
    completed, sent = struck(name, too_many(asked), times=2)
    assert completed.code == 0, completed
    assert sent == 3
    assert len(builder.effects) == (0 if COMMANDS[name].kind.endswith("R") else 1)
    assert completed.err.count("waiting") == notices
