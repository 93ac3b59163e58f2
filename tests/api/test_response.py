"""Read one response within limits: any body gives a Response, never a crash."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib

import httpx  # noqa: TID253 - stands in for the network of the room that uses it
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY

from parsec_cli.api.call import Response
from parsec_cli.api.call import read_response as read
from parsec_cli.api.error_of import details_of
from parsec_cli.exact_json import MAX_BODY, MAX_DEPTH, MAX_STRING, MAX_TOKENS, Unfit
from parsec_cli.exact_json import loads_bounded as parse

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


def response(body: bytes, *, pieces: int = 7, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    step = max(1, len(body) // pieces)
    chunks = (body[start : start + step] for start in range(0, len(body), step))
    return read(httpx.Response(status, headers=named), chunks)


@STEADY
@given(JSON_VALUES)
def test_encoded_bodies_are_decoded_unchanged(value):
    found = response(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    assert found.unfit == ""
    body = json.dumps(value).encode()
    assert parse(body) == value
    assert parse(b"\xef\xbb\xbf" + body) == value
    assert response(gzip.compress(body), content_encoding="gzip").value == value
    assert response(zlib.compress(body), content_encoding="deflate").value == value


@STEADY
@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate", "br", "identity"]))
def test_random_bytes_in_any_encoding_raise_only_expected_errors(body, encoding):
    found = response(body, content_encoding=encoding)
    assert found.value is None or found.unfit == ""
    assert bool(found.unfit) or found.value is not None or body.strip() == b"null"


@STEADY
@given(st.text(alphabet='[]{}",:0\\ ', max_size=200))
def test_random_brackets_and_quotes_raise_only_expected_errors(text):
    body = text.encode()
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(Unfit):
            parse(body)
    else:
        assert parse(body) == expected


def test_a_body_at_the_limit_is_read_and_a_larger_one_is_not():
    texts = b",".join([b'"' + b"x" * 1021 + b'"'] * (MAX_BODY // 1024))
    text = b"[" + texts.replace(b"x", b"", 1) + b"]"
    assert len(text) == MAX_BODY
    assert len(response(text).value) == MAX_BODY // 1024
    for encoding, body in (("", text + b" "), ("gzip", gzip.compress(text + b" ", 1))):
        found = response(body, content_encoding=encoding)
        assert "16 MiB" in found.unfit
        assert found.value is None


WHOLE = gzip.compress(b'{"a": 1}' * 20, mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        *((WHOLE[:-1], "gzip"), (WHOLE[:12], "gzip"), (b"plain text", "gzip")),
        (WHOLE[:12] + b"\xff" * 20 + WHOLE[32:], "gzip"),
        (zlib.compress(b"{}")[:-1], "deflate"),
        *((b"{}", "br"), (b"{}", "gzip, gzip"), (b"{}", "klingon")),
    ],
)
def test_a_body_that_contradicts_its_encoding_is_unfit(body, encoding):
    found = response(body, content_encoding=encoding)
    assert found.unfit
    assert found.value is None
    assert not found.empty


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "br", "gzip, gzip", "identity"])
def test_an_empty_body_is_empty_in_every_encoding(encoding):
    found = response(b"", content_encoding=encoding)
    assert found.empty
    assert found.unfit == "it is empty"


def test_encoding_names_are_read_in_any_case():
    assert response(gzip.compress(b"[1]"), content_encoding="GZip").value == [1]
    assert response(b"[1]", content_encoding=" Identity ").value == [1]


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"n": NaN}', b'{"n": Infinity}', b'{"n": -Infinity}', b'{"n": 01}', b"{'n': 1}"),
        *(b'{"n": 1,}', b'{"n": 1} {}', b'{"n": "a\nb"}', b"hello", b'{"a": "\xff"}', b"\x00"),
        *(b"\xef\xbb\xbf", b'{"n": ' + b"9" * 5000 + b"}", "défaut".encode("latin-1")),
        *('{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32")),
    ],
)
def test_a_body_that_is_not_strict_json_is_unfit(body):
    with pytest.raises(Unfit):
        parse(body)


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63), 10**300, int("9" * 4000)])
def test_integers_are_exact(number):
    assert parse(b"[%d]" % number) == [number]


def test_halves_of_surrogate_pairs_are_kept():
    assert parse(rb'"\ud83d"') == "\ud83d"
    assert parse(rb'"\ud83d\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("opening", "closing", "levels"), [(b"[", b"]", 1), (b'{"a":', b"}", 1), (b'[{"b":', b"}]", 2)]
)
def test_nesting_is_limited(opening, closing, levels):
    deepest = MAX_DEPTH // levels
    assert parse(opening * deepest + b"1" + closing * deepest)
    with pytest.raises(Unfit, match="deep"):
        parse(opening * (deepest + 1) + b"1" + closing * (deepest + 1))


def test_brackets_in_strings_do_not_count_as_nesting():
    text = b"[" * 10_000 + b"]" * 10_000 + b"{" * 500
    assert parse(b'["\\"' + text + b'"]') == ['"' + text.decode()]


# large enough: a quadratic search would exceed the time by far
LARGE = MAX_BODY // 4


@pytest.mark.parametrize(
    "body",
    [
        b"[" * LARGE,
        b"[]" * (LARGE // 2),
        (b"[" * 60 + b"]" * 60) * (LARGE // 120),
        b'"' + b'\\"' * (LARGE // 2 - 1),
        b'["' + b'\\"' * (LARGE // 2 - 10) + b"[" * 10,
        b'"' * LARGE,
        b'["' + b"[" * (LARGE - 4) + b'"]',
    ],
    ids=["open", "flat", "half deep", "escapes", "cut escapes", "quotes", "brackets in text"],
)
def test_a_body_within_the_limit_takes_little_time_and_memory(body):
    started = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(Unfit):
            parse(body + b"!")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 30
    assert peak < 3 * LARGE


@pytest.mark.parametrize(
    ("element", "tokens"),
    [
        *((b"0", 1), (b"0.50", 2), (b"1e5", 2), (b"[]", 2), (b'""', 2), (b'"a,b:[c"', 2)),
        (b'{"a":{}}', 5),
    ],
)
def test_the_number_of_values_is_limited(element, tokens):
    """A few kilobytes of gzip may contain millions."""
    most = (MAX_TOKENS - 2) // tokens
    assert len(parse(b"[" + b",".join([element] * (most // 2)) + b"]")) == most // 2
    with pytest.raises(Unfit, match="too many values"):
        parse(b"[" + b",".join([element] * (most + 3)) + b"]")


def test_a_page_of_users_with_large_records_is_read():
    note = "a, b: {c} [d] " * 1_000
    user = {"customer_id": "x", "note": note, "more": {f"field{n}": [n, n] for n in range(300)}}
    page = {"users": [user] * 100}
    assert parse(json.dumps(page).encode()) == page


@pytest.mark.parametrize(
    "text",
    [rb"\ud83d\ude00", "\N{GRINNING FACE}".encode(), b"\x7f" * 800_000, b"\xc3\xa9" * 400_000],
)
def test_text_that_grows_in_memory_is_limited(text):
    filled = b'["' + text + b"x" * (800_000 - len(text)) + b'"'
    assert len(parse(filled + b"]")) == 1
    with pytest.raises(Unfit, match="memory"):
        parse(filled + (b',"' + text + b'"' + b',"' + b"x" * 800_000 + b'"') * 11 + b"]")


def test_the_length_of_one_text_is_limited():
    assert parse(b'["' + b"x" * (MAX_STRING - 2) + b'"]')
    with pytest.raises(Unfit, match="1 MiB"):
        parse(b'["' + b"x" * (MAX_STRING - 1) + b'"]')


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "the reason"}',
        b'{"error": {"message": "the reason"}}',
        b'{"message": "the reason"}',
        b'{"detail": [{"msg": 1}, "x"], "title": "the reason"}',
        b'{"error": null, "message": "the reason"}',
        b'{"errors": [{"message": "the reason"}, {"message": "x"}]}',
        b'{"errors": ["the reason"]}',
        b'{"detail": [{"loc": ["body"], "msg": "the reason"}]}',
        b'{"error": {"code": 400, "reason": "the reason"}}',
        b"<html><head><title>the\n reason</title><body><p>x",
        *(b'["the reason"]', b'"the reason"', b"the reason"),
    ],
)
def test_the_text_of_an_error_is_found_in_every_known_member(body):
    assert response(body, status=500).message == "the reason"


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><p>secret page", b"{}", b"[]", b"5", b"null", b""]
)
def test_a_body_without_a_text_about_an_error_has_none(body):
    assert response(body, status=500).message == ""


def test_a_long_plain_body_is_cut_short():
    assert len(response(b"x" * 5000, status=502).message) <= 121
    message = response(b"word " * 5000, status=502).message
    assert 100 < len(message) <= 121
    assert message.endswith("word…")


@pytest.mark.parametrize("around", [" {} ", ' "{}" ', " key={}; ", "\n{}\n", "<b>{}</b>"])
@pytest.mark.parametrize("cut", [120, 2000])
def test_a_key_is_never_cut_in_two(around, cut):
    """Half a key is still half a secret, and masking would not recognise it."""
    key = "pk_live_TESTKEY_canary_0001"
    for before in range(cut - len(key) - 8, cut + 2):
        text = ("ab " * cut)[:before] + around.format(key) + "cd " * cut
        if cut == 2000:
            # blanks collapse, so the first cut that shows is the second one
            text = "ab" + " " * before + around.format(key) + "cd"
        message = response(text.encode(), status=502).message
        assert "pk_live" not in message or key in message


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (["a", "b"], ["a", "b"]),
        ([{"field": "a"}, 5], ['{"field": "a"}', "5"]),
        ({"email": "bad", "qps": ["x"]}, ['{"email": "bad", "qps": ["x"]}']),
        *(("one", ["one"]), (None, []), (5, ["5"]), ([], [])),
    ],
)
def test_validation_errors_of_any_shape_are_lines(value, lines):
    body = json.dumps({"error": "x", "validation_errors": value}).encode()
    assert details_of(response(body, status=400)) == lines


def test_a_nested_error_is_read_completely():
    """Some gateways nest the error; members at the top have precedence."""
    inner = {"message": "m", "code": "c", "retryable": False, "validation_errors": ["v"]}
    found = response(json.dumps({"error": inner}).encode(), status=500)
    assert (found.message, found.code, details_of(found)) == ("m", "c", ["v"])
    assert found.refuses_repeat
    above = response(json.dumps({"error": inner, "code": "top", "retryable": True}).encode())
    assert above.code == "top"
    assert not above.refuses_repeat


@pytest.mark.parametrize("code", [5, None, [], {"a": 1}, True])
def test_a_code_that_is_not_text_is_ignored(code):
    assert response(json.dumps({"code": code}).encode()).code == ""


@pytest.mark.parametrize(
    ("retryable", "refuses"),
    [(False, True), (True, False), (None, False), (0, False), ("no", False)],
)
def test_only_a_literal_false_forbids_a_repeat(retryable, refuses):
    assert response(json.dumps({"retryable": retryable}).encode()).refuses_repeat is refuses
