"""All users as one listing shows them, in little memory: what a plan is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from parsec_cli.errors import GuardRefused, Unreachable, counted
from parsec_cli.models import JsonObject, User
from parsec_cli.redaction import without_secrets


@dataclass(frozen=True, slots=True)
class Seen:
    """A listed user; `record` is kept, without secrets, only where it was asked for."""

    customer_id: str
    external_id: str | None
    qps_limit: int | None
    record: JsonObject | None = None

    @property
    def user(self) -> User:
        """As the API room takes it: the record, or just enough to address and compare."""
        if self.record is not None:
            return User(self.record)
        return User(
            {
                "customer_id": self.customer_id,
                "external_id": self.external_id,
                "qps_limit": self.qps_limit,
            }
        )


@dataclass(slots=True)
class Census:
    """Users by customer_id (in lower case) and by external_id; `twice` are ambiguous names."""

    users: dict[str, Seen] = field(default_factory=dict)
    named: dict[str, Seen] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)

    def add(self, user: User, *, keep: bool = False) -> None:
        seen = Seen(
            user.customer_id,
            user.external_id,
            user.qps_limit,
            without_secrets(user.raw) if keep else None,
        )
        customer = user.customer_id.lower()
        if customer in self.users:
            return
        self.users[customer] = seen
        if seen.external_id:
            if seen.external_id in self.named:
                self.twice.add(seen.external_id)
            self.named.setdefault(seen.external_id, seen)

    def refresh(self, user: User) -> None:
        """Replace the record of a listed user by a newer one."""
        customer = user.customer_id.lower()
        seen = self.users.get(customer)
        if seen is not None:
            self.users[customer] = replace(seen, record=without_secrets(user.raw))

    def user(self, customer_id: str) -> User:
        """Return the user's record, or one with nothing but the id."""
        seen = self.by_customer_id(customer_id)
        return User({"customer_id": customer_id}) if seen is None else seen.user

    def by_customer_id(self, customer_id: str) -> Seen | None:
        return self.users.get(customer_id.lower())

    def by_external_id(self, external_id: str) -> Seen | None:
        return self.named.get(external_id)


def take_census(
    pages: Iterable[Sequence[User]], keep: Callable[[User], bool] = lambda _: False
) -> Census:
    """Read a whole listing; one that breaks off is a GuardRefused, for a plan needs all users.

    `keep` says whose full record is needed: whoever may be deactivated. A fault of the very
    first page stays what it is.
    """
    census = Census()
    try:
        for page in pages:
            for user in page:
                census.add(user, keep=keep(user))
    except Unreachable as fault:
        if not census.users:
            raise
        raise GuardRefused(
            f"the listing broke off after {counted(len(census.users), 'user')}, "
            f"nothing was changed: {fault.message}",
            hint="run the same command again",
            http_status=fault.http_status,
        ) from fault
    return census
