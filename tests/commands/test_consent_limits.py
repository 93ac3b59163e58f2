"""Limits that a change must not exceed: the pool and `--max`."""

from __future__ import annotations

import pytest

from parsec_cli.commands.shared.consent import check_max, check_pool
from parsec_cli.errors import GuardRefused
from parsec_cli.models import Pool
from parsec_cli.next_command import again


def pool(allocated: int) -> Pool:
    return Pool({}, 100, 3, allocated)


@pytest.mark.parametrize(("before", "after"), [(90, 101), (101, 102)])
def test_raising_the_sum_above_the_pool_is_refused(before, after):
    with pytest.raises(GuardRefused) as caught:
        check_pool(pool(before), after, allow_overcommit=False)
    assert caught.value.command == again(allow_overcommit=True)


@pytest.mark.parametrize(("before", "after"), [(90, 100), (150, 150), (150, 140)])
def test_filling_the_pool_or_lowering_the_sum_is_allowed(before, after):
    check_pool(pool(before), after, allow_overcommit=False)


def test_exceeding_the_pool_is_allowed_by_the_option():
    check_pool(pool(90), 590, allow_overcommit=True)


def test_deactivations_above_max_are_refused_and_the_hint_names_the_count():
    check_max(10, 10)
    with pytest.raises(GuardRefused) as caught:
        check_max(11, 10)
    assert caught.value.command == again(max=11)
