"""Any sequence of calls, against a dictionary that does the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sandbox.client import Api
from support.steady import STEADY

from parsec_cli.sandbox import app, seed

# few names, so that they meet again; some sort or encode in odd ways
NAMES = st.sampled_from(["a", "A", "b/c", "\u00e9", "\U0001f600", "x y", "0", "%41", "x\x00y"])
LIMITS = st.one_of(st.none(), st.integers(1, 2**31 - 1))
PLACES = st.integers(0, 10**6)


class Fleet(RuleBasedStateMachine):
    """`users` has the expected users, `gone` the customer_ids that were deactivated."""

    def __init__(self):
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        db = Path(self._directory.name) / "sandbox.db"
        seed.seed(db, 0)
        self.api = Api(app.Sandbox(db))
        self.users: dict[str, dict[str, Any]] = {}
        self.gone: list[str] = []

    def teardown(self):
        self.api.application.store.close()
        self._directory.cleanup()

    def _pick(self, place):
        names = sorted(self.users)
        return names[place % len(names)]

    @rule(name=NAMES, limit=LIMITS)
    def create(self, name, limit):
        body = {"external_id": name, "qps_limit": limit}
        response = self.api("POST", "/builder/users", json=body)
        known = self.users.get(name)
        if known is None:
            assert response.status_code == 201
            self.users[name] = self.api.get(response.json()["customer_id"])
            assert self.users[name]["qps_limit"] == limit
        else:
            assert response.status_code == 200
            assert response.json()["customer_id"] == known["customer_id"]

    @precondition(lambda self: self.users)
    @rule(place=PLACES, limit=st.integers(1, 2**31 - 1))
    def update(self, place, limit):
        user = self.users[self._pick(place)]
        path = f"/builder/users/{user['customer_id']}"
        response = self.api("PATCH", path, json={"qps_limit": limit})
        user["qps_limit"] = limit
        assert response.json() == user

    @precondition(lambda self: self.users)
    @rule(place=PLACES)
    def deactivate(self, place):
        user = self.users.pop(self._pick(place))
        assert self.api.delete(user["customer_id"]) == 204
        self.gone.append(user["customer_id"])

    @precondition(lambda self: self.users)
    @rule(place=PLACES)
    def onboard(self, place):
        user = self.users[self._pick(place)]
        wish = {"exchange": "polymarket", "mode": "managed"}
        result = self.api.onboard(user["customer_id"], **wish).json()
        linked = "polymarket" in user["linked_exchanges"]
        assert result["status"] == ("already_linked" if linked else "complete")
        user["linked_exchanges"], user["wallet"] = ["polymarket"], result["wallet"]

    @precondition(lambda self: self.gone)
    @rule(place=PLACES)
    def deactivate_again(self, place):
        assert self.api.delete(self.gone[place % len(self.gone)]) == 404

    @rule(limit=st.integers(1, 100))
    def list_all(self, limit):
        listed = self.api.all_users(limit)
        assert len(listed) == len(self.users)
        assert {user["external_id"]: user for user in listed} == self.users

    @invariant()
    def pool_is_the_sum(self):
        pool = self.api.pool()
        assert pool["end_user_count"] == len(self.users)
        assert pool["total_allocated_qps"] == sum(
            user["qps_limit"] or 0 for user in self.users.values()
        )


TestFleet = Fleet.TestCase
TestFleet.settings = settings(STEADY, max_examples=25, stateful_step_count=20)
