"""Re-check a plan against the current users: send, already done, or refused. Pure.

A plan may be old, or partly applied by a run that was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from parsec_cli.bulk.plan.plan import (
    Action,
    Create,
    Deactivate,
    Entry,
    Plan,
    SetQps,
    deactivation,
    with_holdings,
)
from parsec_cli.bulk.plan.snapshot import Snapshot, slips
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject, User
from parsec_cli.records import changed, record


@dataclass(frozen=True, slots=True)
class Settled:
    """A row that needs no request; `error` is the reason of a refused one, else ""."""

    entry: Entry
    outcome: Literal["unchanged", "failed"]
    error: str = ""


@record
class CheckedPlan:
    """`send` are the actions still to be sent, in order; `settled` are the other rows."""

    plan: Plan
    send: tuple[Action, ...]
    settled: tuple[Settled, ...]
    snapshot: Snapshot

    @property
    def deactivations(self) -> tuple[Deactivate, ...]:
        """The deactivations that consent is needed for."""
        return tuple(action for action in self.send if isinstance(action, Deactivate))

    def with_holdings(self, holdings: Mapping[str, Holdings | None]) -> CheckedPlan:
        """Return the same with the holdings of these customers in what is to be sent."""
        known = {id(action): with_holdings(action, holdings) for action in self.send}
        actions = tuple(known.get(id(action), action) for action in self.plan.actions)
        plan = replace(self.plan, actions=actions)
        return changed(self, plan=plan, send=tuple(known.values()))

    def user(self, action: SetQps | Deactivate) -> User:
        """The user as listed, to show and to send."""
        return self.snapshot.user(action.customer_id)

    def record(self, action: Action) -> JsonObject | None:
        """The user's record without secrets, for what cannot be undone."""
        return self.user(action).raw if isinstance(action, Deactivate) else None


def needed_by_plan(plan: Plan) -> Callable[[User], bool]:
    """Select the users that `plan` deactivates: their records are compared and journalled."""
    customers = {action.customer_id.lower() for action in plan.deactivations}
    return lambda user: user.customer_id.lower() in customers


def recheck(plan: Plan, snapshot: Snapshot, *, allow_odd_ids: bool = False) -> CheckedPlan:
    """Compare each action with the user as it is now, and new ids with those of present users."""
    known = {action.customer_id for action in plan.actions if not isinstance(action, Create)}
    known |= {keep.customer_id for keep in plan.keeps if keep.customer_id}
    settled = [Settled(keep, "unchanged") for keep in plan.keeps]
    send: list[Action] = []
    odd = {} if allow_odd_ids else _slips(plan, snapshot)
    for action in plan.actions:
        found = _settled(action, snapshot, known)
        if found is None and (why := odd.get(action.row or 0)):
            found = _changed(action, why)
        if found is None:
            send.append(action)
        else:
            settled.append(found)
    return CheckedPlan(plan, tuple(send), tuple(settled), snapshot)


def _slips(plan: Plan, snapshot: Snapshot) -> dict[int, str]:
    new = [
        (action.row, action.external_id)
        for action in plan.actions
        if isinstance(action, Create) and action.external_id not in snapshot.named
    ]
    entries = (*plan.actions, *plan.keeps) if new else ()
    return slips(new, [(one.row, one.external_id or "") for one in entries if one.row], snapshot)


def _settled(action: Action, snapshot: Snapshot, known: Collection[str]) -> Settled | None:
    """Return why an action needs no request; None if it is to be sent."""
    match action:
        case Create():
            return _settled_create(action, snapshot)
        case SetQps():
            return _settled_set_qps(action, snapshot)
        case Deactivate():
            return _settled_deactivate(action, snapshot, known)
        case _:
            assert_never(action)


def _settled_create(action: Create, snapshot: Snapshot) -> Settled | None:
    user = snapshot.by_external_id(action.external_id)
    if user is None:
        return None
    if action.qps_limit is None or user.qps_limit == action.qps_limit:
        return Settled(action, "unchanged")
    return _changed(action, f"the user exists now, with qps_limit {_shown(user.qps_limit)}")


def _settled_set_qps(action: SetQps, snapshot: Snapshot) -> Settled | None:
    user = snapshot.by_customer_id(action.customer_id)
    if user is None:
        return _changed(action, "the user is gone")
    if user.qps_limit == action.new:
        return Settled(action, "unchanged")
    if user.qps_limit != action.old:
        now, planned = _shown(user.qps_limit), _shown(action.old)
        return _changed(action, f"qps_limit is {now} now, the plan saw {planned}")
    return None


def _settled_deactivate(
    action: Deactivate, snapshot: Snapshot, known: Collection[str]
) -> Settled | None:
    """Compare by the listing; `known` are the customers that the plan names."""
    user = snapshot.by_customer_id(action.customer_id)
    if user is None:
        other = snapshot.by_external_id(action.external_id or "")
        if other is not None and other.customer_id not in known:
            return _changed(action, f"its external_id is user {other.customer_id} now")
        # it does not matter who deactivated it
        return Settled(action, "unchanged")
    now = deactivation(None, user).facts
    differ = [name for name, value in action.facts.items() if now.get(name) != value]
    return _changed(action, f"{', '.join(differ)} changed") if differ else None


def _changed(action: Action, what: str) -> Settled:
    return Settled(action, "failed", f"changed since the plan: {what}")


def _shown(qps: int | None) -> str:
    return "unset" if qps is None else str(qps)
