"""What a handler is given: the request, its checked fields, the caller and the state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from parsec_cli.exact_json import is_unicode, loads_strictly
from parsec_cli.field_rules import ADDRESS, QPS_MAX
from parsec_cli.models import JsonObject
from parsec_cli.records import record
from parsec_cli.sandbox.metering import Limits
from parsec_cli.sandbox.responses import Refusal, invalid
from parsec_cli.sandbox.store import State

# the builder's own account, which reads without `X-Builder-Customer-Id` are about
BUILDER: JsonObject = {
    "customer_id": "",
    "external_id": "",
    "tier": "pro",
    "created_at": "1970-01-01T00:00:00Z",
    "linked_exchanges": [],
    "wallet": None,
}
NOT_OWNED = "end-user not found or not owned by this builder"
# a user of another builder: every call about it gets a 403, to rehearse that response
OTHER_BUILDERS_USER = "0b5e55ed-0000-4000-8000-000000000000"


@record
class Call:
    """A request with a valid key, inside its transaction.

    `path` is decoded and begins after `/api/v1`; `caller` is the owner of the key; `now` is in Unix
    seconds; `headers` are those of the response, as far as handlers add any.
    """

    environ: Mapping[str, Any]
    path: str
    body: bytes
    caller: JsonObject
    state: State
    limits: Limits
    now: float
    random: Random
    headers: list[tuple[str, str]]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.environ.get("QUERY_STRING", ""), keep_blank_values=True))

    def fields(self) -> Fields:
        """Return the members of the body, which must be one JSON object; raises Refusal 400."""
        return Fields(self.body, "the body is not a JSON object")

    def addressed_user(self) -> JsonObject:
        """Return the user whom the path names; raises Refusal 404, or 403 for another builder's."""
        customer_id = self.path.rpartition("/")[2].lower()
        if customer_id == OTHER_BUILDERS_USER:
            raise Refusal(403, NOT_OWNED)
        user = self.state.user(customer_id)
        if user is None:
            raise Refusal(404, "end-user not found")
        return user


def header(environ: Mapping[str, Any], name: str) -> str:
    """Return the trimmed value of a header, or ""."""
    value: str = environ.get("HTTP_" + name.upper().replace("-", "_"), "")
    return value.strip()


# returns what is wrong with a value, or ""
Rule = Callable[[Any], str]


def text(value: object) -> str:
    if not isinstance(value, str):
        return "must be a string"
    if not value:
        return "must not be empty"
    return "" if is_unicode(value) else "must be valid Unicode"


def matching(pattern: re.Pattern[str] | str, shape: str) -> Rule:
    wrong = f"must be {shape}"
    return lambda value: text(value) or ("" if re.fullmatch(pattern, value) else wrong)


def one_of(*choices: str) -> Rule:
    wrong = f"must be one of {', '.join(choices)}"
    return lambda value: text(value) or ("" if value in choices else wrong)


address = matching(ADDRESS, "0x and 40 hex digits")


def positive(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "must be an integer"
    if value < 1:
        return "must be at least 1"
    return "" if value <= QPS_MAX else f"must be at most {QPS_MAX}"


class Fields:
    """A JSON object whose members are read one by one; `done()` refuses it if any has a problem.

    An optional member that is null counts as absent.
    """

    def __init__(self, document: bytes, otherwise: str) -> None:
        """Parse the document; raises Refusal 400 with the text `otherwise` for anything else."""
        try:
            self.body: JsonObject = loads_strictly(document.decode())
        except ValueError:
            raise Refusal(400, otherwise) from None
        if not isinstance(self.body, dict):
            raise Refusal(400, otherwise)
        self.problems: list[str] = []

    def read(
        self, name: str, rule: Rule = text, *, required: bool = False, default: Any = None
    ) -> Any:
        """Return the member; the default if it is absent, and None if it has a problem."""
        value = self.body.get(name)
        if value is None and not required:
            return default
        problem = "is required" if value is None else rule(value)
        if problem:
            self.problems.append(f"{name} {problem}")
        return None if problem else value

    def done(self) -> None:
        """Raise Refusal 400 with every problem, if there is any."""
        if self.problems:
            raise invalid(*self.problems)


def whole_number(text: str, name: str, lowest: int, highest: int) -> int:
    """Read a query parameter of plain ASCII digits within bounds; raises Refusal 400."""
    if re.fullmatch("[0-9]{1,10}", text) and lowest <= int(text) <= highest:
        return int(text)
    raise invalid(f"{name} must be an integer from {lowest} to {highest}")
