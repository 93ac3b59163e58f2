"""All users as one listing shows them, in little memory, and what of a plan still differs. Pure.

A plan may be old, or partly applied by a run that was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, assert_never

from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, Entry, Plan, SetQps
from parsec_cli.errors import GuardRefused, Unreachable, counted
from parsec_cli.field_rules import hidden_fault, look_alike_key, word_fault
from parsec_cli.holdings import Holdings
from parsec_cli.models import JsonObject, User
from parsec_cli.records import changed, record
from parsec_cli.redaction import without_secrets

_WALLET_FACTS = ("eoa_address", "safe_address", "wallet_type")
# row, external_id
NamedRow = tuple[int, str]


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
        names = ("customer_id", "external_id", "qps_limit")
        return User(self.record or {name: getattr(self, name) for name in names})

    def deactivation(self, row: int | None) -> Deactivate:
        """Note the facts of the record that matter; balances change by themselves."""
        record, facts = self.as_user.raw, ("external_id", "qps_limit")
        wallet = record.get("wallet")
        return Deactivate(
            row,
            self.external_id,
            self.customer_id,
            {
                **{name: record.get(name) for name in facts},
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
        customer = user.customer_id.lower()
        if customer in self.users:
            return
        record = without_secrets(user.raw) if with_record else None
        listed = ListedUser(user.customer_id, user.external_id, user.qps_limit, record)
        self.users[customer] = listed
        if listed.external_id and self.named.setdefault(listed.external_id, listed) is not listed:
            self.ambiguous.add(listed.external_id)

    def refresh(self, user: User) -> None:
        """Replace the record of a listed user by a newer one."""
        customer = user.customer_id.lower()
        if listed := self.users.get(customer):
            self.users[customer] = replace(listed, record=without_secrets(user.raw))

    def by_customer_id(self, customer_id: str) -> ListedUser | None:
        return self.users.get(customer_id.lower())

    def by_external_id(self, external_id: str) -> ListedUser | None:
        return self.named.get(external_id)

    def find(self, customer_id: str | None, external_id: str | None) -> ListedUser | None:
        """Return the user of a row; its two ids are known to agree."""
        found = self.by_customer_id(customer_id) if customer_id else None
        return found or self.by_external_id(external_id or "")


def take_snapshot(
    pages: Iterable[Sequence[User]], needs_record: Callable[[User], bool] = lambda _: False
) -> Snapshot:
    """Read a whole listing; GuardRefused if it breaks off, as a plan needs all users.

    `needs_record` selects whose full record is kept: users that may be deactivated. A fault of the
    first page is raised as it is.
    """
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


def slips(new: Sequence[NamedRow], rows: Sequence[NamedRow], snapshot: Snapshot) -> dict[int, str]:
    """Return row -> reason for users to be created whose ids are more likely slips than ids.

    `rows` are all rows of the file, and `new` those of users that do not exist.
    """
    similar: dict[str, dict[str, str]] = {look_alike_key(name): {} for _, name in new}
    if not similar:
        return {}
    existing = ((text, "an existing user") for text in snapshot.named)
    named = ((name, f"row {row}") for row, name in rows if name)
    for text, where in chain(existing, named):
        if (key := look_alike_key(text)) in similar:
            similar[key].setdefault(text, where)
    unnamed = snapshot.named.keys() - {name for _, name in rows}
    # numbers as a spreadsheet shows them -> the ids that they were
    stripped = {text.lstrip("0"): text for text in unnamed if text.isdecimal()}
    found = ((row, next(_slips(name, similar, snapshot, stripped), "")) for row, name in new)
    return {row: why for row, why in found if why}


def _slips(
    name: str, similar: dict[str, dict[str, str]], snapshot: Snapshot, stripped: dict[str, str]
) -> Iterator[str]:
    """Yield reasons why a new external_id is more likely a slip, the most likely one first."""
    if fault := word_fault(name):
        yield fault
    for text, where in similar[look_alike_key(name)].items():
        if text != name:
            yield f"{name!a} looks like {text!a}, {where}"
    if listed := snapshot.by_customer_id(name):
        whose = ascii(listed.external_id) if listed.external_id else "a user"
        yield f"{name} is the customer_id of {whose}"
    if text := stripped.get(name.removesuffix(".0"), ""):
        yield f"{name!a} is {text!a} as a number, an existing user that the file leaves out"
    if fault := hidden_fault(name):
        yield fault


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
        read = {
            id(one): replace(one, holdings=holdings[one.customer_id]) for one in self.deactivations
        }
        actions, send = (
            tuple(read.get(id(one), one) for one in group)
            for group in (self.plan.actions, self.send)
        )
        return changed(self, plan=replace(self.plan, actions=actions), send=send)

    def user(self, action: SetQps | Deactivate) -> User:
        """Return the user's record, or one with nothing but the id."""
        listed = self.snapshot.by_customer_id(action.customer_id)
        return listed.as_user if listed else User({"customer_id": action.customer_id})

    def record(self, action: Action) -> JsonObject | None:
        """The user's record without secrets, for what cannot be undone."""
        return self.user(action).raw if isinstance(action, Deactivate) else None


def needed_by_plan(plan: Plan) -> Callable[[User], bool]:
    """Select the users that `plan` deactivates: their records are compared and journalled."""
    customers = {action.customer_id.lower() for action in plan.deactivations}
    return lambda user: user.customer_id.lower() in customers


def recheck(plan: Plan, snapshot: Snapshot, *, allow_odd_ids: bool = False) -> CheckedPlan:
    """Compare each action with the user as it is now, and new ids with those of present users."""
    known = {one.customer_id for one in (*plan.actions, *plan.keeps) if not isinstance(one, Create)}
    settled = [Settled(keep, "unchanged") for keep in plan.keeps]
    send: list[Action] = []
    odd: dict[int, str] = {}
    creates = [action for action in plan.actions if isinstance(action, Create)]
    new = [(one.row, one.external_id) for one in creates if one.external_id not in snapshot.named]
    if new and not allow_odd_ids:
        entries = (*plan.actions, *plan.keeps)
        rows = [(one.row, one.external_id or "") for one in entries if one.row]
        odd = slips(new, rows, snapshot)
    for action in plan.actions:
        why = _obstacle(action, snapshot, known)
        if why is None:
            why = odd.get(action.row or 0)
        if why is None:
            send.append(action)
        elif why:
            settled.append(Settled(action, "failed", f"changed since the plan: {why}"))
        else:
            settled.append(Settled(action, "unchanged"))
    return CheckedPlan(plan, tuple(send), tuple(settled), snapshot)


def _obstacle(action: Action, snapshot: Snapshot, known: Collection[str | None]) -> str | None:
    """Return why an action must not be sent, "" if it is done, None if it is to be sent."""
    match action:
        case Create():
            user = snapshot.by_external_id(action.external_id)
            if user is None:
                return None
            same = action.qps_limit in (None, user.qps_limit)
            return "" if same else f"the user exists now, with qps_limit {_shown(user.qps_limit)}"
        case SetQps():
            user = snapshot.by_customer_id(action.customer_id)
            if user is None:
                return "the user is gone"
            if user.qps_limit in (action.old, action.new):
                return "" if user.qps_limit == action.new else None
            now, planned = _shown(user.qps_limit), _shown(action.old)
            return f"qps_limit is {now} now, the plan saw {planned}"
        case Deactivate():
            return _obstacle_to_deactivation(action, snapshot, known)
        case _:
            assert_never(action)


def _obstacle_to_deactivation(
    action: Deactivate, snapshot: Snapshot, known: Collection[str | None]
) -> str | None:
    """Compare by the listing; `known` are the customers that the plan names."""
    user = snapshot.by_customer_id(action.customer_id)
    if user is None:
        other = snapshot.by_external_id(action.external_id or "")
        if other is not None and other.customer_id not in known:
            return f"its external_id is user {other.customer_id} now"
        return ""  # it does not matter who deactivated it
    now = user.deactivation(None).facts
    differ = [name for name, value in action.facts.items() if now.get(name) != value]
    return f"{', '.join(differ)} changed" if differ else None


def _shown(qps: int | None) -> str:
    return "unset" if qps is None else str(qps)
