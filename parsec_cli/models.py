"""The API's objects, parsed on arrival, and the outcome of a change to one of them.

Field names and shapes are those of the Builder API. Every view keeps `raw`, so that unknown
fields, null against absent and exact integers reach the output unchanged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from parsec_cli.exact_json import Digits
from parsec_cli.records import record
from parsec_cli.redaction import mask

if TYPE_CHECKING:
    from parsec_cli.errors import OutcomeUnknown, ParsecError

EXCHANGES = ("polymarket", "kalshi")
JsonObject = dict[str, Any]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class WrongShape(ValueError):
    """A JSON value breaks a promise of the API; the message names the part, not its content."""


def is_uuid(text: str) -> bool:
    """Whether `text` can be a customer_id of the API, which means the same in any case."""
    return _UUID.fullmatch(text) is not None


def split_user(text: str) -> tuple[str, str]:
    """Split a USER into its prefix, `ext`, `id` or "", and the id."""
    prefix, colon, rest = text.partition(":")
    return (prefix, rest) if colon and prefix in ("ext", "id") else ("", text)


def user_argument(external_id: str) -> str:
    """Write an external_id as a USER that can mean nothing else, not even an option."""
    prefix, _ = split_user(external_id)
    unclear = prefix or is_uuid(external_id) or external_id.startswith("-")
    return f"ext:{external_id}" if unclear else external_id


def customer_argument(customer_id: str) -> str:
    """Write a customer_id as a USER that can mean nothing else."""
    return customer_id if is_uuid(customer_id) else f"id:{customer_id}"


def _mapping(value: object, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise WrongShape(f"{what} is not an object")
    return value


def response_object(value: object, what: str = "it") -> JsonObject:
    """Return a response that is an object without an `error`; raise WrongShape for others."""
    raw = _mapping(value, what)
    if raw.get("error") is not None:
        raise WrongShape("it contains an error")
    return raw


def _limit(value: object) -> int | None:
    """Read a limit however it is written; reporting `"10"` as no limit would be wrong."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value, re.ASCII):
        value = int(value)
    elif isinstance(value, (float, Digits)) and float(value).is_integer():
        value = int(float(value))
    return _integer(value)


def _integer(value: object) -> int | None:
    """Return a whole number of at most 63 bits; a larger one cannot be meant."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    return None


def _number(raw: JsonObject, name: str) -> int | None:
    """Read a limit or a use; one that cannot be read must not count as unlimited."""
    number = _limit(raw.get(name))
    if raw.get(name) is not None and (number is None or number < 0):
        raise WrongShape("a limit or a use is not a whole number from 0")
    return number


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


@record
class Secret:
    """A key that prints masked; `reveal()` is the only way to its value."""

    _value: str

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({mask(self._value)})"

    __str__ = __repr__


@record
class User:
    """An end-user of the builder, over the object as sent (list, get, create or PATCH shape)."""

    raw: JsonObject

    @classmethod
    def parse(cls, value: object) -> User:
        """Return the user; raise WrongShape unless it has a non-empty text `customer_id`."""
        return cls(cls.check(response_object(value, "the user")))

    @staticmethod
    def check(value: object) -> JsonObject:
        """Return `value` if it is a user. Pages use this, because making each a User is slow."""
        raw = _mapping(value, "the user")
        customer_id = raw.get("customer_id")
        if not isinstance(customer_id, str) or not customer_id:
            raise WrongShape("the user has no `customer_id`")
        external_id = raw.get("external_id")
        if external_id is not None and not isinstance(external_id, str):
            raise WrongShape("the user's `external_id` is not text")
        return raw

    @property
    def customer_id(self) -> str:
        return str(self.raw["customer_id"])

    @property
    def external_id(self) -> str | None:
        return _text(self.raw.get("external_id"))

    @property
    def qps_limit(self) -> int | None:
        return _limit(self.raw.get("qps_limit"))

    def has_limit(self, qps: int) -> bool | None:
        """Whether the limit is `qps`; None if the record does not contain it."""
        return self.qps_limit == qps if "qps_limit" in self.raw else None

    @property
    def limit_text(self) -> str:
        """`1,000`, `none`, or `unknown` for a limit that is absent or not a whole number."""
        if self.qps_limit is not None:
            return f"{self.qps_limit:,}"
        return "none" if self.raw.get("qps_limit", "") is None else "unknown"

    @property
    def has_odd_limit(self) -> bool:
        """Whether there is a limit that is not a whole number from 0; `qps_limit` may be None."""
        limit = self.qps_limit
        return limit < 0 if limit is not None else self.raw.get("qps_limit") is not None

    @property
    def tier(self) -> str | None:
        return _text(self.raw.get("tier"))

    @property
    def linked_exchanges(self) -> tuple[str, ...]:
        return tuple(e for e in _list(self.raw.get("linked_exchanges")) if isinstance(e, str))

    @property
    def wallet(self) -> JsonObject | None:
        value = self.raw.get("wallet")
        return value if isinstance(value, dict) else None

    @property
    def balances(self) -> list[JsonObject]:
        """The balances of the wallet; amounts are decimal text, as the server sends them."""
        return [b for b in _list((self.wallet or {}).get("balances")) if isinstance(b, dict)]

    @property
    def name(self) -> str:
        """The external_id, or the customer_id of a user without one."""
        return self.external_id or self.customer_id


@record
class Pool:
    """The builder's QPS pool, in requests per second and users."""

    raw: JsonObject
    qps_pool: int
    end_user_count: int
    total_allocated_qps: int

    @classmethod
    def parse(cls, value: object) -> Pool:
        raw = response_object(value, "the pool")
        numbers = []
        for name in ("qps_pool", "end_user_count", "total_allocated_qps"):
            number = _integer(raw.get(name))
            if number is None or number < 0:
                raise WrongShape(f"the pool has no whole number `{name}`")
            numbers.append(number)
        return cls(raw, *numbers)

    @property
    def free(self) -> int:
        return self.qps_pool - self.total_allocated_qps

    @property
    def used_percent(self) -> float:
        """Allocated share in percent, to one decimal; a pool of 0 counts as full."""
        if self.qps_pool <= 0:
            return 100.0
        return round(100 * self.total_allocated_qps / self.qps_pool, 1)


@record
class Usage:
    """`GET /usage`: limits of 0 mean unlimited; None is unknown; `resets_at` is in Unix seconds."""

    raw: JsonObject
    tier: str | None
    monthly_limit: int | None
    rest_qps: int | None
    rest_qps_burst: int | None
    monthly_used: int | None
    resets_at: int | None

    @classmethod
    def parse(cls, value: object) -> Usage:
        raw = response_object(value, "the usage")
        limits = _mapping(raw.get("limits"), "`limits` of the usage")
        usage = _mapping(raw.get("usage"), "`usage` of the usage")
        return cls(
            raw,
            _text(raw.get("tier")),
            _number(limits, "monthly_requests"),
            _number(limits, "rest_qps"),
            _number(limits, "rest_qps_burst"),
            _number(usage, "monthly_requests"),
            _integer(raw.get("billing_period_end")),
        )

    @property
    def monthly_left(self) -> int | None:
        """Requests left in this period; None if unlimited or unknown."""
        if not self.monthly_limit or self.monthly_used is None:
            return None
        return max(0, self.monthly_limit - self.monthly_used)


Evidence = Literal["response", "repeat", "reread"]


@record
class Applied:
    """The change is in effect.

    `evidence` is the response to the first request, the response to a repeat after one was lost, or
    a later read of the user. `after` is the record as last seen, None after a deactivation.
    `created` is True for a first-attempt 201, False for a first-attempt 200, else None.
    """

    after: JsonObject | None
    http_status: int | None
    attempts: int
    evidence: Evidence = "response"
    created: bool | None = None


@record
class NotApplied:
    """Nothing was changed; `error` gives the reason."""

    error: ParsecError
    attempts: int


@record
class Unknown:
    """A change was sent, but its outcome is unknown; `error` explains how to check.

    `last` is the error of the last attempt.
    """

    error: OutcomeUnknown
    attempts: int
    last: ParsecError | None = None


Outcome = Applied | NotApplied | Unknown
