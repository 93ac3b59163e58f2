"""Sessions of the day after: find what went wrong or changed yesterday."""

from __future__ import annotations

import re

from support.actions import error


def test_find_what_failed_yesterday_and_do_only_that_again(session, builder):
    users = [builder.add(f"user_{number:03}", 10) for number in range(1, 7)]
    session(f"parsec config init --base-url {builder.url}", stdin=builder.key)
    for user in users[1:4:2]:
        refusal = error(409, "user is being migrated", "conflict")
        builder.fault("PATCH", user["customer_id"], action=refusal)
    rows = "".join(f"user_{number:03},{20 + number}\n" for number in range(1, 7))
    (session.folder / "limits.csv").write_text(f"external_id,qps_limit\n{rows}")

    # yesterday, unattended; its mail contains the command that shows the rows
    mail = session("parsec users apply limits.csv --yes", code=8)
    builder.effects.clear()

    # this morning
    listed = session("parsec runs list", answers=[])
    assert "4 changed, 2 failed" in listed.out
    assert listed.next in mail.err
    failed = session(listed.next, answers=[])
    assert re.findall(r"(user_\d+) +failed", failed.out) == ["user_002", "user_004"]
    planned = session(failed.next)
    session(f"{planned.next} --yes")
    again = [("PATCH", users[place]["customer_id"]) for place in (1, 3)]
    assert sorted(builder.effects) == sorted(again)
    assert [user["qps_limit"] for user in builder.users.values()] == [21, 22, 23, 24, 25, 26]


def test_answer_why_a_user_gets_429(at_work, colleague):
    at_work("parsec users set-qps user_002 20 --reason 'new contract'")
    at_work("parsec users set-qps user_002 5 --reason 'ticket 4711'")

    # the ticket: user_002 gets 429
    card = at_work("parsec users get user_002", answers=[]).out
    assert "5 QPS · 0.2% of the pool · 2 changes, last " in card
    assert "20 → 5 (ticket 4711)" in card
    live = at_work("parsec users check user_002", answers=[]).out
    assert re.search(r"user [0-4] of 5 left · pool 2,\d+ of 2,500 left", live)

    # nothing was changed from the colleague's machine, and the card does not claim so
    assert "changes" not in colleague("parsec users get user_002", answers=[]).out


def test_see_what_a_colleague_changed_since_yesterdays_export(at_work, colleague):
    at_work("parsec users list -o csv > yesterday.csv")
    assert at_work("parsec users diff yesterday.csv").err == "nothing changed\n"

    colleague("parsec users set-qps user_001=20 user_003=7")
    colleague("parsec users create newcomer --qps-limit 5")
    colleague("parsec users deactivate user_007 --confirm user_007")

    seen = at_work("parsec users diff yesterday.csv", answers=[]).out
    rows = [re.split("  +", line) for line in seen.splitlines()[1:]]
    assert [(change, user, *values) for change, user, _, *values in rows[:4]] == [
        ("joined", "newcomer", "–", "–"),
        ("left", "user_007", "–", "–"),
        ("changed", "user_001", "qps_limit", "10 → 20"),
        ("changed", "user_003", "qps_limit", "5 → 7"),
    ]
    assert rows[4:] == [["1 joined, 1 left, 2 changed"]]


def test_undo_yesterdays_run_but_not_what_changed_since(at_work, limits):
    before = limits(at_work)
    (at_work.folder / "u.csv").write_text("external_id,qps_limit\nuser_001,20\nuser_003,9\n")
    at_work("parsec users apply u.csv --yes --reason 'campaign'")
    at_work("parsec users set-qps user_003 11")

    listed = at_work("parsec history list", answers=[]).out
    (name,) = re.findall(r"run (r-\S+) +2 of 2 done +campaign", listed)
    undone = at_work(f"parsec history revert {name} | parsec users plan - --out undo.json")
    assert "skipped `user_003`: the limit is 11 now; the change had set 9" in undone.err
    at_work(f"{undone.next} --yes")
    assert limits(at_work) == {**before, "user_003": 11}
