"""Read a roster, the file of wanted users, or a file of users to deactivate.

All faults of a file are listed together.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from sys import intern

from parsec_cli import field_rules
from parsec_cli.bulk.files.csv_rows import (
    DELIMITERS,
    Faults,
    add_format_fault,
    blank,
    decode,
    first_line,
    lines_of,
    normal,
)
from parsec_cli.bulk.files.json_rows import looks_like_json
from parsec_cli.bulk.files.read_file import (
    FIXED,
    IDS,
    Cells,
    Columns,
    header_text,
    no_header,
    read_rows,
)
from parsec_cli.cells import from_tsv, has_tsv_escapes, is_csv_cell
from parsec_cli.errors import GuardRefused
from parsec_cli.models import is_uuid, split_user
from parsec_cli.next_command import again, run


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row, with either id or both; None leaves a field unchanged, `fixed` cannot be changed."""

    row: int
    external_id: str
    qps_limit: int | None = None
    email: str | None = None
    eoa_address: str | None = None
    absent: bool = False
    customer_id: str | None = None
    fixed: Cells = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A user to deactivate, by either id or both; `user` is the USER as typed, "" in a table."""

    row: int
    customer_id: str | None
    external_id: str | None
    user: str = ""

    @classmethod
    def named(cls, row: int, user: str) -> Target:
        """Read a USER by the rules for changes: a UUID is a customer_id only."""
        prefix, name = split_user(user)
        if prefix == "id" or (not prefix and is_uuid(name)):
            return cls(row, name.lower(), None, user)
        return cls(row, None, name, user)

    @property
    def text(self) -> str:
        """The id as the file or the command line has it."""
        return self.user or self.customer_id or self.external_id or ""

    @property
    def reference(self) -> str:
        """The USER that identifies the same user on the command line."""
        prefix = "" if self.user else "id:" if self.customer_id else "ext:"
        return prefix + self.text

    @property
    def second_meaning(self) -> str | None:
        """The USER, if it is not read as an external_id but may also be one."""
        return None if self.user in ("", self.external_id) else self.user


def read_roster(
    data: bytes, name: str, columns: Columns | None = None, *, prune: bool = False
) -> tuple[Wanted, ...]:
    """Read csv, tsv, JSON Lines or JSON, perhaps without rows; one UsageFault lists all faults."""
    faults = Faults(name)
    rows = read_rows(decode(data, faults), columns or Columns(), faults)
    wanted = [found for row, cells in rows if (found := _wanted(row, cells, faults))]
    _check_repeated(wanted, faults)
    _check_complete(faults)
    faults.check()
    if prune and faults.filtered:
        raise GuardRefused(
            f"`{name}` is a filtered export: `--prune` would deactivate the users that it leaves "
            "out",
            hint="make the file from a listing of all users; or, without that option, run",
            command=again(prune=None),
        )
    return tuple(wanted)


def _wanted(row: int, cells: Cells, faults: Faults) -> Wanted | None:
    external_id, customer_id, state, found = _ids_and_state(cells)
    get = cells.get
    qps, email, address = get("qps_limit"), get("email"), get("eoa_address")
    if qps:
        found.append(field_rules.qps_fault(qps))
    if email:
        found.append(field_rules.email_fault(email))
    if address:
        found.append(field_rules.address_fault(address))
    if state not in ("", "active", "absent"):
        found.append(f"state `{state[:40]}` is not active or absent")
    if any(found):
        faults.add(row, *found)
        return None
    limit = int(qps) if qps else None
    absent = state == "absent"
    # most values repeat in many rows: each is stored once
    fixed = {name: intern(text) for name, text in cells.items() if text and name in FIXED}
    return Wanted(
        row, external_id, limit, email or None, address or None, absent, customer_id or None, fixed
    )


def _ids_and_state(cells: Cells) -> tuple[str, str, str, list[str]]:
    """Return external_id, customer_id and state, each perhaps "", and the faults of the ids."""
    get = cells.get
    customer_id, state = get("customer_id", "").strip().lower(), get("state", "").strip().lower()
    external_id = get("external_id", "")
    external_id = external_id if external_id.strip() else ""
    if customer_id:  # then any external_id is allowed
        found = [field_rules.id_fault(one) for one in (customer_id, external_id) if one]
    else:
        found = [field_rules.id_fault(external_id) or field_rules.edge_fault(external_id)]
    return external_id, customer_id, state, found


def _check_repeated(wanted: Sequence[Wanted], faults: Faults) -> None:
    """Report ids that are in more than one row; users may share an external_id, not both ids."""
    first: dict[str, Wanted] = {}
    for one in wanted:
        for name in (one.customer_id and f"customer_id {one.customer_id}", one.external_id):
            before = first.setdefault(name, one) if name else one
            shared = name == one.external_id and one.customer_id and before.customer_id
            if before is not one and not shared:
                faults.add(one.row, f"the id `{name}` is also in row {before.row}")


def _check_complete(faults: Faults) -> None:
    if faults.incomplete:
        text = f"the listing in this file is incomplete: {faults.incomplete}"
        hint, command = "export all users again with", run("users", "list", "--json")
        faults.add(1, text, hint=hint, command=command)


def read_targets(
    data: bytes, name: str, columns: Columns | None = None, *, state: str = "absent"
) -> tuple[Target, ...]:
    """Read one USER per line, or a table or JSON with a `customer_id` or `external_id`.

    Every row means a user in this `state`; so a file of users in the other one is refused.
    """
    faults, columns = Faults(name), columns or Columns()
    source = decode(data, faults)
    first = first_line(source)
    cells = (cell.strip().strip('"') for sign in DELIMITERS for cell in first.split(sign))
    header = first.lower().startswith(("sep=", '"sep=')) or any(normal(c) in IDS for c in cells)
    if header or columns.mapping or looks_like_json(source):
        rows = read_rows(source, columns, faults)
        found = [target for row in rows if (target := _target(*row, state, faults))]
        _check_complete(faults)
    else:
        found = list(_from_lines(source.text, faults))
    faults.check()
    if not found:
        faults.add(1, "the file contains no user")
        faults.check()
    return tuple(found)


def _target(row: int, cells: Cells, wanted: str, faults: Faults) -> Target | None:
    external_id, customer_id, state, found = _ids_and_state(cells)
    if not customer_id:
        found.append(field_rules.sheet_error(external_id))
    if state not in ("", wanted):
        found.append(f"its state is `{state[:40]}`, not {wanted}")
    if faults.add(row, *found):
        return None
    return Target(row, customer_id or None, external_id or None)


def _from_lines(text: str, faults: Faults) -> Iterator[Target]:
    lines = [(row, line) for row, line in enumerate(lines_of(text), 1) if not blank([line])]
    for sign, name in DELIMITERS.items():
        cells = _split([line for _, line in lines], sign)
        if cells and len(cells[0]) > 1 and len(set(map(len, cells))) == 1:
            seen = f"every line has a {name}, as in a table; the first line has "
            no_header(lines[0][0], seen + header_text(cells[0]), faults, {}, cells[0])
            return
    escaped = has_tsv_escapes(text)
    for row, line in lines:
        user = from_tsv(line) if escaped else line
        if is_csv_cell(line) or (user != line and "\r\n" in text):
            add_format_fault(row, faults)
            continue
        name = split_user(user)[1]
        # an escape is deliberate, so it may name a hidden character
        text_fault = field_rules.new_id_fault if user == line else field_rules.edge_fault
        fault = field_rules.id_fault(name) or field_rules.sheet_error(name) or text_fault(name)
        if not faults.add(row, fault):
            yield Target.named(row, user)


def _split(lines: Sequence[str], sign: str) -> list[list[str]]:
    """Split the lines as csv does; [] if that is impossible."""
    try:
        return list(csv.reader(lines, delimiter=sign))
    except csv.Error:
        return []
