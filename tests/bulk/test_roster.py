from __future__ import annotations

import codecs
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY

from parsec_cli.bulk.files.read_file import Columns
from parsec_cli.bulk.files.roster import Wanted, read_roster, read_targets
from parsec_cli.errors import UsageFault
from parsec_cli.field_rules import id_fault
from parsec_cli.next_command import again, run

ADDRESS = "0x" + "aB" * 20
UUID = "298a59f8-5e1e-4978-90a7-6e49fa60dbd6"
SAVE = run("users", "plan", "FILE", "--out", "PLAN")


def read(text: str | bytes) -> tuple[Wanted, ...]:
    return read_roster(text if isinstance(text, bytes) else text.encode(), "users.csv")


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(UsageFault) as caught:
        read(text)
    assert caught.value.exit_code == 2
    return list(caught.value.details)


TWO = (Wanted(2, "u1", 5), Wanted(3, "u2", 7))
PLAIN = "external_id,qps_limit\r\nu1,5\r\nu2,7\r\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\r\n", "\n").encode(),
        PLAIN.replace("\r\n", "\r").encode(),
        PLAIN.rstrip().encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
        b"sep=|\n" + PLAIN.replace(",", "|").encode(),
        PLAIN.replace("external_id,qps_limit", " External ID , QPS_Limit ").encode(),
        b'"external_id","qps_limit"\n"u1","5"\n"u2","7"\n',
        b"qps_limit,state,external_id\n5,active,u1\n7,,u2\n",
    ],
)
def test_every_usual_encoding_delimiter_and_line_end_reads_the_same(data):
    """A byte-order mark, semicolons or `sep=` change nothing."""
    assert read(data) == TWO


def test_every_column_is_read():
    text = f"external_id,qps_limit,email,eoa_address,state\nu1,5,a@b.example,{ADDRESS},Absent\n"
    assert read(text) == (Wanted(2, "u1", 5, "a@b.example", ADDRESS, absent=True),)


def test_empty_cells_change_nothing():
    assert read("external_id,qps_limit,email\nu1,,\n") == (Wanted(2, "u1"),)


def test_ids_are_taken_exactly_as_written():
    ids = ["00123", "4e872096", "9912140633506421", "TRUE", "1.0", "-2", "@x", "日本", "a b", "+1"]
    assert [one.external_id for one in read("external_id\n" + "\n".join(ids))] == ids


def test_blank_rows_are_skipped_and_rows_keep_their_lines():
    assert read("external_id,qps_limit\n\nu1,5\n,\n  ,\nu2,7\n") == (
        Wanted(3, "u1", 5),
        Wanted(6, "u2", 7),
    )


def test_a_record_of_several_lines_has_the_row_of_its_first():
    found = read('external_id,email\n"a\nb",\nu2,\n')
    assert [(one.row, one.external_id) for one in found] == [(2, "a\nb"), (4, "u2")]


def test_all_faults_of_a_file_are_listed_together_in_order_of_rows():
    """No fault is found only after hundreds of rows were applied."""
    text = (
        "external_id,qps_limit,email,eoa_address,state\n"
        "u1,5,,,\n"
        "u2,abc,,,\n"
        "u3,1,,\n"
        ",5,,,\n"
        "u5,1,,0x12,\n"
        "u6,1,nobody,,\n"
        "u1,9,,,\n"
        "u8,0,,,gone\n"
        "pk_live_abcdef,1,,,\n"
        "9.91214E+15,1,,,\n"
        "..,1,,,\n"
        " u13,,,,absent\n"
    )
    assert faults(text) == [
        "row 3: qps_limit `abc` is not a whole number from 1 to 2147483647",
        "row 4: has 4 cells, the header has 5",
        "row 5: the id is empty",
        "row 6: eoa_address `0x12` is not `0x` and 40 hexadecimal digits",
        "row 7: email 'nobody' is not an email address",
        "row 8: the id `u1` is also in row 2",
        "row 9: qps_limit `0` is not a whole number from 1 to 2147483647",
        "row 9: state `gone` is not active or absent",
        "row 10: the id looks like an API key; it is not shown here",
        "row 11: the id `9.91214E+15` was mangled by a spreadsheet; format the column as text",
        "row 12: the id `..` cannot be used: it has a meaning in a URL",
        "row 13: the id ' u13' cannot be used: it begins or ends with a blank",
    ]


def test_message_counts_the_faults_and_says_that_nothing_was_sent():
    with pytest.raises(UsageFault) as caught:
        read("external_id,qps_limit\nu1,x\n")
    assert caught.value.message == "`users.csv` has 1 fault: nothing was sent"
    assert caught.value.hint == "correct the file and run the same command again"


def test_long_list_of_faults_is_cut_and_counted():
    listed = faults("external_id,qps_limit\n" + "".join(f"u{n},x\n" for n in range(1, 1201)))
    assert len(listed) == 51
    assert listed[-1] == "and 1,150 more"


@pytest.mark.parametrize("cell", ["1_000", "+5", " 7 ", "1.0", "9" * 20, "-1", "٣", "2147483648"])
def test_numbers_in_another_form_are_refused(cell):
    assert faults(f'external_id,qps_limit\nu1,"{cell}"\n') == [
        f"row 2: qps_limit `{cell}` is not a whole number from 1 to 2147483647"
    ]


def test_the_largest_limit_is_accepted():
    assert read("external_id,qps_limit\nu1,2147483647\n") == (Wanted(2, "u1", 2147483647),)


def test_header_without_an_id_is_reported_with_the_columns_that_it_may_have():
    with pytest.raises(UsageFault) as caught:
        read("external-id|qps\nu1|5\n")
    assert caught.value.details == (
        (
            "row 1: no column `external_id` or `customer_id`; the first line, split at "
            "each comma, has `external-id|qps`; did you mean `external_id`?"
        ),
    )
    assert faults('[{"external-id": "u1"}, {"external-id": "u2"}]') == [
        (
            "row 1: no column `external_id` or `customer_id`; the record has "
            "`external-id`; did you mean `external_id`?"
        )
    ]
    assert faults("[{}]")[0].endswith(" or `customer_id`; the record is empty")
    with pytest.raises(UsageFault, match="fault") as caught:
        read("")
    assert "external_id,customer_id,qps_limit" in caught.value.hint
    assert caught.value.command == again(map="external_id=COLUMN")
    with pytest.raises(UsageFault) as caught:
        read_roster(b"Who\nu1\n", "users.csv", Columns({"qps_limit": "who"}))
    assert "add `--map external_id=COLUMN`" in caught.value.hint
    assert caught.value.command is None


@pytest.mark.parametrize("end", [",", ",,", ", ,\t"])
def test_unnamed_columns_at_the_end_are_ignored_while_they_are_empty(end):
    table = f"external_id,qps_limit{end}\nu1,5{end}\n"
    assert read(table) == (Wanted(2, "u1", 5),)
    assert faults(f"{table}u2,5{end}x\n") == ["row 3: has a value in a column that has no name"]
    assert faults(f"{table}u2,5{end},\n")[0].startswith("row 3: has ")


def test_an_unnamed_column_between_others_is_a_fault():
    assert faults("external_id,,qps_limit\nu1,,5\n") == ["row 1: a column has no name"]


@pytest.mark.parametrize("title", ["Limits of Q4,", "Limits of Q4", '"Limits, Q4",', "Limits\n\n,"])
@pytest.mark.parametrize("sign", [",", ";"])
def test_a_header_below_titles_is_named(title, sign):
    table = f"{title}\nexternal_id,qps_limit\nu1,5\n".replace(",", sign)
    header = title.count("\n") + 2
    with pytest.raises(UsageFault) as caught:
        read(table)
    assert caught.value.details == (
        f"row 1: no column `external_id` or `customer_id`; row {header} seems to be the header",
    )
    assert "remove the rows above it" in caught.value.hint


@pytest.mark.parametrize(
    ("columns", "option"),
    [
        *(("external_id,QPS", "qps_limit=qps"), ("External ID;e-mail", "email=e-mail")),
        ("customer_id,qps limits", "qps_limit=qps_limits"),
        *((f"external_id,{names}", None) for names in ("status", "plan,qps", "qps,qps_limit", "x")),
    ],
)
def test_a_column_near_to_one_field_is_proposed_to_be_read_as_it(columns, option):
    with pytest.raises(UsageFault) as caught:
        read(f"{columns}\n")
    assert caught.value.command == (again(map=option) if option else None)
    assert ("to ignore such columns" in caught.value.hint) is (option is None)


def test_unknown_and_double_columns_are_listed_with_the_faults_of_rows():
    assert faults("external_id,qps_limt,Email, email\nu1,5,,\nu2,5,\n") == [
        "row 1: unknown column `qps_limt`; did you mean `qps_limit`?",
        "row 1: the column `email` appears 2 times",
        "row 3: has 3 cells, the header has 4",
    ]


@pytest.mark.parametrize(
    "text", ["external_id,status\nu1,x\n", '[{"external_id": "a", "Status": "x"}]']
)
def test_unknown_column_names_the_nearest_known_one(text):
    assert any(line.endswith("`status`; did you mean `state`?") for line in faults(text))


PLANNED = {"row": 2, "external_id": "u1", "action": "set-qps", "before": {}, "after": {}}
SHARE = {"external_id": "u1", "customer_id": "c1", "before": 5, "after": 3}


@pytest.mark.parametrize(
    ("text", "hint", "command"),
    [
        (
            '{"parsec_plan": 1}',
            "this is a saved plan; apply it",
            run("users", "apply", names=["f"]),
        ),
        (json.dumps({"actions": [PLANNED], "digest": "d"}), "not a saved plan", SAVE),
        (json.dumps(PLANNED), "not a saved plan", SAVE),
        ("row,action,external_id,before.qps_limit,after.qps_limit\n", "not a saved plan", SAVE),
        (json.dumps(SHARE), "to read the new limits, run", again(map="qps_limit=after")),
        ("external_id,before,after\n", "to read the new limits", again(map="qps_limit=after")),
        (
            json.dumps({"shares": [SHARE], "pool": {}}),
            "shares of the pool; write them with `-o csv`",
            None,
        ),
        (f"u1\t{UUID}\t5\nu2\t{UUID}\t6\n", "export with `--headers`", None),
        (f"u1,{UUID.upper()},5\n", "export with `--headers`", None),
    ],
)
def test_what_the_tool_wrote_for_another_purpose_is_recognised(text, hint, command):
    for reader in (read_roster, read_targets):
        with pytest.raises(UsageFault) as caught:
            reader(text.encode(), "f")
        assert hint in caught.value.hint
        assert caught.value.command == command


def test_a_saved_plan_from_stdin_has_no_name():
    with pytest.raises(UsageFault) as caught:
        read_roster(b'{"parsec_plan": 1}', "stdin")
    assert caught.value.command == run("users", "apply", names=["PLAN"])


def test_new_values_are_not_proposed_to_be_ignored():
    for columns in ("after,x", "outcome,before,after"):
        with pytest.raises(UsageFault) as caught:
            read(f"external_id,{columns}\n")
        assert caught.value.hint == "remove or rename it"


def test_keys_of_json_follow_the_header_rule():
    assert read('[{" External ID ": "u1", "QPS_LIMIT": 5}]') == (Wanted(1, "u1", 5),)
    assert faults('[{"external_id": "u1", "External_ID": "u2"}]') == [
        "row 1: the column `external_id` appears 2 times"
    ]


MAPPED = [
    "Login;limit;Note\nu1;5;x\n",
    "Login\tlimit\tNote\nu1\t5\tx\n",
    '[{"login": "u1", "LIMIT": 5, "Note": 7}]',
]


@pytest.mark.parametrize("text", MAPPED)
def test_mapped_columns_are_read_and_the_others_named(text):
    columns = Columns.parse(["external_id=login", "QPS_limit= Limit "])
    assert read_roster(text.encode(), "f", columns)[0].qps_limit == 5
    assert columns.notice() == "ignored columns: `note`"


@pytest.mark.parametrize("text", MAPPED)
def test_mapped_column_that_is_missing_is_a_fault(text):
    with pytest.raises(UsageFault) as caught:
        read_roster(text.encode(), "f", Columns.parse(["external_id=login", "email=notes"]))
    assert caught.value.details == (
        "row 1: `--map email=notes`: column not found; did you mean `note`?",
    )


@pytest.mark.parametrize("option", ["login", "id=login", "email=", "=x", "email=a", "state=LOGIN"])
def test_an_invalid_mapping_is_refused(option):
    with pytest.raises(UsageFault, match="--map"):
        Columns.parse(["external_id=login", "email=mail", option])


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ('u1,\n"two\nlines","never closed\nu3,\nu4,', "row 3: a quote that opens in line 4"),
        ('u1,"oops\n' + "u2,\n" * 100_000, "row 2: a quote that opens in line 2"),
        ('"a""b",\ru2,"oops\n', "row 3: a quote that opens in line 3"),
    ],
    ids=["after another", "before many rows", "after a doubled one"],
)
def test_unclosed_quote_is_reported_with_the_line_where_it_opened(rows, where):
    """It does not become one huge cell."""
    assert faults(f"external_id,email\n{rows}") == [
        f"{where} is never closed; nothing below it was read"
    ]


def test_unclosed_quote_that_ends_at_the_next_quoted_cell_is_reported():
    text = 'external_id,email\nu1,"oops\nu2,"a@b.example"\nu3,\n'
    assert faults(text) == [
        (
            "row 2: a quote that opens in line 2 is followed by more text after it closes; "
            "nothing below it was read"
        )
    ]


def test_quote_inside_a_plain_cell_is_a_character():
    assert read('external_id\n5" pipe\n')[0].external_id == '5" pipe'


def test_rows_that_do_not_decode_are_listed_with_other_faults():
    data = b"external_id,qps_limit\nM\xfcller,5\nu2,x\nSjo\xf6,5\n"
    assert faults(data) == [
        "row 2: is not valid UTF-8 (byte 0xFC)",
        "row 3: qps_limit `x` is not a whole number from 1 to 2147483647",
        "row 4: is not valid UTF-8 (byte 0xF6)",
    ]


def test_encoding_fault_hints_at_saving_as_utf8():
    with pytest.raises(UsageFault) as caught:
        read(b"external_id\n\xe9\n")
    assert "CSV UTF-8" in caught.value.hint


def test_half_a_character_of_utf16_is_a_fault():
    assert faults(codecs.BOM_UTF16_LE + "external_id\nu1\n".encode("utf-16-le") + b"\x00\xd8") == [
        "row 3: is not valid UTF-16 (byte 0x00)"
    ]


def test_nul_characters_are_refused():
    listed = faults(b"external_id\nu\x001\n")
    assert listed[0].startswith("row 2: contains a NUL character")


@pytest.mark.parametrize(
    "text", ["external_id,qps_limit\n", "external_id\r\n\r\n", "[]", '{"users": []}']
)
def test_file_without_rows_is_valid(text):
    """For example an export without users."""
    assert read(text) == ()


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_empty_file_is_refused(text):
    assert faults(text)[0].startswith("row 1: no column")


@pytest.mark.parametrize(
    "magic",
    [
        b"PK\x03\x04rest",
        b" <HTML><table>",
        b'\xef\xbb\xbf<?xml version="1.0"?>',
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest",
    ],
)
def test_a_workbook_is_recognised(magic):
    with pytest.raises(UsageFault) as caught:
        read(magic)
    assert caught.value.details == (
        "row 1: the file is a spreadsheet workbook, such as .xlsx, .xls or .ods",
    )
    assert "export it as CSV" in caught.value.hint


@pytest.mark.parametrize(
    ("start", "name"),
    [
        *((b"\x1f\x8b\x08", "compressed with gzip"), (b"%PDF-1.7", "a PDF"), (b"{\\rtf1", "RTF")),
        *((b"SQLite format 3\0", "an SQLite database"), (b"PAR1", "Parquet")),
        (b"bplist00\xd4", "a binary property list"),
        *((mark, "UTF-32") for mark in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ],
)
def test_another_kind_of_file_is_named(start, name):
    with pytest.raises(UsageFault) as caught:
        read(start + b"\nexternal_id\nu1\n")
    assert caught.value.details == (f"row 1: the file is {name}",)


def test_the_end_of_file_character_of_dos_is_not_part_of_the_last_row():
    assert read(b"external_id,qps_limit\r\nu1,5\r\n\x1a") == (Wanted(2, "u1", 5),)
    assert read(b"external_id,qps_limit\nu1,5\x1a") == (Wanted(2, "u1", 5),)


def test_file_that_names_its_delimiter_is_csv():
    assert read_roster(b'sep=;\nexternal_id\n"a;b"\n', "stdin")[0].external_id == "a;b"


@pytest.mark.parametrize("cell", ['"=""00123"""', '="00123"', '"=""0""""123"""'])
def test_text_formula_is_the_text(cell):
    expected = '0"123' if '""""' in cell else "00123"
    assert read(f"external_id,qps_limit\n{cell},5\n") == (Wanted(2, expected, 5),)
    assert read('external_id\tqps_limit\n="00123"\t5\n') == (Wanted(2, '="00123"', 5),)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [("dom\\\\user", "dom\\user"), ('"q"', '"q"'), ("'=x", "'=x"), ("a\\u{1f600}b", "a😀b")],
)
def test_tsv_is_read_as_it_is_written(cell, meant):
    assert read(f"external_id\tqps_limit\n{cell}\t5\n")[0].external_id == meant


def test_backslashes_of_a_foreign_tsv_stay():
    found = read("external_id\tqps_limit\ndom\\tom\t5\ndom\\user\t5\n")
    assert [one.external_id for one in found] == ["dom\\tom", "dom\\user"]


@pytest.mark.parametrize("line", ['"a,b"', "'=x", "dom\\\\user", '="1"'])
def test_one_column_that_csv_and_tsv_read_differently_is_refused(line):
    data = f"external_id\nplain\n{line}\n".encode()
    with pytest.raises(UsageFault) as caught:
        read_roster(data, "stdin")
    assert caught.value.details == ("row 3: is one id as csv and another as tsv",)
    as_csv, as_tsv = read_roster(data, "a.csv")[1], read_roster(data, "a.tsv")[1]
    assert as_csv.external_id != as_tsv.external_id


RECORDS = [{"external_id": "u1", "qps_limit": 5}, {"external_id": "u2", "qps_limit": 7}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECORDS),
        json.dumps({"users": RECORDS, "count": 2, "complete": True, "next_cursor": None}),
        json.dumps({"users": RECORDS}, indent=2),
        "\n".join(map(json.dumps, RECORDS)),
        "\n\n".join(map(json.dumps, RECORDS)) + "\r\n",
    ],
)
def test_all_forms_of_json_are_read_the_same(text):
    assert [(one.external_id, one.qps_limit) for one in read(text)] == [("u1", 5), ("u2", 7)]


def test_json_lines_may_contain_one_record():
    assert read('{"external_id": "u1", "email": null, "state": "absent"}\n') == (
        Wanted(1, "u1", absent=True),
    )


def test_json_faults_carry_the_line_or_place():
    text = '{"external_id": "u1"}\n{"external_id": 5}\n{"external_id": "u3", "qps_limit": 1.0}\n'
    text += "{x\n7\n"
    assert faults(text) == [
        "row 2: `external_id` is not text",
        "row 3: `qps_limit` is not a whole number",
        "row 4: is not valid JSON: expecting property name enclosed in double quotes at column 2",
        "row 5: is not a JSON object",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[{"external_id": "a", "external_id": "b"}]', "row 1: contains `external_id` twice"),
        ('[{"external_id": "a", "qps_limit": NaN}]', "row 1: contains `NaN`, which is not JSON"),
        ('[{"external_id": "a", "qps_limit": true}]', "row 1: `qps_limit` is not a whole number"),
        ("[" * 100_000, "row 1: contains too long a number, or is nested too deeply"),
        (
            '[{"external_id": "a", "qps_limit": ' + "9" * 5000 + "}]",
            "row 1: contains too long a number, or is nested too deeply",
        ),
        ('[{"external_id": "a", "qps": 1}]', "row 1: unknown column `qps`"),
        ('{"users": 5}', "row 1: `users` is not an array"),
        (r'[{"external_id": "a\ud800"}]', r"row 1: the id 'a\ud800' is not valid Unicode text"),
        (
            '{"users": [{"external_id": "a"}], "count": 1, "next_cursor": "b2Zm"}',
            "row 1: the listing in this file is incomplete: it has a `next_cursor`",
        ),
        (
            '{"users": [{"external_id": "a"}], "complete": false}',
            "row 1: the listing in this file is incomplete: `complete` is false",
        ),
        (
            '{"users": [{"external_id": "a"}], "Complete": false}',
            "row 1: the listing in this file is incomplete: `complete` is false",
        ),
    ],
)
def test_unclear_json_is_refused(text, fault):
    assert faults(text)[0].startswith(fault)


# ids that look like keys or like mangled numbers are refused on purpose
ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
    lambda text: not id_fault(text)
)
limits = st.none() | st.integers(1, 2147483647)
users = st.lists(st.tuples(ids, limits), min_size=1, max_size=8, unique_by=lambda user: user[0])


@pytest.mark.parametrize(
    "beside", ['"external_id": "acme", "qps_limit": 7', '" State ": "active"', '"Wallet": null']
)
@pytest.mark.parametrize("form", ['{{{0}, "users": [{1}]}}', '{{"users": [{1}], {0}}}'])
def test_a_field_beside_the_users_is_a_fault(beside, form):
    names = [part.split('"')[1] for part in beside.split(", ")]
    assert faults(form.format(beside, '{"external_id": "u1"}')) == [
        f"row 1: has `{name}` beside `users`, so it belongs to no user" for name in names
    ]


@STEADY
@given(users, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_exported_json_reads_back_to_the_same_users_in_any_encoding(listed, encoding):
    records = [
        {"customer_id": f"c{n}", "external_id": one, "qps_limit": qps, "wallet": None, "new": 1}
        for n, (one, qps) in enumerate(listed)
    ]
    text = json.dumps({"users": records, "complete": True}, ensure_ascii=False)
    found = read(text.encode(encoding))
    assert [(one.external_id, one.qps_limit) for one in found] == listed


def test_exported_user_without_an_external_id_is_known_by_its_customer_id():
    assert read("customer_id,external_id,qps_limit\nABC-1,,5\n") == (
        Wanted(2, "", 5, customer_id="abc-1"),
    )


def test_typo_in_an_exported_record_is_not_read_as_a_new_field():
    assert faults('[{"customer_id": "c", "api_key": 1, "external_id": "", "qps_limitt": 5}]') == [
        "row 1: unknown column `qps_limitt`; did you mean `qps_limit`?"
    ]


@STEADY
@given(st.binary(max_size=200) | st.text(alphabet=string.printable, max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    try:
        found = read_roster(data, "noise")
    except UsageFault as fault:
        assert fault.details  # noqa: PT017
    else:
        assert isinstance(found, tuple)
