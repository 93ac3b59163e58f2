"""The rules of a user's fields, and ids that were probably meant: slips, never another number."""

import pytest

from parsec_cli.field_rules import (
    QPS_MAX,
    address_fault,
    alike,
    blank_note,
    comparable_ids,
    customer_slip,
    edge_fault,
    email_fault,
    hidden_fault,
    id_fault,
    left_out_as,
    look_alike_key,
    near_ids,
    new_id_fault,
    qps_fault,
    slip,
    two_meanings,
    word_fault,
)
from parsec_cli.spreadsheets import NumberForms

IDS = ["vip_hedge", "market-maker-1", "market-maker-2", "user_001", "user_042", "Ana Ñandú"]
MANGLED = "was mangled by a spreadsheet; format the column as text"
EDGE = "cannot be used: it begins or ends with a blank"
URL = "cannot be used: it has a meaning in a URL"
QPS = f"is not a whole number from 1 to {QPS_MAX}"
HEX = "is not `0x` and 40 hexadecimal digits"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        *((text, "the id is empty") for text in ("", " ", "\u00a0", "\t\n")),
        ("pk_live_abcdef", "the id looks like an API key; it is not shown here"),
        ("a\ud800", "the id 'a\\ud800' is not valid Unicode text"),
        *((text, "") for text in ("u1", "1.5E+10", "###", "a b")),
        *((text, "") for text in (" u1", ".", "a\u200bb", "null", "Ñ")),  # other rules decide
    ],
    ids=ascii,
)
def test_an_id_that_no_user_can_have(text, fault):
    assert id_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        *((text, f"the id `{text}` {URL}") for text in (".", "..")),
        *((text, f"the id {text!a} {EDGE}") for text in (" u", "u ", "u\u00a0", "\ufeff u\t")),
        *(
            (text, f"the id `{text}` {MANGLED}")
            for text in ("9.91214E+15", "1E+5", "-1,5E-10", "1.23457e+16", "+2E+9", "###", "####")
        ),
        *((text, "") for text in ("...", "u", "a b", "a.b", "/", "a\u200bb", "4e872096", "1E5")),
        *((text, "") for text in ("x1E+5", "##", "###1", "###X", "1e-5", "1.5e10", "1e+5")),
    ],
    ids=ascii,
)
def test_an_external_id_that_is_not_safe_to_use(text, fault):
    assert edge_fault(text) == fault
    if fault:
        assert new_id_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("a\nb", "000A"), ("a\x1bb", "001B"), ("\ufeffu", "FEFF"), ("a\u202eb", "202E")),
        *(("a\ud800", "D800"), ("a\u2028b", "2028"), ("a\u2029b", "2029"), ("a\u200bb", "200B")),
        ("a\u200db\u200c\u2060", "2060"),
        ("a\U000e0001b", "E0001"),
    ],
    ids=ascii,
)
def test_a_new_id_with_a_character_that_cannot_be_used(text, code):
    assert new_id_fault(text) == f"the id {text!a} cannot be used: it contains U+{code}"


@pytest.mark.parametrize("text", ["u1", "a b", "=1+1", "日本", "क\u200dष", "a/b", "100%", "❤️"])
def test_a_new_id_may_have_any_visible_characters(text):
    assert new_id_fault(text) == ""


N = "as a number"
SHEETS = "spreadsheet"
LONG = "12345678901234567"  # two digits more than a spreadsheet keeps
NULL = "is what programs write for a missing value"
SHEET = "is a spreadsheet error"
DATE = "is a date or time; spreadsheets turn some ids into one"
LOST = "contains U+FFFD, which stands for a character that was lost"
FORMULA = "is a formula of a spreadsheet"
UNFILLED = "is a placeholder that no value replaced"
TABLE = "is part of a table, such as a heading or a total"
QUOTED = "stands between quotes"
MARKED = "begins with an apostrophe, which marks text in spreadsheets"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        *((text, NULL) for text in ("null", "(NULL)", "<null>", "None", "nil", " undefined ")),
        *((text, NULL) for text in ("NaN", "\\N", "n/a", "<NA>", "(blank)", "[object Object]")),
        *((text, SHEET) for text in ("#N/A", " #name? ", "#REF!", "#DIV/0!", "#Spill!")),
        *((text, SHEET) for text in ("#UNKNOWN!", "#GETTING_DATA")),
        *((text, SHEET) for text in ("#NV", "#WERT!", "#BEZUG!", "#NOM?", "#N/D", "#¡REF!")),
        *((text, SHEET) for text in ("Err:502", "#N/B", "#ЗНАЧ!", "#¿NOMBRE?", "#ÜBERLAUF!")),
        *((text, DATE) for text in ("1-Mar", "01-Mar-26", "Mar-26", "3. Mrz", "5 May 2026")),
        *((text, DATE) for text in ("1/5/2026", "01.05.2026", "2026-01-05", "2026/1/5", " 1:30")),
        *((text, DATE) for text in ("1-mar", "01-mars", "01. Mär", "mar-26", "1-janv.", "3-DIC")),
        *((text, DATE) for text in ("2026-03-01 00:00:00", "2026-03-01T00:00:00.000Z")),
        *((text, DATE) for text in ("3/1/2026 12:00 AM", "01.03.2026 00:00", "9:30 PM")),
        *((text, DATE) for text in ("1月2日", "2026年12月5日", "2026年1月2日星期五", "2026年1月")),
        *((text, DATE) for text in ("3월 1일", "2026년 12월 5일", "2026. 12. 5.", "2026.12.05")),
        *((text, DATE) for text in ("Jan 2, 2026", "December 5, 2026", "5 December 2026")),
        *((text, DATE) for text in ("Saturday, December 5, 2026", "05-12-2026", "12-25-2026")),
        *((text, FORMULA) for text in ("=A1", " =1+2")),
        *((text, NULL) for text in ("(none)", "<None>", "(empty)", "<empty>")),
        *((text, NULL) for text in ("-", "--", "\u2013", "\u2014", "...", "\u2026", "[]", "{}")),
        *((text, UNFILLED) for text in ("{{id}}", "{{ user.id }}", "${USER}", "%name%")),
        *((text, TABLE) for text in ("Total", "GRAND TOTAL", "subtotals", "Sum", "Row Labels")),
        *((text, TABLE) for text in ("Summe", "Gesamt", "Gesamtergebnis", "(1 row)", "(12 rows)")),
        *((text, TABLE) for text in ("external_id", "External ID", "customer-id", "CustomerID")),
        *((text, TABLE) for text in ("+----+---+", "|---|---|")),
        *((text, "is a comment") for text in ("# left in May", "// old")),
        *((text, QUOTED) for text in ('"u1"', "'u1'", "\u201cu1\u201d", "\u201eu1\u201c")),
        ('""', QUOTED),
        *((text, MARKED) for text in ("'u1", "'00417", "'u-1")),
        *((text, LOST) for text in ("Jos\ufffd", "\ufffd\ufffd")),
        *(
            (text, "")
            for text in ("2026-01-05-a", "1-May-b", "12-Bob", "market-26", "1:3", "#vip!")
        ),
        *((text, "") for text in ("10.12.24", "2026", "2026-01", "a=1", "1-2", "1/5", "00417")),
        *((text, "") for text in ("12月", "5日", "1月2日a", "2. Januar", "January 2", "mai 5 26")),
        *((text, "") for text in ("12-05-26", "05.12.26", "05/12", "46361", "01.02.24", "v1.2.24")),
        *((text, "") for text in ("team-2024", "10.0.0.1", "2026-q1", "2024.1.0", "13-13-2026")),
        *((text, "") for text in ("55-12-2026", "12-05-1026", "01-maj", "2-sty", "02.янв", "WAHR")),
        *((text, "") for text in ("u1", "nulls", "x null", "#REF", "#1", "n.a.", "none-1")),
        *((text, "") for text in ("total-1", "Total Ltd", "summer", "(12)", "my external_id")),
        *((text, "") for text in ("$5", "$USER", "{id}", "x%", "<b>", "a//b", "//b", "#", "`u1`")),
        *(
            (text, "")
            for text in ("-1", "_", "?", "/", "\u2764", "o'neil", '"a" b', "u1'", "'; x", '"')
        ),
    ],
)
def test_a_new_id_that_a_program_wrote(text, fault):
    assert word_fault(text) == (f"the id {text!a} {fault}" if fault else "")


@pytest.mark.parametrize(
    ("text", "code"),
    [("us\u3164er", "3164"), ("a\u00a0b", "00A0"), ("a\u200db", "200D"), ("é", "")],
)
def test_a_new_id_with_a_character_that_people_overlook(text, code):
    why = f"the id {text!a} contains U+{code}, which is easily overlooked"
    assert hidden_fault(text) == (why if code else "")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        *((text, "the id begins or ends with a blank") for text in (" u", "u\u00a0", " a  b")),
        *((text, "the id contains an unusual blank") for text in ("a  b", "a\u00a0b", "a\tb")),
        *((text, "") for text in ("u", "a b", "a b c")),
    ],
    ids=ascii,
)
def test_a_blank_that_is_easily_overlooked(text, note):
    assert blank_note(text) == note


@pytest.mark.parametrize(
    ("text", "other", "why"),
    [
        ("BOB", "bob", "looks like"),
        (" bob", "bob", "looks like"),
        ("Strasse", "STRAßE", "looks like"),
        ("e\u0301", "É", "looks like"),
        ("a\u00a0b", "a b", "looks like"),
        ("us\u200der", "user", "looks like"),
        ("\u3164user", "user", "looks like"),
        ("417", "00417", "as a number"),
        ("417.0", "00417", "as a number"),
        ("8.0", "8", "as a number"),
        *(("1000.00", "1000", N), ("1,000", "1000", N), ("1.000", "1000", N), ("1 000", "1000", N)),
        *(("417.00", "00417", N), ("417,0", "0417", N), ("5.1", "5.10", N), ("4912", "+4912", N)),
        *(("1000", "1E3", N), ("100000", "1e5", N), ("400", "4e2", N), ("01/03", "1/3", N)),
        # rounded: to the 15 digits that a spreadsheet keeps, or for an exponent
        *(("12345678901234500", LONG, N), ("12345678901234600", LONG, N), ("1.23E16", LONG, N)),
        *(("1.23457E16", "12345678901234567", N), ("1,23e16", LONG, N)),
        *(("Ã©", "é", "in another encoding"), ("JosÃ©", "José", "in another encoding")),
        # changed by a spreadsheet or its autocorrection
        *(("46361", "12-5", SHEETS), ("WAHR", "true", SHEETS), ("-6", "(6)", SHEETS)),
        *(("©1", "(c)1", SHEETS), ("©1", "(C)1", SHEETS), ("ab…", "ab...", SHEETS)),
        *(("it\u2019s", "it's", SHEETS), ("“a” b", '"a" b', SHEETS), ("a™®", "a(tm)(r)", SHEETS)),
        *(("a–b", "a--b", SHEETS), ("a—b", "a--b", SHEETS), ("a–b–1", "a-b-1", SHEETS)),
        *(
            ("it's", "it\u2019s", SHEETS),
            ("a–b\u2019s", "a-b\u2019s", SHEETS),
            ("a–1", "a—1", SHEETS),
        ),
        # another id
        *(("a--b", "a-b", ""), ("a–b", "a-c", ""), ("it\u2019s", "its", ""), ("2-1", "1-2", "")),
        *(("bob", "bob", ""), ("bob", "bob1", ""), ("00417", "417", ""), ("0417", "417", "")),
        *(("12345678901234000", LONG, ""), ("1.24E16", LONG, ""), ("12000", "12345", "")),
        *(("1e999999", "1", ""), ("1/4", "1/3", ""), ("1.5", "15", ""), ("é", "Ã©", "")),
        *(("417", "00417x", ""), ("x417", "x0417", ""), ("e", "é", "")),
    ],
    ids=ascii,
)
def test_a_slip_is_another_form_of_an_id(text, other, why):
    whole = {
        "": "",
        "looks like": f"{text!a} looks like {other!a}",
        SHEETS: f"{text!a} may be what a spreadsheet made of {other!a}",
    }
    assert slip(text, other) == whole.get(why, f"{text!a} is {other!a} {why}")
    if why == "looks like":
        assert look_alike_key(text) == look_alike_key(other)
        existing = {look_alike_key(other): other}
        assert alike(text, existing) == f"{whole[why]}, an existing user"
        assert alike(other, existing) == alike("another", existing) == ""


def test_an_id_that_means_two_users():
    assert two_meanings("é", "c1", "c2") == (
        "'\\xe9' is read as user c1 and is the external_id of user c2"
    )
    assert customer_slip("c1", "é") == "c1 is the customer_id of '\\xe9'"
    assert customer_slip("c1", None) == customer_slip("c1", "") == "c1 is the customer_id of a user"


@pytest.mark.parametrize("text", ["1", "5", "2147483647", "0000000005", "10"])
def test_a_limit_is_a_whole_number(text):
    assert qps_fault(text) == ""


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "+5", " 5", "5.0", "5e3", "1_000", "1,000", "٣", "2147483648", "00000000005"],
)
def test_no_other_text_is_a_limit(text):
    assert qps_fault(text) == f"qps_limit `{text}` {QPS}"


def test_a_long_value_is_cut_where_an_error_quotes_it():
    assert qps_fault("9" * 40) == f"qps_limit `{'9' * 40}` {QPS}"
    assert qps_fault("9" * 41) == f"qps_limit `{'9' * 40}…` {QPS}"
    assert address_fault("0x" + "g" * 70) == f"eoa_address `0x{'g' * 58}` {HEX}"
    assert (
        email_fault("é" * 70)
        == f"email '{chr(92)}xe9{(chr(92) + 'xe9') * 59}' is not an email address"
    )


@pytest.mark.parametrize("digits", ["ab" * 20, "AB" * 20, "0" * 40])
def test_an_address_has_40_hexadecimal_digits(digits):
    assert address_fault(f"0x{digits}") == ""
    for text in (digits, f"0X{digits}", f"0x{digits}0", f"0x{digits[1:]}", f" 0x{digits}"):
        assert address_fault(text) == f"eoa_address `{text}` {HEX}"


@pytest.mark.parametrize("text", ["a@b", "a.b+c@d.example", "ü@ü.example", f"{'a' * 318}@b"])
def test_an_email_address_has_one_name_and_one_domain(text):
    assert email_fault(text) == ""


@pytest.mark.parametrize(
    "text", ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a@b\u200b", f"{'a' * 319}@b"]
)
def test_no_other_text_is_an_email_address(text):
    assert email_fault(text) == f"email {text[:60]!a} is not an email address"


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
        ("hedge_x", []),
        ("vip_hedge", []),
    ],
)
def test_near_ids_differ_by_a_slip(text, meant):
    assert near_ids(text, IDS) == meant


def test_at_most_three_near_ids_are_named():
    assert near_ids("client", ["clientx", "client-a", "client_b", "cliente"]) == [
        "clientx",
        "cliente",
        "client_b",
    ]


@pytest.mark.parametrize(
    ("text", "compared", "others"),
    [
        # lengths that differ by three at most
        ("abcdef", ["abc", "abcdefghi"], ["ab", "abcdefghij", "abcdef"]),
        # the same numbers, but for zeros in front
        (
            "a7-012",
            ["a07-12", "b7-12", "7-0012"],
            ["a7-13", "a12-7", "a7-12-1", "a-12", "a7-012"],
        ),
        ("a", ["b", "c1"], ["a", "12345"]),
    ],
)
def test_ids_of_the_same_numbers_and_about_the_same_length_are_compared(text, compared, others):
    assert comparable_ids(text, [*others, *compared]) == compared


@pytest.mark.parametrize("text", ["client_", "client_00042", "clint_50000", "x"])
def test_few_of_many_ids_are_compared_in_full(text):
    ids = (f"client_{number:05}" for number in range(100_000))
    assert len(comparable_ids(text, ids)) <= 2000


@pytest.mark.parametrize(("count", "found"), [(2_000, 2_000), (2_001, 1_001), (4_002, 2_000)])
def test_of_many_similar_ids_those_with_the_same_beginning_are_compared(count, found):
    ids = [f"{'ab' if number % 2 == 0 else 'ac'}{chr(0x4E00 + number)}" for number in range(count)]
    similar = comparable_ids("abc", ids)
    assert len(similar) == found
    assert similar == (ids if count == found else [one for one in ids if one[:2] == "ab"][:2000])


@pytest.mark.parametrize(
    ("name", "unnamed", "found"),
    [
        ("JosÃ©", {"José"}, "José"),
        ("JosÃ©", {"JosÃ©"}, ""),
        ("José", {"José"}, ""),
        ("417", {"00417", "José"}, "00417"),
    ],
)
def test_the_other_form_of_an_id_is_found_where_no_row_names_it(name, unnamed, found):
    assert left_out_as(name, unnamed, NumberForms(unnamed, [name])) == found
