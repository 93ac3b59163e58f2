"""The rules of consent by themselves: the pool, `--max`, and the number of users with money."""

from __future__ import annotations

import pytest
from support.actions import error
from support.records import wallet
from support.told import told

from parsec_cli.commands.shared.consent import (
    Consent,
    Held,
    check_holders,
    check_max,
    check_pool,
    script_command,
)
from parsec_cli.errors import GuardRefused
from parsec_cli.holdings import Holdings
from parsec_cli.models import Pool, User
from parsec_cli.next_command import again, run

ANYWAY = ("to deactivate them anyway, run", again(confirm="word"))


def pool(allocated):
    return Pool({}, 10_000, 3, allocated)


def held(name, holdings=None):
    return Held(User({"customer_id": f"c-{name}", "external_id": name}), holdings)


POOR, NONE = held("poor", Holdings(())), held("none")
RICH = held("rich", Holdings((("USDC", "1250.50"),), 1))
UNREAD = held("unread", Holdings(None, unknown=("balances",)))


@pytest.mark.parametrize(
    ("allocated", "after", "allowed"),
    [
        (5_000, 10_000, True),
        (5_000, 10_001, False),
        (12_000, 12_000, True),
        (12_000, 12_001, False),
    ],
)
def test_the_sum_of_limits_rises_at_most_to_the_pool(allocated, after, allowed):
    check_pool(pool(allocated), after, allow_overcommit=True)
    if allowed:
        check_pool(pool(allocated), after, allow_overcommit=False)
        return
    with pytest.raises(GuardRefused):
        check_pool(pool(allocated), after, allow_overcommit=False)


@pytest.mark.parametrize("command", [None, run("users", "plan")])
def test_a_sum_above_the_pool_is_explained(command):
    with pytest.raises(GuardRefused) as caught:
        check_pool(
            pool(4_000), 11_500, allow_overcommit=False, command=command, details=["`a` +7,500 QPS"]
        )
    assert told(caught.value) == (
        (
            "the sum of limits would exceed the pool: 4,000 → 11,500 of 10,000, 6,000 free; "
            "nothing was sent"
        ),
        ("`a` +7,500 QPS",),
        "lower other limits by 1,500 QPS, or allow it with",
        command or again(allow_overcommit=True),
    )


def test_more_deactivations_than_max_are_refused():
    check_max(10, 10)
    with pytest.raises(GuardRefused) as caught:
        check_max(1_100, 10)
    assert told(caught.value) == (
        "1,100 deactivations would exceed `--max 10`: nothing was sent",
        (),
        "to allow all of them, run",
        again(max=1_100),
    )


@pytest.mark.parametrize(
    ("everyone", "confirm", "allow_holdings", "message"),
    [
        ([NONE, POOR], "2", None, ""),
        ([NONE, POOR], "2", 0, ""),
        ([RICH, POOR], "2", 1, ""),
        ([RICH, UNREAD], "2", 2, ""),
        ([RICH, POOR], None, None, ""),  # the prompt shows who holds money
        ([RICH, POOR], "2", None, "1 user holds money"),
        ([RICH, RICH], "2", None, "2 users hold money"),
        ([UNREAD, NONE], "2", None, "1 user holds money or may hold it"),
        ([RICH, UNREAD], "2", None, "2 users hold money or may hold it"),
        ([RICH, POOR], "2", 0, "`--allow-holdings 0` does not match: 1 user holds money"),
        ([RICH, POOR], None, 2, "`--allow-holdings 2` does not match: 1 user holds money"),
        ([NONE, POOR], "2", 1, "`--allow-holdings 1` does not match: 0 users hold money"),
    ],
)
def test_a_script_names_the_number_of_users_with_money(everyone, confirm, allow_holdings, message):
    def check():
        given = Consent(confirm, allow_holdings)
        check_holders(everyone, given, lambda: again(confirm="word"))

    if not message:
        check()
        return
    lines = {"rich": "`rich` HOLDS 1,250.50 USDC, 1 open order"}
    lines["unread"] = "`unread` HOLDS unknown balances"
    with pytest.raises(GuardRefused) as caught:
        check()
    assert told(caught.value) == (
        f"{message}; nothing was sent",
        tuple(lines[one.user.name] for one in everyone if one.user.name in lines),
        *ANYWAY,
    )


@pytest.mark.parametrize(
    ("request_line", "hint"),
    [("", "to deactivate it anyway, run"), ("DELETE /x", "to send the request anyway, run")],
)
def test_one_user_with_money_is_called_it(request_line, hint):
    with pytest.raises(GuardRefused) as caught:
        check_holders([RICH], Consent("rich", None), lambda: again(confirm="rich"), request_line)
    assert caught.value.hint == hint


def test_a_number_of_holders_does_not_apply_where_nobody_is_deactivated():
    check_holders([], Consent(None, 0), script_command)
    with pytest.raises(GuardRefused) as caught:
        check_holders([], Consent(None, 2), script_command)
    assert told(caught.value) == (
        "nobody is deactivated, so `--allow-holdings 2` does not apply; nothing was sent",
        (),
        "run it without `--allow-holdings`:",
        again(allow_holdings=None),
    )


def test_of_many_users_with_money_twenty_are_named():
    with pytest.raises(GuardRefused) as caught:
        check_holders([RICH] * 1_021, Consent("1021", None), lambda: again(confirm="word"))
    assert caught.value.message == "1,021 users hold money; nothing was sent"
    assert len(caught.value.details) == 21
    assert caught.value.details[-1] == "and 1,001 more"


@pytest.mark.parametrize(
    ("everyone", "command"),
    [
        ([], again(confirm=None, allow_holdings=None, yes=True)),
        ([NONE, POOR], again(names=["a"], confirm="word", allow_holdings=None)),
        ([RICH, UNREAD, NONE], again(names=["a"], confirm="word", allow_holdings=2)),
    ],
)
def test_the_command_for_a_script_has_all_that_it_needs(everyone, command):
    assert script_command(everyone, "word", ["a"]) == command


@pytest.mark.parametrize(
    ("one", "is_holder", "json", "line"),
    [
        (NONE, False, None, ""),
        (POOR, False, Holdings(()).as_json(), "`poor` HOLDS "),
        (RICH, True, RICH.holdings.as_json(), "`rich` HOLDS 1,250.50 USDC, 1 open order"),
    ],
)
def test_a_user_and_what_it_holds(one, is_holder, json, line):
    assert (one.is_holder, one.json, one.line) == (is_holder, json, line)


@pytest.mark.parametrize(
    ("names", "options", "warning"),
    [
        (["poor"], ["--confirm", "poor"], ""),
        (["rich"], ["--confirm", "rich", "--allow-holdings", "1"], "`rich` HOLDS 1,250.50 USDC"),
        (
            ["rich", "poor"],
            ["--confirm", "2", "--allow-holdings", "1"],
            "1 of 2 holds money: 1,250.50 USDC in all",
        ),
    ],
)
def test_a_script_is_warned_of_what_the_users_hold(run, builder, names, options, warning):
    builder.add("rich", wallet=wallet("eoa", "1250.50"))
    builder.add("poor", wallet=wallet("eoa", "0"))
    done = run("users", "deactivate", *names, *options)
    assert done.code == 0, done
    lines = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert lines == ([f"warning: {warning}"] if warning else [])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "consent is missing and no prompt is possible"),
        (["--confirm", "bob"], "`--confirm` does not match the {target}"),
    ],
)
@pytest.mark.parametrize("names", [["alice"], ["alice", "bob"]])
def test_missing_consent_proposes_the_command_for_a_script(run, builder, names, options, why):
    alice = builder.add("alice")["customer_id"]
    builder.add("bob")
    done = run("users", "deactivate", *names, *options, "--json")
    target = f"deactivate {alice if len(names) == 1 else 'alice bob'} --json"
    assert target in done.error["hint"]
    word = names[0] if len(names) == 1 else "2"
    target_name = "target" if len(names) == 1 else "count of 2 users"
    assert (done.code, done.error["message"]) == (
        9,
        f"{why.format(target=target_name)}: nothing was sent",
    )
    assert done.error["hint"].startswith("to run it from a script:")
    assert done.error["hint"].endswith(f" --json --confirm {word}")


def test_an_unknown_outcome_is_known_from_the_run_alone(run, builder, home):
    for name in ("u0", "u1"):
        builder.add(name, wallet=None)
    builder.fault("DELETE", action=error(500, "down", "internal_error"))
    assert run("users", "deactivate", "u0", "u1", "--confirm", "2").code in (8, 12)
    (home / ".local" / "state" / "parsec" / "history.jsonl").unlink()
    warning = "the outcome of an earlier deactivation of `u0` is unknown"
    assert warning in run("users", "deactivate", "u0").err
    builder.key = "pk_live_another"
    assert warning not in run("users", "deactivate", "u0", env={"PARSEC_API_KEY": builder.key}).err
