from __future__ import annotations

from dataclasses import replace

import pytest
from bulk.world import World
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY
from support.told import told

from parsec_cli.bulk.files.roster import Target, Wanted
from parsec_cli.bulk.plan.diff import (
    FixedColumns,
    check_ids,
    check_second_meanings,
    diff,
    needed_by_roster,
)
from parsec_cli.bulk.plan.plan import (
    Create,
    Deactivate,
    Keep,
    SetQps,
    arranged,
    as_json,
    check_quota,
    delta,
    from_json,
    increases,
    phase,
    plan_counts,
)
from parsec_cli.bulk.plan.snapshot import left_out, named_in, recheck, take_snapshot
from parsec_cli.errors import AmbiguousUser, GuardRefused, OddIds, ServerFault, UsageFault
from parsec_cli.holdings import Holdings
from parsec_cli.models import User
from parsec_cli.next_command import again, run
from parsec_cli.records import changed

ADDRESS = "0x" + "ab" * 20


@pytest.fixture
def world() -> World:
    return World()


def test_each_kind_of_difference_becomes_one_action(world):
    low, same, gone = world.add("low", 5), world.add("same", 7), world.add("gone", 3)
    wanted = [
        Wanted(2, "low", 9),
        Wanted(3, "same", 7),
        Wanted(4, "gone", absent=True),
        Wanted(5, "new", 4, "a@b.example", ADDRESS),
        Wanted(6, "never", absent=True),
    ]
    plan = diff(wanted, world.snapshot())
    facts = {"external_id": "gone", "qps_limit": 3, "linked_exchanges": [], "wallet": None}
    assert plan.actions == (
        Deactivate(4, "gone", gone, facts),
        SetQps(2, "low", low, 5, 9),
        Create(5, "new", 4, "a@b.example", ADDRESS),
    )
    assert plan.keeps == (Keep(3, "same", same, 7), Keep(6, "never"))
    assert plan_counts(plan) == {
        "create": 1,
        "set_qps": 1,
        "deactivate": 1,
        "unchanged": 2,
        "holders": 0,
    }


def test_empty_limit_changes_nothing(world):
    customer = world.add("u1", 5)
    assert diff([Wanted(2, "u1")], world.snapshot()).keeps == (Keep(2, "u1", customer, 5),)


def test_decreases_come_first_then_deactivations_then_the_rest(world):
    for name in ("down", "up", "gone", "unset"):
        world.add(name, None if name == "unset" else 10)
    wanted = [
        Wanted(2, "new", 5),
        Wanted(3, "up", 20),
        Wanted(4, "unset", 1),
        Wanted(5, "gone", absent=True),
        Wanted(6, "down", 1),
    ]
    assert [action.row for action in diff(wanted, world.snapshot()).actions] == [6, 5, 2, 3, 4]


def test_entries_come_in_the_order_of_the_file_and_pruned_users_last(world):
    for name in ("b", "a", "down"):
        world.add(name, 10)
    plan = diff([Wanted(2, "new", 1), Wanted(3, "down", 1)], world.snapshot(), prune=True)
    assert [(entry.row, entry.external_id) for entry in plan.entries] == [
        (2, "new"),
        (3, "down"),
        (None, "b"),
        (None, "a"),
    ]


def test_without_prune_users_that_are_not_in_the_file_stay(world):
    world.add("other")
    assert diff([Wanted(2, "new")], world.snapshot()).deactivations == ()


def test_prune_spares_rows_that_name_a_user_by_customer_id_only(world):
    nameless = world.add(None, 5)
    plan = diff([Wanted(2, "", customer_id=nameless)], world.snapshot(), prune=True)
    assert plan.actions == ()


LETTERS = "abcdef00-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize("sent", [LETTERS, LETTERS.upper()])
@pytest.mark.parametrize("wanted", [Wanted(2, "u1", 5), Wanted(2, "", 5, customer_id=LETTERS)])
def test_prune_spares_users_whose_customer_id_has_letters_in_either_case(sent, wanted):
    user = User({"customer_id": sent, "external_id": "u1", "qps_limit": 5})
    assert diff([wanted], take_snapshot([[user]]), prune=True).actions == ()


@pytest.mark.parametrize(
    ("prune", "needed"),
    [
        (False, {"absent": True, "absent-too": True, "stays": False, "known": False}),
        (True, {"absent": True, "absent-too": True, "stays": False, "known": False, "x": True}),
    ],
)
@pytest.mark.parametrize("write", [str.upper, str.lower])
def test_the_records_of_users_that_may_be_deactivated_are_needed(prune, needed, write):
    ids = {name: f"abcdef00-0000-4000-8000-00000000000{at}" for at, name in enumerate("akno")}
    wanted = [
        Wanted(2, "absent", absent=True),
        Wanted(3, "", absent=True, customer_id=ids["a"]),
        Wanted(4, "stays", 5),
        Wanted(5, "shared", 5, customer_id=ids["k"]),
    ]
    users = {
        "absent": (ids["n"], "absent"),
        "absent-too": (ids["a"], None),
        "stays": (ids["o"], "stays"),
        "known": (ids["k"], "shared"),
        "x": (ids["n"], "shared"),
    }
    select = needed_by_roster(wanted, prune=prune)
    for name, (customer_id, external_id) in users.items():
        user = User({"customer_id": write(customer_id), "external_id": external_id})
        assert select(user) is needed.get(name, False), name


def test_unknown_customer_id_without_an_external_id_is_a_fault(world):
    with pytest.raises(UsageFault) as caught:
        diff([Wanted(7, "", 5, customer_id="abc")], world.snapshot(), name="u.csv")
    assert caught.value.message == "`u.csv` has 1 fault: nothing was sent"
    assert caught.value.details == ("row 7: customer_id `abc` not found",)


def test_an_absent_user_that_is_not_there_is_kept_with_the_ids_of_its_row(world):
    wanted = [
        Wanted(2, "u1", absent=True, customer_id="c1"),
        Wanted(3, "", absent=True, customer_id="c2"),
    ]
    assert diff(wanted, world.snapshot()).keeps == (Keep(2, "u1", "c1"), Keep(3, None, "c2"))


def test_odd_ids_are_matched_but_never_created(world):
    """Control characters are refused for creating, not for matching."""
    world.add("a\nb", 5)
    assert diff([Wanted(2, "a\nb", 6)], world.snapshot()).actions[0].new == 6
    with pytest.raises(UsageFault) as caught:
        diff([Wanted(2, "a\nb", 6), Wanted(4, "c\n", 6), Wanted(9, "d\u200b")], world.snapshot())
    assert [line.partition(":")[0] for line in caught.value.details] == ["row 4", "row 9"]


def test_external_id_of_two_users_is_ambiguous(world):
    world.add("u1", 1)
    world.add("u1", 2)
    with pytest.raises(AmbiguousUser) as caught:
        diff([Wanted(2, "u1", 5)], world.snapshot())
    assert told(caught.value) == (
        "several users share an external id, in 1 row: nothing was sent",
        ("row 2: `u1`",),
        "name them by customer_id; see them with",
        run("users", "list", "--match", "TEXT"),
    )


def test_of_many_rows_that_cannot_be_used_only_some_are_named(world):
    first = world.add("u1")
    world.add("u1")
    rows = range(2, 1_202)
    with pytest.raises(AmbiguousUser, match=r"in 1,200 rows: ") as caught:
        check_ids([Wanted(row, "u1") for row in rows], world.snapshot())
    assert caught.value.details == tuple(f"row {row}: `u1`" for row in range(2, 52))
    with pytest.raises(AmbiguousUser, match=r"disagree in 1,200 rows: ") as caught:
        check_ids([Target(row, first, "u2") for row in rows], world.snapshot())
    assert len(caught.value.details) == 50
    other = world.add(first)
    with pytest.raises(AmbiguousUser) as caught:
        check_second_meanings([Target.named(row, first) for row in rows], world.snapshot())
    message, details, *hint = told(caught.value)
    assert message == "1,200 rows may mean two users: nothing was sent"
    assert details[0] == (
        f"row 2: '{first}' is read as user {first} and is the external_id of user {other}"
    )
    assert len(details) == 50
    assert hint == ["write `id:CUSTOMER_ID`, or `ext:` before the whole external_id", None]


def test_notes_list_what_a_plan_does_not_know_or_change(world):
    for name in ("u1", "u2", "u3"):
        world.add(name, 1)
    wanted = [Wanted(2, "u1", 1), Wanted(3, "new"), Wanted(4, "back", 1, customer_id="gone")]
    assert diff(wanted, world.snapshot()).notes == (
        "`new` has no qps_limit: it counts as 0 in the pool",
        "created, although no user has the customer_id in the file: 1",
    )
    two = [Wanted(2, "new"), Wanted(3, "newer")]
    assert diff(two, world.snapshot()).notes == (
        "2 new users have no qps_limit: they count as 0 in the pool",
    )


@pytest.mark.parametrize(
    ("fixed", "customer_id", "exported"),
    [
        ({}, None, False),
        ({"tier": "pro"}, None, False),
        ({"fee_bps": "5"}, None, True),
        ({"tier": "pro", "fee_bps": "5"}, None, True),
        ({"fee_bps": "5"}, "gone", False),
    ],
)
def test_a_new_user_with_columns_of_an_existing_one_is_noted(world, fixed, customer_id, exported):
    plan = diff([Wanted(2, "new", 1, customer_id=customer_id, fixed=fixed)], world.snapshot())
    note = "created, although the file has columns that only existing users have: 1"
    assert (note in plan.notes) is exported


@pytest.mark.parametrize(("prune", "number"), [(False, 2), (True, 0)])
def test_users_that_a_plan_does_not_name_are_left_out(world, prune, number):
    """Two users may have the same external_id."""
    first, _ = world.add("twin", 1), world.add("twin", 1)
    for name in ("u1", "u2", "gone"):
        world.add(name, 1)
    wanted = [
        Wanted(2, "u1", 1),
        Wanted(3, "new", 5),
        Wanted(4, "gone", absent=True),
        Wanted(5, "twin", 2, customer_id=first),
        Wanted(6, "nobody", absent=True),
    ]
    plan = diff(wanted, world.snapshot(), prune=prune)
    assert left_out(plan, world.snapshot()) == number
    world.add("new", 5)  # since the plan was made
    assert left_out(plan, world.snapshot()) == number


def test_rows_that_differ_in_columns_that_cannot_be_changed_are_counted_once(world):
    for n in range(3):
        world.add(f"u{n}", 1, tier="pro", wallet={"eoa_address": ADDRESS.upper()})
    same = {"tier": "pro", "wallet.eoa_address": ADDRESS}
    wanted = [
        Wanted(2, "u0", eoa_address=ADDRESS, fixed=same),
        Wanted(3, "u1", email="a@b.example", fixed={"tier": "free"}),
        Wanted(4, "", customer_id=next(iter(world.users)), eoa_address="0x" + "cd" * 20),
        Wanted(5, "new", email="a@b.example"),
        Wanted(6, "u2", absent=True, fixed={"tier": "free"}),
    ]
    fixed = FixedColumns(wanted)
    for page in world.everyone():
        for user in page:
            fixed.compare(user)
    assert fixed.notes == [
        (
            "columns that cannot be changed here differ from the server in 2 rows: "
            "`eoa_address`, `tier`, `email` (the API does not show it)"
        )
    ]


NOTE = "columns that cannot be changed here differ from the server in 1 row: "
RECORD = {
    "customer_id": "ABCDEF00-0000-4000-8000-00000000ABCD",
    "external_id": "u1",
    "tier": "pro",
    "created_at": "2026-03-01T08:00:00Z",
    "linked_exchanges": ["kalshi", "polymarket"],
    "fee_bps": 25,
    "fee_escrow_enabled": True,
    "wallet": {"eoa_address": ADDRESS, "wallet_type": "safe"},
}


@pytest.mark.parametrize("ids", [("u1", None), ("", RECORD["customer_id"].lower())])
@pytest.mark.parametrize(
    ("row", "record", "differ"),
    [
        ({"fixed": {"tier": "PRO", "fee_bps": "25", "fee_escrow_enabled": "TRUE"}}, {}, ""),
        ({"fixed": {"linked_exchanges": "kalshi,polymarket", "tier": ""}}, {}, ""),
        ({"fixed": {"tier": "free"}}, {}, "`tier`"),
        ({"fixed": {"tier": "pro"}}, {"tier": None}, "`tier`"),
        (
            {"fixed": {"fee_bps": "26", "linked_exchanges": "x"}},
            {},
            "`fee_bps`, `linked_exchanges`",
        ),
        ({"fixed": {"created_at": "2026-03-01T08:00:00Z"}}, {}, ""),
        ({"fixed": {"created_at": "2026-03-02T08:00:00Z"}}, {}, "`created_at`"),
        ({"fixed": {"created_at": "2026-03-01T08:00:00Z"}}, {"created_at": 1772352000}, ""),
        ({"fixed": {"wallet.wallet_type": "SAFE", "wallet.eoa_address": ADDRESS}}, {}, ""),
        ({"fixed": {"wallet.wallet_type": "eoa"}}, {}, "`wallet.wallet_type`"),
        ({"fixed": {"wallet.wallet_type": "safe"}}, {"wallet": None}, "`wallet.wallet_type`"),
        ({"fixed": {"wallet.wallet_type": "safe"}}, {"wallet": "odd"}, "`wallet.wallet_type`"),
        ({"eoa_address": ADDRESS.upper()}, {}, ""),
        ({"eoa_address": "0x" + "cd" * 20}, {}, "`eoa_address`"),
        ({"eoa_address": ADDRESS}, {"wallet": None, "eoa_address": ADDRESS}, "`eoa_address`"),
        ({"email": "a@b.example"}, {}, "`email` (the API does not show it)"),
        ({"email": "a@b.example"}, {"email": "A@B.example"}, ""),
        ({"email": "a@b.example"}, {"email": "b@b.example"}, "`email`"),
        ({"absent": True, "fixed": {"tier": "free"}}, {}, ""),
    ],
    ids=str,
)
def test_a_column_that_cannot_be_changed_is_compared_as_text(ids, row, record, differ):
    columns = FixedColumns([Wanted(2, ids[0], customer_id=ids[1], **row), Wanted(3, "other")])
    columns.compare(User({**RECORD, "external_id": "u2", "customer_id": "c2", "tier": "x"}))
    columns.compare(User({**RECORD, "external_id": None, "customer_id": "c3", "tier": "x"}))
    columns.compare(User({**RECORD, **record}))
    assert columns.notes == ([f"{NOTE}{differ}"] if differ else [])


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize(
    ("external_id", "customer"),
    [("417", "u1"), ("u2", "u1"), ("U1", "u1"), ("re\u0301", "r\u00e9"), ("u1", "stale")],
)
def test_row_whose_two_ids_disagree_is_refused(world, external_id, customer, absent):
    """A spreadsheet changed one of them, or the user was created again since the export."""
    ids = {name: world.add(name) for name in ("u1", "u2", "r\u00e9")}
    customer_id = ids.get(customer, "stale")
    wanted = [Wanted(2, "u2", 5), Wanted(3, external_id, 5, absent=absent, customer_id=customer_id)]
    with pytest.raises(GuardRefused) as caught:
        diff(wanted, world.snapshot(), prune=True)
    message, (detail,), *hint = told(caught.value)
    assert message == "the two ids disagree in 1 row: nothing was sent"
    means = f"user {ids[external_id]}" if external_id in ids else "no user"
    has = "no user" if customer == "stale" else f"user {customer!a}"
    assert detail == (
        f"row 3: external_id {external_id!a} matches {means}, "
        f"customer_id {customer_id} matches {has}"
    )
    assert hint == ["correct the file, or leave one of the two columns out", None]


def test_users_who_share_an_external_id_are_distinguished_by_customer_id(world):
    one, two = world.add("u1", 1), world.add("u1", 2)
    wanted = [Wanted(2, "u1", 5, customer_id=one), Wanted(3, "u1", 2, customer_id=two)]
    assert [action.customer_id for action in diff(wanted, world.snapshot()).actions] == [one]


def test_pruned_user_who_shares_an_external_id_is_known_in_full(world):
    """The full record of a user to be pruned is needed, with its wallet."""
    one, two = world.add("u1", 1), world.add("u1", 2, wallet={"eoa_address": ADDRESS})
    wanted = [Wanted(2, "u1", 1, customer_id=one)]
    snapshot = take_snapshot(world.everyone(), needed_by_roster(wanted, prune=True))
    (gone,) = diff(wanted, snapshot, prune=True).deactivations
    assert gone.customer_id == two
    assert gone.facts["wallet"]["eoa_address"] == ADDRESS


def test_two_rows_for_one_user_are_a_fault(world):
    customer = world.add("u1", 1)
    with pytest.raises(UsageFault) as caught:
        diff([Wanted(2, "u1", 5), Wanted(3, "", 6, customer_id=customer)], world.snapshot())
    assert caught.value.details == ("row 3: identifies the same user as row 2",)


@pytest.mark.parametrize("new", ["BOB", "Stra\u00dfe", "e\u0301", "NULL", "None", "NaN"])
@pytest.mark.parametrize("where", ["server", "file"])
def test_new_id_that_is_more_likely_a_slip_is_refused(world, new, where):
    others = ["bob", "strasse", "\u00e9"]
    wanted = [Wanted(2, new, 5)]
    if where == "server":
        for name in others:
            world.add(name)
    else:
        wanted += [Wanted(row, name, 5) for row, name in enumerate(others, 3)]
    with pytest.raises(GuardRefused) as caught:
        diff(wanted, world.snapshot())
    assert caught.value.exit_code == 10
    assert "row 2: " in caught.value.details[0]
    assert ascii(new) in caught.value.details[0]
    assert caught.value.command == again(allow_odd_ids=True)
    assert diff(wanted, world.snapshot(), allow_odd_ids=True).actions[0].external_id == new


@pytest.mark.parametrize(
    ("new", "why"),
    [
        *((f"us{char}er", "looks like 'user'") for char in "\u200d\u034f\ufe0f\u3164\u2800"),
        ("a\u00a0b", "looks like 'a b'"),
        *((text, "'00417' as a number") for text in ("417", "417.0")),
        ("8.0", "'8' as a number"),
        ("00000000-0000-4000-8000-000000000001", "is the customer_id of 'user'"),
    ],
)
def test_new_id_that_is_an_existing_user_in_disguise_is_refused(world, new, why):
    for name in ("user", "a b", "00417", "8"):
        world.add(name)
    with pytest.raises(GuardRefused) as caught:
        diff([Wanted(2, new, 5)], world.snapshot())
    assert why in caught.value.details[0]


def test_a_new_id_that_is_a_customer_id_or_looks_like_two_users_is_named_with_one(world):
    customer = world.add("user")
    for name in ("Bob", "bob"):
        world.add(name)
    with pytest.raises(OddIds) as caught:
        diff([Wanted(2, customer), Wanted(3, "BOB")], world.snapshot())
    assert caught.value.details == (
        f"row 2: {customer} is the customer_id of 'user'",
        "row 3: 'BOB' looks like 'Bob', an existing user",
    )


def test_ids_that_differ_by_zeros_are_two_where_the_file_names_both(world):
    world.add("007", 1)
    plan = diff([Wanted(2, "007", 1), Wanted(3, "7", 1)], world.snapshot())
    assert [action.external_id for action in plan.actions] == ["7"]


def test_existing_users_may_look_alike_and_be_called_anything(world):
    names = ["bob", "Bob", "NULL", "#N/A"]
    for name in names:
        world.add(name, 1)
    wanted = [Wanted(row, name, 1) for row, name in enumerate(names, 2)]
    assert diff([*wanted, Wanted(9, "BOB", absent=True)], world.snapshot()).actions == ()


@pytest.mark.parametrize("leavers", [[], [Wanted(2, "u1", absent=True)]])
def test_prune_by_a_file_that_keeps_nobody_is_refused(world, leavers):
    world.add("u1")
    world.add("u2")
    with pytest.raises(GuardRefused) as caught:
        diff(leavers, world.snapshot(), prune=True, name="u.csv")
    assert told(caught.value) == (
        "`u.csv` contains no user to keep: `--prune` would deactivate everyone",
        (),
        "without that option, run",
        again(prune=None),
    )
    assert diff([], world.snapshot()).actions == ()


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (
            False,
            (
                "the command needs 2,000 requests, and 1,999 are left this month: nothing was sent",
                (),
                "split the file, or see the reset time with",
                run("usage", "show"),
            ),
        ),
        (
            True,
            (
                (
                    "reading the holdings needs 2,000 requests, and 1,999 are left this month: "
                    "nothing was sent"
                ),
                (),
                "`--balances-only` needs fewer; or split the file",
                None,
            ),
        ),
    ],
)
def test_more_requests_than_the_month_has_left_are_refused(reading, expected):
    with pytest.raises(GuardRefused) as caught:
        check_quota(2_000, 1_999, reading=reading)
    assert told(caught.value) == expected
    for left in (2_000, None):
        check_quota(2_000, left, reading=reading)


def test_a_run_that_is_not_said_to_read_is_called_a_run():
    with pytest.raises(GuardRefused, match=r"^the command needs 2 requests, and 1 is left"):
        check_quota(2, 1)


def test_one_request_cannot_be_split():
    with pytest.raises(GuardRefused, match=r"^the command needs 1 request, and 0 are left") as one:
        check_quota(1, 0)
    assert one.value.hint == "see the reset time with"


def test_the_entries_of_each_kind_are_counted():
    rich, poor = Holdings((("USDC", "1.00"),)), Holdings(())
    gone = [Deactivate(n, "u", "c", {}, held) for n, held in enumerate([rich, rich, poor, None])]
    plan = arranged(
        [*gone, *[Create(5, "u")] * 2, *[SetQps(6, "u", "c", 1, 2)] * 3, *[Keep(7, "u")] * 5]
    )
    assert plan_counts(plan) == {
        "create": 2,
        "set_qps": 3,
        "deactivate": 4,
        "unchanged": 5,
        "holders": 2,
    }


def test_many_new_ids_that_are_probably_slips_are_counted(world):
    wanted = [Wanted(2, "NULL", 5), Wanted(3, "good", 5)]
    hint = ("correct the file; or, if these ids are intended, run", again(allow_odd_ids=True))
    with pytest.raises(OddIds) as caught:
        diff(wanted, world.snapshot())
    assert told(caught.value) == (
        "1 new id would be created by mistake: nothing was sent",
        ("row 2: the id 'NULL' is what programs write for a missing value",),
        *hint,
    )
    many = [Wanted(row, f"u{row}\u3164") for row in range(2, 1_202)]
    with pytest.raises(OddIds) as caught:
        diff(many, world.snapshot())
    assert caught.value.message == "1,200 new ids would be created by mistake: nothing was sent"
    assert [one.partition(":")[0] for one in caught.value.details] == [
        f"row {row}" for row in range(2, 52)
    ]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("USER-0", "'USER-0' looks like 'user-0', an existing user"),
        ("user-0\u200b", "'user-0\\u200b' looks like 'user-0', an existing user"),
        ('"Smith, John"', "the id '\"Smith, John\"' stands between quotes"),
        ("417", "'417' is '00417' as a number"),
    ],
)
def test_an_absent_user_that_was_probably_mistyped_is_refused(world, written, why):
    for name in ("user-0", "Smith, John", "00417"):
        world.add(name)
    wanted = [Wanted(2, written, absent=True), Wanted(3, "never", absent=True)]
    with pytest.raises(OddIds) as caught:
        diff(wanted, world.snapshot())
    assert told(caught.value) == (
        "1 deactivation would be missed: nothing was sent",
        (f"row 2: {why}",),
        "correct the file; or, if these users are gone, run",
        again(allow_odd_ids=True),
    )
    assert diff(wanted, world.snapshot(), allow_odd_ids=True).actions == ()


def test_an_absent_user_that_is_gone_may_look_like_one_in_another_row(world):
    world.add("User-0")
    wanted = [Wanted(2, "User-0", 5), Wanted(3, "user-0", absent=True)]
    assert len(diff(wanted, world.snapshot()).keeps) == 1


def test_users_whose_customer_ids_differ_only_in_case_are_not_confused(world):
    for name, customer_id in (("one", "Abc1"), ("two", "aBC1")):
        world.add(name, customer_id=customer_id)
    with pytest.raises(AmbiguousUser, match="'Abc1' and 'aBC1' differ only in case"):
        world.snapshot()


def test_a_new_id_is_compared_with_other_rows_and_with_users_that_the_file_leaves_out(world):
    for name in ("00417", "0008"):
        world.add(name)
    odd = [Wanted(2, "BOB"), Wanted(3, "bob"), Wanted(4, "417"), Wanted(5, "8"), Wanted(6, "0008")]
    with pytest.raises(OddIds) as caught:
        diff(odd, world.snapshot())
    assert caught.value.details == (
        "row 2: 'BOB' looks like 'bob', row 3",
        "row 3: 'bob' looks like 'BOB', row 2",
        "row 4: '417' is '00417' as a number, an existing user that the file leaves out",
    )


def test_a_new_id_that_a_spreadsheet_made_of_a_user_that_the_file_leaves_out_is_refused(world):
    for name in ("12-5", "market-maker-1", "it\u2019s", "3-4", "10"):
        world.add(name)
    odd = ["46361", "market–maker–1", "it's", "03.04.26", "$10"]
    wanted = [Wanted(2, "3-4"), Wanted(3, "10"), *map(Wanted, range(4, 9), odd)]
    left_out = "an existing user that the file leaves out"
    with pytest.raises(OddIds) as caught:
        diff(wanted, world.snapshot(), prune=True)
    assert caught.value.details == (
        f"row 4: '46361' may be what a spreadsheet made of '12-5', {left_out}",
        "row 5: 'market\\u2013maker\\u20131' may be what a spreadsheet made of 'market-maker-1', "
        + left_out,
        f"row 6: \"it's\" may be what a spreadsheet made of 'it\\u2019s', {left_out}",
    )
    plan = diff(wanted, world.snapshot(), prune=True, allow_odd_ids=True)
    assert len(plan.deactivations) == 3


@pytest.mark.parametrize("prune", [True, False])
def test_the_ids_of_a_saved_plan_are_compared_with_the_users_that_it_prunes(world, prune):
    world.add("gone")
    wanted = [Wanted(2, "46361"), Wanted(3, "gone", absent=True)]
    plan = diff(wanted[: 2 - prune], world.snapshot(), prune=prune)
    world.add("12-5")
    refused = [why for _, why in recheck(plan, world.snapshot()).settled if why]
    text = "'46361' may be what a spreadsheet made of '12-5', an existing user"
    assert refused == [f"changed since the plan: {text} that the file leaves out"] * prune


def test_new_ids_that_look_like_a_date_of_another_user_are_usual_without_prune(world):
    for number in range(1, 10):
        world.add(f"{number}-12")
    wanted = [Wanted(row, f"12-0{row}") for row in range(2, 10)]
    assert len(diff(wanted, world.snapshot()).actions) == 8
    assert diff([Wanted(2, "46361")], world.snapshot()).actions


@pytest.mark.parametrize(
    ("header", "names", "refused"),
    [("Ext Id", [], True), ("Ext Id", ["Ext Id"], False), ("other", [], False), ("", [], False)],
)
def test_a_header_that_is_a_user_is_refused(world, header, names, refused):
    world.add("Ext Id")
    world.add(None)
    wanted = [Wanted(row, name) for row, name in enumerate([*names, "new"], 2)]
    if not refused:
        assert diff(wanted, world.snapshot(), header=header).actions
        return
    with pytest.raises(AmbiguousUser) as caught:
        diff(wanted, world.snapshot(), header=header)
    assert told(caught.value) == (
        "row 1: `Ext Id` may be the header or the user of that name: nothing was sent",
        (),
        "for the header, add `--map ext_id=Ext Id`; for the user, add a line `ext_id` above it",
        None,
    )


ENTRIES = [
    (
        Create(2, "new", 5, "a@b.example", ADDRESS),
        {
            "row": 2,
            "external_id": "new",
            "customer_id": None,
            "action": "create",
            "before": None,
            "after": {"qps_limit": 5, "email": "a@b.example", "eoa_address": ADDRESS},
        },
    ),
    (
        Create(3, "bare"),
        {
            "row": 3,
            "external_id": "bare",
            "customer_id": None,
            "action": "create",
            "before": None,
            "after": {},
        },
    ),
    (
        SetQps(4, None, "c4", None, 7),
        {
            "row": 4,
            "external_id": None,
            "customer_id": "c4",
            "action": "set-qps",
            "before": {"qps_limit": None},
            "after": {"qps_limit": 7},
        },
    ),
    (
        Deactivate(None, "u5", "c5", {"qps_limit": 3}, Holdings((("USDC", "1.50"),), 0, 2)),
        {
            "row": None,
            "external_id": "u5",
            "customer_id": "c5",
            "action": "deactivate",
            "before": {"qps_limit": 3},
            "after": None,
            "holdings": {
                "balances": [{"token": "USDC", "balance": "1.50"}],
                "open_orders": 0,
                "positions": 2,
                "unknown": [],
            },
        },
    ),
    (
        Deactivate(6, "u6", "c6", {}),
        {
            "row": 6,
            "external_id": "u6",
            "customer_id": "c6",
            "action": "deactivate",
            "before": {},
            "after": None,
            "holdings": None,
        },
    ),
    *(
        (
            keep,
            {
                "row": 7,
                "external_id": "u7",
                "customer_id": keep.customer_id,
                "action": "none",
                "before": limit,
                "after": limit,
            },
        )
        for keep, limit in [
            (Keep(7, "u7", "c7", 4), {"qps_limit": 4}),
            (Keep(7, "u7", "c7"), {"qps_limit": None}),
            (Keep(7, "u7", "c7", gone=True), None),
            (Keep(7, "u7"), None),
        ]
    ),
]


@pytest.mark.parametrize(("entry", "record"), ENTRIES)
def test_entries_have_the_documented_members_and_read_back(entry, record):
    assert as_json(entry) == record
    assert list(as_json(entry)) == list(record)
    assert from_json(record) == entry


@pytest.mark.parametrize("action", ["", "delete", "set_qps", None])
def test_an_entry_of_another_kind_is_refused(action):
    with pytest.raises(ValueError, match=f"^{action}$"):
        from_json({**ENTRIES[2][1], "action": action})


@pytest.mark.parametrize(
    ("action", "step", "sent"),
    [
        (Create(1, "u", 5), 5, 2),
        (Create(1, "u"), 0, 2),
        (SetQps(1, "u", "c", 5, 7), 2, 2),
        (SetQps(1, "u", "c", None, 7), 7, 2),
        (SetQps(1, "u", "c", 7, 5), -2, 0),
        (Deactivate(1, "u", "c", {"qps_limit": 3}), -3, 1),
        (Deactivate(1, "u", "c", {"qps_limit": None}), 0, 1),
        (Deactivate(1, "u", "c", {}), 0, 1),
    ],
)
def test_the_sum_of_limits_changes_by_the_action_which_decides_when_it_is_sent(action, step, sent):
    assert (delta(action), phase(action)) == (step, sent)


def test_the_three_largest_increases_are_named():
    actions = [
        *(Create(1, "a", 5), SetQps(2, "b", "c2", 10, 1_500), Create(3, "c"), Create(4, "d", 1)),
        *(SetQps(5, "e", "c5", 9, 1), Create(6, "f", 7)),
    ]
    named = ["`b` +1,490 QPS", "`f` +7 QPS", "`a` +5 QPS"]
    assert increases(actions) == [*named, "and 1 smaller increase"]
    assert increases(actions[2:5]) == ["`d` +1 QPS"]


def drift(world, **fields):
    """A user with a wallet whose record changes in these fields."""
    wallet = {"eoa_address": ADDRESS, "safe_address": "s", "wallet_type": "safe", "balances": []}
    customer = world.add("u1", 5, wallet=wallet)
    plan = diff([Wanted(2, "u1", absent=True)], world.snapshot())
    world.users[customer].update(fields)
    checked = recheck(plan, world.snapshot())
    return [why for _, why in checked.settled]


@pytest.mark.parametrize(
    ("fields", "differ"),
    [
        ({}, None),
        ({"tier": "pro", "created_at": "2027-01-01T00:00:00Z"}, None),
        ({"external_id": "u9"}, "external_id"),
        ({"qps_limit": 6}, "qps_limit"),
        ({"linked_exchanges": None}, None),
        ({"linked_exchanges": ["kalshi"], "qps_limit": None}, "qps_limit, linked_exchanges"),
        ({"wallet": None}, "wallet"),
        ({"wallet": "odd"}, "wallet"),
        *(
            ({"wallet": {"eoa_address": ADDRESS, "safe_address": "s", **one}}, "wallet")
            for one in ({}, {"wallet_type": "eoa"}, {"wallet_type": "safe", "safe_address": "t"})
        ),
        (
            {"wallet": {"eoa_address": ADDRESS, "safe_address": "s", "wallet_type": "safe"}},
            None,
        ),
    ],
)
def test_a_user_that_changed_since_the_plan_is_not_deactivated(world, fields, differ):
    expected = [] if differ is None else [f"changed since the plan: {differ} changed"]
    assert drift(world, **fields) == expected


@pytest.mark.parametrize(
    ("old", "new", "now", "why"),
    [
        (5, 6, 5, None),
        (5, 6, 6, ""),
        (5, 6, 7, "changed since the plan: qps_limit is 7 now, the plan saw 5"),
        (None, 6, 7, "changed since the plan: qps_limit is 7 now, the plan saw unset"),
        (5, 6, None, "changed since the plan: qps_limit is unset now, the plan saw 5"),
    ],
)
def test_a_limit_that_changed_since_the_plan_is_not_set(world, old, new, now, why):
    customer = world.add("u1", old)
    plan = diff([Wanted(2, "u1", new)], world.snapshot())
    world.users[customer]["qps_limit"] = now
    checked = recheck(plan, world.snapshot())
    assert [one for _, one in checked.settled] == ([] if why is None else [why])
    assert checked.send == (plan.actions if why is None else ())
    del world.users[customer]
    gone = "changed since the plan: the user is gone"
    assert recheck(plan, world.snapshot()).settled == ((plan.actions[0], gone),)


@pytest.mark.parametrize(
    ("qps", "now", "why"),
    [
        (5, 5, ""),
        (None, 5, ""),
        (None, None, ""),
        (5, 6, "changed since the plan: the user exists now, with qps_limit 6"),
        (5, None, "changed since the plan: the user exists now, with qps_limit unset"),
    ],
)
def test_a_user_that_was_created_since_the_plan_is_not_created_again(world, qps, now, why):
    plan = diff([Wanted(2, "u1", qps)], world.snapshot())
    world.add("u1", now)
    checked = recheck(plan, world.snapshot())
    assert checked.settled == ((plan.actions[0], why),)
    assert checked.send == ()


@pytest.mark.parametrize("created_again", [False, True])
def test_a_user_that_is_gone_since_the_plan_is_not_deactivated(world, created_again):
    customer, why = world.add("u1"), ""
    plan = diff([Wanted(2, "u1", absent=True)], world.snapshot())
    del world.users[customer]
    if created_again:
        why = f"changed since the plan: its external_id is user {world.add('u1')} now"
    assert recheck(plan, world.snapshot()).settled == ((plan.actions[0], why),)


def test_an_old_plan_may_create_a_number_that_differs_by_zeros_from_a_user_of_its_rows(world):
    world.add("007", 1)
    plan = diff([Wanted(2, "007", 1), Wanted(3, "7", 1)], world.snapshot())
    assert recheck(plan, world.snapshot()).send == plan.actions


@pytest.mark.parametrize("sent", [LETTERS, LETTERS.upper()])
def test_a_user_is_found_by_its_customer_id_in_either_case(sent):
    record = {"customer_id": sent, "external_id": "u1", "qps_limit": 5, "api_key": "pk_live_x"}
    select = named_in({LETTERS})
    assert select(User(record))
    snapshot = take_snapshot([[User(record)]], select)
    listed = snapshot.users[LETTERS]
    for form in (LETTERS, LETTERS.upper()):
        assert snapshot.by_customer_id(form) is snapshot.find(form, None) is listed
    assert snapshot.find(None, None) is snapshot.by_customer_id("other") is None
    assert "pk_live_x" not in str(listed.record)
    snapshot.refresh(User({**record, "customer_id": "other"}))
    assert list(snapshot.users.values()) == [listed]
    snapshot.refresh(User({**record, "tier": "pro"}))
    (newer,) = snapshot.users.values()
    assert newer == replace(listed, record={**listed.record, "tier": "pro"})
    checked = recheck(diff([Wanted(2, "u1", absent=True)], snapshot), snapshot)
    assert checked.user(checked.send[0]).raw == newer.record


def test_a_checked_plan_has_the_records_and_holdings_of_users_to_deactivate(world):
    wallet = {"balances": []}
    ids = {name: world.add(name, 5, wallet=wallet, tier="pro") for name in ("u1", "u2", "up")}
    wanted = [Wanted(2, "u1", absent=True), Wanted(3, "u2", absent=True), Wanted(4, "up", 6)]
    # a listing that kept the record of one of them
    snapshot = take_snapshot(world.everyone(), lambda user: user.external_id == "u1")
    checked = recheck(diff(wanted, world.snapshot()), world.snapshot())
    rich, none = Holdings((("USDC", "1.00"),)), None
    read = checked.with_holdings({ids["u1"]: rich, ids["u2"]: none}, {})
    assert [one.holdings for one in read.deactivations] == [rich, none]
    assert [one.holdings for one in read.plan.deactivations] == [rich, none]
    assert [one.external_id for one in read.send] == ["u1", "u2", "up"]
    assert read.plan.actions == read.send
    assert read.settled == checked.settled
    differ = {ids["u1"]: ["wallet"], ids["u2"]: []}
    refused = checked.with_holdings({ids["u1"]: rich, ids["u2"]: none}, differ)
    assert [one.external_id for one in refused.send] == ["u2", "up"]
    assert refused.settled == ((read.send[0], "changed since the listing: wallet"),)
    first, second, up = checked.send
    least = {"external_id": "u2", "qps_limit": 5, "customer_id": ids["u2"]}
    listed = changed(checked, snapshot=snapshot)
    assert listed.user(first).raw["tier"] == "pro"
    assert listed.user(second).raw == {**least, "wallet": {}}
    assert listed.user(up).raw == {**least, "external_id": "up", "customer_id": ids["up"]}
    assert listed.record(first) == listed.user(first).raw
    assert listed.record(up) is None


LISTED = {
    "customer_id": "c",
    "external_id": "u1",
    "qps_limit": 5,
    "linked_exchanges": ["polymarket", "kalshi"],
    "wallet": {"eoa_address": "0xAB", "balances": [{"token": "USDC", "balance": "1"}]},
}


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({}, []),
        ({"tier": "scale"}, []),
        ({"linked_exchanges": ["kalshi", "polymarket"]}, []),
        ({"wallet": {"eoa_address": "0xab", "safe_address": "0xcd", "balances": []}}, []),
        ({"external_id": "ceo"}, ["external_id"]),
        ({"qps_limit": 900, "linked_exchanges": []}, ["qps_limit", "linked_exchanges"]),
        ({"wallet": None}, ["wallet"]),
        ({"wallet": {"eoa_address": "0xff"}}, ["wallet"]),
        ({"wallet": {"balances": []}}, []),
    ],
)
def test_a_user_who_differs_from_the_listing_is_noticed(fields, facts):
    snapshot = take_snapshot([[User(LISTED)]], lambda _: True)
    assert snapshot.refresh(User({**LISTED, **fields})) == facts
    assert snapshot.users["c"].record == {**LISTED, **fields}


def test_an_id_that_looks_like_a_key_is_no_change():
    user = User({**LISTED, "external_id": "acme.pk_live_test1"})
    snapshot = take_snapshot([[user]], lambda _: True)
    assert snapshot.refresh(user) == []


def test_what_a_listing_does_not_say_is_no_change():
    least = User({"customer_id": "c", "external_id": "u1"})
    snapshot = take_snapshot([[least]], lambda _: True)
    assert snapshot.refresh(User(LISTED)) == []


def test_new_ids_of_an_old_plan_are_compared_with_present_users(world):
    plan = diff([Wanted(2, "BOB"), Wanted(3, "good")], world.snapshot())
    world.add("bob")
    checked = recheck(plan, world.snapshot())
    why = "changed since the plan: 'BOB' looks like 'bob', an existing user"
    assert checked.settled == ((plan.actions[0], why),)
    assert checked.send == plan.actions[1:]
    assert recheck(plan, world.snapshot(), allow_odd_ids=True).send == plan.actions


def test_an_error_of_the_first_page_is_raised_unchanged():
    def pages():
        raise ServerFault("bad gateway")
        yield []

    with pytest.raises(ServerFault):
        take_snapshot(pages())


@pytest.mark.parametrize(("count", "users"), [(1, "1 user"), (1_200, "1,200 users")])
def test_a_listing_that_breaks_off_later_is_refused(count, users):
    def pages():
        yield [User({"customer_id": f"c{number}"}) for number in range(count)]
        raise ServerFault("bad gateway", http_status=502)

    with pytest.raises(GuardRefused) as caught:
        take_snapshot(pages())
    assert told(caught.value) == (
        f"the listing broke off after {users}, nothing was changed: bad gateway",
        (),
        "run the same command again",
        None,
    )
    assert caught.value.http_status == 502


def test_user_on_two_pages_counts_once():
    user = User({"customer_id": "c1", "external_id": "u1"})
    snapshot = take_snapshot([[user], [user]])
    assert len(snapshot.users) == 1
    assert snapshot.ambiguous == set()


names = st.sampled_from([f"u{n}" for n in range(8)])
limits = st.none() | st.integers(1, 60)
listed = st.dictionaries(names, limits, max_size=8)
wishes = st.dictionaries(names, st.tuples(limits, st.booleans()), min_size=1, max_size=8)


def build(there: dict, wished: dict) -> tuple[World, list[Wanted]]:
    """Build a world and a roster, which keeps at least one user."""
    world = World()
    for name, qps in {**there, "stays": 1}.items():
        world.add(name, qps)
    wanted = [
        Wanted(row, name, qps, absent=absent)
        for row, (name, (qps, absent)) in enumerate({**wished, "stays": (None, False)}.items(), 2)
    ]
    return world, wanted


def perform(world: World, plan) -> None:
    for action in plan.actions:
        world.send(action)


@STEADY
@given(listed, wishes, st.booleans())
def test_second_plan_after_an_applied_one_is_empty(there, wished, prune):
    world, wanted = build(there, wished)
    perform(world, diff(wanted, world.snapshot(), prune=prune))
    assert diff(wanted, world.snapshot(), prune=prune).actions == ()


@STEADY
@given(listed, wishes, st.booleans())
def test_sum_of_limits_never_exceeds_both_its_start_and_its_end(there, wished, prune):
    world, wanted = build(there, wished)
    plan = diff(wanted, world.snapshot(), prune=prune)
    start = world.allocated
    end = start + sum(map(delta, plan.actions))
    for action in plan.actions:
        start += delta(action)
        assert start <= max(world.pool.total_allocated_qps, end)
    perform(world, plan)
    assert world.allocated == end


@STEADY
@given(listed, wishes, st.randoms())
def test_order_of_the_listing_does_not_matter(there, wished, random):
    world, wanted = build(there, wished)
    shuffled = list(world.users.items())
    random.shuffle(shuffled)
    first = diff(wanted, world.snapshot(), prune=True)
    world.users = dict(shuffled)
    assert diff(wanted, world.snapshot(), prune=True).actions == first.actions
