"""The rules of a user's fields: ids, limit, address and email.

Rosters, `users create` and the sandbox share them. Each `_fault` function returns "" for a good
value, else the fault, in words that may follow a row number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from parsec_cli import spreadsheets
from parsec_cli.exact_json import is_unicode
from parsec_cli.redaction import looks_like_key
from parsec_cli.spreadsheets import NumberForms, SheetForms
from parsec_cli.visible import overlooked, unseen

QPS_MAX = 2_147_483_647
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_EMAIL_LONGEST = 320
_JOINERS = "\u200c\u200d"  # parts of words in several scripts, and of emoji
# what files contain instead of ids, in lower case
_ARTEFACT = re.compile(
    r"(?P<missing>null|\(null\)|<null>|none|\(none\)|<none>|nil|undefined|nan|\\n|n/a|<na>|\(blank\)"
    r"|\(empty\)|<empty>|\[object object\]|\[\]|\{\}|[-\u2010-\u2015]+|\.\.\.|\u2026)"
    r"|(?P<placeholder>\{\{.*\}\}|\$\{.*\}|%[a-z_]+%)"
    r"|(?P<table>(grand |sub)?totals?|sum|summe|gesamt(ergebnis)?|row labels|\(\d+ rows?\)"
    r"|(external|customer)[ _-]?id|[-+=|]{3,})"
    r"|(?P<comment>(#|//) .*)"
)
_WHY = {
    "missing": "is what programs write for a missing value",
    "placeholder": "is a placeholder that no value replaced",
    "table": "is part of a table, such as a heading or a total",
    "comment": "is a comment",
}
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb"}
_SLIP_LENGTH = 3  # characters by which the lengths of two ids may differ
_SLIP_RATIO = 0.8
_MANY = 2000  # ids that are compared in full
# what autocorrection replaces, and the two ways in which people type it
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_MARKS = {"\u2026": "...", **dict.fromkeys("\u2018\u2019\u201a\u201b", "'")}
_MARKS |= dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
_TYPED = (
    str.maketrans(_MARKS | dict.fromkeys(_DASHES, "-") | {"©": "(c)", "®": "(r)", "™": "(tm)"}),
    str.maketrans(_MARKS | dict.fromkeys(_DASHES, "--") | {"©": "(C)", "®": "(R)", "™": "(TM)"}),
)
_SHOWN = 60  # characters of a value that a message quotes
ONE_MEANING = "write `id:CUSTOMER_ID`, or `ext:` before the whole external_id"


def id_fault(text: str) -> str:
    """Return why `text` cannot be the id of any user."""
    if not text.strip():
        return "the id is empty"
    if looks_like_key(text):
        return "the id looks like an API key; it is not shown here"
    if not is_unicode(text):
        return f"the id {text!a} is not valid Unicode text"
    return ""


def edge_fault(text: str) -> str:
    """Return why an external_id without a customer_id is not safe to use."""
    if fault := mangled_fault(text):
        return fault
    if text in (".", ".."):
        return f"the id `{text}` cannot be used: it has a meaning in a URL"
    if text != text.strip():
        return f"the id {text!a} cannot be used: it begins or ends with a blank"
    return ""


def mangled_fault(text: str) -> str:
    """Return why an external_id that only a file contains is not the user's."""
    if not spreadsheets.is_mangled(text):
        return ""
    return f"the id `{text}` was mangled by a spreadsheet; format the column as text"


def two_meanings(text: str, customer_id: str, other: str) -> str:
    return f"{text!a} is read as user {customer_id} and is the external_id of user {other}"


def blank_note(text: str) -> str:
    """Return a note about a blank in an id that is easily overlooked, or ""."""
    if text != text.strip():
        return "the id begins or ends with a blank"
    return "" if text == " ".join(text.split()) else "the id contains an unusual blank"


def new_id_fault(text: str) -> str:
    """Return why no user with this external_id can be created."""
    if fault := edge_fault(text):
        return fault
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS:
            return f"the id {text!a} cannot be used: it contains U+{ord(char):04X}"
    return ""


def word_fault(text: str) -> str:
    """Return why a new external_id is more likely an artefact of a program than an id."""
    if fault := sheet_error(text):
        return fault
    if spreadsheets.is_date(text):
        return f"the id {text!a} is a date or time; spreadsheets turn some ids into one"
    if "\ufffd" in text:
        return f"the id {text!a} contains U+FFFD, which stands for a character that was lost"
    if text.strip().startswith("="):
        return f"the id {text!a} is a formula of a spreadsheet"
    if artefact := _ARTEFACT.fullmatch(text.strip().casefold()):
        return f"the id {text!a} {_WHY[str(artefact.lastgroup)]}"
    return quotes_fault(text)


def quotes_fault(text: str) -> str:
    """Return why an id in quotes is more likely an id that a program or spreadsheet quoted."""
    if len(text) > 1 and text[-1] == _QUOTES.get(text[0]):
        return f"the id {text!a} stands between quotes"
    if text.startswith("'") and text[1:2].isalnum():
        return f"the id {text!a} begins with an apostrophe, which marks text in spreadsheets"
    return ""


def hidden_fault(text: str) -> str:
    """Return why people would read a new external_id as another one."""
    char = overlooked(text)
    return f"the id {text!a} contains U+{ord(char):04X}, which is easily overlooked" if char else ""


def slip(text: str, other: str) -> str:
    """Return why the new id `text` may be a mistyped form of the existing id `other`, or ""."""
    if text == other:
        return ""
    if look_alike_key(text) == look_alike_key(other):
        return f"{text!a} looks like {other!a}"
    if misread(text) == other:
        return f"{text!a} is {other!a} in another encoding"
    if NumberForms([other], [text]).find(text):
        return f"{text!a} is {other!a} as a number"
    changed = ChangedIds([other], [text]).find(text)
    return f"{text!a} may be what a spreadsheet made of {other!a}" if changed else ""


def left_out_as(name: str, unnamed: Collection[str], forms: NumberForms) -> str:
    """Return the id of an existing user that no row names and `name` is another form of, or ""."""
    before = misread(name)
    return before if before != name and before in unnamed else forms.find(name)


def misread(text: str) -> str:
    """Return what UTF-8 text was before it was read in another encoding; `text` if it was not."""
    if not text.isascii():
        for encoding in ("cp1252", "latin-1"):
            with suppress(UnicodeError):
                return text.encode(encoding).decode("utf-8")
    return text


class ChangedIds(SheetForms):
    """Finds the existing id that a spreadsheet or autocorrection may have changed."""

    def __init__(self, existing: Collection[str], texts: Collection[str]) -> None:
        super().__init__(existing, texts)
        self._existing = existing
        self._corrected = {text: other for other in existing for text in _uncorrected(other)}

    def find(self, text: str) -> str:
        """Return the existing id, or ""."""
        if found := super().find(text) or self._corrected.get(text):
            return found
        for typed in _uncorrected(text):
            if typed in self._existing:
                return typed
            if found := self._corrected.get(typed):
                return found
        return ""


def _uncorrected(text: str) -> set[str]:
    """Return what was typed if autocorrection made this text; nothing if it did not."""
    return set() if text.isascii() else {text.translate(table) for table in _TYPED} - {text}


def customer_slip(text: str, external_id: str | None) -> str:
    return f"{text} is the customer_id of {ascii(external_id) if external_id else 'a user'}"


def sheet_error(text: str) -> str:
    return f"the id {text!a} is a spreadsheet error" if spreadsheets.is_error(text) else ""


def alike(text: str, existing: Mapping[str, str]) -> str:
    """Describe the id of `existing` (look_alike_key -> id) that looks the same; "" if none does."""
    other = existing.get(look_alike_key(text), text)
    return f"{slip(text, other)}, an existing user" if other != text else ""


def near_ids(text: str, existing: Iterable[str]) -> list[str]:
    """Return at most three ids that differ from `text` by a slip, the nearest first.

    Two ids with different numbers are two users, not a slip.
    """
    from difflib import get_close_matches

    return get_close_matches(text, comparable_ids(text, existing), 3, _SLIP_RATIO)


def comparable_ids(text: str, existing: Iterable[str]) -> list[str]:
    """Return the few ids that are worth a comparison in full: there may be 100,000."""
    numbers = _numbers(text)
    longest = max(numbers, key=len, default="")
    similar = [
        other
        for other in existing
        if longest in other and other != text and abs(len(other) - len(text)) <= _SLIP_LENGTH
    ]
    if numbers:
        similar = [other for other in similar if _numbers(other) == numbers]
    if len(similar) > _MANY:
        similar = [other for other in similar if other[:2] == text[:2]][:_MANY]
    return similar


def _numbers(text: str) -> list[str]:
    return [digits.lstrip("0") for digits in re.findall(r"[0-9]+", text)]


def look_alike_key(text: str) -> str:
    """Return a key that is equal for ids that look the same to people."""
    if text.isascii():
        return text.strip().lower()
    seen = "".join(" " if char.isspace() else char for char in text if char not in unseen())
    folded = unicodedata.normalize("NFC", seen).casefold()
    return unicodedata.normalize("NFC", folded).strip()


def qps_fault(text: str) -> str:
    plain = text.isascii() and text.isdecimal()
    if plain and len(text) <= len(str(QPS_MAX)) and 1 <= int(text) <= QPS_MAX:
        return ""
    shown = text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004
    return f"qps_limit `{shown}` is not a whole number from 1 to {QPS_MAX}"


def address_fault(text: str) -> str:
    if ADDRESS.fullmatch(text):
        return ""
    return f"eoa_address `{text[:_SHOWN]}` is not `0x` and 40 hexadecimal digits"


def email_fault(text: str) -> str:
    """Find only gross mistakes; the API checks the rest."""
    name, _, domain = text.partition("@")
    printable = all(char.isprintable() and not char.isspace() for char in text)
    if name and domain and "@" not in domain and printable and len(text) <= _EMAIL_LONGEST:
        return ""
    return f"email {text[:_SHOWN]!a} is not an email address"
