"""Makes text safe to read: everything invisible or obeyed by a terminal becomes an escape.

Applied at the print boundary to all data in tables, tsv, prompts, notices and errors.
"""

from __future__ import annotations

import re
import unicodedata

from parsec_cli.unseen import UNSEEN

_SELECTORS = frozenset(
    [
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
        *"\u180b\u180c\u180d\u180f",
    ]
)
_SUSPECT = UNSEEN | _SELECTORS
_EMOJI_SELECTORS = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"
_JOINERS = "\u200c\u200d"
# format characters that do have a shape: signs that stand before Arabic, Syriac and Kaithi digits
_VISIBLE_FORMATS = frozenset(
    [*map(chr, range(0x600, 0x606)), *"\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"]
)
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))
_QUOTED = re.compile("`([^`]*)`")
# blanks that nobody sees: at the edges, and after another one
_LOST_BLANKS = re.compile("^ +| +$|(?<= ) +")
_SHORT = {"\t": "\\t", "\n": "\\n"}


def visible(text: str) -> str:
    r"""Return `text` with every hidden character as `\t`, `\n` or `\u{9b}`; the rest literally."""
    if text.isprintable() and (text.isascii() or _SUSPECT.isdisjoint(text)):
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
    return _with_blanks(visible(text.replace("\\u{", "\\u{5c}u{")))


def _with_blanks(text: str) -> str:
    return _LOST_BLANKS.sub(lambda blanks: "\\u{20}" * len(blanks[0]), text)


def visible_lines(text: str) -> str:
    """Like `visible`, but line ends and tabs stay: for text that is a document of its own."""
    return "\n".join(
        "\t".join(visible(part) for part in line.split("\t")) for line in text.split("\n")
    )


def escaped(character: str) -> str:
    r"""Return the escape of one character, such as `\u{1b}`."""
    return _SHORT.get(character) or f"\\u{{{ord(character):x}}}"


def _plain(character: str) -> bool:
    """Tell whether a character is certainly seen, whatever stands around it."""
    return character.isprintable() and character not in _SUSPECT


def _hidden(text: str, place: int) -> bool:
    character = text[place]
    if character in _SELECTORS:
        return not (character in _EMOJI_SELECTORS and _after_emoji(text, place))
    if character in _JOINERS:
        sides = text[place - 1 : place], text[place + 1 : place + 2]
        return not all(_is_foreign_letter(side) for side in sides)
    if character in UNSEEN:
        return True
    category = unicodedata.category(character)
    return category in _HIDDEN_CATEGORIES and character not in _VISIBLE_FORMATS


def _after_emoji(text: str, place: int) -> bool:
    """Tell whether a symbol stands before `place`, or a keycap is being built there."""
    if not place:
        return False
    before = text[place - 1]
    if before.isascii():
        return before in "0123456789#*" and text[place + 1 :][:1] == _KEYCAP
    return unicodedata.category(before) in {"So", "Sm", "Sk", "Po", "Pd"}


def _is_foreign_letter(character: str) -> bool:
    """Tell letters and their marks outside ASCII, where a joiner changes the shape seen."""
    if not character or character.isascii() or character in _SUSPECT:
        return False
    return unicodedata.category(character)[0] in "LM"
