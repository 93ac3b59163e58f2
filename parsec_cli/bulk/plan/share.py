"""Limits that fit the pool again: max-min fair, proportional or equal. Pure, in whole numbers.

`limits` are in the order of the users' external_ids, which decides who gets what is left over.
The new limits are in the same order, and their sum is at most the budget.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Literal

from parsec_cli.bulk.files.roster import Target
from parsec_cli.bulk.plan.diff import check_ids, check_second_meanings
from parsec_cli.bulk.plan.snapshot import ListedUser, Snapshot
from parsec_cli.errors import MAX_DETAILS, GuardRefused, NotFound, counted
from parsec_cli.field_rules import QPS_MAX
from parsec_cli.next_command import run
from parsec_cli.records import record

Policy = Literal["cap", "proportional", "equal"]
POLICIES: tuple[Policy, ...] = ("cap", "proportional", "equal")


def lowest_sum(limits: Sequence[int], least: int, by: Policy) -> int:
    """Return the smallest sum that a policy can reach; only `equal` raises anyone to `least`."""
    return least * len(limits) if by == "equal" else sum(min(limit, least) for limit in limits)


def new_limits(limits: Sequence[int], budget: int, least: int, by: Policy) -> list[int]:
    """Return limits whose sum fits `budget`, which is at least the `lowest_sum`."""
    if by == "equal":
        return [min(budget // len(limits), QPS_MAX)] * len(limits) if limits else []
    if sum(limits) <= budget:
        return list(limits)
    return capped(limits, budget) if by == "cap" else scaled(limits, budget, least)


def capped(limits: Sequence[int], budget: int) -> list[int]:
    """Lower all limits above one level to it: the highest level that fits.

    The remainder raises the first of them by one each. The sum of `limits` exceeds `budget`.
    """
    rest, level, extra = budget, 0, 0
    ordered = sorted(limits)
    for place, limit in enumerate(ordered):
        above = len(ordered) - place
        if limit * above > rest:
            level, extra = divmod(rest, above)
            break
        rest -= limit
    new = [min(limit, level) for limit in limits]
    lowered = (place for place, limit in enumerate(limits) if limit > level)
    for place in islice(lowered, extra):
        new[place] += 1
    return new


def scaled(limits: Sequence[int], budget: int, least: int) -> list[int]:
    """Scale all limits by one factor; what rounding leaves goes to the largest fractions.

    A user who would fall below `least` gets `least` instead, or keeps a limit below it. The factor
    is then that of the others. The sum of `limits` exceeds `budget`.
    """
    new = [min(limit, least) for limit in limits]
    rest, total = budget, sum(limits)
    places = sorted(range(len(limits)), key=limits.__getitem__)
    # the factor, `rest / total`, falls with each user who gets more than it allows
    lowest = 0
    for place in places:
        if limits[place] * rest > new[place] * total:
            break
        lowest, rest, total = lowest + 1, rest - new[place], total - limits[place]
    remainders = []
    for place in places[lowest:]:
        new[place], remainder = divmod(limits[place] * rest, total)
        remainders.append((-remainder, place))
    for _, place in sorted(remainders)[: budget - sum(new)]:
        new[place] += 1
    return new


def kept_users(targets: Sequence[Target], snapshot: Snapshot) -> set[str]:
    """Return the customer_ids, in lower case, of the users who keep their limits."""
    check_ids(targets, snapshot)
    check_second_meanings(targets, snapshot)
    found = {target: _named(target, snapshot) for target in targets}
    missing = [target for target, user in found.items() if user is None]
    if missing:
        some = f"user `{missing[0].text}`"
        if len(missing) > 1:
            some = f"{len(missing):,} of {counted(len(targets), 'user')} to keep"
        raise NotFound(
            f"{some} not found",
            details=[f"user `{one.text}`" for one in missing[:MAX_DETAILS]] if missing[1:] else [],
            hint="list users with",
            command=run("users", "list", "--match", "TEXT"),
        )
    return {user.customer_id.lower() for user in found.values() if user is not None}


def _named(target: Target, snapshot: Snapshot) -> ListedUser | None:
    """Find a user; a UUID that is no customer_id may be an external_id."""
    found = snapshot.find(target.customer_id, target.external_id)
    return found or snapshot.named.get(target.second_meaning or "")


@record
class Share:
    """A user whose limit changes."""

    user: ListedUser
    before: int
    after: int


@record
class Shares:
    """The users whose limits change, in the order of their external_ids, and the sums of limits."""

    changed: tuple[Share, ...]
    before: int
    after: int


def shares_of(
    snapshot: Snapshot,
    kept: Collection[str],
    target: int,
    least: int,
    by: Policy,
    more: str = "raise the target",
) -> Shares:
    """Share `target` among the users; GuardRefused if that is impossible.

    Users without a limit keep none; users of `kept` keep theirs. `more` says how to get a higher
    target; it is "" if there is none.
    """
    listed = [user for user in snapshot.users.values() if user.qps_limit is not None]
    before = sum(user.qps_limit or 0 for user in listed)
    sharing = [user for user in listed if user.customer_id.lower() not in kept]
    sharing.sort(key=lambda user: (user.external_id or "", user.customer_id))
    limits = [user.qps_limit or 0 for user in sharing]
    budget = target - (before - sum(limits))
    remedies = [text for text in ("keep fewer users" if kept else "", more) if text]
    _check_possible(limits, (target, budget), least, by, remedies)
    new = new_limits(limits, budget, least, by)
    changes = (
        Share(user, old, limit)
        for user, old, limit in zip(sharing, limits, new, strict=True)
        if old != limit
    )
    return Shares(tuple(changes), before, before - sum(limits) + sum(new))


def _check_possible(
    limits: Sequence[int],
    bounds: tuple[int, int],
    least: int,
    by: Policy,
    remedies: Sequence[str],
) -> None:
    """Check that the `limits` can fit; `bounds` are the target, and what the kept users leave."""
    target, budget = bounds
    if budget < 0:
        raise GuardRefused(
            f"the users to keep have {target - budget:,} QPS, above the target of {target:,}",
            hint=_one_of(remedies),
        )
    needed = lowest_sum(limits, least, by)
    if needed > budget:
        need = "needs" if len(limits) == 1 else "need"
        raise GuardRefused(
            f"with `--min {least}`, {counted(len(limits), 'user')} {need} at least {needed:,} QPS, "
            + (
                f"but the target is {target:,}"
                if budget == target
                else f"but the target of {target:,} leaves {budget:,} for them"
            ),
            hint=_one_of(["lower `--min`", *remedies] if least > 1 else remedies),
        )


def _one_of(remedies: Sequence[str]) -> str:
    """Return `a`, `a, or b`, or `a, b, or c`."""
    *first, last = remedies or [""]
    return ", ".join([*first, f"or {last}" if first else last])
