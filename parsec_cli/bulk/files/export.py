"""Read an export of this tool for a comparison: user by user, the same from each format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from parsec_cli import field_rules
from parsec_cli.bulk.files.csv_rows import Faults, decode, normal
from parsec_cli.bulk.files.json_rows import looks_like_json
from parsec_cli.bulk.files.read_file import Columns, as_cell, read_rows
from parsec_cli.cells import rfc3339
from parsec_cli.columns import USER
from parsec_cli.errors import GuardRefused, UsageFault
from parsec_cli.exact_json import is_unicode
from parsec_cli.models import JsonObject, is_uuid
from parsec_cli.next_command import run

# the compared columns: all that describe a user, but no keys
COMPARED = tuple(c for c in USER if c.path != "customer_id" and c.kind != "secret")
PATHS = tuple(column.path for column in COMPARED)
# a chain id is shown without thousands commas, like an id, but it is a number
KINDS = tuple("number" if c.path == "wallet.chain_id" else c.kind for c in COMPARED)
_STEPS = tuple(path.partition(".")[::2] for path in PATHS)
_HALF = re.compile("[\ud800-\udfff]")
# `1.000` may be a thousand, so it is compared as it is written
_WHOLE_NUMBER = re.compile(r"(?!-?[1-9]\d{0,2}\.000$)(-?\d+)\.0*")
_USUAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# what the API always sends; `--fields` may have left out other fields where these are missing
_OF_EVERY_USER = {"customer_id", "external_id", "api_key", "linked_exchanges"}
_OF_EVERY_WALLET = "wallet.privy_wallet_id"
_EXPORT_AGAIN = "export all users again with"
_EXPORT = run("users", "list", "--json")
Cells = tuple[str, ...]  # of the columns of COMPARED; "" for null, absent and empty
Row = tuple[str, Cells]  # begins with the customer_id


class Export:
    """The users of an exported file; `columns` are known when all users have been read.

    `read` returns the content, which is in memory only while the users are read.
    """

    def __init__(self, read: Callable[[], bytes], name: str) -> None:
        self.columns: frozenset[str] = frozenset()
        self._read = read
        self._faults = Faults(name)

    def __iter__(self) -> Iterator[Row]:
        """Yield the users; at the end, UsageFault or GuardRefused if the file cannot be used."""
        faults = self._faults
        try:
            yield from self._users(faults)
            faults.check()
        except UsageFault as fault:
            raise fault.but(hint=_EXPORT_AGAIN, command=_EXPORT) from None
        why = ""
        if faults.incomplete:
            why = f"the listing in `{faults.name}` is incomplete: {faults.incomplete}"
        elif faults.miscounted:
            why = f"`{faults.name}` is not a whole export: {faults.miscounted}"
        elif faults.filtered:
            why = f"`{faults.name}` has only some users: the others would seem to join or leave"
        if why:
            raise GuardRefused(why, hint=_EXPORT_AGAIN, command=_EXPORT)

    def _users(self, faults: Faults) -> Iterator[Row]:
        source = decode(self._read(), faults)
        ids = set[int]()  # hashes, as in a listing
        names = set[str]()
        words: list[tuple[int, str]] = []  # rows that are no users if others have a UUID
        identified = False
        for row, cells in read_rows(source, Columns(), faults, typed=False):
            customer_id, external_id = cells.get("customer_id", ""), cells.get("external_id", "")
            if is_uuid(customer_id):
                customer_id, identified = customer_id.lower(), True
                fault = word = ""
            else:
                fault, word = _fault_without_uuid(cells), _word(cells)
            if external_id.strip():
                fault = fault or field_rules.id_fault(external_id)
            key = hash((customer_id, "" if customer_id else external_id))
            if key in ids:
                fault = fault or f"the id `{customer_id or external_id}` is in another row, too"
            names.update(cells)
            if not faults.add(row, fault):
                ids.add(key)
                if word:
                    words.append((row, word))
                yield customer_id, _canonical(cells)
        for row, word in words if identified else ():
            faults.add(row, word)
        self.columns = _columns(names, is_json=looks_like_json(source))


def _fault_without_uuid(cells: Mapping[str, str]) -> str:
    """Return why a row whose customer_id is no UUID, or is missing, is not a user."""
    if all(normal(cell) == name for name, cell in cells.items()):
        return "is a second header: the file must be one export"
    customer_id, external_id = cells.get("customer_id", ""), cells.get("external_id", "")
    fault = field_rules.id_fault(customer_id or external_id)
    return fault or ("" if customer_id else field_rules.mangled_fault(external_id))


def _word(cells: Mapping[str, str]) -> str:
    """Return why the id of such a row is an artefact, if other rows have a UUID; else ""."""
    if "customer_id" not in cells:
        return ""
    return field_rules.word_fault(cells["customer_id"] or cells.get("external_id", ""))


def _columns(names: set[str], *, is_json: bool) -> frozenset[str]:
    """Return the columns of an export whose records have these fields."""
    # a field that is absent from all whole records of a JSON export is null for all users
    if is_json and names >= _OF_EVERY_USER:
        return frozenset(PATHS)
    parts = {name for name in names if name.startswith("wallet.")}
    if "wallet" in names and (not parts or _OF_EVERY_WALLET in parts):
        names = names | {path for path in PATHS if path.startswith("wallet.")}
    return frozenset(names.intersection(PATHS))


def listed_row(user: JsonObject) -> Row:
    """Return the row of a user as the API lists it."""
    cells = {}
    for path, (parent, child) in zip(PATHS, _STEPS, strict=True):
        value = user.get(parent)
        if child:
            value = value.get(child) if isinstance(value, dict) else None
        cells[path] = as_cell(value)
    customer_id: str = user["customer_id"]
    return customer_id.lower() if is_uuid(customer_id) else customer_id, _canonical(cells)


def _number(text: str) -> str:
    found = None if text.isdecimal() else _WHOLE_NUMBER.fullmatch(text)
    return found[1] if found else text


def _list(text: str) -> str:
    return ",".join(sorted(part.strip() for part in text.split(","))) if "," in text else text


def _time(text: str) -> str:
    if _USUAL_TIME.fullmatch(text):
        return text
    return rfc3339(int(text) if text.isdecimal() else text) or text


# spreadsheets, other programs and the API itself write the same value differently
_SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "number": _number,
    "yesno": str.lower,
    "list": _list,
    "time": _time,
    "date": _time,
}
_SPELLED = tuple((at, _SPELLINGS[kind]) for at, kind in enumerate(KINDS) if kind in _SPELLINGS)


def _canonical(cells: Mapping[str, str]) -> Cells:
    """Return the cells that are compared, each in one spelling."""
    values = [cells.get(path, "") for path in PATHS]
    for at, spell in _SPELLED:
        if values[at]:
            values[at] = spell(values[at])
    return tuple(values if "".join(values).isascii() else map(_written, values))


def _written(text: str) -> str:
    """Return a text as JSON output has it: without halves of surrogate pairs."""
    return text if is_unicode(text) else _HALF.sub("\ufffd", text)
