"""Holdings are read before every deactivation, shown, and part of the consent of scripts."""

from __future__ import annotations

import shlex
import threading

import pytest
from commands.serving import command_in
from commands.users.bulk_files import roster
from support.actions import (
    Action,
    close,
    error,
    html,
    json_response,
    raw_json,
    redirect,
    reset,
    response,
    stall,
    too_many,
    truncated,
)
from support.records import wallet

RICH = {
    "balances": [{"token": "USDC", "balance": "48250.75"}],
    "open_orders": 1,
    "positions": 2,
    "unknown": [],
}
TEXT = "48,250.75 USDC, 1 open order, 2 positions"
ORDERS = [{"id": "o1", "status": "open"}, {"id": "o2", "status": "filled"}]
POSITIONS = [{"size": 120.0}, {"size": "0"}, {"size": "0.5"}]


PATIENCE = 60.0  # what a hang would cost


@pytest.fixture
def rich(builder):
    """A user with money, an open order and two positions."""
    user = builder.add("rich", wallet=wallet("safe", "48250.75"), linked_exchanges=["polymarket"])
    builder.hold(user, "/orders", ORDERS)
    return builder.hold(user, "/positions", POSITIONS)


@pytest.fixture
def forms(run, builder, work):
    """Every form of a deactivation of `names`, as (command line, `--confirm` value)."""
    builder.add("stays", wallet=wallet("eoa", "7"), linked_exchanges=["polymarket"])

    def make(form, *names):
        ids = {user["external_id"]: user["customer_id"] for user in builder.users.values()}
        rows = [f"{name},{'absent' if name in names else ''}" for name in ids]
        file = roster(work / "f.csv", *rows, header="external_id,state")
        (work / "ids").write_text("".join(f"{name}\n" for name in names))
        stay = roster(work / "stay.csv", *(n for n in ids if n not in names), header="external_id")
        count = str(len(names))
        match form:
            case "one":
                return ["users", "deactivate", *names], names[0] if len(names) == 1 else count
            case "file":
                return ["users", "deactivate", "--from-file", "ids"], count
            case "api":
                return ["api", "DELETE", f"/builder/users/{ids[names[0]]}"], names[0]
            case "apply":
                return ["users", "apply", file], count
            case "prune":
                return ["users", "apply", stay, "--prune"], count
            case _:
                assert run("users", "plan", file, "--out", "plan.json").code == 0
                builder.requests.clear()
                return ["users", "apply", "plan.json"], count

    return make


FORMS = ["one", "file", "api", "apply", "prune", "saved"]
each_form = pytest.mark.parametrize("form", FORMS)


def paths(builder):
    return [f"{r.method} {r.path.removeprefix('/api/v1')}" for r in builder.requests]


@pytest.mark.usefixtures("rich")
@each_form
def test_no_script_deactivates_a_holder_unseen(run, builder, forms, history, form):
    builder.add("poor", wallet=wallet())
    command, word = forms(form, "rich")
    done = run(*command, "--confirm", word)
    assert done.code == 10, done
    assert "`rich` HOLDS 48,250.75 USDC" in done.err
    assert "1 user holds money; nothing was sent" in done.err
    for wrong in ("0", "2"):
        assert run(*command, "--confirm", word, "--allow-holdings", wrong).code == 10
    assert builder.mutations == []
    words = shlex.split(command_in(done.error["hint"] if form == "api" else done.err))
    allowed = run(*words[1:], "--json")
    assert allowed.code == 0, allowed
    assert [user["external_id"] for user in builder.users.values()] == ["stays", "poor"]
    if form != "api":
        (row,) = [r for r in allowed.json["results"] if r["outcome"] == "deactivated"]
        assert row["holdings"] == RICH
    assert TEXT in allowed.err or "48,250.75 USDC in all" in allowed.err
    assert history()[0]["before"]["holdings"] == RICH


@pytest.mark.usefixtures("rich")
@each_form
def test_missing_consent_comes_first_and_its_hint_is_complete(run, builder, forms, form):
    command, word = forms(form, "rich")
    for how in ([], ["--confirm", "no"], ["--allow-holdings", "1"], ["--yes"][: form == "apply"]):
        done = run(*command, *how)
        assert done.code == 9, done
        assert f"--confirm {word} --allow-holdings 1" in command_in(done.err)
    assert builder.mutations == []
    assert run(*shlex.split(command_in(done.err))[1:]).code == 0
    assert len(builder.mutations) == 1


@pytest.mark.parametrize("argv", [["--yes"], ["--confirm", "0"]])
def test_a_number_of_holders_without_a_deactivation_is_refused(run, builder, work, argv):
    file = roster(work / "u.csv", "new,1")
    assert run("users", "apply", file, *argv, "--allow-holdings", "1").code == 10
    assert builder.mutations == []
    assert run("users", "apply", file, *argv, "--allow-holdings", "0").code == 0


@pytest.mark.usefixtures("rich")
@each_form
def test_dry_runs_and_plans_name_every_holder(run, builder, forms, form):
    builder.add("poor", wallet=wallet())
    names = ["rich"] if form == "api" else ["rich", "poor"]
    command, _ = forms(form, *names)
    commands = [[*command, "-n"]]
    if form in ("apply", "prune"):
        commands.append(["users", "plan", *command[2:]])
    for argv in commands:
        found = run(*argv, "--json")
        assert found.code == 0, found
        if form == "api":
            assert found.json["holdings"] == RICH
        else:
            held = {a["external_id"]: a["holdings"] for a in found.json["actions"]}
            assert held["rich"] == RICH
            assert held["poor"] == {**RICH, "balances": [], "open_orders": None, "positions": None}
            if "summary" in found.json:
                assert found.json["summary"]["holders"] == 1
        for output in ("table", "tsv", "csv"):
            shown = run(*argv, "-o", output)
            assert TEXT in shown.out + shown.err, output
    assert builder.mutations == []


def test_the_first_twenty_holders_are_listed(run, builder):
    for number in range(22):
        builder.add(f"u{number:02}", wallet=wallet("eoa", f"{number + 1}"))
    names = [f"u{number:02}" for number in range(22)]
    done = run("users", "deactivate", *names, "--max", "30", "--confirm", "22", "--json")
    assert done.code == 10, done
    details = done.error["details"]
    assert details[:2] == ["`u00` HOLDS 1.00 USDC", "`u01` HOLDS 2.00 USDC"]
    assert (len(details), details[-1]) == (21, "and 2 more")
    assert builder.mutations == []


MANAGED = {"wallet": wallet(), "linked_exchanges": ["polymarket"]}


@pytest.mark.parametrize(
    ("fields", "options", "reads"),
    [
        ({}, [], []),
        ({"linked_exchanges": ["polymarket"]}, [], []),
        ({"wallet": wallet()}, [], []),
        ({**MANAGED, "linked_exchanges": ["kalshi"]}, [], []),
        (MANAGED, [], ["/orders", "/positions"]),
        ({**MANAGED, "linked_exchanges": None}, [], ["/orders", "/positions"]),
        ({"linked_exchanges": None}, [], []),
        (MANAGED, ["--balances-only"], []),
        (
            {**MANAGED, "wallet": {"wallet_type": "eoa"}},
            ["--balances-only", "--allow-holdings", "1"],
            ["/balance"],
        ),
    ],
)
def test_one_deactivation_sends_no_more_requests_than_it_must(run, builder, fields, options, reads):
    user = builder.add("u1", **fields)
    builder.hold(user, "/balance", {"raw": {"balance": "1"}})
    member = f"/builder/users/{user['customer_id']}"
    done = run("users", "deactivate", user["customer_id"], "--confirm", "u1", *options)
    assert done.code == 0, done
    assert paths(builder) == [f"GET {path}" for path in (member, *reads)] + [f"DELETE {member}"]
    for request in builder.requests[1:-1]:
        assert request.query["exchange"] == "polymarket"
        assert request.header("x-builder-customer-id") == user["customer_id"]
        assert request.query.get("status") == ("open" if "orders" in request.path else None)


def test_a_plan_counts_the_reads_and_apply_makes_them_again(run, builder, rich, work):
    """One GET, orders and positions: neither a listing nor a saved plan is a fresh record."""
    builder.add("poor", wallet=wallet())
    builder.add("none")
    builder.rest_qps = 10
    rows = (f"{name},absent" for name in ("rich", "poor", "none"))
    file = roster(work / "f.csv", *rows, header="external_id,state")
    plan = run("users", "plan", file, "--json", "--out", "p.json").json
    assert (plan["requests"], plan["seconds"]) == (3 + 4, round(7 / 8, 1))
    less = run("users", "plan", file, "--json", "--balances-only").json
    assert less["requests"] == 3 + 2
    assert less["actions"][0]["holdings"] == {**RICH, "open_orders": None, "positions": None}
    builder.hold(rich, "/orders", [])
    builder.requests.clear()
    done = run("users", "apply", "p.json", "--confirm", "3", "--allow-holdings", "1", "--json")
    assert done.code == 0, done
    held = {row["external_id"]: row["holdings"] for row in done.json["results"]}
    assert held["rich"] == {**RICH, "open_orders": 0}
    assert held["none"] is None
    assert len(builder.requests) == 3 + 7  # usage, one page, pool


@pytest.mark.usefixtures("rich")
def test_the_quota_is_not_used_up_for_holdings(run, builder, work):
    """A run that it does not cover reads none, and a plan needs `--balances-only`."""
    file = roster(work / "f.csv", "rich,absent", header="external_id,state")
    applied = ["apply", file, "--confirm", "1", "--allow-holdings", "1"]
    for left, command in ((4, applied), (2, ["plan", file])):
        builder.monthly_limit = builder.monthly_used + left
        done = run("users", *command)
        assert done.code == 10, done
        assert "/orders" not in " ".join(paths(builder))
    assert "--balances-only" in done.err
    builder.monthly_limit = builder.monthly_used + 2
    assert run("users", "plan", file, "--balances-only").code == 0


def test_users_who_were_found_in_a_listing_are_read_again(run, builder, work):
    """More than fifty names are looked up in one listing."""
    users = [builder.add(f"u{n:02}", wallet=wallet() if n % 20 == 0 else None) for n in range(51)]
    (work / "ids").write_text("".join(f"{user['external_id']}\n" for user in users))
    done = run("users", "deactivate", "--from-file", "ids", "--max", "60", "-n", "--json")
    assert done.code == 0, done
    read = {path for path in paths(builder) if path.startswith("GET /builder/users/")}
    assert read == {f"GET /builder/users/{user['customer_id']}" for user in users[::20]}


def test_a_listing_without_wallets_hides_no_money(run, builder, work, rich):
    listed = {name: value for name, value in rich.items() if name != "wallet"}
    page = json_response(200, {"users": [listed], "count": 1})
    builder.fault("GET", "/builder/users$", action=page)
    file = roster(work / "f.csv", "rich,absent", header="external_id,state")
    done = run("users", "apply", file, "--confirm", "1")
    assert done.code == 10, done
    assert "`rich` HOLDS 48,250.75 USDC" in done.err
    assert builder.mutations == []


def test_a_customer_id_that_looks_like_a_key_still_addresses_its_user(run, builder):
    builder.add("odd", wallet=wallet(), customer_id="sk_test_abcdefgh12345678")
    builder.add("usual")
    assert run("users", "deactivate", "odd", "usual", "--confirm", "2").code == 0
    assert builder.users == {}


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"external_id": "ceo"}, "external_id"),
        ({"wallet": wallet("eoa", "1")}, "wallet"),
        ({"wallet": None}, "wallet"),
    ],
)
def test_a_user_who_changed_since_the_listing_is_not_deactivated(
    run, builder, work, rich, fields, fact
):
    """The read of the holdings shows it; the row fails, and the others are done."""
    builder.add("poor", wallet=wallet(), linked_exchanges=["polymarket"])
    path = f"/builder/users/{rich['customer_id']}"
    builder.fault("GET", path, action=json_response(200, {**rich, **fields}))
    file = roster(work / "f.csv", "rich,absent", "poor,absent", header="external_id,state")
    done = run("users", "apply", file, "--confirm", "1", "--json")
    assert done.code == 8, done
    rows = {row["external_id"]: row for row in done.json["results"]}
    assert rows["poor"]["outcome"] == "deactivated"
    assert rows["rich"]["outcome"] == "failed"
    assert rows["rich"]["error"] == f"changed since the listing: {fact}"
    assert [user["external_id"] for user in builder.users.values()] == ["rich"]


@pytest.mark.parametrize(
    ("form", "options", "most"),
    [
        ("file", (), 8),
        ("apply", (), 8),
        ("prune", ("--concurrency", "2"), 2),
        # more connections than the HTTP library keeps by default
        ("apply", ("--concurrency", "12"), 12),
    ],
)
def test_the_holdings_of_several_users_are_read_at_the_same_time(
    run, builder, forms, form, options, most
):
    meeting, busy, lock = threading.Barrier(most), [0, 0], threading.Lock()

    def act(peer, request):
        with lock:
            busy[0] += 1
            busy[1] = max(busy)
        meeting.wait(PATIENCE)  # fails unless that many requests are here together
        with lock:
            busy[0] -= 1
        return json_response(200, []).act(peer, request)

    names = [f"u{n}" for n in range(24)]
    for name in names:
        builder.add(name, wallet=wallet(), linked_exchanges=["polymarket"])
    command, count = forms(form, *names)
    builder.fault("GET", "/orders", action=Action("together", act), times=len(names))

    done = run(*command, *options, "--confirm", count, "--max", count)

    assert (done.code, busy) == (0, [0, most])
    assert len(builder.mutations) == len(names)
    assert len(builder.connections) == most


BAD = {
    **{str(status): error(status, "no", "") for status in (400, 402, 403, 404, 409, 422, 500, 501)},
    **{str(status): error(status, "no", "", retryable=True) for status in (502, 503, 504)},
    "credentials": error(403, "credentials required", "credentials_required"),
    "redirect": redirect(302, "https://elsewhere.invalid/"),
    "html": html(200),
    "bad gateway": html(502),
    "reset": reset(),
    "closed": close(),
    "cut": truncated(200, b"[" + b" " * 50),
    "empty": response(200),
    "no content": response(204),
    "null": json_response(200, None),
    "object": json_response(200, {"orders": [], "positions": []}),
    "text": json_response(200, "[]"),
    "junk items": json_response(200, [None, 3]),
    "junk numbers": raw_json(200, '[{"status": 1e999, "size": "many"}]'),
    "not JSON": raw_json(200, "[}"),
}
PARTS = {"/orders": "open_orders", "/positions": "positions", "/balance": "balances"}
READS = [*PARTS, "/builder/users/."]
PAIRS = [(READS[number % len(READS)], bad) for number, bad in enumerate(BAD)]


@pytest.mark.parametrize(("path", "bad"), sorted({*PAIRS, *((path, "500") for path in READS)}))
def test_holdings_that_cannot_be_read_count_as_held(run, builder, work, path, bad):
    builder.strict = False
    fields = {"wallet_type": "eoa"} if path == "/balance" else wallet()
    builder.add("u1", wallet=fields, linked_exchanges=["polymarket"])
    builder.fault("GET", f"{path}", action=BAD[bad], times=99)
    file = roster(work / "f.csv", "u1,absent", header="external_id,state")
    part = PARTS.get(path, "balances")

    planned = run("users", "plan", file, "--json")
    assert planned.json["actions"][0]["holdings"]["unknown"] == [part]
    assert planned.json["actions"][0]["holdings"][part] is None
    assert planned.json["summary"]["holders"] == 1
    refused = run("users", "apply", file, "--confirm", "1")
    assert refused.code == 10, refused
    assert f"HOLDS unknown {part.replace('_', ' ')}" in refused.err
    assert builder.mutations == []
    assert run("users", "apply", file, "--confirm", "1", "--allow-holdings", "1").code == 0
    assert len(builder.mutations) == 1


@pytest.mark.parametrize("path", PARTS)
def test_a_read_without_a_response_is_unknown_when_its_time_is_over(run, builder, too_late, path):
    builder.strict = False
    fields = {"wallet_type": "eoa"} if path == "/balance" else wallet()
    builder.add("u1", wallet=fields, linked_exchanges=["polymarket"])
    builder.hold(builder.by_external_id("u1"), "/balance", {"raw": {"balance": "0"}})
    builder.fault("GET", path, action=stall(too_late), times=9)
    done = run("users", "deactivate", "u1", "--confirm", "u1", **too_late.how)
    assert done.code == 10, done
    assert f"HOLDS unknown {PARTS[path].replace('_', ' ')}" in done.err
    assert builder.mutations == []


STOPS = {
    "key": (error(401, "invalid API key", "unauthorized"), 4),
    "quota": (json_response(429, {"error": "monthly request limit exceeded"}), 6),
    "wait": (too_many("1000"), 6),
}


@pytest.mark.usefixtures("rich")
@pytest.mark.parametrize(
    ("path", "stop"), [("/orders", "key"), ("/positions", "quota"), ("/orders", "wait")]
)
@each_form
def test_a_failure_that_would_stop_the_deactivation_too_ends_the_command(
    run, builder, forms, form, path, stop
):
    builder.strict = False
    command, word = forms(form, "rich")
    action, code = STOPS[stop]
    builder.fault("GET", path, action=action, times=9)
    done = run(*command, "--confirm", word, "--allow-holdings", "1")
    assert done.code == code, done
    assert builder.mutations == []


LINKED = ["open_orders", "positions"]


@pytest.mark.parametrize(
    ("fields", "unknown"),
    [
        ({"wallet": "0xabc"}, ["balances"]),
        ({"wallet": []}, ["balances"]),
        ({"wallet": {"balances": {"USDC": 5}}}, ["balances"]),
        ({"wallet": {"balances": [{"token": "USDC", "balance": "some"}]}}, ["balances"]),
        ({"wallet": {}}, ["balances"]),
        ({"wallet": wallet(), "linked_exchanges": "polymarket"}, LINKED),
        ({"wallet": wallet(), "linked_exchanges": [{"polymarket": 1}]}, LINKED),
    ],
    ids=str,
)
def test_holdings_in_an_unknown_shape_count_as_held(run, builder, fields, unknown):
    builder.add("u1", **fields)
    done = run("users", "deactivate", "u1", "-n", "--json")
    assert done.json["holdings"]["unknown"] == unknown
    assert run("users", "deactivate", "u1", "--confirm", "u1").code == 10
    assert builder.mutations == []


@pytest.mark.parametrize("form", ["get", "list"])
@pytest.mark.parametrize(
    ("orders", "unknown", "number"),
    [
        (json_response(200, [{"status": "open"}]), [], 1),
        (error(403, "not linked", "credentials_required"), ["open_orders"], None),
    ],
    ids=["read", "refused"],
)
@pytest.mark.usefixtures("odd_records")
def test_orders_are_read_where_the_record_does_not_say_what_is_linked(
    run, builder, work, form, orders, unknown, number
):
    for name in ("null", "missing"):
        builder.add(name, wallet=wallet("eoa", "0"), linked_exchanges=None)
    del builder.by_external_id("missing")["linked_exchanges"]
    builder.fault("GET", "/orders", action=orders, times=4)
    file = roster(work / "f.csv", "null,absent", "missing,absent", header="external_id,state")
    command = ["deactivate", "null", "missing", "-n"] if form == "get" else ["plan", file]
    planned = run("users", *command, "--json").json["actions"]
    held = {"balances": [], "open_orders": number, "positions": 0, "unknown": unknown}
    assert [action["holdings"] for action in planned] == [held, held]
    assert run("users", "apply", file, "--confirm", "2").code == 10
    assert builder.mutations == []


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ({"raw": {"balance": "12500000"}}, [{"token": "USDC", "balance": "12.50"}]),
        ({"raw": {"balance": "0", "allowance": "5"}}, []),
        ({"raw": {"balance": "12.5"}}, None),
    ],
)
def test_a_record_without_balances_is_completed_by_the_exchange(run, builder, value, held):
    user = builder.add("u1", wallet={"wallet_type": "eoa"}, linked_exchanges=["polymarket"])
    builder.hold(user, "/balance", value)
    holdings = run("users", "deactivate", "u1", "-n", "--json").json["holdings"]
    assert holdings["balances"] == held
    assert holdings["unknown"] == (["balances"] if held is None else [])


@pytest.mark.usefixtures("rich")
@pytest.mark.parametrize("users", [["rich"], ["rich", "poor"]])
def test_a_person_sees_the_amounts_and_needs_no_option(terminal, builder, key_env, users):
    builder.add("poor")
    word = "rich" if len(users) == 1 else "2"
    session = terminal(
        ["users", "deactivate", *users],
        env=key_env(builder),
        answers=[("to deactivate", f"{word}\n")],
        cols=140,
    )
    assert session.code == 0, session
    above = session.text.partition("Type ")[0]
    assert TEXT.replace(", ", " · " if len(users) == 1 else ", ") in above
    if len(users) > 1:
        assert "1 of 2 holds money: 48,250.75 USDC in all" in above
    assert len(builder.mutations) == len(users)


@pytest.mark.usefixtures("rich")
@pytest.mark.parametrize("options", [["--confirm", "rich"], ["--allow-holdings", "2"]])
def test_on_a_terminal_a_given_value_still_follows_the_rule_for_scripts(
    terminal, builder, key_env, options
):
    session = terminal(["users", "deactivate", "rich", *options], env=key_env(builder))
    assert session.code == 10, session
    assert builder.mutations == []


UNKNOWN = "the outcome of an earlier deactivation of `u1` is unknown"


@pytest.mark.parametrize("before", ["one", "api", "apply"])
@each_form
def test_every_command_warns_of_outcomes_that_another_left_unknown(
    run, builder, forms, clock, before, form
):
    builder.strict = False
    builder.add("u1")
    builder.add("u2")
    command, word = forms(before, "u1")
    builder.fault("DELETE", action=reset(), times=3)
    assert run(*command, "--confirm", word).code == 12
    clock.sleep(1)
    command, _ = forms(form, "u1")
    for argv in (command, [*command, "-n"]):
        assert UNKNOWN in run(*argv).err
    if form in ("apply", "prune"):
        assert UNKNOWN in run("users", "plan", *command[2:]).err
    other, _ = forms(form, "u2")
    assert "earlier deactivation" not in run(*other).err


def test_after_twenty_warnings_of_unknown_outcomes_the_rest_is_counted(run, builder, clock):
    names = [f"u{number}" for number in range(22)]
    builder.fault("DELETE", action=reset(), times=3 * len(names))
    for name in names:
        builder.add(name)
        assert run("users", "deactivate", name, "--confirm", name).code == 12
    clock.sleep(1)
    shown = run("users", "deactivate", *names, "-n", "--max", "22").err
    assert shown.count("the outcome of an earlier deactivation of") == 20
    assert "and 2 more" in shown


def test_deactivations_with_another_key_are_not_mentioned(run, builder):
    builder.strict = False
    builder.add("u1")
    builder.fault("DELETE", action=reset(), times=3)
    assert run("users", "deactivate", "u1", "--confirm", "u1").code == 12
    builder.key = "pk_live_ANOTHERKEY_0002"
    shown = run("users", "deactivate", "u1", env={"PARSEC_API_KEY": builder.key})
    assert shown.code == 9, shown
    assert "earlier deactivation" not in shown.err


def test_a_later_response_settles_an_unknown_outcome(run, builder, clock):
    builder.add("u1")
    builder.fault("DELETE", action=reset(), times=3)
    assert run("users", "deactivate", "u1", "--confirm", "u1").code == 12
    clock.sleep(1)
    builder.fault("DELETE", nth=1, action=error(409, "busy", "conflict"))
    assert run("users", "deactivate", "u1", "--confirm", "u1").code == 5
    assert "earlier deactivation" not in run("users", "deactivate", "u1").err


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_missing_user_may_have_been_deactivated_before(run, builder, clock, after_effect):
    user = builder.add("u1")
    if after_effect:
        builder.fault("DELETE", action=error(500, "no", "internal_error"), after_effect=True)
    code = run("users", "deactivate", "u1", "--confirm", "u1").code
    assert code == (12 if after_effect else 0)
    clock.sleep(1)
    why = "had an unknown outcome" if after_effect else "was deactivated by an earlier command"
    for argv in (
        ["users", "deactivate", "u1"],
        ["api", "DELETE", f"/builder/users/{user['customer_id']}"],
    ):
        done = run(*argv, "-o", "tsv")
        assert done.code == 3, done
        assert why in done.err


@pytest.mark.usefixtures("broken_history")
def test_an_unreadable_history_does_not_stop_a_plan(run, builder, work):
    builder.add("u1")
    file = roster(work / "f.csv", "u1,absent", header="external_id,state")
    done = run("users", "plan", file, "--json")
    assert (done.code, done.json["summary"]["deactivate"]) == (0, 1), done
    assert "earlier deactivations could not be read" in done.err
