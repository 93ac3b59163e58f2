from __future__ import annotations

import pytest
from sandbox.client import Api
from sandbox.contract import schema_breaches
from sandbox.shapes import USER

from parsec_cli.sandbox import app, seed


def test_first_use_creates_twelve_users_of_all_strategies(api):
    users = api.all_users()
    assert len(users) == 12
    managed = [u for u in users if u["wallet"] and u["linked_exchanges"]]
    own_keys = [u for u in users if not u["wallet"] and u["linked_exchanges"]]
    per_request = [u for u in users if not u["wallet"] and not u["linked_exchanges"]]
    assert min(len(managed), len(own_keys), len(per_request)) >= 2
    assert {u["wallet"]["wallet_type"] for u in managed} == {"eoa", "safe"}
    assert any(u["qps_limit"] is None for u in users)
    assert any(u["external_id"] == "acct[prod] caf\u00e9 \u65e5\u672c" for u in users)
    assert api.pool() == {"qps_pool": 2500, "end_user_count": 12, "total_allocated_qps": 1055}


def test_first_users_have_balances_zero_balances_or_none(api):
    def amounts(external_id):
        balances = api.named(external_id)["wallet"].get("balances")
        return balances and [(held["balance"], held["raw_balance"]) for held in balances]

    found = [amounts(name) for name in ("user_001", "user_003", "user_004")]
    assert found == [[("100.50", "100500000")], [("0.00", "0")], None]


@pytest.mark.parametrize(
    ("count", "qps_pool"), [(0, 2500), (1, 2500), (250, 2500), (2000, 10_000), (7000, 50_000)]
)
def test_seeding_makes_exactly_that_many_users_and_a_pool_that_fits(api, db, count, qps_pool):
    api.create("before")
    seed.seed(db, count)
    pool = api.pool()
    assert (pool["end_user_count"], pool["qps_pool"]) == (count, qps_pool)
    assert pool["total_allocated_qps"] <= 0.85 * qps_pool
    assert "before" not in {user["external_id"] for user in api.page()["users"]}


def test_seeded_users_keep_the_contract(api, db):
    seed.seed(db, 200)
    users = api.all_users()
    assert [breach for user in users for breach in schema_breaches(USER, user)] == []
    wallets = {u["wallet"] and u["wallet"]["wallet_type"] for u in users}
    assert wallets == {None, "eoa", "safe"}
    seed.seed(db, 100)
    assert users[:100] == api.all_users(), "a smaller fleet is the beginning of a larger one"


def test_reset_restores_the_same_dozen(api, db):
    before = api.all_users()
    api.delete(before[0]["customer_id"])
    api.create("another", qps_limit=5)
    seed.reset(db)
    assert api.all_users() == before
    assert api.pool()["total_allocated_qps"] == 1055


def test_two_sandboxes_have_the_same_users_and_keys(api, tmp_path):
    application = app.Sandbox(tmp_path / "other.db")
    assert Api(application).all_users() == api.all_users()
    application.store.close()
