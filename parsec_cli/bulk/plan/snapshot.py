"""All users as one listing shows them, in little memory: what a plan is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from parsec_cli.bulk.files.header import normal
from parsec_cli.errors import (
    MAX_DETAILS,
    AmbiguousUser,
    GuardRefused,
    ParsecError,
    Unreachable,
    counted,
)
from parsec_cli.field_rules import hidden_fault, look_alike_key, word_fault
from parsec_cli.models import JsonObject, User
from parsec_cli.next_command import run
from parsec_cli.redaction import without_secrets

# row, customer_id, external_id; either id may be missing
RowIds = tuple[int, str | None, str | None]
# row, external_id
NamedRow = tuple[int, str]


@dataclass(frozen=True, slots=True)
class ListedUser:
    """`record` is the user's record without secrets, kept only where it was asked for."""

    customer_id: str
    external_id: str | None
    qps_limit: int | None
    record: JsonObject | None = None

    @property
    def as_user(self) -> User:
        """The record, or just enough to address and compare the user."""
        names = ("customer_id", "external_id", "qps_limit")
        return User(self.record or {name: getattr(self, name) for name in names})


class Snapshot:
    """Users by customer_id (in lower case) and by external_id; `ambiguous` names have several."""

    def __init__(self) -> None:
        self.users: dict[str, ListedUser] = {}
        self.named: dict[str, ListedUser] = {}
        self.ambiguous: set[str] = set()

    def add(self, user: User, *, with_record: bool = False) -> None:
        customer = user.customer_id.lower()
        if customer in self.users:
            return
        record = without_secrets(user.raw) if with_record else None
        listed = ListedUser(user.customer_id, user.external_id, user.qps_limit, record)
        self.users[customer] = listed
        if listed.external_id and self.named.setdefault(listed.external_id, listed) is not listed:
            self.ambiguous.add(listed.external_id)

    def refresh(self, user: User) -> None:
        """Replace the record of a listed user by a newer one."""
        customer = user.customer_id.lower()
        if listed := self.users.get(customer):
            self.users[customer] = replace(listed, record=without_secrets(user.raw))

    def user(self, customer_id: str) -> User:
        """Return the user's record, or one with nothing but the id."""
        listed = self.by_customer_id(customer_id)
        return listed.as_user if listed else User({"customer_id": customer_id})

    def by_customer_id(self, customer_id: str) -> ListedUser | None:
        return self.users.get(customer_id.lower())

    def by_external_id(self, external_id: str) -> ListedUser | None:
        return self.named.get(external_id)

    def find(self, customer_id: str | None, external_id: str | None) -> ListedUser | None:
        """Return the user of a row; its two ids are known to agree."""
        found = self.by_customer_id(customer_id) if customer_id else None
        return found or self.by_external_id(external_id or "")


def take_snapshot(
    pages: Iterable[Sequence[User]], needs_record: Callable[[User], bool] = lambda _: False
) -> Snapshot:
    """Read a whole listing; GuardRefused if it breaks off, as a plan needs all users.

    `needs_record` selects whose full record is kept: users that may be deactivated. A fault of the
    first page is raised as it is.
    """
    snapshot = Snapshot()
    try:
        for page in pages:
            for user in page:
                snapshot.add(user, with_record=needs_record(user))
    except Unreachable as fault:
        if not snapshot.users:
            raise
        raise GuardRefused(
            f"the listing broke off after {counted(len(snapshot.users), 'user')}, "
            f"nothing was changed: {fault.message}",
            hint="run the same command again",
            http_status=fault.http_status,
        ) from fault
    return snapshot


def check_unambiguous(rows: Sequence[RowIds], snapshot: Snapshot) -> None:
    """Refuse rows without a customer_id whose external_id belongs to several users."""
    shared = [(row, name) for row, customer, name in rows if not customer]
    details = [f"row {row}: `{name}`" for row, name in shared if name in snapshot.ambiguous]
    if details:
        raise AmbiguousUser(
            f"several users share an external id, in {counted(len(details), 'row')}: "
            "nothing was sent",
            details=details[:MAX_DETAILS],
            hint="name them by customer_id; see them with",
            command=run("users", "list", "--match", "TEXT"),
        )


def check_header(header: str, names: Iterable[str | None], snapshot: Snapshot) -> None:
    """Refuse the header of a file of one column that is a user's id, which no row names."""
    if header in snapshot.named and header not in names:
        raise AmbiguousUser(
            f"row 1: `{header}` may be the header or the user of that name: nothing was sent",
            hint=f"for the header, add `--map {normal(header)}={header}`; "
            f"for the user, add a line `{normal(header)}` above it",
        )


def check_ids_agree(
    rows: Sequence[RowIds], snapshot: Snapshot, error: type[ParsecError] = AmbiguousUser
) -> None:
    """Refuse rows whose two ids do not identify one user."""
    details = [text for ids in rows if (text := _disagreement(*ids, snapshot))]
    if details:
        raise error(
            f"the two ids disagree in {counted(len(details), 'row')}: nothing was sent",
            details=details[:MAX_DETAILS],
            hint="correct the file, or leave one of the two columns out",
        )


def _disagreement(
    row: int, customer_id: str | None, external_id: str | None, snapshot: Snapshot
) -> str:
    """Describe how the two ids disagree; "" if both identify one user, or both nobody."""
    if not customer_id or not external_id:
        return ""
    user, other = snapshot.by_customer_id(customer_id), snapshot.by_external_id(external_id)
    if user is other is None or (user is not None and user.external_id == external_id):
        return ""
    means = "no user" if other is None else f"user {other.customer_id}"
    has = "no user" if user is None else f"user {user.external_id!a}"
    return f"row {row}: external_id {external_id!a} is {means}, customer_id {customer_id} is {has}"


def slips(new: Sequence[NamedRow], rows: Sequence[NamedRow], snapshot: Snapshot) -> dict[int, str]:
    """Return row -> reason for users to be created whose ids are more likely slips than ids.

    `rows` are all rows of the file, and `new` those of users that do not exist.
    """
    keys = {look_alike_key(name) for _, name in new}
    similar: dict[str, dict[str, str]] = {key: {} for key in keys}
    if not keys:
        return {}
    for text in snapshot.named:
        if (key := look_alike_key(text)) in keys:
            similar[key][text] = "an existing user"
    for row, name in rows:
        if name and (key := look_alike_key(name)) in keys:
            similar[key].setdefault(name, f"row {row}")
    unnamed = snapshot.named.keys() - {name for _, name in rows}
    # numbers as a spreadsheet shows them -> the ids that they were
    stripped = {text.lstrip("0"): text for text in unnamed if text[0] == "0" and text.isdecimal()}
    found = ((row, next(_slips(name, similar, snapshot, stripped), "")) for row, name in new)
    return {row: why for row, why in found if why}


def _slips(
    name: str, similar: dict[str, dict[str, str]], snapshot: Snapshot, stripped: dict[str, str]
) -> Iterator[str]:
    """Yield reasons why a new external_id is more likely a slip, the most likely one first."""
    if fault := word_fault(name):
        yield fault
    for text, where in similar[look_alike_key(name)].items():
        if text != name:
            yield f"{name!a} looks like {text!a}, {where}"
    if listed := snapshot.by_customer_id(name):
        whose = ascii(listed.external_id) if listed.external_id else "a user"
        yield f"{name} is the customer_id of {whose}"
    if text := stripped.get(name, ""):
        yield f"{name!a} is {text!a} without its zeros, an existing user that the file leaves out"
    if fault := hidden_fault(name):
        yield fault
