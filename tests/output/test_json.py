import pytest
from output.builders import Shown, Stream, listing, record, safe_user, show, user

from parsec_cli.errors import ServerFault, UsageFault
from parsec_cli.exact_json import loads_bounded as parse
from parsec_cli.results import Frames, Listing

FOOTER = {"count": 3, "complete": True, "next_cursor": None}


def failing(*pages, error):
    yield from pages
    raise error


def test_pages_become_one_document():
    shown = show(listing([{"a": 1}, {"a": 2}], [{"a": 3}], footer=lambda: FOOTER), "json")
    assert shown.out == (
        '{"users": [{"a": 1}, {"a": 2},\n{"a": 3}], '
        '"count": 3, "complete": true, "next_cursor": null}\n'
    )


@pytest.mark.parametrize("pages", [(), ([],), ([], [])])
def test_a_listing_without_users_is_an_empty_list(pages):
    assert show(listing(*pages), "json").out == '{"users": []}\n'


def test_an_empty_page_leaves_no_stray_comma():
    assert show(listing([], [{"a": 1}], [], [{"a": 2}]), "json").json == {
        "users": [{"a": 1}, {"a": 2}]
    }


def test_nothing_is_written_before_the_first_page_arrives():
    def pages():
        assert shown.out == ""
        yield [{"a": 1}]
        assert shown.out == '{"users": [{"a": 1}'
        yield [{"a": 2}]

    shown = Shown(format="json")
    shown.screen.show(listing())
    shown = Shown(format="json")
    shown.screen.show(Listing("users", (), pages()))
    assert len(shown.json["users"]) == 2


def test_a_failure_after_a_page_leaves_a_valid_document():
    shown = show(
        listing(
            [{"a": 1}], footer=lambda: {"complete": False}, failure=lambda: ServerFault("gone")
        ),
        "json",
    )
    assert shown.json == {"users": [{"a": 1}], "complete": False}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError()])
def test_an_exception_after_a_page_leaves_a_valid_document(error):
    shown = Shown(format="json")
    pages = failing([{"a": 1}], error=error)
    with pytest.raises(type(error)):
        shown.screen.show(Listing("users", (), pages, footer=lambda: {"complete": False}))
    assert shown.json == {"users": [{"a": 1}], "complete": False}


def test_a_document_is_not_closed_on_a_stream_that_failed():
    class Full(Stream):
        wrote = 0

        def flush(self):
            self.wrote += 1
            if self.wrote > 1:
                raise OSError(28, "No space left on device")

    full = Full()
    shown = Shown(format="json", stdout=full)
    with pytest.raises(Exception, match="no space left on device"):
        shown.screen.show(listing([{"a": 1}], [{"a": 2}]))
    assert full.text == '{"users": [{"a": 1}'


def test_one_object_is_one_line_off_a_terminal_and_indented_on_one():
    assert show(record({"b": 1, "a": None}), "json").out == '{"b": 1, "a": null}\n'
    assert show(record({"b": 1}), "json", terminal=True).out == '{\n  "b": 1\n}\n'


def test_control_characters_are_escaped_even_if_json_allows_them():
    text = "\x00\x1b\x7f\x9b\u2028\ud800"
    shown = show(record({"t": text}), "json")
    assert shown.out == '{"t": "\\u0000\\u001b\\u007f\\u009b\\u2028\\ufffd"}\n'
    assert shown.json == {"t": text.replace("\ud800", "\ufffd")}


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_half_a_surrogate_pair_is_replaced_and_counted(name):
    """Strict parsers refuse it; a backslash before `ud800` is text, and a pair is a character."""
    value = {"t": "a\ud800\\ud800\N{GRINNING FACE}\udc00\\\udfff"}
    shown = show(record(value), name)
    assert shown.json == {"t": "a\ufffd\\ud800\N{GRINNING FACE}\ufffd\\\ufffd"}
    assert "3 characters" in shown.err


@pytest.mark.parametrize("name", ["json", "jsonl", "tsv", "csv"])
@pytest.mark.parametrize("digits", ["1.10", "1e400", "-0", "1E5", "0.10e-7", f"{2**70}", "1.0"])
def test_numbers_keep_their_digits(name, digits):
    value = {"qps_limit": parse(f"[{digits}]".encode())[0], "tier": f"digits {digits}"}
    assert show(record(value), name).out.count(digits) == 2


def test_frames_are_one_document_per_line():
    frames = Frames(iter([record({"n": 1}), record({"n": 2})]))
    assert show(frames, "json", terminal=True).out == '{"n": 1}\n{"n": 2}\n'


def test_fields_stay_nested_and_keep_null_apart_from_absent():
    users = [
        {"a": 1, "wallet": {"safe_address": "0x", "x": 1}},
        {"a": None, "wallet": None},
        {"b": 1, "wallet": {}},
    ]
    shown = show(listing(users), "json", fields=("wallet.safe_address", "a"))
    assert shown.json == {
        "users": [
            {"wallet": {"safe_address": "0x"}, "a": 1},
            {"wallet": None, "a": None},
            {"wallet": {}},
        ]
    }


def test_fields_reach_into_lists():
    value = {"wallet": {"balances": [{"token": "USDC", "balance": "1"}, {"balance": "2"}]}}
    shown = show(record(value), "json", fields=("wallet.balances.token",))
    assert shown.json == {"wallet": {"balances": [{"token": "USDC"}, {}]}}


def test_a_parent_named_with_its_child_is_shown_whole():
    shown = show(record({"wallet": {"a": 1, "b": 2}}), "json", fields=("wallet.a", "wallet"))
    assert shown.json == {"wallet": {"a": 1, "b": 2}}


@pytest.mark.parametrize("name", ["nope", "wallet.nope", ""])
def test_a_field_in_no_record_is_a_usage_error(name):
    shown = Shown(format="json", fields=(name,))
    with pytest.raises(UsageFault, match="unknown field") as caught:
        shown.screen.show(listing([safe_user()]))
    assert "external_id, customer_id, qps_limit" in caught.value.hint
    assert shown.out == ""


def test_the_nearest_field_is_proposed():
    with pytest.raises(UsageFault, match="unknown field `qps_limt`; did you mean `qps_limit`"):
        show(listing([safe_user()]), "json", fields=("qps_limt",))


def test_a_field_that_only_the_server_knows_is_allowed():
    assert show(listing([user(kyc={"level": 2})]), "json", fields=("kyc.level",)).json == {
        "users": [{"kyc": {"level": 2}}]
    }


def test_fields_of_an_empty_list_cannot_be_checked():
    assert show(listing([]), "json", fields=("nope",)).json == {"users": []}


def test_json_lines_are_one_record_per_line_written_page_by_page():
    def pages():
        yield [{"a": 1}, {"a": 2}]
        assert shown.out == '{"a": 1}\n{"a": 2}\n'
        yield [{"a": 3}]

    shown = Shown(format="jsonl")
    shown.screen.show(Listing("users", (), pages()))
    assert shown.out.splitlines()[2:] == ['{"a": 3}']
