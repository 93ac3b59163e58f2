"""Sessions of the day after: find what went wrong or changed yesterday."""

from __future__ import annotations

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
    failed = session(listed.next)
    assert failed.out.count("user is being migrated") == 2
    planned = session(f"{listed.next} -o csv | parsec users plan - --out again.json")
    session(f"{planned.next} --yes")
    again = [("PATCH", users[place]["customer_id"]) for place in (1, 3)]
    assert sorted(builder.effects) == sorted(again)
    assert [user["qps_limit"] for user in builder.users.values()] == [21, 22, 23, 24, 25, 26]
