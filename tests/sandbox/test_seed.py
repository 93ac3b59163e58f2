from __future__ import annotations

from collections import Counter

import pytest
from sandbox.client import Api
from sandbox.contract import schema_breaches
from sandbox.shapes import USER

from parsec_cli.sandbox import app, seed


def test_first_use_holds_a_dozen_users_of_all_strategies(api):
    users = api.all_users()
    assert len(users) == 12
    managed = [u for u in users if u["wallet"] and u["linked_exchanges"]]
    own_keys = [u for u in users if not u["wallet"] and u["linked_exchanges"]]
    per_request = [u for u in users if not u["wallet"] and not u["linked_exchanges"]]
    assert min(len(managed), len(own_keys), len(per_request)) >= 2
    assert {u["wallet"]["wallet_type"] for u in managed} == {"eoa", "safe"}
    assert any(u["qps_limit"] is None for u in users)


def test_balances_of_the_dozen_are_some_zero_and_none(api):
    def amounts(external_id):
        balances = api.named(external_id)["wallet"].get("balances")
        return balances and [(held["balance"], held["raw_balance"]) for held in balances]

    found = [amounts(name) for name in ("user_001", "user_003", "user_004")]
    assert found == [[("100.50", "100500000")], [("0.00", "0")], None]


def test_one_external_id_is_odd(api):
    assert api.named("acct[prod] caf\u00e9 \u65e5\u672c")


def test_the_pool_of_the_dozen_is_silver_and_partly_allocated(api):
    assert api.pool() == {"qps_pool": 2500, "end_user_count": 12, "total_allocated_qps": 1055}


def test_two_sandboxes_are_alike_from_the_first_key_to_the_last(tmp_path):
    def users(name):
        application = app.Sandbox(tmp_path / name)
        try:
            return Api(application).all_users()
        finally:
            application.store.close()

    assert users("one.db") == users("other.db")


@pytest.mark.parametrize("count", [0, 1, 250])
def test_seeding_makes_exactly_that_many_users(api, db, count):
    api.create("before")
    seed.seed(db, count)
    users = api.all_users()
    assert len(users) == count == api.pool()["end_user_count"]
    assert "before" not in {user["external_id"] for user in users}


def test_seeded_users_keep_the_contract(api, db):
    seed.seed(db, 200)
    users = api.all_users()
    assert [breach for user in users for breach in schema_breaches(USER, user)] == []
    wallets = Counter(u["wallet"]["wallet_type"] if u["wallet"] else None for u in users)
    assert set(wallets) == {None, "eoa", "safe"}


def test_a_smaller_fleet_is_the_beginning_of_a_larger_one(api, db):
    seed.seed(db, 30)
    few = api.all_users()
    seed.seed(db, 60)
    assert api.all_users()[:30] == few


@pytest.mark.parametrize(("count", "qps_pool"), [(0, 2500), (100, 2500), (2000, 10_000)])
def test_the_pool_grows_with_the_fleet(api, db, count, qps_pool):
    seed.seed(db, count)
    pool = api.pool()
    assert pool["qps_pool"] == qps_pool
    assert pool["total_allocated_qps"] <= 0.85 * qps_pool


def test_a_large_fleet_fits_its_pool(api, db):
    seed.seed(db, 10_000)
    pool = api.pool()
    assert pool["end_user_count"] == 10_000
    assert pool["qps_pool"] == 50_000 > pool["total_allocated_qps"]
    assert api.page(limit=100)["count"] == 100


def test_reset_goes_back_to_the_dozen_as_it_was(api, db):
    before = api.all_users()
    api.delete(before[0]["customer_id"])
    api.create("another", qps_limit=5)
    seed.reset(db)
    assert api.all_users() == before
    assert api.pool()["total_allocated_qps"] == 1055
