"""The rules of single cells: what is wrong with an id, a limit, an address, an email or a state.

Each function returns "" or what is wrong, in words that follow the row number.
"""

from __future__ import annotations

import re
import unicodedata

QPS_MAX = 2_147_483_647
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
# what a spreadsheet writes for a long number: a capital E and a sign. `4e872096` is a true id
_MANGLED = re.compile(r"[+-]?\d(?:[.,]\d+)?E[+-]\d+", re.ASCII)
_SHEET_ERRORS = ("#N/A", "#NAME?", "#REF!", "#VALUE!", "#NUM!", "#DIV/0!", "#NULL!", "#SPILL!")
_EMAIL_LONGEST = 320
_JOINERS = "\u200c\u200d"  # parts of words in several scripts, and of emoji


def id_fault(text: str) -> str:
    """What makes `text` no id of a user, be it for matching or for creating."""
    if not text.strip():
        return "the id is empty"
    if text.lower().startswith(("pk_", "sk_")):
        return "the id looks like an API key; it is not shown here"
    if _MANGLED.fullmatch(text) or (text.startswith("###") and not text.strip("#")):
        return f"the id `{text}` was mangled by a spreadsheet; format the column as text"
    if text in _SHEET_ERRORS:
        return f"the id `{text}` is an error of the spreadsheet"
    return ""


def new_id_fault(text: str) -> str:
    """What speaks against creating a user of this external_id."""
    if text in (".", ".."):
        return f"the id `{text}` cannot be created: it has a meaning in a URL"
    if text != text.strip():
        return f"the id `{text}` cannot be created: it has blanks at its edge"
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS:
            return f"the id {text!a} cannot be created: it holds U+{ord(char):04X}"
    return ""


def qps_fault(text: str) -> str:
    plain = text.isascii() and text.isdecimal()
    if plain and len(text) <= len(str(QPS_MAX)) and 1 <= int(text) <= QPS_MAX:
        return ""
    shown = text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004
    return f"qps_limit `{shown}` is not a whole number from 1 to {QPS_MAX}"


def address_fault(text: str) -> str:
    if _ADDRESS.fullmatch(text):
        return ""
    return f"eoa_address `{text[:60]}` is not `0x` and 40 hexadecimal digits"


def email_fault(text: str) -> str:
    """Only what is grossly wrong: the API judges the rest."""
    name, _, domain = text.rpartition("@")
    printable = all(char.isprintable() and not char.isspace() for char in text)
    if name and domain and printable and len(text) <= _EMAIL_LONGEST:
        return ""
    return f"email {text[:60]!a} is not an email address"
