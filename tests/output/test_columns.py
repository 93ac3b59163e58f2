"""The formats that write columns for machines: tsv, csv and ids."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from output.builders import BUILDER_KEY, Shown, listing, record, safe_user, show, user

from parsec_cli.cells import from_tsv, restore
from parsec_cli.errors import ServerFault, UsageFault
from parsec_cli.results import Column, Frames, Record

HEADER = (
    "external_id,customer_id,qps_limit,tier,linked_exchanges,"
    "wallet.wallet_type,created_at,fee_escrow_enabled,wallet.safe_address,api_key"
)
ONE = (Column("v", "v"),)


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_tsv_contains_whole_values_without_a_header():
    row = safe_user("bob", qps_limit=0, linked_exchanges=["polymarket", "kalshi"])
    assert show(listing([row])).out == (
        "bob\tcf20f87b-0e42-5928-86d5-05b03dc2f444\t0\tpro\tpolymarket,kalshi\tsafe\t"
        "2026-03-01T08:00:00Z\tfalse\t0xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\tpk_live_****0002\n"
    )


def test_null_absent_and_none_are_empty_in_tsv():
    assert show(listing([{"customer_id": "c", "qps_limit": None}])).out == "\tc" + "\t" * 8 + "\n"


def test_tsv_has_a_header_if_requested():
    shown = show(listing([]), headers=True, fields=("customer_id", "wallet.safe_address"))
    assert shown.out == "customer_id\twallet.safe_address\n"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("a\tb", r"a\tb"),
        ("a\nb", r"a\nb"),
        ("a\\tb", r"a\\tb"),
        ("a\rb", r"a\u{d}b"),
        ("\x1b[2J", r"\u{1b}[2J"),
        ("[red]x", "[red]x"),
        (True, "true"),
        (0, "0"),
        (1.5, "1.5"),
        ({"a": [1]}, '{"a":[1]}'),
        (["a", None, "b"], "a,b"),
        ([{"api_key": "pk_live_12345678"}], '[{"api_key":"pk_live_****5678"}]'),
        (f"!{BUILDER_KEY}!", "!pk_live_****Y_42!"),
    ],
)
def test_a_value_is_one_tsv_cell(value, seen):
    assert show(Record({"v": value}, ONE)).out == f"{seen}\n"


def test_unix_seconds_become_rfc_3339():
    result = Record({"v": 1_790_000_000}, (Column("v", "v", "time"),))
    assert show(result).out == "2026-09-21T14:13:20Z\n"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_tsv_can_be_read_back(text):
    (line,) = show(Record({"v": text}, ONE), secrets=list).out.split("\n")[:-1]
    assert from_tsv(line) == text


def test_csv_has_a_header_and_line_ends_of_rfc_4180():
    shown = show(listing([user("a,b")]), "csv")
    assert shown.out.startswith(f'{HEADER}\r\n"a,b",')
    assert shown.out.endswith("\r\n")


def test_csv_of_no_users_is_its_header_unless_left_out():
    assert show(listing([]), "csv").out == f"{HEADER}\r\n"
    assert show(listing([]), "csv", headers=False).out == ""


def test_csv_neutralises_formulas_but_not_numbers():
    columns = (Column("a", "a"), Column("b", "b", "number"))
    shown = show(Record({"a": "-2", "b": -2}, columns), "csv", headers=False)
    assert shown.out == "'-2,-2\r\n"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_csv_to_a_file_is_lossless(text):
    shown = show(Record({"v": text, "w": ""}, (*ONE, Column("w", "w"))), "csv", secrets=list)
    assert restore(cells(shown.out)[1][0]) == text


def test_csv_to_a_file_is_utf_8_in_any_locale():
    shown = show(Record({"v": "日本語"}, ONE), "csv", headers=False, encoding="ascii")
    assert shown.stdout.bytes == "日本語\r\n".encode()


def test_csv_on_a_terminal_is_escaped():
    shown = show(Record({"v": "a\x1b\r\nb"}, ONE), "csv", headers=False, terminal=True)
    assert shown.out == r"a\u{1b}\u{d}\nb" + "\n"


def test_a_field_outside_the_columns_becomes_a_column_if_named():
    shown = show(listing([user(kyc={"level": 2})]), "csv", fields=("kyc.level", "kyc"))
    assert shown.out == 'kyc.level,kyc\r\n2,"{""level"":2}"\r\n'


def test_a_parent_includes_its_columns():
    shown = show(listing([safe_user()]), "csv", fields=("wallet",))
    assert shown.out.splitlines()[0] == "wallet.wallet_type,wallet.safe_address"


@pytest.mark.parametrize("form", ["tsv", "csv", "ids", "jsonl", "table"])
def test_pages_before_a_failure_are_kept(form):
    shown = show(listing([user()], failure=lambda: ServerFault("gone")), form)
    assert user()["customer_id"] in shown.out


@pytest.mark.parametrize("form", ["tsv", "csv", "ids", "json", "jsonl", "table"])
def test_a_failure_before_the_first_page_leaves_stdout_empty(form):
    shown = show(listing(empty="no users", failure=lambda: ServerFault("gone")), form)
    assert (shown.out, shown.err) == ("", "")


def test_each_frame_is_a_line_under_one_header():
    frames = Frames(iter([Record({"v": 1}, ONE), Record({"v": 2}, ONE)]))
    assert show(frames, "csv").out == "v\r\n1\r\n2\r\n"


def test_ids_are_one_customer_id_per_line():
    shown = show(listing([user("a", 1)], [user("b", 2)]), "ids")
    assert shown.out.split() == [user("a", 1)["customer_id"], user("b", 2)["customer_id"]]


@pytest.mark.parametrize("value", [{}, {"customer_id": None}, {"customer_id": ""}])
def test_ids_of_records_without_a_customer_id_are_a_usage_error(value):
    shown = Shown(format="ids")
    with pytest.raises(UsageFault, match="customer_id"):
        shown.screen.show(record(value))
    assert shown.out == ""


@pytest.mark.parametrize("value", [None, ""])
def test_ids_leave_out_the_records_of_a_listing_that_are_about_no_user(value):
    shown = show(listing([{"customer_id": value}, user("a")], [{"customer_id": value}]), "ids")
    assert shown.out.split() == [user("a")["customer_id"]]
    assert shown.err == "2 records without a customer_id not shown\n"


def test_ids_of_a_listing_of_something_else_are_a_usage_error():
    with pytest.raises(UsageFault, match="customer_id"):
        show(listing([{"id": "run"}]), "ids")
