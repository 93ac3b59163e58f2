"""Read the roster, the file of wanted users; all its faults are listed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern

from parsec_cli import field_rules
from parsec_cli.bulk.files.decode import Faults, decode
from parsec_cli.bulk.files.header import FIXED, Columns
from parsec_cli.bulk.files.read_file import Cells, read_rows
from parsec_cli.errors import GuardRefused
from parsec_cli.next_command import again


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row: a user as it should be; None leaves a field unchanged.

    A row identifies its user by either id, or by both. `fixed` has the columns that cannot be
    changed.
    """

    row: int
    external_id: str
    qps_limit: int | None = None
    email: str | None = None
    eoa_address: str | None = None
    absent: bool = False
    customer_id: str | None = None
    fixed: Cells = field(default_factory=dict)


def read_roster(
    data: bytes, name: str, columns: Columns | None = None, *, prune: bool = False
) -> tuple[Wanted, ...]:
    """Read csv, tsv, JSON Lines or JSON; raise one UsageFault that lists every fault.

    A file with a header and no rows is valid. To `prune` by it, it must not be a filtered export.
    """
    faults = Faults(name)
    rows = read_rows(decode(data, faults), columns or Columns(), faults)
    wanted = [found for row, cells in rows if (found := _wanted(row, cells, faults))]
    _check_repeated(wanted, faults)
    faults.check()
    if prune and faults.filtered:
        raise GuardRefused(
            f"`{name}` is a filtered export: `--prune` would deactivate the users that it leaves "
            "out",
            hint="export all users with `users list`; or, without that option, run",
            command=again(prune=None),
        )
    return tuple(wanted)


def _wanted(row: int, cells: Cells, faults: Faults) -> Wanted | None:
    external_id, customer_id, state = ids_and_state(cells)
    qps, email, address = (cells.get(name, "") for name in ("qps_limit", "email", "eoa_address"))
    rules = (
        (field_rules.qps_fault, qps),
        (field_rules.email_fault, email),
        (field_rules.address_fault, address),
    )
    found = [*id_faults(external_id, customer_id), *(fault(text) for fault, text in rules if text)]
    if state not in ("", "active", "absent"):
        found.append(f"state `{state[:40]}` is not active or absent")
    if faults.add_all(row, found):
        return None
    limit = int(qps) if qps else None
    absent = state == "absent"
    # most values repeat in many rows: each is stored once
    fixed = {name: intern(text) for name in FIXED if (text := cells.get(name))}
    return Wanted(
        row, external_id, limit, email or None, address or None, absent, customer_id or None, fixed
    )


def ids_and_state(cells: Cells) -> tuple[str, str, str]:
    """Return external_id, customer_id and state; "" for an empty cell."""
    external_id = cells.get("external_id", "")
    customer_id, state = (cells.get(name, "").strip().lower() for name in ("customer_id", "state"))
    return external_id if external_id.strip() else "", customer_id, state


def id_faults(external_id: str, customer_id: str) -> tuple[str, str]:
    """Check the ids of a row; beside a customer_id, any external_id is allowed."""
    if customer_id:
        both = field_rules.id_fault(external_id) if external_id else ""
        return field_rules.id_fault(customer_id), both
    return field_rules.id_fault(external_id) or field_rules.edge_fault(external_id), ""


def _check_repeated(wanted: Sequence[Wanted], faults: Faults) -> None:
    """Report ids that are in more than one row; users may share an external_id, not both ids."""
    first: dict[str, Wanted] = {}
    for one in wanted:
        if one.customer_id:
            _check_first_row(f"customer_id {one.customer_id}", one, first, faults)
        if one.external_id:
            before = first.setdefault(one.external_id, one)
            if before is not one and not (before.customer_id and one.customer_id):
                _check_first_row(one.external_id, one, first, faults)


def _check_first_row(name: str, one: Wanted, first: dict[str, Wanted], faults: Faults) -> None:
    before = first.setdefault(name, one)
    if before is not one:
        faults.add(one.row, f"the id `{name}` is also in row {before.row}")
