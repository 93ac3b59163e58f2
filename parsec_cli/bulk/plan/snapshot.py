"""All users of one listing, stored compactly, and the part of a plan still to be sent. Pure.

A plan may be old, or partly applied by a run that was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import assert_never

from parsec_cli import field_rules
from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, Entry, Plan, SetQps
from parsec_cli.errors import AmbiguousUser, GuardRefused, Unreachable, counted
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject, User, is_uuid
from parsec_cli.records import changed, record
from parsec_cli.redaction import without_secrets
from parsec_cli.spreadsheets import NumberForms

_WALLET_FACTS = ("eoa_address", "safe_address", "wallet_type")
# row, external_id
NamedRow = tuple[int, str]
# a row that needs no request, and why it is refused, or "" if it is as wanted
Settled = tuple[Entry, str]


@dataclass(frozen=True, slots=True)
class ListedUser:
    """`record` is the user's record without secrets, kept only where it was asked for."""

    customer_id: str
    external_id: str | None
    qps_limit: int | None
    record: JsonObject | None = None

    @property
    def as_user(self) -> User:
        """The record, or just enough to address and compare the user."""
        if self.record is not None:  # where an id that looks like a key is masked
            return User({**self.record, "customer_id": self.customer_id})
        names = ("customer_id", "external_id", "qps_limit")
        return User({name: getattr(self, name) for name in names})

    def deactivation(self, row: int | None) -> Deactivate:
        """Return an action that holds the facts that matter; balances change by themselves."""
        record = self.as_user.raw
        wallet = record.get("wallet")
        return Deactivate(
            row,
            self.external_id,
            self.customer_id,
            {
                "external_id": record.get("external_id"),
                "qps_limit": self.qps_limit,
                "linked_exchanges": record.get("linked_exchanges") or [],
                "wallet": {name: wallet.get(name) for name in _WALLET_FACTS}
                if isinstance(wallet, dict)
                else None,
            },
        )


class Snapshot:
    """Users by customer_id (in lower case) and by external_id; `ambiguous` names have several."""

    def __init__(self) -> None:
        self.users: dict[str, ListedUser] = {}
        self.named: dict[str, ListedUser] = {}
        self.ambiguous: set[str] = set()

    def add(self, user: User, *, with_record: bool = False) -> None:
        """Add a user, unless an earlier page had it."""
        customer = user.customer_id.lower()
        if (known := self.users.get(customer)) is not None:
            if known.customer_id != user.customer_id and not is_uuid(customer):
                raise AmbiguousUser(
                    f"the customer_ids {known.customer_id!a} and {user.customer_id!a} differ only"
                    " in case: nothing was sent"
                )
            return
        record = without_secrets(user.raw) if with_record else None
        listed = ListedUser(user.customer_id, user.external_id, user.qps_limit, record)
        self.users[customer] = listed
        if listed.external_id and self.named.setdefault(listed.external_id, listed) is not listed:
            self.ambiguous.add(listed.external_id)

    def refresh(self, user: User) -> list[str]:
        """Replace the record of a listed user by a newer one; return the facts that changed."""
        customer = user.customer_id.lower()
        if (listed := self.users.get(customer)) is None:
            return []
        self.users[customer] = replace(listed, record=without_secrets(user.raw))
        newer = ListedUser(customer, user.external_id, user.qps_limit, without_secrets(user.raw))
        before, after = listed.deactivation(None).facts, newer.deactivation(None).facts
        return [name for name, fact in before.items() if fact and _differs(fact, after[name])]

    def by_customer_id(self, customer_id: str) -> ListedUser | None:
        """Return the user with this customer_id, in any case."""
        return self.users.get(customer_id.lower())

    def find(self, customer_id: str | None, external_id: str | None) -> ListedUser | None:
        """Return the user of a row; its two ids are known to agree."""
        found = self.by_customer_id(customer_id) if customer_id else None
        return found or self.named.get(external_id or "")


def named_in(ids: Collection[str | None]) -> Callable[[User], bool]:
    """Select the users that one of these ids names; customer_ids are in lower case."""
    return lambda user: user.customer_id.lower() in ids or user.external_id in ids


def take_snapshot(
    pages: Iterable[Sequence[User]], needs_record: Callable[[User], bool] = lambda _: False
) -> Snapshot:
    """Read a whole listing, with the records that are needed; GuardRefused if it breaks off."""
    snapshot = Snapshot()
    try:
        for page in pages:
            for user in page:
                snapshot.add(user, with_record=needs_record(user))
    except Unreachable as fault:
        if not snapshot.users:
            raise
        raise GuardRefused(
            f"the listing broke off after {counted(len(snapshot.users), 'user')}, "
            f"nothing was changed: {fault.message}",
            hint="run the same command again",
            http_status=fault.http_status,
        ) from fault
    return snapshot


def left_out(plan: Plan, snapshot: Snapshot) -> int:
    """Return how many users a plan does not name."""
    named = {
        found.customer_id
        for one in chain(plan.actions, plan.keeps)
        if (found := snapshot.find(one.customer_id, one.external_id))
    }
    return len(snapshot.users) - len(named)


def slips(
    new: Sequence[NamedRow], rows: Sequence[NamedRow], snapshot: Snapshot, *, pruned: bool
) -> dict[int, str]:
    """Return row -> reason for those `new` users whose ids are probably typing slips.

    Where users that no row names are `pruned`, less is enough to take an id for one of theirs.
    """
    similar: dict[str, dict[str, str]] = {field_rules.look_alike_key(name): {} for _, name in new}
    if not similar:
        return {}
    existing = ((text, "an existing user") for text in snapshot.named)
    named = ((name, f"row {row}") for row, name in rows if name)
    for text, where in chain(existing, named):
        if (key := field_rules.look_alike_key(text)) in similar:
            similar[key].setdefault(text, where)
    unnamed = snapshot.named.keys() - {name for _, name in rows}
    kind = field_rules.ChangedIds if pruned else NumberForms
    forms = kind(unnamed, [name for _, name in new])
    found = {}
    for row, name in new:
        user, other = snapshot.by_customer_id(name), field_rules.left_out_as(name, unnamed, forms)
        others = similar[field_rules.look_alike_key(name)].items()
        alike = [
            f"{field_rules.slip(name, text)}, {where}" for text, where in others if text != name
        ]
        left_out = other and field_rules.slip(name, other)
        found[row] = (
            field_rules.word_fault(name)
            or "".join(alike[:1])
            or (field_rules.customer_slip(name, user.external_id) if user else "")
            or (left_out and f"{left_out}, an existing user that the file leaves out")
            or field_rules.hidden_fault(name)
        )
    return {row: why for row, why in found.items() if why}


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
        return Plan(self.send).deactivations

    def with_holdings(
        self, holdings: Mapping[str, Holdings | None], changes: Mapping[str, Sequence[str]]
    ) -> CheckedPlan:
        """Return a copy in which the deactivations to be sent have these holdings.

        `changes` are the facts of users that differ from the listing; those users are refused.
        """
        read = {
            id(one): replace(one, holdings=holdings[one.customer_id]) for one in self.deactivations
        }
        actions, rest = (
            tuple(read.get(id(one), one) for one in group)
            for group in (self.plan.actions, self.send)
        )
        refused = {
            id(one): (one, f"changed since the listing: {', '.join(names)}")
            for one in read.values()
            if (names := changes.get(one.customer_id))
        }
        send = tuple(one for one in rest if id(one) not in refused)
        plan, settled = replace(self.plan, actions=actions), (*self.settled, *refused.values())
        return changed(self, plan=plan, send=send, settled=settled)

    def user(self, action: SetQps | Deactivate) -> User:
        """Return the user's record; a user to deactivate without one may have a wallet."""
        user = self.snapshot.users[action.customer_id.lower()]
        if isinstance(action, Deactivate) and user.record is None:
            return User({**user.as_user.raw, "wallet": {}})
        return user.as_user

    def record(self, action: Action) -> JsonObject | None:
        """The user's record without secrets, for what cannot be undone."""
        return self.user(action).raw if isinstance(action, Deactivate) else None


def recheck(plan: Plan, snapshot: Snapshot, *, allow_odd_ids: bool = False) -> CheckedPlan:
    """Compare each action with the current user, and new ids with those of existing users."""
    entries = (*plan.actions, *plan.keeps)
    known = {one.customer_id for one in entries}
    settled: list[Settled] = [(keep, "") for keep in plan.keeps]
    send: list[Action] = []
    odd: dict[int, str] = {}
    creates = [action for action in plan.actions if isinstance(action, Create)]
    new = [(one.row, one.external_id) for one in creates if one.external_id not in snapshot.named]
    if new and not allow_odd_ids:
        rows = [(one.row, one.external_id or "") for one in entries if one.row]
        pruned = any(isinstance(one, Deactivate) and one.row is None for one in plan.actions)
        odd = slips(new, rows, snapshot, pruned=pruned)
    for action in plan.actions:
        why = _obstacle(action, snapshot, known)
        if why is None:
            why = odd.get(action.row or 0)
        if why is None:
            send.append(action)
        else:
            settled.append((action, why and f"changed since the plan: {why}"))
    return CheckedPlan(plan, tuple(send), tuple(settled), snapshot)


def _obstacle(action: Action, snapshot: Snapshot, known: Collection[str | None]) -> str | None:
    """Return why an action must not be sent, "" if it is done, None if it is to be sent."""
    named = snapshot.named.get(action.external_id or "")
    user = named if isinstance(action, Create) else snapshot.by_customer_id(action.customer_id)
    match action:
        case Create():
            if user is None:
                return None
            same = action.qps_limit in (None, user.qps_limit)
            return "" if same else f"the user exists now, with qps_limit {_shown(user.qps_limit)}"
        case SetQps():
            if user is None:
                return "the user is gone"
            if user.qps_limit in (action.old, action.new):
                return "" if user.qps_limit == action.new else None
            now, planned = _shown(user.qps_limit), _shown(action.old)
            return f"qps_limit is {now} now, the plan saw {planned}"
        case Deactivate():
            if user is None:  # it does not matter who deactivated it
                other = named.customer_id if named else None
                return (
                    ""
                    if other is None or other in known
                    else f"its external_id is user {other} now"
                )
            facts = user.deactivation(None).facts
            differ = [name for name, value in action.facts.items() if facts.get(name) != value]
            return f"{', '.join(differ)} changed" if differ else None
        case _:
            assert_never(action)


def _differs(before: object, after: object) -> bool:
    """Compare two facts of a user; what only the newer record has is not a change."""
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = [(value, after[name]) for name, value in before.items()]
        return any(str(a).lower() != str(b).lower() for a, b in pairs if None not in (a, b))
    if isinstance(before, list) and isinstance(after, list):
        return sorted(map(str, before)) != sorted(map(str, after))
    return before != after


def _shown(qps: int | None) -> str:
    return "unset" if qps is None else str(qps)
