"""Find the users that an operator names, by reads alone.

Never by POST, which would create the user. An external_id is looked up in the local index and
verified by a GET, or else looked for in one whole listing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from parsec_cli import field_rules
from parsec_cli.api.client import Client
from parsec_cli.api.reads import get_user, pages
from parsec_cli.errors import AmbiguousUser, NotFound, UsageFault
from parsec_cli.models import User, is_uuid, split_user, user_argument
from parsec_cli.next_command import again, run
from parsec_cli.records import record
from parsec_cli.redaction import looks_like_key
from parsec_cli.spreadsheets import NumberForms

Meaning = Literal["customer_id", "external_id", "either"]
_COMPARED = 20  # missing users that are compared with all others


class IndexOfUsers(Protocol):
    """The local index of which external_id belongs to which customer_id; it may be outdated."""

    def lookup(self, external_id: str) -> Sequence[str]: ...

    def external_ids(self) -> Sequence[str]: ...

    def remember(self, pairs: Iterable[tuple[str, str]]) -> None: ...

    def forget(self, customer_id: str) -> None: ...


@record
class Reference:
    """One USER argument: the id without its prefix, and what it may be."""

    id: str
    meaning: Meaning

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read `ext:X`, `id:X`, a UUID or an external_id; UsageFault for anything else."""
        prefix, name = split_user(text)
        meaning: Meaning = "customer_id" if prefix == "id" else "external_id"
        return cls(check_id(name), "either" if not prefix and is_uuid(name) else meaning)


def check_id(text: str) -> str:
    """Return `text` if it can be an id in a request; else a UsageFault that quotes no key."""
    if looks_like_key(text):
        raise UsageFault("this looks like an API key, not a user's id")
    if not text.strip() or text in (".", ".."):
        raise UsageFault(
            "a user's id must not be empty, `.` or `..`",
            hint="was a shell variable unset? list the users with",
            command=run("users", "list"),
        )
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):
        raise UsageFault("a user's id must not contain control characters or broken Unicode")
    return text


class Resolver:
    """Finds users on one host for one key; errors say that they are not found in `place`."""

    def __init__(self, client: Client, index: IndexOfUsers, place: str = "profile default") -> None:
        self._client = client
        self._index = index
        self._place = place
        # what ids of missing users look like -> an existing external_id that looks the same
        self.similar: dict[str, str] = {}

    def one(self, text: str, *, to_change: bool = False) -> User:
        """Fetch one user as `several` does."""
        return self.several([text], to_change=to_change)[0]

    def several(self, texts: Sequence[str], *, to_change: bool = False) -> list[User]:
        """Fetch the users that `texts` name, in order; NotFound names all that are missing.

        A change is refused if the index knows another user whose external_id is the whole text.
        """
        found = self.find(texts, to_change=to_change)
        missing = {text: Reference.parse(text) for text, user in found.items() if user is None}
        if missing:
            raise self._not_found(missing)
        users = [user for text in texts if (user := found[text]) is not None]
        for text, user in zip(texts, users, strict=True) if to_change else ():
            if Reference.parse(text) == Reference(text, "external_id"):
                continue
            for other in self.remembered(text):
                if other.customer_id != user.customer_id:
                    why = field_rules.two_meanings(text, user.customer_id, other.customer_id)
                    raise AmbiguousUser(f"{why}: nothing was sent", hint=field_rules.ONE_MEANING)
        return users

    def find(self, texts: Sequence[str], *, to_change: bool = False) -> dict[str, User | None]:
        """Fetch the users that `texts` name; None for those that do not exist."""
        references = {text: Reference.parse(text) for text in texts}
        found: dict[Reference, User] = {}
        missing: list[Reference] = []
        # a plain UUID is tried as an external_id only for a read
        tried = ("external_id",) if to_change else ("external_id", "either")
        for reference in dict.fromkeys(references.values()):
            user = None if reference.meaning == "external_id" else self._fetch(reference.id)
            external = user is None and reference.meaning in tried
            if external and (matches := self.remembered(reference.id)):
                user = self._only(reference, matches)
            if user is not None:
                found[reference] = user
            elif external:
                missing.append(reference)
        if missing:
            self._list(missing, found)
        return {text: found.get(reference) for text, reference in references.items()}

    def remembered(self, external_id: str) -> list[User]:
        """Fetch the users that have this external_id according to the index, and still have it."""
        return self._verified(self._index.lookup(external_id), external_id)

    def slip(self, external_id: str) -> str:
        """Return why this new id is probably a slip, given the users in the index, or ""."""
        why, key = "", field_rules.look_alike_key(external_id)
        others = tuple(self._index.external_ids())
        number = NumberForms(others, [external_id]).find(external_id)
        same = field_rules.misread(external_id), number
        for other in others:
            if other not in same and field_rules.look_alike_key(other) != key:
                continue
            if (found := field_rules.slip(external_id, other)) and self.remembered(other):
                why = f"{found}, an existing user"
                break
        if not why and is_uuid(external_id) and (user := self._fetch(external_id)) is not None:
            why = field_rules.customer_slip(external_id, user.external_id)
        return "" if why and self.remembered(external_id) else why

    def _verified(self, customer_ids: Iterable[str], external_id: str) -> list[User]:
        """Fetch those of the users that exist and have this external_id."""
        users = []
        for customer_id in customer_ids:
            user = self._fetch(customer_id)
            if user is None:
                self._index.forget(customer_id)
            elif user.external_id == external_id:
                users.append(user)
        return users

    def _fetch(self, customer_id: str) -> User | None:
        wanted = customer_id.lower() if is_uuid(customer_id) else customer_id
        try:
            user = get_user(self._client, wanted)
        except NotFound:
            return None
        if user.external_id:
            self._index.remember([(user.customer_id, user.external_id)])
        return user

    def _list(self, missing: Sequence[Reference], found: dict[Reference, User]) -> None:
        """Find the `missing` in one listing, and second users with an external_id of `found`."""
        named = [r for r, user in found.items() if user.external_id == r.id]
        matches: dict[str, list[str]] = {reference.id: [] for reference in (*missing, *named)}
        keys = {field_rules.look_alike_key(reference.id) for reference in missing}
        for page in pages(self._client):
            self._index.remember(page.ids)
            for customer_id, external_id in page.ids:
                if external_id in matches:
                    matches[external_id].append(customer_id)
                elif (key := field_rules.look_alike_key(external_id)) in keys:
                    self.similar[key] = external_id
        for reference in (*missing, *(r for r in named if len(matches[r.id]) > 1)):
            if users := self._verified(matches[reference.id], reference.id):
                found[reference] = self._only(reference, users)

    def _only(self, reference: Reference, users: Sequence[User]) -> User:
        if len(users) == 1:
            return users[0]
        raise AmbiguousUser(
            f"`{reference.id}` is the external_id of {len(users)} users",
            hint="name one by its customer_id",
            details=[f"customer_id {user.customer_id}" for user in users],
        )

    def _not_found(self, missing: Mapping[str, Reference]) -> NotFound:
        """Return the error about the `missing` users; the keys are what was typed."""
        typed, first = next(iter(missing.items()))
        place = f"in {self._place}"
        hint, command = "list users with", run("users", "list", "--match", "TEXT")
        if first.meaning == "either":
            hint = f"if it is an external_id, write `ext:{first.id}`"
            command = again(replace={first.id: f"ext:{first.id}"})
        elif len(missing) == 1 and (near := self._near(first.id)):
            hint = _did_you_mean(near)
            command = run("users", "get", names=[user_argument(near[0])])
        text, details = f"{len(missing):,} users were not found {place}", []
        if len(missing) == 1:
            text = f"user `{typed}` not found {place}{self._note(first.id)}"
        else:
            details = [f"user `{t}` not found{self._note(one.id)}" for t, one in missing.items()]
            for number, one in enumerate([*missing.values()][:_COMPARED]):
                if near := self._near(one.id):
                    details[number] += f"; {_did_you_mean(near)}"
        return NotFound(text, hint=hint, command=command, details=details, http_status=404)

    def _near(self, name: str) -> list[str]:
        """Return the users that were probably meant."""
        same = self.similar.get(field_rules.look_alike_key(name))
        return [same] if same else field_rules.near_ids(name, self._index.external_ids())

    def _note(self, name: str) -> str:
        """Return what may be wrong with the id of a user that was not found."""
        notes = field_rules.blank_note(name), field_rules.alike(name, self.similar)
        return "".join(f"; {note}" for note in notes if note)


def _did_you_mean(names: Sequence[str]) -> str:
    return f"did you mean {' or '.join(f'`{name}`' for name in names)}?"
