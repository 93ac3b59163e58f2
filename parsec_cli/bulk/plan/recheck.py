"""Before anything is sent: which rows of a plan still stand, which are done, which are refused.

Pure. A plan may be old, or half applied by a run that was killed; the listing made just before
the run tells.
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
    holding,
)
from parsec_cli.bulk.plan.snapshot import Census
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject, User


@dataclass(frozen=True, slots=True)
class Settled:
    """A row that needs no request: `error` is "" unless it is refused."""

    entry: Entry
    outcome: Literal["unchanged", "failed"]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """What is to be sent, in order, and what is settled without."""

    plan: Plan
    send: tuple[Action, ...]
    settled: tuple[Settled, ...]
    census: Census

    @property
    def deactivations(self) -> tuple[Deactivate, ...]:
        """What consent is needed for; its length is the count to be typed."""
        return tuple(action for action in self.send if isinstance(action, Deactivate))

    def holding(self, holdings: Mapping[str, Holdings | None]) -> Ready:
        """Return the same with the holdings of these customers in what is to be sent."""
        held = {id(action): holding(action, holdings) for action in self.send}
        actions = tuple(held.get(id(action), action) for action in self.plan.actions)
        return replace(self, plan=replace(self.plan, actions=actions), send=tuple(held.values()))

    def user(self, action: SetQps | Deactivate) -> User:
        """The user as listed, for showing and for sending."""
        seen = self.census.by_customer_id(action.customer_id)
        if seen is None:
            return User({"customer_id": action.customer_id, "external_id": action.external_id})
        return seen.user

    def record(self, action: Action) -> JsonObject | None:
        """The user's record without secrets, for what cannot be undone."""
        return self.user(action).raw if isinstance(action, Deactivate) else None


def keep_for_plan(plan: Plan) -> Callable[[User], bool]:
    """Whose record the census must keep to judge and journal the deactivations of `plan`."""
    customers = {action.customer_id.lower() for action in plan.deactivations}
    return lambda user: user.customer_id.lower() in customers


def prepare(plan: Plan, census: Census) -> Ready:
    """Compare each action with the user as it is now."""
    known = {entry.customer_id for entry in plan.entries if not isinstance(entry, Create)}
    settled: list[Settled] = [Settled(keep, "unchanged") for keep in plan.keeps]
    send: list[Action] = []
    for action in plan.actions:
        verdict = _verdict(action, census, known)
        if verdict is None:
            send.append(action)
        else:
            settled.append(verdict)
    return Ready(plan, tuple(send), tuple(settled), census)


def _verdict(action: Action, census: Census, known: Collection[str | None]) -> Settled | None:
    match action:
        case Create():
            return _verdict_create(action, census)
        case SetQps():
            return _verdict_set_qps(action, census)
        case Deactivate():
            return _verdict_deactivate(action, census, known)
        case _:
            assert_never(action)


def _verdict_create(action: Create, census: Census) -> Settled | None:
    seen = census.by_external_id(action.external_id)
    if seen is None:
        return None
    if action.qps_limit is None or seen.qps_limit == action.qps_limit:
        return Settled(action, "unchanged")
    return _changed(action, f"the user exists now, with qps_limit {_shown(seen.qps_limit)}")


def _verdict_set_qps(action: SetQps, census: Census) -> Settled | None:
    seen = census.by_customer_id(action.customer_id)
    if seen is None:
        return _changed(action, "the user is gone")
    if seen.qps_limit == action.new:
        return Settled(action, "unchanged")
    if seen.qps_limit != action.old:
        return _changed(
            action,
            f"qps_limit is {_shown(seen.qps_limit)} now, the plan saw {_shown(action.old)}",
        )
    return None


def _verdict_deactivate(
    action: Deactivate, census: Census, known: Collection[str | None]
) -> Settled | None:
    """Judge it by the listing; `known` are the customers that the plan names."""
    seen = census.by_customer_id(action.customer_id)
    if seen is None:
        other = census.by_external_id(action.external_id or "")
        if other is not None and other.customer_id not in known:
            return _changed(action, f"its external_id is user {other.customer_id} now")
        # whoever did it: it is done, and cannot be done twice
        return Settled(action, "unchanged")
    now = deactivation(None, seen).facts
    changed = [name for name, value in action.facts.items() if now.get(name) != value]
    return _changed(action, f"{', '.join(changed)} changed") if changed else None


def _changed(action: Action, what: str) -> Settled:
    return Settled(action, "failed", f"changed since the plan: {what}")


def _shown(qps: int | None) -> str:
    return "unset" if qps is None else str(qps)
