from __future__ import annotations

import codecs

import pytest

from parsec_cli.bulk.files.roster import Target, read_targets
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import again

CUSTOMER = "3f1c2b1e-0000-4000-8000-00000000000a"


def read(text: str | bytes) -> tuple[Target, ...]:
    return read_targets(text if isinstance(text, bytes) else text.encode(), "gone.txt")


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(UsageFault) as caught:
        read(text)
    return list(caught.value.details)


@pytest.mark.parametrize(
    "data",
    [
        b"u1\nu2\n",
        b"u1\r\nu2\r\n",
        b"u1\ru2",
        codecs.BOM_UTF8 + b"u1\nu2",
        codecs.BOM_UTF16_LE + "u1\r\nu2\r\n".encode("utf-16-le"),
    ],
)
def test_each_line_names_one_user(data):
    """A byte-order mark and carriage returns are not part of an id."""
    assert read(data) == (Target.named(1, "u1"), Target.named(2, "u2"))


def test_empty_lines_are_skipped_and_prefixes_kept():
    assert read(f"\next:u1\n\nid:{CUSTOMER}\next\n") == (
        Target.named(2, "ext:u1"),
        Target.named(4, f"id:{CUSTOMER}"),
        Target.named(5, "ext"),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_external_id_column_is_read(delimiter):
    text = "External_ID,state\r\nu1,absent\r\n,\r\n=x,\r\n".replace(",", delimiter)
    assert read(text) == (Target(2, None, "u1"), Target(4, None, "=x"))


def test_customer_id_column_comes_first_and_keeps_the_external_id_for_comparison():
    assert read(f"external_id,customer_id\nu1,{CUSTOMER.upper()}\nu2,\n") == (
        Target(2, CUSTOMER, "u1"),
        Target(3, None, "u2"),
    )


def test_all_faults_are_listed():
    """An id that a spreadsheet mangled never aims a deactivation at another user."""
    assert faults("u1\n9.91214E+15\npk_live_abc\n..\na\tb\n u2\next:\n") == [
        "row 2: the id `9.91214E+15` was mangled by a spreadsheet; format the column as text",
        "row 3: the id looks like an API key; it is not shown here",
        "row 4: the id `..` cannot be used: it has a meaning in a URL",
        "row 5: the id 'a\\tb' cannot be used: it contains U+0009",
        "row 6: the id ' u2' cannot be used: it begins or ends with a blank",
        "row 7: the id is empty",
    ]


@pytest.mark.parametrize("head", ["", "external_id\n", "external_id,state\n"])
def test_line_of_unusual_blanks_is_not_skipped(head):
    end = ",\n" if "," in head else "\n"
    row = 2 if head else 1
    assert faults(f"{head}\u00a0{end} \t{end}u1{end}") == [f"row {row}: the id is empty"]


@pytest.mark.parametrize("text", ["#N/A\n", "external_id\n#n/a\n", '[{"external_id": "#REF!"}]'])
def test_a_spreadsheet_error_is_not_a_user(text):
    assert faults(text)[0].endswith("is a spreadsheet error")


def test_a_row_whose_state_is_active_is_refused():
    """`users apply` would keep the user; this command would deactivate it."""
    assert read("external_id,state\nu1,ABSENT \nu2,\n") == (
        Target(2, None, "u1"),
        Target(3, None, "u2"),
    )
    assert faults("external_id,state\nu1,absent\nu2,active\n") == [
        "row 3: its state is `active`, not absent"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "external_id,State,state\nu1,active,absent\n",
        "external_id,status\nu1,active\n",
        "external_id,note\nu1,x\n",
        '[{"external_id": "u1", "status": "active"}]',
    ],
)
def test_the_header_follows_the_rules_for_rosters(text):
    """A column that says `keep` must not be ignored because of its name."""
    assert "column" in faults(text)[0]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_table_without_a_known_header_is_refused(sign):
    with pytest.raises(UsageFault) as caught:
        read(f'name{sign}user\n"Doe{sign} J."{sign}u1\n')
    assert "the first line has `name`, `user`" in caught.value.details[0]
    assert caught.value.command == again(map="external_id=COLUMN")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"users": [{{"customer_id": "{CUSTOMER}", "external_id": "u1", "new": 1}}]}}',
        f'[{{"customer_id": "{CUSTOMER}", "external_id": "u1", "qps_limit": 5}}]',
        f'\n{{"customer_id": "{CUSTOMER}", "external_id": "u1", "wallet": {{"a": 1}}}}\n',
    ],
)
def test_exported_json_identifies_its_users(text):
    assert [(one.text, one.external_id) for one in read(text)] == [(CUSTOMER, "u1")]


@pytest.mark.parametrize(
    "text", ['["u1"]', '{"users": [}', '{"external_id": 5}', '[{"state": ""}]']
)
def test_unclear_json_is_refused(text):
    assert len(faults(text)) == 1


def test_tsv_escapes_of_a_list_are_undone():
    assert [one.text for one in read("dom\\\\user\na\\u{1b}b\n")] == ["dom\\user", "a\x1bb"]
    assert [one.text for one in read("dom\\user\na\\\\b\n")] == ["dom\\user", "a\\\\b"]


@pytest.mark.parametrize("text", ["dom\\\\user\r\n", '"a,b"\nu1\n', "'=x\nu1\n", '"a""b"\n'])
def test_list_that_may_be_csv_is_refused(text):
    """`-o csv --no-headers` writes these lines for another id."""
    assert faults(text) == ["row 1: is one id as csv and another as tsv"]


def test_header_of_a_file_with_old_line_ends_is_not_read_as_a_user():
    assert read("external_id\ru1\ru2\r") == (Target(2, None, "u1"), Target(3, None, "u2"))


def test_ids_may_begin_as_json_does():
    assert [target.text for target in read("[prod]\n{x}\next:[1]\n")] == [
        "[prod]",
        "{x}",
        "ext:[1]",
    ]


def test_a_user_beside_the_array_of_users_is_a_fault():
    assert faults('{"customer_id": "c1", "users": [{"external_id": "u2"}]}') == [
        "row 1: has `customer_id` beside `users`, so it belongs to no user"
    ]
