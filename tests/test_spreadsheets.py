"""An id in another form is found; one that only looks like a form is not."""

import pytest

from parsec_cli.spreadsheets import NumberForms


@pytest.mark.parametrize(
    ("existing", "text"),
    [
        ("-5", "-5.0"),
        ("1234.5", "1.234,5"),
        ("1234567", "0.12E+7"),
        ("123456", "1.2E+5"),
        ("123456", "1.2346E+5"),
        ("1255000", "1.26E+6"),
        ("1255000", "1.25E+6"),
        ("1234567890123456789012345", "1234567890123460000000000"),
    ],
    ids=[
        "a sign",
        "a decimal comma after a group",
        "a mantissa below 1",
        "the shortest that is shortened",
        "one digit less",
        "half rounded up",
        "cut off",
        "more digits than a float has",
    ],
)
def test_another_form_of_an_id_is_found(existing, text):
    assert NumberForms([existing], [text]).find(text) == existing


@pytest.mark.parametrize(
    ("existing", "text"),
    [("12345", "1.2E+4"), ("123456.7", "1.2E+5"), ("1/5", "1.2E+5"), ("123456", "1.3E+5")],
    ids=["too short to be shortened", "not a whole number", "a fraction", "another number"],
)
def test_what_is_not_another_form_is_not_found(existing, text):
    assert NumberForms([existing], [text]).find(text) == ""
