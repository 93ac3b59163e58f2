import pytest

from parsec_cli.errors import counted, nearest


def test_one_is_singular_and_thousands_are_separated():
    assert [counted(number, "row") for number in (0, 1, 2, 1_000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,000 rows",
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("qps", ["qps_limit"]),
        ("QPS limit", ["qps_limit"]),
        ("id", ["external_id", "customer_id"]),
        ("name", ["external_id"]),
        ("created", ["created_at"]),
        ("exchange", ["linked_exchanges"]),
        ("safe", ["wallet.safe_address"]),
        ("extrenal_id", ["external_id"]),
        ("zzzz", []),
    ],
)
def test_the_nearest_field_is_found_by_a_slip_or_a_part_of_its_name(text, meant):
    known = ("external_id", "customer_id", "qps_limit", "created_at", "linked_exchanges")
    assert nearest(text, (*known, "wallet.safe_address")) == meant
