"""Match the column names of an operator's file to fields, for all readers of such files."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from parsec_cli.bulk.files.decode import Faults
from parsec_cli.errors import UsageFault

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
_NEAR_IN_EXPORT = 0.8
_SHOWN = 60  # characters of a name
_REMOVE = "remove or rename it; to ignore such columns, add `--map external_id=external_id`"
_HEADER_SHOWN = 400  # characters of a header without an id


def normal(name: str) -> str:
    """` External ID ` -> `external_id`."""
    return "_".join(name.strip().lower().split())


class Columns:
    """Finds the column of each field.

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
        plain, others = [normal(name) for name in names], Faults(faults.name)
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
                others.add(row, "a column has no name")
            elif not exported or difflib.get_close_matches(name, FIELDS, 1, _NEAR_IN_EXPORT):
                near = _did_you_mean([name], FIELDS, 0.5) or f"; known columns: {words(FIELDS)}"
                others.add(row, f"unknown column `{name[:_SHOWN]}`{near}", hint=_REMOVE)
        for name, count in Counter(plain).items():
            if name and count > 1:
                others.add(row, f"the column `{name[:_SHOWN]}` appears {count} times")
        if any(name in found for name in IDS):
            faults.extend(others)
            return found
        seen = " ".join(f"`{name}`" for name in names)[:_HEADER_SHOWN]
        no_header(row, f"{what} has {seen}{_did_you_mean(plain, IDS)}", faults)
        return None

    def check_mapped(self, names: Sequence[str], row: int, faults: Faults) -> None:
        """Report each column of `--map` that is not in the file."""
        for name, column in self.mapping.items():
            if column not in self._seen:
                suggestion = _did_you_mean([column], [normal(name) for name in names])
                faults.add(row, f"`--map {name}={column}`: column not found{suggestion}")

    def notice(self) -> str:
        """Return a notice of the ignored columns; "" if there are none."""
        if not self._ignored:
            return ""
        return f"ignored columns: {words(name[:_SHOWN] for name in self._ignored)}"


def _did_you_mean(names: Iterable[str], known: Sequence[str], cutoff: float = 0.6) -> str:
    near = [n for name in names for n in difflib.get_close_matches(name, known, 1, cutoff)]
    return f"; did you mean `{near[0]}`?" if near else ""


def no_header(row: int, seen: str, faults: Faults) -> None:
    """Report that the file has no id column, and list the columns that it may have."""
    faults.add(
        row,
        f"no column `external_id` or `customer_id`; {seen}",
        hint=f"the first line names the columns: {','.join(FIELDS)}; "
        "to read an id from another column, add `--map external_id=COLUMN`",
    )


def words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
