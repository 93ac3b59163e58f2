"""What a roster says of columns that no change reaches, compared as the listing goes by."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.bulk.files.read_file import as_cell
from parsec_cli.bulk.files.roster import Wanted
from parsec_cli.errors import counted
from parsec_cli.models import User

_ADDRESS = "eoa_address"


class FixedColumns:
    """Counts the rows whose values of such columns differ from the server's."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        told = [one for one in wanted if one.fixed or one.email or one.eoa_address]
        self._rows = {one.customer_id or one.external_id: one for one in told if not one.absent}
        self._differ: set[int] = set()
        self._names: dict[str, None] = {}

    def see(self, user: User) -> None:
        row = self._rows.get(user.customer_id.lower()) or self._rows.get(user.external_id or "")
        if row is None:
            return
        for name, text in {**row.fixed, "email": row.email, _ADDRESS: row.eoa_address}.items():
            value = _value(user, name)
            if text and not _same(name, text, value):
                self._differ.add(row.row)
                hidden = name == "email" and value is None
                self._names[f"`{name}`{' (the API does not show it)' if hidden else ''}"] = None

    @property
    def notes(self) -> list[str]:
        if not self._differ:
            return []
        rows, names = counted(len(self._differ), "row"), ", ".join(self._names)
        return [f"columns that cannot be changed here differ from the server in {rows}: {names}"]


def _value(user: User, name: str) -> object:
    parent, _, child = ("wallet." * (name == _ADDRESS) + name).partition(".")
    value = user.raw.get(parent)
    return value.get(child) if child and isinstance(value, dict) else value


def _same(name: str, text: str, value: object) -> bool:
    if name == "created_at" and not isinstance(value, str):
        return True  # an export writes Unix seconds as a date
    return text.lower() == as_cell(value).lower()
