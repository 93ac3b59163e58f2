"""An operator's file -> the wanted state of users, every fault of the file told at once.

Reading is the work of `intake`, `sheet` and `documents`, judging a cell that of `fields`; here
are the columns and what a row means.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parsec_cli.cells import restore
from parsec_cli.errors import counted
from parsec_cli.fleet import documents, fields
from parsec_cli.fleet.intake import Faults, decode
from parsec_cli.fleet.sheet import DELIMITERS, Sheet, blank, open_sheet

COLUMNS = ("external_id", "qps_limit", "email", "eoa_address", "state")
# what `parsec users list` writes beside these: read past, so that its export is a valid file
EXPORTED = frozenset(
    (
        "customer_id",
        "api_key",
        "tier",
        "status",
        "strategy",
        "created_at",
        "linked_exchanges",
        "fee_escrow_enabled",
        "fee_bps",
        "affiliate_address",
        "wallet",
    )
)
Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row: a user as it should be. None means: leave alone.

    `customer_id` is set only where the row has no external_id, as in the export of such a user.
    """

    row: int
    external_id: str
    qps_limit: int | None = None
    email: str | None = None
    eoa_address: str | None = None
    absent: bool = False
    customer_id: str | None = None


def read_roster(data: bytes, name: str) -> tuple[Wanted, ...]:
    """Read CSV, JSON Lines or JSON; raise one UsageFault that lists every fault with its row."""
    faults = Faults(name)
    text = decode(data, faults)
    is_json = documents.looks_like_json(text)
    rows = _json_rows(text, faults) if is_json else _sheet_rows(text, faults)
    wanted = [found for row, cells in rows if (found := _wanted(row, cells, faults))]
    _check_twice(wanted, faults)
    faults.check()
    if not wanted:
        faults.add(1, "the file holds no rows")
        faults.check()
    return tuple(wanted)


def _sheet_rows(text: str, faults: Faults) -> Iterator[tuple[int, Cells]]:
    sheet = open_sheet(text, {*COLUMNS, *EXPORTED}, faults)
    if sheet is None:
        return
    _check_header(sheet, faults)
    places = {name: at for at, name in enumerate(sheet.header) if name in (*COLUMNS, "customer_id")}
    for row, cells in sheet.rows:
        if blank(cells):
            continue
        if len(cells) != len(sheet.header):
            faults.add(
                row, f"has {counted(len(cells), 'cell')}, the header has {len(sheet.header)}"
            )
        elif "external_id" in places:
            yield row, {name: restore(cells[at]) for name, at in places.items()}


def _check_header(sheet: Sheet, faults: Faults) -> None:
    for name, count in Counter(sheet.header).items():
        if name and count > 1:
            faults.add(sheet.row, f"the column `{name}` is there {count} times")
        if not name:
            faults.add(sheet.row, "a column has no name")
        elif not _is_known(name):
            faults.add(sheet.row, _unknown(name, "column"))
    if "external_id" not in sheet.header:
        seen = " ".join(f"`{name}`" for name in sheet.header)
        split = DELIMITERS.get(sheet.delimiter, sheet.delimiter)
        faults.add(
            sheet.row,
            f"there is no column `external_id`; the header, split at each {split}, has {seen}",
            hint="the first line names the columns, split by comma, semicolon or tab: "
            + ",".join(COLUMNS),
        )


def _is_known(name: str) -> bool:
    return name in COLUMNS or name in EXPORTED or name.startswith("wallet.")


def _unknown(name: str, what: str) -> str:
    near = difflib.get_close_matches(name, COLUMNS, 1)
    meant = f"; did you mean `{near[0]}`" if near else ""
    return f"the {what} `{name[:60]}` is unknown{meant}"


def _json_rows(text: str, faults: Faults) -> Iterator[tuple[int, Cells]]:
    for row, record in documents.read(text, faults):
        for name in record:
            # an exported record may hold fields that are newer than this tool, a typo may not hide
            near = difflib.get_close_matches(name, COLUMNS, 1, 0.8)
            if not _is_known(name) and (near or "customer_id" not in record):
                faults.add(row, _unknown(name, "field"))
        if not isinstance(record.get("external_id", ""), str | None):
            faults.add(row, "`external_id` is not text")
            continue
        cells: dict[str, Any] = {
            name: _text(row, name, record.get(name), faults) for name in COLUMNS
        }
        cells["customer_id"] = record.get("customer_id")
        yield row, cells


def _text(row: int, name: str, value: Any, faults: Faults) -> str:
    """A JSON value as the text a cell would have held; null and absent are the empty cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if name == "qps_limit" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    faults.add(row, f"`{name}` is not text" if name != "qps_limit" else f"`{name}` is not whole")
    return ""


def _wanted(row: int, cells: Cells, faults: Faults) -> Wanted | None:
    external_id = str(cells["external_id"])
    customer_id = None
    if not external_id and isinstance(cells.get("customer_id"), str):
        customer_id = cells["customer_id"].strip().lower() or None
    qps, email, address = (str(cells.get(name) or "") for name in COLUMNS[1:4])
    state = str(cells.get("state") or "").strip().lower()
    found = [
        "" if customer_id else fields.id_fault(external_id),
        fields.qps_fault(qps) if qps else "",
        fields.email_fault(email) if email else "",
        fields.address_fault(address) if address else "",
        ""
        if state in ("", "active", "absent")
        else f"state `{state[:40]}` is not active or absent",
    ]
    for fault in filter(None, found):
        faults.add(row, fault)
    if any(found):
        return None
    limit = int(qps) if qps else None
    absent = state == "absent"
    return Wanted(row, external_id, limit, email or None, address or None, absent, customer_id)


def _check_twice(wanted: Sequence[Wanted], faults: Faults) -> None:
    first: dict[str, int] = {}
    for one in wanted:
        name = one.external_id or f"customer_id {one.customer_id}"
        if name in first:
            faults.add(one.row, f"the id `{name}` is in row {first[name]}, too")
        first.setdefault(name, one.row)
