"""The file of `users deactivate --from-file` -> the users it names, all its faults at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from parsec_cli.cells import restore
from parsec_cli.errors import counted
from parsec_cli.fleet import fields
from parsec_cli.fleet.documents import looks_like_json
from parsec_cli.fleet.intake import Faults, decode
from parsec_cli.fleet.sheet import DELIMITERS, Sheet, blank, normal, open_sheet

Kind = Literal["user", "external_id", "customer_id"]
_COLUMNS = ("customer_id", "external_id")


@dataclass(frozen=True, slots=True)
class Target:
    """A user to be deactivated. `kind` "user" is a USER as on the command line.

    `external_id` is what the file says beside a customer_id, to be compared before anything is
    sent; None where it says nothing.
    """

    row: int
    kind: Kind
    text: str
    external_id: str | None = None


def read_targets(data: bytes, name: str) -> tuple[Target, ...]:
    """Read one USER a line, or a CSV with a `customer_id` or `external_id` column."""
    faults = Faults(name)
    text = decode(data, faults)
    if _is_json(text):
        faults.add(
            1, "the file is JSON", hint="write one USER a line: `jq -r '.users[].customer_id'`"
        )
        faults.check()
    first = text.lstrip("\r\n").partition("\n")[0].rstrip("\r")
    is_sheet = any(_names(first, delimiter) for delimiter in DELIMITERS)
    is_sheet = is_sheet or first.lower().startswith(("sep=", '"sep='))
    found = tuple(_from_sheet(text, faults) if is_sheet else _from_lines(text, faults))
    faults.check()
    if not found:
        faults.add(1, "the file names no user")
        faults.check()
    return found


def _is_json(text: str) -> bool:
    """Tell an object or array from ids that merely begin so, such as `[prod]`."""
    if not looks_like_json(text):
        return False
    try:
        json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return False
    return True


def _names(line: str, delimiter: str) -> bool:
    return any(normal(cell.strip().strip('"')) in _COLUMNS for cell in line.split(delimiter))


def _from_lines(text: str, faults: Faults) -> Iterator[Target]:
    for row, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if not line.strip():
            continue
        prefix, colon, rest = line.partition(":")
        named = rest if colon and prefix in ("ext", "id") else line
        fault = fields.id_fault(named) or fields.new_id_fault(named)
        if fault:
            faults.add(row, fault.replace("cannot be created", "cannot be named like this"))
        else:
            yield Target(row, "user", line)


def _from_sheet(text: str, faults: Faults) -> Iterator[Target]:
    sheet = open_sheet(text, _COLUMNS, faults)
    if sheet is None or not _check_header(sheet, faults):
        return
    for row, cells in sheet.rows:
        if blank(cells):
            continue
        if len(cells) != len(sheet.header):
            faults.add(
                row, f"has {counted(len(cells), 'cell')}, the header has {len(sheet.header)}"
            )
            continue
        record = dict(zip(sheet.header, map(restore, cells), strict=True))
        customer_id = record.get("customer_id", "").strip().lower()
        external_id = record.get("external_id", "")
        fault = fields.id_fault(customer_id or external_id) or _state_fault(record)
        if fault:
            faults.add(row, fault)
        elif customer_id:
            yield Target(row, "customer_id", customer_id, external_id or None)
        else:
            yield Target(row, "external_id", external_id)


def _state_fault(record: dict[str, str]) -> str:
    """A desired state names users to keep, too; here every row is one to deactivate."""
    state = record.get("state", "").strip().lower()
    return "" if state in ("", "absent") else f"its state is `{state[:40]}`, not absent"


def _check_header(sheet: Sheet, faults: Faults) -> bool:
    twice = [name for name in _COLUMNS if sheet.header.count(name) > 1]
    for name in twice:
        faults.add(sheet.row, f"the column `{name}` is there {sheet.header.count(name)} times")
    if not any(name in sheet.header for name in _COLUMNS):
        faults.add(sheet.row, "there is no column `customer_id` or `external_id`")
    return not twice and any(name in sheet.header for name in _COLUMNS)
