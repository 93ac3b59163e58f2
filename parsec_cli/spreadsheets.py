"""What spreadsheets make of ids: errors, dates, and numbers in another form or rounded. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
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
_LONG = "(january|february|march|april|may|june|july|august|september|october|november|december)"
_D, _M, _Y = "(0?[1-9]|[12]\\d|3[01])", "(0?[1-9]|1[0-2])", "(19|20)\\d\\d"
_TIME = r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[ap]m)?(z|[+-]\d\d:?\d\d)?"
# what becomes of ids such as `mar1`, `1/5` or `1:30`
_DATE = re.compile(
    rf"\d{{1,2}}[-. ]{{1,2}}{_MONTH}([-. ]\d\d(\d\d)?)?|{_MONTH}[-. ]\d\d(\d\d)?|{_TIME}|"
    rf"(\d{{1,2}}/\d{{1,2}}/\d\d(\d\d)?|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}"
    rf"|{_D}-{_M}-{_Y}|{_M}-{_D}-{_Y}|{_Y}\. ?{_M}\. ?{_D}\.?"
    rf"|([a-z]{{3,6}}day, )?({_LONG}|{_MONTH}) {_D},? {_Y}"
    rf"|([a-z]{{3,6}}day, )?{_D}\.?[- ]{_LONG},?[- ]{_Y})([ t]{_TIME})?"
    r"|(\d{2,4}[年년] ?\d{1,2}[月월]( ?\d{1,2}[日일])?|\d{1,2}[月월] ?\d{1,2}[日일])"
    r"(星期.|.曜日| ?\(.\))?",
    re.ASCII,
)
# an exponent of more digits is no number of a spreadsheet
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"([+-]?\d{1,3})((?:([,.' \u00a0\u202f\u2019])\d{3})(?:\3\d{3})*)([.,]\d+)?")
_PADDED = re.compile(r"[+-]?0\d")
_SLASHED = re.compile(r"0?(\d{1,2})/0?(\d{1,2})", re.ASCII)
_EXACT = 15  # digits of a number that a spreadsheet keeps
_SHORTENED = 6  # digits of the shortest number that is likely to be shown with an exponent
_whole = re.compile(r"\d+", re.ASCII).fullmatch
_AROUND = "[$£¥¢¤฿\u20a0-\u20c0 \u00a0\u202f]{0,2}"
_ADORNED = re.compile(
    rf"(?P<open>\()?(?P<minus>[-\u2212])?{_AROUND}(?P<less>[-\u2212])?"
    rf"(?P<number>[\d.,][\d., '/\u00a0\u202f\u2019]{{0,27}}?){_AROUND}"
    r"(?P<percent>%)?(?(open)\)|(?P<after>-)?)"
)
_FRACTION = re.compile(r"(\d{1,9}) (\d{1,4})/(\d{1,4})", re.ASCII)
_INDIAN = re.compile(r"\d{1,2}(,\d\d)+,\d{3}(\.\d+)?", re.ASCII)
_TRUTH = re.compile(
    "(true|wahr|vrai|vero|verdadero|verdadeiro|waar|prawda|истина|sant|sann|sand)"
    "|false|falsch|faux|falso|onwaar|fałsz|ложь|falskt|usann|falsk"
)
_NUMERIC_DATE = re.compile(r"(\d{1,4})([-./]) ?(\d{1,4})(?:\2 ?(\d{1,4}))?\.?", re.ASCII)
_WORDED_DATE = re.compile(r"[^\d_]{0,24}\d{1,4}(?:[^\d_]{1,24}\d{1,4})?[^\d_]{0,12}")
_NAME = re.compile(r"[^\W\d_]+-?\d")  # a spreadsheet does not write `mar-1`
# a month in a language that is not known
_FOREIGN = re.compile(r"\d{1,2}[-. ]{1,2}[^\W\d_a-z][^\W\d_]{2,4}\.?(\W{1,2}\d{2,4})?")
_YEAR = re.compile(r"\d\d|(19|20)\d\d", re.ASCII)
_BESIDE_MONTHS = {"de", "del", "den", "of", "st", "nd", "rd", "th", "r"}
_MONTH_WORDS = """
jan january januar januari janvier janv jän jänner ene enero gen gennaio janeiro sty stycznia янв
январь января; feb february februar februari février févr fév febrero febbraio fev fevereiro lut
lutego фев февр февраль февраля; mar march märz mär mrz mars marzo março mrt maart marts marca мар
март марта; apr april avr avril abr abril aprile kwi kwietnia апр апрель апреля; may mai mayo mag
maggio maio mei maj maja май мая; jun june juni juin junio giu giugno junho cze czerwca июн июнь
июня; jul july juli juil juillet julio lug luglio julho lip lipca июл июль июля; aug august août ago
agosto augusti augustus sie sierpnia авг август августа; sep sept september septembre septiembre set
settembre setembro wrz września сен сент сентябрь сентября; oct october okt oktober octobre octubre
ott ottobre out outubro paź października окт октябрь октября; nov november novembre noviembre
novembro lis listopada ноя нояб ноябрь ноября; dec december dez dezember déc décembre dic diciembre
dicembre dezembro des desember gru grudnia дек декабрь декабря"""
_MONTHS = {w: str(n) for n, line in enumerate(_MONTH_WORDS.split(";"), 1) for w in line.split()}
_EPOCH = date(1899, 12, 30)  # day 0 of spreadsheets
_LAST_DAY = 73_050  # the end of 2099
_ADDED = range(20, 50)  # years that a spreadsheet adds to a day and a month: when it read the id
_SERIAL = "days"  # the style of a number of days; ids with leading zeros are seldom dates
_STYLES = {"-", "-0", "/", "/0", ".", ".0"}  # separator, and whether a number has a leading zero

# a number, the day and month of a date, or the word for a truth value
Form = Decimal | tuple[object, ...]


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
        written = {form for text in texts for form in self._written(text)}
        if not written:
            return
        for other in existing:
            for form in self._typed(other):
                if form in written:
                    self._known[form] = other
                for length in lengths:
                    for value in _rounded(form, length):
                        self._rounded[length, value] = other

    def find(self, text: str) -> str:
        """Return the existing id, or ""."""
        for form in self._written(text):
            if found := self._known.get(form):
                return found
            for length in _rounded_to(text):
                if found := self._rounded.get((length, form)):
                    return found
        return ""

    def _typed(self, text: str) -> set[Form]:
        """Return the forms of an existing id."""
        return _forms(text)

    def _written(self, text: str) -> set[Form]:
        """Return the forms of a text that a spreadsheet may have written."""
        padded = _PADDED.match(text) and not _SLASHED.fullmatch(text)
        return set() if padded else _forms(text)


class SheetForms(NumberForms):
    """Finds more dates and numbers, and truth values.

    Other ids may have such a form, too: compare only with users who would be deactivated.
    """

    def _typed(self, text: str) -> set[Form]:
        found = super()._typed(text)
        return found if _whole(text) else found | _adorned(text) | _dates(text) | _truth(text)

    def _written(self, text: str) -> set[Form]:
        if text in ("0", "1"):
            return super()._written(text) | _truth("true" if text == "1" else "false")
        found = set() if text[:1].isalpha() else super()._written(text)
        if not _whole(text):
            found |= _dates(text, written=True) | _truth(text)
            found |= set() if _PADDED.match(text) else _adorned(text)
        return found.union(*map(_serial_date, found))


def _forms(text: str) -> set[Form]:
    """Return the numbers that a text may stand for, in any locale, or its day and month."""
    text, found = text.strip(), set[Form]()
    if _whole(text):
        return {Decimal(text)}
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
    if (_whole(text) and len(text) <= _EXACT) or not _PLAIN.fullmatch(text):
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
    whole, more = int(number), number.adjusted() + 1 - length
    if more <= 0 or more + length < _SHORTENED:
        return ()
    step = 10**more
    return Decimal(whole // step * step), Decimal((whole + step // 2) // step * step)


def _adorned(text: str) -> set[Form]:
    """Return the numbers that a text with currency, per cent, brackets or a fraction stands for."""
    if text[:1].isalpha() or not (match := _ADORNED.fullmatch(text.strip())):
        return set()
    number = match["number"]
    if fraction := _FRACTION.fullmatch(number):
        whole, part, parts = map(Decimal, fraction.groups())
        found: set[Form] = {whole + part / parts} if parts else set()
    elif _INDIAN.fullmatch(number):
        found = {Decimal(number.replace(",", ""))}
    else:
        found = _forms(f"0{number}" if number[0] in ".," else number.rstrip(".,"))
    negative = match["open"] or match["minus"] or match["less"] or match["after"]
    unit = (-1 if negative else 1) * Decimal("0.01" if match["percent"] else 1)
    return {value * unit for value in found if isinstance(value, Decimal)}


def _truth(text: str) -> set[Form]:
    match = text.isalpha() and _TRUTH.fullmatch(text.casefold())
    return {("true" if match[1] else "false",)} if match else set()


def _dates(text: str, *, written: bool = False) -> set[Form]:
    """Return the dates that a text stands for, as sorted numbers and a style.

    In a date that is `written`, a style other than that of the existing id shows a spreadsheet.
    """
    found: set[Form] = set()
    style, parts = _date_parts(text)
    if written and _NAME.fullmatch(text):
        return found
    for day, month, *year in _readings(parts):
        numbers = tuple(sorted((day, month, *year)))
        # a spreadsheet that keeps the separator keeps the order of day and month, too
        same = numbers if year else ("in order", day, month)
        if written:
            others = _STYLES - {style} if style else {""}
            found |= {(same if one[:1] == style[:1] else numbers, one) for one in others}
            if year and year[0] in _ADDED:
                found.add(((min(day, month), max(day, month)), ""))
        else:
            found |= {(numbers, one) for one in ({style, ""} if style else {*_STYLES, ""})}
            found |= {(same, style), *((number,) for number in numbers if style)}
            found |= set() if "0" in style else {(numbers, _SERIAL)}
    # with the word for a month, one equal number is enough
    if written and parts and not style:
        found.add((int(parts[0]),))
    return found


def _serial_date(number: Form) -> set[Form]:
    """Return the date that a number of days stands for."""
    if not isinstance(number, Decimal) or not 0 < number <= _LAST_DAY or number % 1:
        return set()
    day = _EPOCH + timedelta(int(number))
    numbers = sorted((day.day, day.month))
    found: set[Form] = {(tuple(sorted((*numbers, day.year % 100))), "")}
    return found | {(tuple(numbers), _SERIAL)} if day.year - 2000 in _ADDED else found


def _date_parts(text: str) -> tuple[str, list[str]]:
    """Return the style of a date in digits, or "", and its two or three numbers."""
    text = text.strip().casefold()
    if match := _NUMERIC_DATE.fullmatch(text):
        parts = [part for part in match.group(1, 3, 4) if part]
        return match[2] + "0" * any(part[0] == "0" for part in parts), parts
    if not _WORDED_DATE.fullmatch(text):
        return "", []
    first, *year = re.findall(r"\d+", text)
    words = [word for word in re.findall(r"[^\W\d_]+", text) if word not in _BESIDE_MONTHS]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    months = months or ["0"] * bool(_FOREIGN.fullmatch(text))
    # a date with a year may have a weekday, too
    if len(months) != 1 or len(words) > 1 + len(year):
        return "", []
    return "", [first, *months, *year]


def _readings(parts: Sequence[str]) -> list[tuple[int, ...]]:
    """Return day and month, in either order, and the last two digits of the year, if any."""
    if len(parts) == 2 and _is_day(*parts):  # noqa: PLR2004
        return [(int(parts[0]), int(parts[1]))]
    if not parts:
        return []
    # a month and a year stand for the first day
    orders = (parts[-1], *["1", *parts][-3:-1]), (parts[0], *[*parts[1:], "1"][:2])
    return [
        (int(one), int(two), int(year) % 100)
        for year, one, two in orders
        if _YEAR.fullmatch(year) and _is_day(one, two)
    ]


def _is_day(one: str, two: str) -> bool:
    """Whether two numbers may be day and month, in either order."""
    less, more = sorted((int(one), int(two)))
    return 1 <= less <= 12 and more <= 31  # noqa: PLR2004
