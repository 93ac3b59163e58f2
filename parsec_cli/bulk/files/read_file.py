"""Match the columns of an operator's csv, tsv or JSON to fields, and read its rows."""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from parsec_cli.bulk.files.csv_rows import (
    DELIMITERS,
    Faults,
    Source,
    Table,
    blank,
    normal,
    read_table,
)
from parsec_cli.bulk.files.json_rows import looks_like_json, records
from parsec_cli.bulk.files.other_files import what_it_is
from parsec_cli.errors import Proposal, UsageFault, counted, did_you_mean, nearest
from parsec_cli.next_command import again

IDS = ("external_id", "customer_id")
FIELDS = (*IDS, "qps_limit", "email", "eoa_address", "state")
# columns of `parsec users list` that no file changes
FIXED = (
    "tier",
    "created_at",
    "linked_exchanges",
    "fee_escrow_enabled",
    "fee_bps",
    "affiliate_address",
    *(f"wallet.{name}" for name in ("eoa_address", "safe_address", "wallet_type", "chain_id")),
)
_OTHER = frozenset((*FIXED, "api_key", "wallet"))
_NEAR, _NEAR_IN_EXPORT = 0.5, 0.8
_SHOWN = 60  # characters of a name
_RENAME = "remove or rename it"
_IGNORE = f"{_RENAME}; to ignore such columns, add `--map external_id=external_id`"
_TITLES = 5  # rows below the first that may be the header
_ANY_DELIMITER = re.compile(f"[{''.join(DELIMITERS)}]")
_HEADER_SHOWN = 400  # characters of a header without an id
Cells = Mapping[str, str]


class Columns:
    """The column of each field.

    `mapping` is field -> column, from `--map`. With one, other unknown columns are ignored. `only`
    is the one column name of a table, unless mapped: it may be the first user of a bare list.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self.mapping = mapping or {}
        self.only = ""
        self._ignored: dict[str, None] = {}
        self._seen: set[str] = set()

    @classmethod
    def parse(cls, options: Sequence[str]) -> Columns:
        """Read `--map FIELD=COLUMN`; UsageFault for any other form, or a repetition."""
        mapping: dict[str, str] = {}
        for option in options:
            name, _, column = option.partition("=")
            name, column = normal(name), normal(column)
            if name not in FIELDS or not column:
                raise UsageFault(
                    f"`--map {option}` is not FIELD=COLUMN", hint=f"FIELD is one of {words(FIELDS)}"
                )
            if name in mapping or column in mapping.values():
                raise UsageFault(f"`--map {option}` repeats a field or a column")
            mapping[name] = column
        return cls(mapping)

    @property
    def expected(self) -> set[str]:
        """The column names that identify a header of this file."""
        return {self.mapping.get(name, name) for name in FIELDS} | _OTHER

    def places(
        self, names: Sequence[str], row: int, what: str, faults: Faults, *, exported: bool = False
    ) -> dict[str, int] | None:
        """Return field -> position; None if no column has an id, which is then the only fault.

        `what` has these columns; `exported` allows fields that the server added.
        """
        plain, others = [normal(name) for name in names], list[str]()
        unknown: list[str] = []
        fields = {column: name for name, column in self.mapping.items()}
        known = {*FIELDS, *_OTHER, *(name for name in plain if name.startswith("wallet."))}
        found: dict[str, int] = {}
        for at, name in enumerate(plain):
            if name in fields:
                self._seen.add(name)
                found[fields[name]] = at
            elif name in known and name not in self.mapping:
                found[name] = at
            elif self.mapping:
                self._ignored[name or "(no name)"] = None
            elif not name:
                others.append("a column has no name")
            elif not exported or difflib.get_close_matches(name, FIELDS, 1, _NEAR_IN_EXPORT):
                near = did_you_mean(name, FIELDS, _NEAR) or f"; known columns: {words(FIELDS)}"
                others.append(f"unknown column `{name[:_SHOWN]}`{near}")
                unknown.append(name)
        others += [
            f"the column `{name[:_SHOWN]}` appears {count} times"
            for name, count in Counter(plain).items()
            if name and count > 1
        ]
        if any(name in found for name in IDS):
            hint, command = what_it_is(plain, faults.name) or _what_to_do(unknown, others, found)
            for text in others:
                faults.add(row, text, hint=hint if unknown else "", command=command)
            return found
        suggestion = next(filter(None, (did_you_mean(name, IDS) for name in plain)), "")
        seen = f"{what} has {header_text(names)}{suggestion}" if names else f"{what} is empty"
        no_header(row, seen, faults, self.mapping, plain)
        return None

    def check_mapped(self, names: Sequence[str], row: int, faults: Faults) -> None:
        """Report each column of `--map` that is not in the file."""
        for name, column in self.mapping.items():
            if column not in self._seen:
                suggestion = did_you_mean(column, [normal(name) for name in names])
                faults.add(row, f"`--map {name}={column}`: column not found{suggestion}")

    def notice(self) -> str:
        """Return a notice of the ignored columns; "" if there are none."""
        if not self._ignored:
            return ""
        return f"ignored columns: {words(name[:_SHOWN] for name in self._ignored)}"


def _what_to_do(
    unknown: Sequence[str], others: Sequence[str], found: Mapping[str, int]
) -> Proposal:
    """Return the hint for unknown columns; to ignore new values would lose them."""
    if len(others) == len(unknown) == 1 and (option := _meant(unknown[0], found)):
        return "rename it, or run", again(map=option)
    return _RENAME if any(name.startswith("after") for name in unknown) else _IGNORE, None


def _meant(column: str, found: Mapping[str, int]) -> str:
    """Return the value of `--map` that reads a column as the field it is near to, or ""."""
    near = nearest(column, FIELDS, _NEAR)
    # whoever names a column `status` does not mean to deactivate users
    return f"{near[0]}={column}" if len(near) == 1 and near[0] not in {*found, "state"} else ""


def header_text(names: Iterable[str]) -> str:
    """Return the names of a header in backticks, cut to a readable length."""
    return words(names)[:_HEADER_SHOWN]


def no_header(
    row: int, seen: str, faults: Faults, mapping: Mapping[str, str], names: Sequence[str] = ()
) -> None:
    """Report that the file has no id column, and list the columns that it may have."""
    # a second `--map` cannot be added to the command that was typed
    command = None if mapping else again(map="external_id=COLUMN")
    hint = f"the first line names the columns: {','.join(FIELDS)}; to read an id from another "
    hint += "column, run" if command else "column, add `--map external_id=COLUMN`"
    hint, command = what_it_is(names, faults.name) or (hint, command)
    text = f"no column `external_id` or `customer_id`; {seen}"
    faults.add(row, text, hint=hint, command=command)


def words(names: Iterable[str]) -> str:
    """Return names in backticks, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def read_rows(
    source: Source, columns: Columns, faults: Faults, *, typed: bool = True
) -> Iterator[tuple[int, Cells]]:
    """Yield each row's number and its cells by field; a field without a column is missing.

    With `typed`, a value of the wrong JSON type is a fault; otherwise only an id may be.
    """
    if looks_like_json(source):
        yield from _json_rows(source, columns, faults, FIELDS if typed else IDS)
        return
    table = read_table(source, columns.expected, faults)
    if table is None:
        no_header(1, "the file is empty", faults, columns.mapping)
        return
    split = DELIMITERS.get(table.delimiter, table.delimiter)
    line = f"the first line, split at each {split},"
    header = table.header if columns.mapping else _named(table.header)
    if _titles(table, header, columns, faults):
        return
    places = columns.places(header, table.row, line, faults)
    columns.check_mapped(header, table.row, faults)
    if len(table.header) == 1 and not columns.mapping:
        columns.only = table.header[0]
    if places is None:
        return
    width, named = len(table.header), len(header)
    for row, cells in table.rows:
        if len(cells) != width:
            faults.add(row, f"has {counted(len(cells), 'cell')}, the header has {width}")
        elif named < width and not blank(cells[named:]):
            faults.add(row, "has a value in a column that has no name")
        else:
            yield row, {name: cells[at] for name, at in places.items()}


def _named(header: Sequence[str]) -> Sequence[str]:
    """Return the header without the unnamed columns at its end, which spreadsheets add."""
    named = [at for at, name in enumerate(header, 1) if normal(name)]
    return header[: named[-1]] if named else header


def _titles(table: Table, header: Sequence[str], columns: Columns, faults: Faults) -> bool:
    """Report a header that is not the first line, because titles stand above it."""
    ids = {columns.mapping.get(name, name) for name in IDS}
    if ids & set(map(normal, header)):
        return False
    for row, cells in itertools.islice(table.rows, _TITLES):
        # a title without a delimiter does not show how the others are split
        if ids & {normal(name) for cell in cells for name in _ANY_DELIMITER.split(cell)}:
            text = f"no column `external_id` or `customer_id`; row {row} seems to be the header"
            faults.add(
                table.row, text, hint="remove the rows above it and run the same command again"
            )
            return True
    return False


def _json_rows(
    source: Source, columns: Columns, faults: Faults, typed: Sequence[str]
) -> Iterator[tuple[int, Cells]]:
    known: dict[tuple[str, ...], dict[str, int] | None] = {}
    row = 1
    names: tuple[str, ...] = ()
    fields = columns.expected.union(FIELDS)
    for row, record, exported in records(source, faults, fields):
        names = tuple(record)
        if names not in known:
            known[names] = columns.places(names, row, "the record", faults, exported=exported)
        if (places := known[names]) is None:
            continue
        values = tuple(record.values())
        cells = {}
        for name, at in places.items():
            value = values[at]
            if value.__class__ is not str:  # a call for each value takes a third of the time
                value = "" if value is None else _text(row, name, value, faults, typed)
            cells[name] = value
        if None not in cells.values():
            yield row, cells
    if known:
        columns.check_mapped(names, row, faults)


def _text(row: int, name: str, value: Any, faults: Faults, typed: Sequence[str]) -> str | None:
    """Return a JSON value that is not text as the text of a cell; None after a fault.

    The fields of `typed` must have the type that rosters need.
    """
    if name not in typed:
        return as_cell(value)
    if name == "qps_limit" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    faults.add(row, f"`{name}` is not {'a whole number' if name == 'qps_limit' else 'text'}")
    return None


def as_cell(value: Any) -> str:
    """Return a value as csv and tsv show it, for comparison."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join([as_cell(inner) for inner in value if inner is not None])
    return "" if isinstance(value, dict) else str(value)
