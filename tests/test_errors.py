from parsec_cli.errors import counted


def test_one_is_singular_and_thousands_are_separated():
    assert [counted(number, "row") for number in (0, 1, 2, 1_000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,000 rows",
    ]
