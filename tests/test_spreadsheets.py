"""An id in another form is found; one that only looks like a form is not."""

import pytest

from parsec_cli.spreadsheets import NumberForms, SheetForms


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


@pytest.mark.parametrize(
    ("existing", "texts"),
    [
        (
            "1-2",
            [
                "02.янв",
                "2-sty",
                "2. Januar",
                "January 2",
                "2 января",
                "2-\u0399\u03b1\u03bd",
                "01.02.26",
            ],
        ),
        ("12-5", ["12-05-26", "05.12.26", "26/12/5", "05/12", "5/12", "5. Dezember"]),
        ("12-5", ["5 de diciembre de 2026", "lördag 5 december 2026", "Sa, 5. Dezember 2026"]),
        ("12-31", ["31.12.26", "46387"]),
        ("1/12", ["12-1-26"]),
        ("12-5", ["46361", "46361.0", "46,361", "46154", "43963", "54762"]),
        ("3/1", ["01-maj", "01-mar", "1.3.26", "01.03"]),
        ("1.2.24", ["01.02.24", "1/2/24", "2-1-24", "45293", "45323"]),
        ("2024-1-2", ["45293", "02.01.24"]),
        ("1-2026", ["sty-26", "янв.26", "46023", "01/2026"]),
        ("mar1", ["1 марта", "01.03.26", "46082", "3/1", "1. März"]),
        ("2 jan 24", ["02.01.24", "45293"]),
    ],
)
def test_the_id_that_a_spreadsheet_read_as_a_date_is_found(existing, texts):
    for text in texts:
        assert SheetForms([existing], [text]).find(text) == existing, text


@pytest.mark.parametrize(
    ("existing", "texts"),
    [
        ("1-2", ["2-1", "1-2-1", "1-2-19", "1-2-50", "02.03", "client-2", "2-client", "2 Ana Ñu"]),
        ("1-2", ["jan-2", "jan2", "3. Januar", "desk 1 2", "2 Januar x", "2-январяа"]),
        ("12-5", ["43804", "55127", "46360", "46361.5", "5-12", "12-6", "13-05-26"]),
        ("01-02", ["02-01"]),
        ("12-5", ["05-12"]),
        ("12-32", ["32.12.26", "46387"]),
        ("13-1", ["13.13.26"]),
        ("1-13", ["01.14.26"]),
        ("5-1", ["1-05"]),
        ("10-1", ["01-10"]),
        ("03-15", ["45000"]),
        ("1.2.24", ["2.1.24", "01.02.25", "45294"]),
        ("1.2.2124", ["01.02.24"]),
        ("13-13", ["46361", "13.13.26"]),
        ("mar1", ["jan-3", "4/1", "1 мая", "1-sty"]),
        ("team-2", ["02.янв", "2-sty", "46024"]),
        ("u1", ["10.0.0.1", "2026-q1", "team-2024", "v1.2.24", "0", "1", "12.5"]),
    ],
)
def test_an_id_that_only_resembles_a_date_is_another_one(existing, texts):
    for text in texts:
        assert SheetForms([existing], [text]).find(text) == "", text


@pytest.mark.parametrize(
    ("existing", "texts"),
    [
        ("1234567", ["12,34,567", "12,34,567.00", "1234567.0"]),
        ("1000", ["1,000", "$1,000.00", "1 000,00 €", "¥1000"]),
        (".5", ["0.5", "0,50", "50%", "50 %"]),
        ("5.", ["5", "5.0"]),
        ("(6)", ["-6", "-6.0", "\u22126"]),
        ("7-", ["-7", "(7)"]),
        ("-$7", ["-7", "$-7"]),
        ("50%", ["0.5", "50.00%"]),
        ("$12", ["12", "12.00"]),
        ("3 1/2", ["3.5"]),
        ("true", ["WAHR", "VRAI", "VERO", "VERDADERO", "VERDADEIRO", "WAAR", "PRAWDA", "ИСТИНА"]),
        ("True", ["SANT", "1"]),
        ("false", ["FALSCH", "FAUX", "FALSO", "ONWAAR", "FAŁSZ", "ЛОЖЬ", "FALSKT", "0"]),
        ("1.0", ["1", "$1"]),
    ],
)
def test_the_id_that_a_spreadsheet_read_as_a_number_or_a_truth_value_is_found(existing, texts):
    for text in texts:
        assert SheetForms([existing], [text]).find(text) == existing, text


@pytest.mark.parametrize(
    ("existing", "texts"),
    [
        ("1234567", ["1,23,4567", "12,34,568"]),
        ("12", ["12%", "(12)", "12-", "007", "0012", "$1.2"]),
        ("(6", ["-6", "6"]),
        ("3 1/0", ["3", "0"]),
        ("3 1/2", ["3", "1.5"]),
        ("true", ["0", "FAUX", "10", "truth"]),
        ("false", ["1", "WAHR"]),
        ("1" * 30, ["1" * 29 + "2", "$" + "1" * 29 + "2"]),
        ("a12", ["12", "$12"]),
    ],
)
def test_an_id_that_only_resembles_a_number_or_a_truth_value_is_another_one(existing, texts):
    for text in texts:
        assert SheetForms([existing], [text]).find(text) == "", text
