# ruff: noqa: RUF001 -- look-alike characters are what is tested
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.visible import visible, visible_lines, visible_prose, visible_value

EVERY_CHARACTER = [chr(point) for point in range(sys.maxunicode + 1)]
BLANK_GLYPHS = "\u2800\U0001d159"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_ordinary_text_is_returned_unchanged():
    text = "acct[prod] [/x] :smile: 日本語ユーザー é"
    assert visible(text) is text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("ok\x1b[2J\x1b]0;pwned\x07", r"ok\u{1b}[2J\u{1b}]0;pwned\u{7}"),
        ("\x9b31mred", r"\u{9b}31mred"),
        ("a\tb\nc\rd", r"a\tb\nc\u{d}d"),
        ("pay\u202egnp.exe", r"pay\u{202e}gnp.exe"),
        ("ali\u200bce", r"ali\u{200b}ce"),
        ("a\u200db", r"a\u{200d}b"),
        ("a\u00adb", r"a\u{ad}b"),
        ("a\u3164b", r"a\u{3164}b"),
        ("line\u2028end\u2029", r"line\u{2028}end\u{2029}"),
        ("half\ud83d", r"half\u{d83d}"),
        ("x\ufe0f", r"x\u{fe0f}"),
        ("葛\U000e0100", "葛" + r"\u{e0100}"),
        ("a\u2065b\U000e0002", r"a\u{2065}b\u{e0002}"),
        ("a\u2800b", r"a\u{2800}b"),
        ("a\u3000b\u00a0c\u2002d", r"a\u{3000}b\u{a0}c\u{2002}d"),
    ],
)
def test_hidden_characters_are_shown_as_escapes(raw, shown):
    assert visible(raw) == shown


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",  # Persian: the non-joiner shapes the letters around it
        "क्\u200dष",  # Devanagari: the joiner asks for a half form
        "❤\ufe0fx",
        "1\ufe0f\u20e3",
        "\u0600\u0661",  # a visible sign that Unicode counts among format characters
    ],
)
def test_marks_that_shape_a_character_stay(text):
    assert visible(text) == text


@pytest.mark.parametrize("text", ["\u200cخ", "خ\u200c", "خ\u200c\u200cخ", "\ufe0f", "1\ufe0f"])
def test_joiners_and_selectors_with_nothing_to_shape_are_escaped(text):
    assert "\\u{" in visible(text)


def test_no_hidden_category_survives_for_any_character():
    for character in EVERY_CHARACTER:
        hidden = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI
        assert not hidden or character not in visible(f"a{character}b"), hex(ord(character))


def test_every_ordinary_character_is_shown_as_itself():
    for character in EVERY_CHARACTER:
        drawn = unicodedata.category(character) in {"Lu", "Ll", "Nd", "So", "Sm", "Po"}
        if character == " " or (drawn and character not in BLANK_GLYPHS):
            assert visible(character) == character, hex(ord(character))


@given(st.text())
def test_visible_text_is_shown_unchanged(text):
    assert visible(visible(text)) == visible(text)


def test_documents_keep_their_line_ends_and_tabs():
    assert visible_lines("a\tb\n\x1bc\n") == "a\tb\n" + r"\u{1b}c" + "\n"


@pytest.mark.parametrize("symbol", ["\u260e", "\u2194", "\U0001f3fb", "\u203c", "\u3030"])
def test_a_variation_selector_stays_after_every_kind_of_symbol(symbol):
    assert visible(f"{symbol}\ufe0f") == f"{symbol}\ufe0f"


@pytest.mark.parametrize("character", ["a", "é", "日", "½", "€", "\u0301", "("])
def test_a_variation_selector_after_anything_else_is_escaped(character):
    assert visible(f"{character}\ufe0f") == f"{character}\\u{{fe0f}}"


@pytest.mark.parametrize("key", "0123456789#*")
def test_a_keycap_stays_whole_and_an_incomplete_one_is_escaped(key):
    assert visible(f"{key}\ufe0f\u20e3") == f"{key}\ufe0f\u20e3"
    assert visible(f"{key}\ufe0f") == f"{key}\\u{{fe0f}}"
    assert visible("x\ufe0f\u20e3") != "x\ufe0f\u20e3"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("user ", r"user\u{20}"),
        (" user", r"\u{20}user"),
        ("a  b", r"a \u{20}b"),
        ("   ", r"\u{20}\u{20}\u{20}"),
        (r"a\u{a0}b", r"a\u{5c}u{a0}b"),
        ("a b", "a b"),
    ],
)
def test_a_value_shows_every_blank_that_is_easily_overlooked(raw, shown):
    assert visible_value(raw) == shown


def test_prose_shows_those_blanks_only_in_quoted_values():
    text = "no user `a  b `;  see `c`"
    assert visible_prose(text) == r"no user `a \u{20}b\u{20}`;  see `c`"


TWINS = ["a b", "a  b", "a\u00a0b", "a\u3000b", "a\u2800b", "a\u2065b", "ab", "a b ", r"a\u{a0}b"]


def test_values_that_differ_look_different():
    assert len({visible_value(twin) for twin in TWINS}) == len(TWINS)
    assert len({visible_prose(f"user `{twin}`") for twin in TWINS}) == len(TWINS)
