"""JSON is read record by record, with the same faults as if it was read at once."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY

from parsec_cli.bulk.files.csv_rows import Faults, decode
from parsec_cli.bulk.files.json_rows import records
from parsec_cli.errors import UsageFault

# more than is read from a file at once
LONG = 70_000
# Python's own words, which changed in 3.13
TRAILING_COMMA = (
    "illegal trailing comma before end of array at column 10"
    if sys.version_info >= (3, 13)
    else "expecting value at column 11"
)


def read(text: str) -> list[dict]:
    faults = Faults("file")
    found = [record for _, record, _ in records(decode(text.encode(), faults), faults)]
    faults.check()
    return found


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
listed = st.lists(st.dictionaries(st.sampled_from("abcd"), values, max_size=3), max_size=5)


@STEADY
@given(
    listed,
    st.sampled_from(["array", "first", "last", "lines"]),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
    st.integers(LONG - 40, LONG),
)
def test_records_are_the_same_as_from_a_usual_parser(found, form, indent, as_ascii, filler):
    """`filler` moves the end of the first read to any place in the records."""
    found = [{"filler": "x" * filler}, *found]
    if form == "lines":
        text = "\n".join(json.dumps(one, ensure_ascii=as_ascii) for one in found)
    else:
        others = {"count": 1, "complete": True}
        document = {
            "array": found,
            "first": {"users": found, **others},
            "last": {**others, "users": found},
        }[form]
        text = json.dumps(document, indent=indent, ensure_ascii=as_ascii)
    assert read(text) == found


@pytest.mark.parametrize("number", ["12", "1.5", "1e5", "1E+5", "-0.25e-3", "true", "null"])
@pytest.mark.parametrize("cut", range(1, 9))
def test_a_value_may_span_two_reads(number, cut):
    before = '[{"filler": "", "n": '
    filler = "x" * ((1 << 16) - len(before) - cut)
    text = f'[{{"filler": "{filler}", "n": {number}}}]'
    assert read(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[{"a": 1}] x', "row 1: is not valid JSON: extra data at column 12"),
        ('[{"a": 1},]', f"row 1: is not valid JSON: {TRAILING_COMMA}"),
        ('[{"a": 1}\n{"a": 2}]', "row 2: is not valid JSON: expecting ',' delimiter at column 1"),
        ('{"users": [{"a": 1}', "row 1: is not valid JSON: expecting ',' delimiter at column 20"),
        ('{"users": [{"a": 1}]', "row 1: is not valid JSON: expecting ',' delimiter at column 21"),
        ('{"users": [], "users": []}', "row 1: contains `users` twice"),
        ('{"users": [], "count": 1, "count": 1}', "row 1: contains `count` twice"),
        ('{"users": [], "count": 0, " Count": 0}', "row 1: contains ` Count` twice"),
        ('{"users": [{"a": 1}], "Users": [{"a": 2}]}', "row 1: contains `Users` twice"),
        ('{"users": [{"a": 1, "a": 2}]}', "row 1: contains `a` twice"),
        ('{"users": {}}', "row 1: `users` is not an array"),
        ('{"users": [1]}', "row 1: is not a JSON object"),
        ('[{"a": ' + "[" * 100_000, "row 1: contains too long a number, or is nested too deeply"),
    ],
)
def test_a_damaged_document_is_refused_with_the_place_of_the_fault(text, fault):
    with pytest.raises(UsageFault) as caught:
        read(text)
    assert caught.value.details == (fault,)


def test_a_fault_after_many_records_has_its_line():
    lines = [f'{{"a": {number}}},' for number in range(20_000)]
    with pytest.raises(UsageFault) as caught:
        read("\n".join(['{"users": [', *lines, "}"]))
    assert caught.value.details == ("row 20002: is not valid JSON: expecting value at column 1",)
