"""Ids that were probably meant: slips, but never another number."""

import pytest

from parsec_cli.field_rules import comparable_ids, near_ids

IDS = ["vip_hedge", "market-maker-1", "market-maker-2", "user_001", "user_042", "Ana Ñandú"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("vip_hedg", ["vip_hedge"]),
        ("vpi_hedge", ["vip_hedge"]),
        ("market-makr-1", ["market-maker-1"]),
        ("market-maker", ["market-maker-2", "market-maker-1"]),
        ("user_42", ["user_042"]),
        ("usr_001", ["user_001"]),
        ("Ana Nandú", ["Ana Ñandú"]),
        # another user, not a slip
        ("user_043", []),
        ("market-maker-3", []),
        ("hedge", []),
        ("vip_hedge", []),
    ],
)
def test_near_ids_differ_by_a_slip(text, meant):
    assert near_ids(text, IDS) == meant


@pytest.mark.parametrize("text", ["client_", "client_00042", "clint_50000", "x"])
def test_few_of_many_ids_are_compared_in_full(text):
    ids = (f"client_{number:05}" for number in range(100_000))
    assert len(comparable_ids(text, ids)) <= 2000
