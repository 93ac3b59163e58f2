"""An API in memory that behaves as documented, and fails on request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from parsec_cli.bulk.plan.plan import Action, Create, Deactivate, SetQps
from parsec_cli.bulk.plan.snapshot import Snapshot, take_snapshot
from parsec_cli.errors import NotFound, QuotaUsedUp
from parsec_cli.models import Applied, NotApplied, Outcome, Pool, User

Fault = Callable[[str], Outcome | None]


def as_usual(_: str) -> None:
    """No fault."""


class World:
    """Users by customer_id. `effects` lists every change that took effect, in order.

    `before` and `after` are called around each change with the user's name; an Outcome returned by
    `before` is given instead of sending, one returned by `after` instead of the true outcome.
    """

    def __init__(self, qps_pool: int = 1_000) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.effects: list[tuple[str, str, Any]] = []
        self.sent: list[tuple[str, str]] = []
        self.qps_pool = qps_pool
        self.highest = 0
        self.before: Fault = as_usual
        self.after: Fault = as_usual
        self.exhausted: QuotaUsedUp | None = None
        self._made = 0
        self._lock = threading.RLock()

    def add(self, external_id: str | None, qps_limit: int | None = 10, **fields: Any) -> str:
        with self._lock:
            self._made += 1
            customer_id = f"00000000-0000-4000-8000-{self._made:012d}"
            self.users[customer_id] = {
                "customer_id": customer_id,
                "external_id": external_id,
                "api_key": f"pk_live_ENDUSER{self._made:04d}",
                "tier": "free",
                "qps_limit": qps_limit,
                "created_at": "2026-01-01T00:00:00Z",
                "linked_exchanges": [],
                "wallet": None,
                **fields,
            }
            self.highest = max(self.highest, self.allocated)
            return customer_id

    def named(self, external_id: str) -> dict[str, Any] | None:
        found = [user for user in self.users.values() if user["external_id"] == external_id]
        return found[0] if found else None

    @property
    def allocated(self) -> int:
        return sum(user["qps_limit"] or 0 for user in self.users.values())

    @property
    def pool(self) -> Pool:
        return Pool({}, self.qps_pool, len(self.users), self.allocated)

    def everyone(self, page: int = 100) -> Iterator[Sequence[User]]:
        users = [User.parse(dict(user)) for user in self.users.values()]
        for start in range(0, max(1, len(users)), page):
            yield users[start : start + page]

    def snapshot(self) -> Snapshot:
        return take_snapshot(self.everyone(), lambda _: True)

    def send(self, action: Action) -> Outcome:
        effect = {"create": self._create, "set-qps": self._set_qps, "deactivate": self._deactivate}
        name = action.external_id or action.customer_id
        instead = self.before(name)
        if instead is not None:
            return instead
        with self._lock:
            self.sent.append((action.kind, name))
            outcome = effect[action.kind](action)
        return self.after(name) or outcome

    def _create(self, action: Create) -> Outcome:
        external_id, qps_limit = action.external_id, action.qps_limit
        there = self.named(external_id)
        if there is None:
            made = self.users[self.add(external_id, qps_limit)]
            self.effects.append(("create", external_id, qps_limit))
            return Applied(dict(made), 201, 1, created=True)
        return Applied(dict(there), 200, 1, created=False)

    def _set_qps(self, action: SetQps) -> Outcome:
        there = self.users.get(action.customer_id)
        if there is None:
            return not_found()
        there["qps_limit"] = action.new
        self.highest = max(self.highest, self.allocated)
        self.effects.append(("set-qps", there["external_id"], action.new))
        return Applied(dict(there), 200, 1)

    def _deactivate(self, action: Deactivate) -> Outcome:
        there = self.users.pop(action.customer_id, None)
        if there is None:
            return not_found()
        self.effects.append(("deactivate", there["external_id"], action.customer_id))
        return Applied(None, 204, 1)

    def quota_used_up(self) -> QuotaUsedUp | None:
        return self.exhausted


def not_found() -> NotApplied:
    return NotApplied(NotFound("end-user not found", http_status=404), 1)
