"""What spreadsheets make of ids: errors, dates, and numbers in another form or rounded. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from decimal import Decimal

# a long number; `4e872096` is a valid id
_MANGLED = re.compile(r"[+-]?\d(?:[.,]\d+)?E[+-]\d+|[+-]?\d[.,]\d+e\+\d+", re.ASCII)
_ERROR = re.compile(
    r"#(n/a|name\?|(ref|value|num|div/0|null|spill|calc|field|blocked|connect|busy|error)!"
    r"|unknown!|getting_data)|err:\d{3}"
)
# in the languages of the other programs, where all are in capitals
_ERROR_ABROAD = re.compile(r"#[¡¿]?[^\W\d_][\w/]*[!?]|#(N/[ABD]|NV|\u041d/\u0414|YOK|BRAK)")
_MONTH = (
    "(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|mär|mrz|mai|okt|dez|janv|févr?|mars|avr"
    "|avril|juin|juil|août|déc|ene|abr|ago|set|dic|gen|mag|giu|lug|ott|fev|out|mrt|mei)\\.?"
)
_TIME = r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[ap]m)?(z|[+-]\d\d:?\d\d)?"
# what becomes of ids such as `mar1`, `1/5` or `1:30`
_DATE = re.compile(
    rf"\d{{1,2}}[-. ]{{1,2}}{_MONTH}([-. ]\d\d(\d\d)?)?|{_MONTH}[-. ]\d\d(\d\d)?|{_TIME}|"
    rf"(\d{{1,2}}/\d{{1,2}}/\d\d(\d\d)?|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}"
    rf"|\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}})([ t]{_TIME})?",
    re.ASCII,
)
# an exponent of more digits is no number of a spreadsheet
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"([+-]?\d{1,3})((?:([,.' \u00a0\u202f\u2019])\d{3})(?:\3\d{3})*)([.,]\d+)?")
_PADDED = re.compile(r"[+-]?0\d")
_SLASHED = re.compile(r"0?(\d{1,2})/0?(\d{1,2})", re.ASCII)
_EXACT = 15  # digits of a number that a spreadsheet keeps
_SHORTENED = 6  # digits of the shortest number that is likely to be shown with an exponent

Form = Decimal | tuple[str, ...]


def is_mangled(text: str) -> bool:
    """Whether a spreadsheet wrote a number with an exponent, or a column that is too narrow."""
    return bool(_MANGLED.fullmatch(text)) or (text.startswith("###") and not text.strip("#"))


def is_error(text: str) -> bool:
    text = text.strip()
    abroad = text == text.upper() and _ERROR_ABROAD.fullmatch(text)
    return bool(_ERROR.fullmatch(text.casefold()) or abroad)


def is_date(text: str) -> bool:
    """Whether a text is a date or a time, in one of several languages."""
    return bool(_DATE.fullmatch(text.strip().casefold()))


class NumberForms:
    """Finds the existing id that one of the `texts` is another form of, as a number or a date.

    A text with more digits, such as a leading zero, is not a form that a spreadsheet writes.
    """

    def __init__(self, existing: Iterable[str], texts: Collection[str]) -> None:
        lengths = {length for text in texts for length in _rounded_to(text)}
        self._known: dict[Form, str] = {}
        self._rounded: dict[tuple[int, Form], str] = {}
        if not any(map(_forms, texts)):
            return
        for other in existing:
            for form in _forms(other):
                self._known[form] = other
                for length in lengths:
                    for value in _rounded(form, length):
                        self._rounded[length, value] = other

    def find(self, text: str) -> str:
        """Return the existing id, or ""."""
        if _PADDED.match(text) and not _SLASHED.fullmatch(text):
            return ""
        for form in _forms(text):
            if found := self._known.get(form):
                return found
            for length in _rounded_to(text):
                if found := self._rounded.get((length, form)):
                    return found
        return ""


def _forms(text: str) -> set[Form]:
    """Return the numbers that a text may stand for, in any locale, or its day and month."""
    text, found = text.strip(), set[Form]()
    if not text[:1].isdecimal() and text[:1] not in ("+", "-"):
        return found
    if _PLAIN.fullmatch(text):
        found.add(Decimal(text.replace(",", ".")))
    if match := _GROUPED.fullmatch(text):
        whole, groups, sign, rest = match.groups()
        found.add(Decimal(whole + groups.replace(sign, "") + (rest or "").replace(",", ".")))
    if match := _SLASHED.fullmatch(text):
        found.add(match.groups())
    return found


def _rounded_to(text: str) -> tuple[int, ...]:
    """Return to how many digits a number may have been rounded; () if it was not."""
    if not _PLAIN.fullmatch(text):
        return ()
    mantissa, exponent, _ = re.sub("[eE]", " e ", text, count=1).partition(" e ")
    digits = re.sub("[^0-9]", "", mantissa).lstrip("0")
    if exponent:
        return (len(digits),)
    kept = len(digits.rstrip("0"))
    return (_EXACT,) if len(digits) > _EXACT >= kept else ()


def _rounded(number: Form, length: int) -> Iterable[Decimal]:
    """Return a whole number rounded to `length` digits, in two ways; nothing if it is as short."""
    if not isinstance(number, Decimal) or number != number.to_integral_value():
        return ()
    if number.adjusted() + 1 < _SHORTENED:
        return ()
    whole, more = int(number), number.adjusted() + 1 - length
    if more <= 0:
        return ()
    step = 10**more
    return Decimal(whole // step * step), Decimal((whole + step // 2) // step * step)
