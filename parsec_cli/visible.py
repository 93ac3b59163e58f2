"""Make text safe to read: escape invisible characters and those that control a terminal.

Applied at the print boundary to all data in tables, tsv, questions, notices and errors.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache


def _characters(ranges: str) -> frozenset[str]:
    """Read code points as the Unicode database writes them: `115F..1160 3164`."""
    found: set[str] = set()
    for item in ranges.split():
        first, _, last = item.partition("..")
        found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


@cache
def unseen() -> frozenset[str]:
    """Return the characters that have no shape: made on first use, as ASCII text needs none.

    They are Unicode's Default_Ignorable_Code_Point, and what fonts draw as nothing: the empty
    Braille pattern, the null notehead, Khitan and Egyptian blanks.
    """
    return _characters(
        "AD 34F 61C 115F..1160 17B4..17B5 180B..180F 200B..200F 202A..202E 2060..206F 3164"
        " FE00..FE0F FEFF FFA0 FFF0..FFF8 1BCA0..1BCA3 1D173..1D17A E0000..E0FFF 2800 1D159 16FE4"
        " 13441..13442"
    )


_SELECTORS = _characters("180B..180D 180F FE00..FE0F E0100..E01EF")
_EMOJI_SELECTORS = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"
_JOINERS = "\u200c\u200d"
# format characters that do have a shape: signs that stand before Arabic, Syriac and Kaithi digits
_VISIBLE_FORMATS = _characters("600..605 6DD 70F 890..891 8E2 110BD 110CD")
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))
_QUOTED = re.compile("`([^`]*)`")
# blanks that are easily overlooked: at the edges, and after another one
_EDGE_BLANKS = re.compile("^ +| +$|(?<= ) +")
_SHORT_ESCAPES = {"\t": "\\t", "\n": "\\n"}


def visible(text: str) -> str:
    r"""Return `text` with every hidden character as `\t`, `\n` or `\u{9b}`; the rest literally."""
    if text.isprintable() and (text.isascii() or unseen().isdisjoint(text)):
        return text
    return "".join(
        character if _plain(character) or not _hidden(text, place) else escaped(character)
        for place, character in enumerate(text)
    )


def visible_prose(text: str) -> str:
    """Like `visible`; between backticks, where a message quotes a value, like `visible_value`."""
    if "`" in text:
        text = _QUOTED.sub(lambda quoted: f"`{visible_value(quoted[1])}`", text)
    return visible(text)


def visible_value(text: str) -> str:
    r"""Like `visible`, with blanks at the edges or next to each other as `\u{20}`, too.

    Values that differ look different: an escape that the value itself contains is escaped.
    """
    text = visible(text.replace("\\u{", "\\u{5c}u{"))
    return _EDGE_BLANKS.sub(lambda blanks: "\\u{20}" * len(blanks[0]), text)


def overlooked(text: str) -> str:
    """Return the first character that people do not see, except within words and emoji, or ""."""
    for place, character in enumerate(text):
        if _plain(character) or not _hidden(text, place):
            continue
        sides = text[place - 1 : place], text[place + 1 : place + 2]
        if character not in _JOINERS or any(side.isascii() for side in sides):
            return character
    return ""


def visible_lines(text: str) -> str:
    """Like `visible`, but keep line ends and tabs: for text that is a whole document."""
    return "\n".join(
        "\t".join(visible(part) for part in line.split("\t")) for line in text.split("\n")
    )


def escaped(character: str) -> str:
    r"""Return the escape of one character, such as `\u{1b}`."""
    return _SHORT_ESCAPES.get(character) or f"\\u{{{ord(character):x}}}"


def _plain(character: str) -> bool:
    """Whether a character is visible in any context."""
    return character.isprintable() and character not in unseen()


def _hidden(text: str, place: int) -> bool:
    character = text[place]
    if character in _SELECTORS:
        return not (character in _EMOJI_SELECTORS and _after_emoji(text, place))
    if character in _JOINERS:
        sides = text[place - 1 : place], text[place + 1 : place + 2]
        return not all(_is_letter_beyond_ascii(side) for side in sides)
    if character in unseen():
        return True
    category = unicodedata.category(character)
    return category in _HIDDEN_CATEGORIES and character not in _VISIBLE_FORMATS


def _after_emoji(text: str, place: int) -> bool:
    """Whether a symbol precedes `place`, or `place` is inside a keycap."""
    if not place:
        return False
    before = text[place - 1]
    if before.isascii():
        return before in "0123456789#*" and text[place + 1 :][:1] == _KEYCAP
    return unicodedata.category(before) in {"So", "Sm", "Sk", "Po", "Pd"}


def _is_letter_beyond_ascii(character: str) -> bool:
    """Whether this is a letter or mark outside ASCII, whose shape a joiner may change."""
    if not character or character.isascii() or character in unseen():
        return False
    return unicodedata.category(character)[0] in "LM"
