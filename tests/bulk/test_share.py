"""Sharing the pool: exact, fair, and never more than the target."""

from fractions import Fraction

import pytest
from bulk.world import World
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.steady import STEADY
from support.told import told

from parsec_cli.bulk.files.roster import Target, Wanted
from parsec_cli.bulk.plan.diff import diff
from parsec_cli.bulk.plan.share import (
    POLICIES,
    capped,
    kept_users,
    lowest_sum,
    new_limits,
    scaled,
    shares_of,
)
from parsec_cli.bulk.plan.snapshot import Snapshot
from parsec_cli.errors import AmbiguousUser, GuardRefused, NotFound
from parsec_cli.field_rules import QPS_MAX
from parsec_cli.models import User
from parsec_cli.next_command import run

LIMITS = st.lists(st.integers(0, 60), max_size=16)
UUID = "298a59f8-5e1e-4978-90a7-6e49fa60dbd6"
LIST = ("list users with", run("users", "list", "--match", "TEXT"))


@st.composite
def tight_fleets(draw):
    """Limits, a minimum, and a budget that is too small for them, but not for the minimum."""
    limits = draw(LIMITS.filter(any))
    least = draw(st.integers(1, 12))
    low = lowest_sum(limits, least, "cap")
    high = sum(limits) - 1
    if low > high:
        least, low = 1, lowest_sum(limits, 1, "cap")
    if low > high:
        limits, low, high = [*limits, 7], low + 1, low + 6
    return limits, draw(st.integers(low, high)), least


def levels_tried(limits, budget):
    """Solve `cap` another way: try each level from the top, then hand out one at a time."""
    level = max(limits)
    while sum(min(limit, level) for limit in limits) > budget:
        level -= 1
    new = [min(limit, level) for limit in limits]
    for place, limit in enumerate(limits):
        if limit > level and sum(new) < budget:
            new[place] += 1
    return new


@settings(STEADY, max_examples=1_000)
@given(tight_fleets())
@example(([3, 10, 10], 10, 1))
def test_cap_is_the_exact_solution(fleet):
    limits, budget, _ = fleet
    assert capped(limits, budget) == levels_tried(limits, budget)


@settings(STEADY, max_examples=200)
@given(tight_fleets())
def test_cap_is_fair(fleet):
    """Nobody who was lowered could have one more, unless somebody with no more gave it up."""
    limits, budget, _ = fleet
    new = capped(limits, budget)
    assert sum(new) == budget
    lowered = [now for now, limit in zip(new, limits, strict=True) if now < limit]
    assert max(new) - min(lowered) <= 1


def by_fractions(limits, budget, least):
    """Solve `proportional` another way: with exact fractions, fixing one user after the other."""
    new = [Fraction(0)] * len(limits)
    fixed: set[int] = set()
    while True:
        rest = budget - sum(new[place] for place in fixed)
        total = sum(limit for place, limit in enumerate(limits) if place not in fixed)
        low = [
            place
            for place, limit in enumerate(limits)
            if place not in fixed and limit * Fraction(rest, total) < min(limit, least)
        ]
        if not low:
            break
        new[low[0]] = Fraction(min(limits[low[0]], least))
        fixed.add(low[0])
    for place, limit in enumerate(limits):
        if place not in fixed:
            new[place] = limit * Fraction(rest, total)
    whole = [int(one) for one in new]
    order = sorted(range(len(limits)), key=lambda place: (int(new[place]) - new[place], place))
    for place in order[: budget - sum(whole)]:
        whole[place] += 1
    return whole


@settings(STEADY, max_examples=1_000)
@given(tight_fleets())
@example(([100, 1, 1], 50, 1))
@example(([10, 10, 10], 20, 1))
@example(([0, 7], 5, 5))
def test_proportional_is_the_exact_solution(fleet):
    limits, budget, least = fleet
    assert scaled(limits, budget, least) == by_fractions(limits, budget, least)


@settings(STEADY, max_examples=300)
@given(LIMITS, st.integers(0, 1_500), st.integers(1, 12), st.sampled_from(POLICIES))
def test_no_policy_breaks_its_promises(limits, budget, least, by):
    if lowest_sum(limits, least, by) > budget:
        return
    new = new_limits(limits, budget, least, by)
    assert sum(new) <= budget
    pairs = list(zip(limits, new, strict=True))
    if by == "equal":
        assert len(set(new)) <= 1
        assert all(now >= least for now in new)
        assert not new or sum(new) + len(new) > budget
        return
    assert all(min(limit, least) <= now <= limit for limit, now in pairs)
    if sum(limits) <= budget:
        assert new == limits
    else:
        assert sum(new) == budget


@settings(STEADY, max_examples=300)
@given(LIMITS, st.integers(0, 1_500), st.integers(1, 12), st.sampled_from(POLICIES))
def test_shared_limits_are_not_changed_again(limits, budget, least, by):
    if lowest_sum(limits, least, by) > budget:
        return
    new = new_limits(limits, budget, least, by)
    if lowest_sum(new, least, by) <= budget:
        assert new_limits(new, budget, least, by) == new


def fleet(*users):
    """A snapshot of (external_id, limit)."""
    world = World()
    snapshot = Snapshot()
    for external_id, limit in users:
        snapshot.add(User(world.users[world.add(external_id, limit)]))
    return snapshot


def changes(shares):
    return [(one.user.external_id, one.before, one.after) for one in shares.changed]


def test_what_is_left_over_goes_by_external_id():
    snapshot = fleet(("b", 50), ("B", 50), ("a", 3), ("ä", 50), ("c", None))
    shares = shares_of(snapshot, (), 100, 1, "cap")
    assert changes(shares) == [("B", 50, 33), ("b", 50, 32), ("ä", 50, 32)]
    assert (shares.before, shares.after) == (153, 100)


def test_largest_remainders_go_first():
    snapshot = fleet(("a", 30), ("b", 35), ("c", 35))
    shares = shares_of(snapshot, (), 49, 1, "proportional")
    assert changes(shares) == [("a", 30, 15), ("b", 35, 17), ("c", 35, 17)]


def test_users_without_an_external_id_are_in_order_of_their_customer_id():
    snapshot = fleet((None, 10), (None, 10), ("A", 10))
    shares = shares_of(snapshot, (), 20, 1, "cap")
    assert [one.after for one in shares.changed] == [7, 7, 6]
    assert shares.changed[2].user.external_id == "A"


@pytest.mark.parametrize("by", ["cap", "proportional"])
def test_a_limit_of_0_takes_nothing(by):
    shares = shares_of(fleet(("a", 0), ("b", 10), ("c", 0)), (), 5, 1, by)
    assert (changes(shares), shares.before, shares.after) == ([("b", 10, 5)], 10, 5)


def test_a_user_below_the_minimum_keeps_the_limit():
    snapshot = fleet(("a", 2), ("b", 100))
    assert changes(shares_of(snapshot, (), 50, 10, "cap")) == [("b", 100, 48)]
    assert changes(shares_of(snapshot, (), 50, 10, "proportional")) == [("b", 100, 48)]


def test_equal_raises_to_the_same_limit():
    snapshot = fleet(("a", 2), ("b", 100), ("c", 33), ("d", None))
    shares = shares_of(snapshot, (), 100, 1, "equal")
    assert changes(shares) == [("a", 2, 33), ("b", 100, 33)]
    assert shares.after == 99


@pytest.mark.parametrize("by", POLICIES)
def test_users_to_keep_are_untouched(by):
    snapshot = fleet(("a", 40), ("vip", 40), ("c", 40), ("none", None))
    kept = kept_users([Target.named(1, "vip"), Target.named(2, "none")], snapshot)
    shares = shares_of(snapshot, kept, 60, 1, by)
    assert changes(shares) == [("a", 40, 10), ("c", 40, 10)]
    assert shares.after == 60


@pytest.mark.parametrize("by", POLICIES)
def test_users_to_keep_that_exceed_the_target_are_refused(by):
    snapshot = fleet(("a", 40), ("vip", 6_100))
    kept = kept_users([Target.named(1, "vip")], snapshot)
    with pytest.raises(GuardRefused) as refused:
        shares_of(snapshot, kept, 6_000, 1, by)
    assert told(refused.value) == (
        "the users to keep have 6,100 QPS, above the target of 6,000",
        (),
        "keep fewer users, or raise the target",
        None,
    )


@pytest.mark.parametrize("by", POLICIES)
def test_users_to_keep_may_have_the_whole_target(by):
    snapshot = fleet(("vip", 60))
    kept = kept_users([Target.named(1, "vip")], snapshot)
    shares = shares_of(snapshot, kept, 60, 1, by)
    assert (shares.changed, shares.after) == ((), 60)


@pytest.mark.parametrize(
    ("by", "needed"), [("cap", 2_005), ("proportional", 2_005), ("equal", 3_000)]
)
def test_a_minimum_that_does_not_fit_is_refused(by, needed):
    snapshot = fleet(("a", 4_000), ("b", 4_000), ("c", 5))

    def refused(kept, target):
        with pytest.raises(GuardRefused) as caught:
            shares_of(snapshot, kept, target, 1_000, by)
        return told(caught.value)

    assert refused((), needed - 1) == (
        (
            f"with `--min 1000`, 3 users need at least {needed:,} QPS, "
            f"but the target is {needed - 1:,}"
        ),
        (),
        "lower `--min`, or raise the target",
        None,
    )
    assert shares_of(snapshot, (), needed, 1_000, by).after == needed
    kept = kept_users([Target.named(1, "a"), Target.named(2, "c")], snapshot)
    assert refused(kept, 5_004) == (
        (
            "with `--min 1000`, 1 user needs at least 1,000 QPS, "
            "but the target of 5,004 leaves 999 for them"
        ),
        (),
        "lower `--min`, keep fewer users, or raise the target",
        None,
    )


@pytest.mark.parametrize("by", POLICIES)
def test_a_fleet_without_limits_has_nothing_to_share(by):
    assert shares_of(fleet(("a", None)), (), 0, 1, by).changed == ()
    assert shares_of(fleet(), (), 0, 1, by).changed == ()


def test_users_to_keep_are_found_by_either_id():
    snapshot = fleet(("a", 1), (UUID, 2), ("c", 3))
    customer_id = snapshot.named["a"].customer_id
    names = [customer_id.upper(), UUID, "ext:c", "c"]
    kept = kept_users([Target.named(row, name) for row, name in enumerate(names)], snapshot)
    assert kept == {user.customer_id for user in snapshot.users.values()}


def missing(*names):
    with pytest.raises(NotFound) as caught:
        kept_users([Target.named(row, name) for row, name in enumerate(names, 1)], fleet(("a", 1)))
    return told(caught.value)


def test_users_to_keep_that_do_not_exist_are_an_error():
    assert missing("a", "b") == ("user `b` not found", (), *LIST)
    assert missing("b", UUID, "a") == (
        "2 of 3 users to keep not found",
        ("user `b`", f"user `{UUID}`"),
        *LIST,
    )


def test_of_many_users_to_keep_that_do_not_exist_only_some_are_named():
    message, details, *_ = missing("a", *(f"user_{number:04}" for number in range(1_000)))
    assert message == "1,000 of 1,001 users to keep not found"
    assert details == tuple(f"user `user_{number:04}`" for number in range(50))


@pytest.mark.parametrize("name", [UUID, "vip"])
@pytest.mark.parametrize("sent", [UUID, UUID.upper()])
def test_a_user_whose_customer_id_the_server_writes_in_capitals_is_kept(name, sent):
    snapshot = fleet(("a", 40))
    snapshot.add(User({"customer_id": sent, "external_id": "vip", "qps_limit": 40}))
    kept = kept_users([Target.named(1, name)], snapshot)
    assert changes(shares_of(snapshot, kept, 60, 1, "cap")) == [("a", 40, 20)]


@pytest.mark.parametrize("by", ["cap", "proportional"])
def test_users_who_tie_are_in_order_of_their_customer_id(by):
    snapshot = Snapshot()
    for customer_id in ("c3", "c1", "c2"):
        snapshot.add(User({"customer_id": customer_id, "external_id": "twin", "qps_limit": 10}))
    shares = shares_of(snapshot, (), 20, 1, by)
    assert [(one.user.customer_id, one.after) for one in shares.changed] == [
        ("c1", 7),
        ("c2", 7),
        ("c3", 6),
    ]


def test_an_external_id_of_several_users_to_keep_is_an_error():
    with pytest.raises(AmbiguousUser):
        kept_users([Target.named(1, "twin")], fleet(("twin", 1), ("twin", 2)))


def test_a_uuid_of_two_users_to_keep_is_an_error():
    first = World().add("x")
    with pytest.raises(AmbiguousUser):
        kept_users([Target.named(1, first)], fleet(("a", 1), (first, 2)))


@settings(STEADY, max_examples=200)
@given(
    st.lists(st.none() | st.integers(0, 60), max_size=15),
    st.integers(0, 500),
    st.integers(1, 5),
    st.sampled_from(POLICIES),
    st.sets(st.integers(0, 14)),
)
def test_a_fleet_needs_no_changes_after_its_plan_was_applied(limits, target, least, by, keep):
    users = [(f"user_{place}" if place % 4 else None, limit) for place, limit in enumerate(limits)]
    snapshot = fleet(*users)
    ids = list(snapshot.users)
    kept = {ids[place] for place in keep if place < len(ids)}
    try:
        shares = shares_of(snapshot, kept, target, least, by)
    except GuardRefused:
        return
    wanted = [
        Wanted(row, one.user.external_id or "", one.after, customer_id=one.user.customer_id)
        for row, one in enumerate(shares.changed, 1)
    ]
    plan = diff(wanted, snapshot)
    assert len(plan.actions) == len(wanted)
    assert not kept & {action.customer_id for action in plan.actions}
    after = Snapshot()
    new = {action.customer_id: action.new for action in plan.actions}
    for user in snapshot.users.values():
        limit = new.get(user.customer_id, user.qps_limit)
        after.add(User({**user.as_user.raw, "qps_limit": limit}))
    again = shares_of(after, kept, target, least, by)
    assert again.changed == ()
    assert again.before == again.after == shares.after


def test_equal_limits_are_never_larger_than_a_roster_allows():
    assert new_limits([1, 2], 10**13, 1, "equal") == [QPS_MAX] * 2
