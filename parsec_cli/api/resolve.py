"""From what an operator types for a user to the user's record, by reads alone.

Never by POST, which would create the user. External ids go through the local index, whose word
is verified by the GET that follows, and else through one whole listing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from parsec_cli.api.client import Client
from parsec_cli.api.reads import get_user, pages
from parsec_cli.errors import AmbiguousUser, NotFound, UsageFault
from parsec_cli.field_rules import blank_note, is_uuid, look_alike_key, looks_like_key
from parsec_cli.models import User
from parsec_cli.next_command import again, run

Meaning = Literal["customer_id", "external_id", "either"]


class IndexOfUsers(Protocol):
    """The local memory of which external_id belongs to which customer_id; it may be wrong."""

    def lookup(self, external_id: str) -> Sequence[str]: ...

    def external_ids(self) -> Sequence[str]: ...

    def remember(self, pairs: Iterable[tuple[str, str]]) -> None: ...

    def forget(self, customer_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Reference:
    """One USER argument: the id without its prefix, and what it may be."""

    id: str
    meaning: Meaning

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Take `ext:X`, `id:X`, a UUID or an external_id; UsageFault for what can be none."""
        prefix, colon, rest = text.partition(":")
        if colon and prefix in ("ext", "id"):
            checked = check_id(rest)
            return cls(checked, "external_id" if prefix == "ext" else "customer_id")
        checked = check_id(text)
        return cls(checked, "either" if is_uuid(text) else "external_id")


def check_id(text: str) -> str:
    """Return `text` if it can be an id in a request; else UsageFault, never quoting a key."""
    if looks_like_key(text):
        raise UsageFault("this looks like an API key, not like a user's id")
    if not text.strip() or text in (".", ".."):
        raise UsageFault(
            "a user's id must not be empty, `.` or `..`",
            hint="was a shell variable unset? list the users with",
            command=run("users", "list"),
        )
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):
        raise UsageFault("a user's id must not hold control characters or broken Unicode")
    return text


class Resolver:
    """Finds users on one host for one key."""

    def __init__(self, client: Client, index: IndexOfUsers) -> None:
        self._client = client
        self._index = index

    def one(self, text: str, *, to_change: bool = False) -> User:
        return self.several([text], to_change=to_change)[0]

    def several(self, texts: Sequence[str], *, to_change: bool = False) -> list[User]:
        """Fetch the users that `texts` name, in order; NotFound names all that are unknown.

        A plain UUID is a customer_id; a read (not `to_change`) tries it as an external_id, too.
        """
        found = self.find(texts, to_change=to_change)
        unknown = [Reference.parse(text) for text, user in found.items() if user is None]
        if unknown:
            raise self._not_found(unknown)
        return [user for text in texts if (user := found[text]) is not None]

    def find(self, texts: Sequence[str], *, to_change: bool = False) -> dict[str, User | None]:
        """Fetch the users that `texts` name; None for those that this host does not have."""
        references = {text: Reference.parse(text) for text in texts}
        found: dict[Reference, User] = {}
        missing: list[Reference] = []
        for reference in dict.fromkeys(references.values()):
            user = self._directly(reference, to_change=to_change)
            if user is not None:
                found[reference] = user
            elif reference.meaning == "external_id" or (
                reference.meaning == "either" and not to_change
            ):
                missing.append(reference)
        if missing:
            self._list(missing, found)
        return {text: found.get(reference) for text, reference in references.items()}

    def _directly(self, reference: Reference, *, to_change: bool) -> User | None:
        """By customer_id, or by what the index remembers; None where neither finds the user."""
        if reference.meaning != "external_id":
            try:
                return self._fetch(reference.id)
            except NotFound:
                if reference.meaning == "customer_id" or to_change:
                    return None
        matches = self.remembered(reference.id)
        return self._only(reference, matches) if matches else None

    def remembered(self, external_id: str) -> list[User]:
        """Fetch the users whom the index knows by this external_id, and who still have it."""
        customers = self._index.lookup(external_id)
        return [user for c in customers if (user := self._verified(c, external_id)) is not None]

    def look_alike(self, external_id: str) -> str | None:
        """Find an existing user's id, as the index knows it, that people read as this new one."""
        key = look_alike_key(external_id)
        for other in self._index.external_ids():
            if other == external_id or look_alike_key(other) != key or not self.remembered(other):
                continue
            return None if self.remembered(external_id) else other
        return None

    def _verified(self, customer_id: str, external_id: str) -> User | None:
        try:
            user = self._fetch(customer_id)
        except NotFound:
            self._index.forget(customer_id)
            return None
        return user if user.external_id == external_id else None

    def _fetch(self, customer_id: str) -> User:
        user = get_user(self._client, customer_id.lower() if is_uuid(customer_id) else customer_id)
        if user.external_id:
            self._index.remember([(user.customer_id, user.external_id)])
        return user

    def _list(self, missing: Sequence[Reference], found: dict[Reference, User]) -> None:
        """Find the `missing` in one listing, and any double of those whom the index has found."""
        named = [r for r, user in found.items() if user.external_id == r.id]
        matches: dict[str, list[str]] = {reference.id: [] for reference in (*missing, *named)}
        for page in pages(self._client):
            pairs = [(u["customer_id"], u.get("external_id") or "") for u in page.users]
            self._index.remember(pair for pair in pairs if pair[1])
            for customer_id, external_id in pairs:
                if external_id in matches:
                    matches[external_id].append(customer_id)
        for reference in (*missing, *(r for r in named if len(matches[r.id]) > 1)):
            users = [self._verified(c, reference.id) for c in matches[reference.id]]
            there = [user for user in users if user is not None]
            if there:
                found[reference] = self._only(reference, there)

    def _only(self, reference: Reference, users: Sequence[User]) -> User:
        if len(users) == 1:
            return users[0]
        raise AmbiguousUser(
            f"`{reference.id}` is the external_id of {len(users)} users",
            hint="name one by its customer_id",
            details=[f"customer_id {user.customer_id}" for user in users],
        )

    def _not_found(self, unknown: Sequence[Reference]) -> NotFound:
        first = unknown[0]
        host = self._client.host
        hint, command = "list users with", run("users", "list", "--match", "TEXT")
        if first.meaning == "either":
            hint = f"if it is an external_id, write `ext:{first.id}`"
            command = again(replace={first.id: f"ext:{first.id}"})
        if len(unknown) == 1:
            note = blank_note(first.id)
            told = f"{host} has no user `{first.id}`{note and f'; {note}'}"
            return NotFound(told, hint=hint, command=command, http_status=404)
        return NotFound(
            f"{host} does not have {len(unknown)} of the users",
            hint=hint,
            command=command,
            details=[f"no user `{reference.id}`" for reference in unknown],
            http_status=404,
        )
