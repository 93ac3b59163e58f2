"""Read the file of `users deactivate --from-file`; all its faults are listed together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from parsec_cli.bulk.files.csv_rows import DELIMITERS, add_format_fault, blank, first_line, lines_of
from parsec_cli.bulk.files.decode import Faults, decode
from parsec_cli.bulk.files.header import IDS, Columns, no_header, normal
from parsec_cli.bulk.files.read_file import Cells, looks_like_json, read_rows
from parsec_cli.bulk.files.roster import id_faults, ids_and_state
from parsec_cli.cells import from_tsv, has_tsv_escapes, is_csv_cell
from parsec_cli.field_rules import edge_fault, id_fault, new_id_fault, sheet_error

Kind = Literal["user", "external_id", "customer_id"]


@dataclass(frozen=True, slots=True)
class Target:
    """A user to be deactivated; `kind` "user" is a USER as on the command line.

    `external_id` is the one that the file has beside a customer_id, to be compared before sending.
    """

    row: int
    kind: Kind
    text: str
    external_id: str | None = None


def read_targets(data: bytes, name: str, columns: Columns | None = None) -> tuple[Target, ...]:
    """Read one USER per line, or a table or JSON with a `customer_id` or `external_id`."""
    faults, columns = Faults(name), columns or Columns()
    text = decode(data, faults)
    if looks_like_json(text) or columns.mapping or _has_header(text):
        rows = read_rows(text, columns, faults)
        found = [target for row, cells in rows if (target := _target(row, cells, faults))]
    else:
        found = list(_from_lines(text, faults))
    faults.check()
    if not found:
        faults.add(1, "the file contains no user")
        faults.check()
    return tuple(found)


def _has_header(text: str) -> bool:
    first = first_line(text)
    cells = (cell.strip().strip('"') for sign in DELIMITERS for cell in first.split(sign))
    return first.lower().startswith(("sep=", '"sep=')) or any(normal(cell) in IDS for cell in cells)


def _target(row: int, cells: Cells, faults: Faults) -> Target | None:
    """Check a row; every row is a user to deactivate, so a roster of users to keep is refused."""
    external_id, customer_id, state = ids_and_state(cells)
    found = [*id_faults(external_id, customer_id)]
    if not customer_id:
        found.append(sheet_error(external_id))
    if state not in ("", "absent"):
        found.append(f"its state is `{state[:40]}`, not absent")
    if faults.add_all(row, found):
        return None
    if customer_id:
        return Target(row, "customer_id", customer_id, external_id or None)
    return Target(row, "external_id", external_id)


def _from_lines(text: str, faults: Faults) -> Iterator[Target]:
    lines = [(row, line) for row, line in enumerate(lines_of(text), 1) if not blank([line])]
    sign = next((sign for sign in DELIMITERS if _splits_all(sign, lines)), None)
    if sign is not None:
        seen = f"every line has a {DELIMITERS[sign]}, like a table without a header"
        no_header(lines[0][0], seen, faults)
        return
    escaped = has_tsv_escapes(text)
    for row, line in lines:
        user = from_tsv(line) if escaped else line
        if is_csv_cell(line) or (user != line and "\r\n" in text):
            add_format_fault(row, faults)
        elif fault := _user_fault(user, plain=user == line):
            faults.add(row, fault)
        else:
            yield Target(row, "user", user)


def _splits_all(sign: str, lines: list[tuple[int, str]]) -> bool:
    counts = {line.count(sign) for _, line in lines}
    return len(counts) == 1 and counts != {0}


def _user_fault(user: str, *, plain: bool) -> str:
    """Check a USER; `plain` text must not contain hidden characters, unlike a deliberate escape."""
    prefix, colon, rest = user.partition(":")
    named = rest if colon and prefix in ("ext", "id") else user
    return (
        id_fault(named)
        or sheet_error(named)
        or (new_id_fault(named) if plain else edge_fault(named))
    )
