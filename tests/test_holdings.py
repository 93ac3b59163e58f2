"""What counts as held, and how amounts are written."""

from __future__ import annotations

from contextlib import suppress

import pytest

from parsec_cli.holdings import (
    Holdings,
    balances_in,
    base_units_in,
    is_linked,
    orders_in,
    positions_in,
    requests_needed,
    summary,
)
from parsec_cli.models import User, WrongShape

RICH = Holdings((("USDC", "48250.75"),), 1, 1)


def balance(**fields):
    return {"token": "USDC", **fields}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (balance(balance="100.50", raw_balance="100500000", decimals=6), "100.50"),
        (balance(balance="0", raw_balance="1", decimals=6), "0.000001"),
        (balance(raw_balance="2500000000", decimals=6), "2500.00"),
        (balance(raw_balance=5, decimals=0), "5.00"),
        (balance(balance="0.000000000000000001"), "0.000000000000000001"),
        (balance(balance="1e3"), "1000.00"),
        (balance(balance="-3"), "-3.00"),
        (balance(balance=12), "12.00"),
        (balance(balance="7.5", raw_balance="0"), "7.50"),
        (balance(balance="9" * 60), "9" * 60 + ".00"),
        (balance(raw_balance="9" * 60, decimals=6), "9" * 54 + ".999999"),
        (balance(raw_balance="1", decimals=36), f"0.{'0' * 35}1"),
        (balance(balance="1200"), "1200.00"),
        # as it was sent
        (balance(balance="1.500"), "1.500"),
        (balance(balance="-01.50"), "-01.50"),
        (balance(balance="0.00", raw_balance="0"), None),
        (balance(balance=0, token=None), None),
    ],
    ids=str,
)
def test_a_balance_counts_when_one_of_its_amounts_is_not_zero(sent, kept):
    assert balances_in([sent]) == ((("USDC", kept),) if kept else ())


JUNK = ["", "a lot", "1,000", "0x10", "NaN", "Infinity", "1e999", "1.2.3", " 1", True, [], {}]


@pytest.mark.parametrize("field", ["balance", "raw_balance"])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_in_an_amount_is_never_zero(field, junk):
    with pytest.raises(WrongShape, match=r"^an amount is not a number$"):
        balances_in([balance(**{"balance": "0", "raw_balance": "0", field: junk})])


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (balance(), "a balance has no amount"),
        (balance(balance="1", token=None), "a balance has no token"),
        (balance(balance="1", token=""), "a balance has no token"),
        (balance(balance="1", token=5), "a balance has no token"),
        (balance(raw_balance="1"), "a raw balance has no decimals"),
        (balance(raw_balance="1", decimals="6"), "a raw balance has no decimals"),
        (balance(raw_balance="1", decimals=-1), "a raw balance has no decimals"),
        (balance(raw_balance="1", decimals=37), "a raw balance has no decimals"),
        (balance(raw_balance="1", decimals=True), "a raw balance has no decimals"),
        ("100", "it is not an array of objects"),
        (None, "it is not an array of objects"),
    ],
    ids=repr,
)
def test_a_balance_that_cannot_be_written_is_refused(sent, why):
    with pytest.raises(WrongShape, match=f"^{why}$"):
        balances_in([sent])


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        *(
            (parse, value)
            for parse in (balances_in, orders_in, positions_in)
            for value in (None, {}, {"orders": []}, "[]", 0, [[]], ["x"], [None])
        ),
        *((orders_in, [{"status": text}]) for text in (None, "", "live", 1, ["open"], {})),
        *((positions_in, [found]) for found in ({}, {"size": None}, {"size": "x"}, {"size": True})),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_only_an_array_of_documented_objects_is_understood(parse, value):
    """An order of another status does not count as closed, a position without a size as none."""
    whys = (
        "it is not an array of objects|an order has no status that the API documents|an amount is"
    )
    with pytest.raises(WrongShape, match=f"^({whys})"):
        parse(value)


def test_only_open_orders_count():
    statuses = ["pending", "open", "partially_filled", "filled", "cancelled", "rejected"]
    assert orders_in([{"status": status} for status in statuses]) == 3
    assert orders_in([{"status": status} for status in ("open", "open", "filled")]) == 2
    assert orders_in([]) == 0


def test_positions_of_size_zero_do_not_count():
    sizes = [0, 0.0, "0", "0.000", "-0", 120.5, "0.01", -3]
    assert positions_in([{"size": size} for size in sizes]) == 3


@pytest.mark.parametrize(
    ("units", "amount"),
    [
        ("12500000", "12.50"),
        (1, "0.000001"),
        ("9" * 100, f"{'9' * 94}.999999"),
        ("0", None),
        (0, None),
    ],
)
def test_balance_of_the_exchange_is_in_base_units(units, amount):
    found = base_units_in({"raw": {"balance": units, "allowance": "9"}})
    assert found == ((("USDC", amount),) if amount else ())


@pytest.mark.parametrize(
    "value",
    [
        *({"raw": {"balance": junk}} for junk in [None, "", "1.5", "-1", 1.0, True, "1e6", []]),
        {"raw": {"balance": "9" * 101}},
        *({}, [], None, {"raw": []}, {"raw": {}}, {"balance": "5"}),
    ],
    ids=repr,
)
def test_any_other_balance_of_the_exchange_is_refused(value):
    with pytest.raises(WrongShape, match=r"^it has no whole number `raw\.balance`$"):
        base_units_in(value)


@pytest.mark.parametrize(
    ("holdings", "text", "holder"),
    [
        (RICH, "48,250.75 USDC, 1 open order, 1 position", True),
        (Holdings((), 0, 0), "", False),
        (Holdings(()), "", False),
        (Holdings((), 2, 0), "2 open orders", True),
        (Holdings((("USDC", "2500.00"), ("POL", "0.5"))), "2,500.00 USDC, 0.50 POL", True),
        (
            Holdings(None, None, 3, ("balances", "open_orders")),
            "3 positions, unknown balances, unknown open orders",
            True,
        ),
    ],
)
def test_holdings_are_written_for_people_and_read_back(holdings, text, holder):
    assert (holdings.text, holdings.is_holder) == (text, holder)
    assert Holdings.parse(holdings.as_json()) == holdings


def test_holdings_have_the_documented_members():
    assert RICH.as_json() == {
        "balances": [{"token": "USDC", "balance": "48250.75"}],
        "open_orders": 1,
        "positions": 1,
        "unknown": [],
    }


def test_totals_are_exact():
    many = [RICH, None, Holdings((), 1), Holdings((("USDC", "2600.500000000000000001"),))]
    assert summary(many) == "3 of 4 hold money: 50,851.250000000000000001 USDC in all"
    two = [Holdings((("USDC", "1200.00"), ("POL", "0.5"))), Holdings((("POL", "1.25"),))]
    assert summary(two) == "2 of 2 hold money: 1,200.00 USDC, 1.75 POL in all"
    assert summary([RICH]) == "1 of 1 holds money: 48,250.75 USDC in all"
    assert summary([Holdings((), 1), None]) == "1 of 2 holds money"
    assert summary([Holdings(unknown=("balances",))]) == "1 of 1 holds money or may hold it"
    assert summary([None, Holdings(())]) == ""


@pytest.mark.parametrize(
    ("record", "fetched", "only", "number"),
    [
        ({"wallet": None, "linked_exchanges": ["polymarket"]}, False, False, 0),
        ({}, False, False, 0),
        ({"linked_exchanges": ["polymarket"]}, False, False, 3),
        ({"linked_exchanges": ["polymarket"]}, True, False, 0),
        ({"linked_exchanges": ["kalshi"]}, False, False, 0),
        ({"linked_exchanges": "polymarket"}, False, False, 1),
        ({"wallet": {"balances": []}, "linked_exchanges": ["polymarket"]}, False, False, 3),
        ({"wallet": {"balances": []}, "linked_exchanges": ["polymarket"]}, True, False, 2),
        ({"wallet": {"balances": []}, "linked_exchanges": ["polymarket"]}, True, True, 0),
        ({"wallet": {"balances": []}, "linked_exchanges": ["kalshi"]}, False, False, 1),
        ({"wallet": {}, "linked_exchanges": ["polymarket"]}, False, False, 4),
        ({"wallet": {}, "linked_exchanges": None}, False, False, 4),
        ({"wallet": {"balances": []}}, True, False, 2),
        ({"wallet": {"balances": []}, "linked_exchanges": []}, True, False, 0),
        ({"linked_exchanges": None}, False, False, 0),
    ],
)
def test_the_number_of_reads_is_known_in_advance(record, fetched, only, number):
    user = User({"customer_id": "c", **record})
    assert requests_needed(user, fetched=fetched, balances_only=only) == number


@pytest.mark.parametrize(
    ("names", "linked"),
    [
        *((names, True) for names in (["polymarket"], ["kalshi", " Polymarket "], None)),
        *((names, False) for names in ([], ["kalshi"], ["polymarket2"])),
        *((names, None) for names in ("polymarket", {}, {"polymarket": 1}, [5], ["kalshi", None])),
    ],
    ids=repr,
)
def test_the_exchange_is_linked_or_not_or_that_is_unclear(names, linked):
    assert is_linked(User({"linked_exchanges": names})) is linked
    assert is_linked(User({})) is True


@pytest.mark.parametrize("amount", ["0", "0.00", "0.000000", "00", "-0", "0e5", ".0", 0, 0.0])
def test_a_zero_in_any_spelling_is_no_money(amount):
    assert balances_in([balance(balance=amount)]) == ()


@pytest.mark.parametrize("amount", ["0.01", "1e-400", "100.50", "?", "", 1, True, {}, "0,01"])
def test_an_amount_that_is_not_a_readable_zero_is_never_ignored(amount):
    with suppress(WrongShape):
        assert balances_in([balance(balance=amount)])
