"""The typed views of odd but possible objects."""

import pytest

from parsec_cli.models import Pool, User, WrongShape


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        *((10, 10), ("10", 10), (10.0, 10), (0, 0), ("0", 0)),
        *((odd, None) for odd in (None, True, "", "-1", " 10", "\u0661", "1e1", 1.5, 1e300)),
        *(("9" * 19, None), ([], None)),
    ],
)
def test_a_limit_is_read_in_every_spelling(written, limit):
    assert User({"qps_limit": written}).qps_limit == limit
    assert User({}).qps_limit is None


def test_an_empty_pool_counts_as_full():
    pool = Pool.parse({"qps_pool": 0, "end_user_count": 0, "total_allocated_qps": 0})
    assert (pool.used_percent, pool.free) == (100.0, 0)


@pytest.mark.parametrize("broken", [[], None, {}, {"qps_pool": True}, {"qps_pool": "5"}])
def test_a_pool_without_its_numbers_is_refused(broken):
    with pytest.raises(WrongShape):
        Pool.parse(broken)
