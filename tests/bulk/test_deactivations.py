from __future__ import annotations

import pytest
from bulk.rig import HOST, KEY, Rig
from bulk.world import World
from support.told import told

from parsec_cli.bulk.files.roster import Target
from parsec_cli.bulk.plan.diff import plan_deactivations
from parsec_cli.bulk.plan.plan import Keep, as_json
from parsec_cli.bulk.plan.snapshot import named_in, take_snapshot
from parsec_cli.bulk.run.journal import EarlierDeactivations, read_earlier_runs
from parsec_cli.errors import AmbiguousUser, NotFound, OutcomeUnknown
from parsec_cli.models import Unknown
from parsec_cli.next_command import run


@pytest.fixture
def world() -> World:
    return World()


NONE = EarlierDeactivations()


def named(*texts: str) -> list[Target]:
    return [Target.named(row, text) for row, text in enumerate(texts, 1)]


def test_users_are_found_by_either_id(world):
    first, second, third = world.add("u1"), world.add("u2"), world.add("u3")
    targets = [*named("u1", f"id:{second.upper()}"), Target(3, third, None)]
    plan = plan_deactivations(targets, world.snapshot(), NONE)
    assert [action.customer_id for action in plan.actions] == [first, second, third]


@pytest.mark.parametrize("name", ["ext", "id"])
def test_a_prefix_without_its_colon_is_a_name(world, name):
    customer = world.add(name)
    for text in (name, f"ext:{name}"):
        plan = plan_deactivations(named(text), world.snapshot(), NONE)
        assert plan.deactivations[0].customer_id == customer


def test_everything_in_an_external_id_column_is_an_external_id(world):
    world.add("id:x")
    plan = plan_deactivations([Target(2, None, "id:x")], world.snapshot(), NONE)
    assert len(plan.deactivations) == 1


def test_ambiguous_user_refuses_the_whole_file(world):
    world.add("u1")
    world.add("u1")
    with pytest.raises(AmbiguousUser):
        plan_deactivations(named("u1"), world.snapshot(), NONE)


@pytest.mark.parametrize("other", ["u9", "U1", "u1 ", "u2"])
def test_row_whose_two_ids_disagree_refuses_the_whole_file(world, other):
    customer, second = world.add("u1"), world.add("u2")
    targets = [Target(2, customer, other), Target(3, second, "u2")]
    with pytest.raises(AmbiguousUser) as caught:
        plan_deactivations(targets, world.snapshot(), NONE)
    (detail,) = caught.value.details
    assert detail.startswith("row 2: ")
    assert repr(other) in detail
    assert f"customer_id {customer} matches user 'u1'" in detail


def test_text_that_means_one_user_as_it_is_read_and_names_another_is_refused(world):
    customer = world.add("foo")
    for text in (customer, "ext:foo", f"id:{customer}"):
        world.add(text)
        with pytest.raises(AmbiguousUser, match="1 row may mean two users"):
            plan_deactivations(named(text), world.snapshot(), NONE)


def test_a_user_deactivated_earlier_needs_no_request(world):
    world.add("u2")
    earlier = EarlierDeactivations(done={"c-1": "u1"})
    plan = plan_deactivations(named("u1", "u2"), world.snapshot(), earlier)
    assert plan.keeps == (Keep(1, "u1", "c-1", gone=True),)
    assert as_json(plan.keeps[0])["before"] is None
    assert len(plan.deactivations) == 1


def test_rows_that_match_no_user_are_listed_with_the_users_that_they_may_have_meant(world):
    world.add("bob")
    world.add("00000000-0000-4000-8000-00000000ABCD")
    stale = "00000000-0000-4000-8000-00000000abcd"
    targets = [
        *named("BOB", "bob", "Other", "nobody", f"id:{stale}", stale, "ext:BOB"),
        Target(8, None, "id:x"),
    ]
    with pytest.raises(NotFound) as caught:
        plan_deactivations(targets, world.snapshot(), NONE, {"other": "other", "bob": "Bob"})
    assert told(caught.value) == (
        "7 of 8 rows match no user: nothing was sent",
        (
            "row 1: `BOB`; 'BOB' looks like 'bob', an existing user",
            "row 3: `Other`; 'Other' looks like 'other', an existing user",
            "row 4: `nobody`",
            f"row 5: `id:{stale}`",
            f"row 6: `{stale}`; '{stale}' looks like '{stale.upper()}', an existing user",
            "row 7: `ext:BOB`; 'BOB' looks like 'bob', an existing user",
            "row 8: `id:x`",
        ),
        "list users with",
        run("users", "list", "--match", "TEXT"),
    )


def test_of_many_rows_that_match_no_user_only_some_are_listed(world):
    targets = named(*(f"user_{number}" for number in range(1_200)))
    with pytest.raises(NotFound) as caught:
        plan_deactivations(targets, world.snapshot(), NONE)
    assert caught.value.message == "1,200 of 1,200 rows match no user: nothing was sent"
    assert caught.value.details == tuple(f"row {row}: `user_{row - 1}`" for row in range(1, 51))


@pytest.mark.parametrize("known", ["done", "unknown"])
def test_a_customer_id_that_was_deactivated_earlier_needs_no_request(world, known):
    gone = "00000000-0000-4000-8000-00000000abcd"
    earlier = EarlierDeactivations(**{known: {gone: None}})
    plan = plan_deactivations(named(gone.upper()), world.snapshot(), earlier)
    assert plan.keeps == (Keep(1, None, gone, gone=True),)


def test_a_user_of_two_rows_is_deactivated_once(world):
    customer = world.add("u1", 5)
    plan = plan_deactivations(named("u1", customer), world.snapshot(), NONE)
    assert [action.row for action in plan.actions] == [1]
    assert plan.keeps == (Keep(2, "u1", customer, 5),)


def test_records_are_kept_of_users_that_a_target_may_identify(world):
    first = world.add("u1")
    world.add("u2")
    third = world.add("u3")
    snapshot = take_snapshot(world.everyone(), named_in({"u1", third}))
    kept = [seen.customer_id for seen in snapshot.users.values() if seen.record]
    assert kept == [first, third]


def test_unknown_deactivation_that_took_effect_is_done(tmp_path):
    rig = Rig(tmp_path)
    rig.world.add("u1")
    rig.world.after = lambda _: Unknown(OutcomeUnknown("no response"), 3)
    plan = plan_deactivations(named("u1"), rig.world.snapshot(), NONE)
    rig.apply(plan)
    earlier = read_earlier_runs(rig.runs, HOST, KEY)
    again = plan_deactivations(named("u1"), rig.world.snapshot(), earlier)
    assert again.actions == ()
    ended = rig.apply(again)
    assert ended.exit_code == 0
    assert rig.outcomes() == {"u1": "unchanged"}
