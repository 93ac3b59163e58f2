"""What the loopback server answers: the Builder API's documented shapes, limits and counters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from population import PAGE, QPS, JsonObject, Population, customer_id, number_of, user

_PREFIX = "/api/v1"
_MEMBER = "/builder/users/"
_TOO_MANY = {
    "error": "rate limit exceeded",
    "code": "rate_limit_exceeded",
    "retryable": True,
    "tier": "scale",
}


class Bucket:
    """A token bucket: `rate` a second, `burst` saved at most, full at first."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self.rate, self.burst, self._clock = rate, burst, clock
        self.tokens, self._at = float(burst), clock()

    def refill(self) -> float:
        """Bring the tokens up to date and return the time."""
        now = self._clock()
        self.tokens = min(self.burst, self.tokens + (now - self._at) * self.rate)
        self._at = now
        return now

    def take(self) -> bool:
        self.refill()
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class Counters:
    """What was asked since the last settings; times are the server's own seconds.

    `tokens` is what the bucket held at the first write.
    """

    requests: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    too_many: int = 0
    writes: int = 0
    effects: int = 0
    first_write: float | None = None
    last_write: float | None = None
    tokens: float = 0.0

    def count(self, route: str) -> None:
        self.requests[route] = self.requests.get(route, 0) + 1


class Builder:
    """The imitated API; `settle` begins a new measurement."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._populations: dict[int, Population] = {}
        self._answers: dict[tuple[int, str], bytes] = {}
        self.settle()

    def settle(
        self, users: int = 0, latency: float = 0.0, rate: float = 0.0, burst: int = 0
    ) -> None:
        """Set the number of users, seconds of latency and the limit; a rate of 0 is none."""
        self.population = self._populations.setdefault(users, Population(users))
        self.latency = latency
        self.bucket = Bucket(rate, burst, self._clock) if rate else None
        self.counters = Counters()
        self.created: dict[str, int] = {}
        self.limits: dict[int, int] = {}
        _ = self.population.pages  # made now, not while a program waits

    def report(self) -> bytes:
        return response(200, asdict(self.counters))

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        """Answer one request as bytes for the wire."""
        path, _, query = target.removeprefix(_PREFIX).partition("?")
        route = f"{method} {_MEMBER}ID" if path.startswith(_MEMBER) else f"{method} {path}"
        self.counters.count(route)
        if method != "GET" and self.counters.first_write is None:
            self._begin_writes()
        if self.bucket and not self.bucket.take():
            self.counters.too_many += 1
            headers = "retry-after: 1\r\n"
            return response(429, {**_TOO_MANY, "limit_qps": int(self.bucket.rate)}, headers)
        if route == "GET /builder/users":
            return self._list(query)
        if method != "GET":
            return self._write(route, path, body)
        return self._read(route, path)

    def _begin_writes(self) -> None:
        self.counters.first_write = self._clock()
        if self.bucket:
            self.bucket.refill()
            self.counters.tokens = self.bucket.tokens

    def _list(self, query: str) -> bytes:
        key = (self.population.size, query)
        if key not in self._answers:
            asked = dict(parse_qsl(query))
            limit = int(asked.get("limit", "50"))
            page = self.population.page(asked.get("cursor", ""), limit)
            if page is None or not 1 <= limit <= PAGE:
                return problem(400, "bad_request")
            self._answers[key] = packed(200, page)
        return self._answers[key]

    def _read(self, route: str, path: str) -> bytes:
        size, bucket = self.population.size, self.bucket
        if route == f"GET {_MEMBER}ID":
            number = self._known(path)
            if number is None:
                return problem(404, "not_found")
            return response(200, user(number, self.limits.get(number, QPS)))
        if route == "GET /builder/pool":
            counts = {"end_user_count": size, "total_allocated_qps": size * QPS}
            return response(200, {"qps_pool": 10_000_000, **counts})
        if route == "GET /usage":
            limits = {
                "monthly_requests": 0,
                "rest_qps": int(bucket.rate) if bucket else 0,
                "rest_qps_burst": bucket.burst if bucket else 0,
            }
            period = {"billing_period_start": 1_788_220_800, "billing_period_end": 1_790_812_800}
            usage = {"monthly_requests": 0}
            return response(200, {"tier": "scale", **period, "limits": limits, "usage": usage})
        return problem(404, "not_found")

    def _known(self, path: str) -> int | None:
        try:
            customer = unquote(path.removeprefix(_MEMBER))
            number = number_of(customer)
        except ValueError:
            return None
        known = number < self.population.size + len(self.created)
        return number if known and customer == customer_id(number) else None

    def _write(self, route: str, path: str, body: bytes) -> bytes:
        asked: JsonObject = json.loads(body) if body else {}
        if route == "POST /builder/users":
            answer = self._create(asked)
        elif route == f"PATCH {_MEMBER}ID":
            number = self._known(path)
            if number is None:
                return problem(404, "not_found")
            self.counters.effects += self.limits.get(number, QPS) != asked["qps_limit"]
            self.limits[number] = asked["qps_limit"]
            answer = response(200, user(number, asked["qps_limit"]))
        else:
            return problem(404, "not_found")
        self.counters.writes += 1
        self.counters.last_write = self._clock()
        return answer

    def _create(self, asked: JsonObject) -> bytes:
        name = asked["external_id"]
        known = name in self.created
        number = self.created.setdefault(name, self.population.size + len(self.created))
        self.counters.effects += not known
        made = {**user(number, asked.get("qps_limit", QPS)), "external_id": name}
        return response(200 if known else 201, made)


def problem(status: int, code: str) -> bytes:
    return response(status, {"error": code.replace("_", " "), "code": code, "retryable": False})


def response(status: int, value: Any, headers: str = "") -> bytes:
    return packed(status, json.dumps(value).encode(), headers)


def packed(status: int, body: bytes, headers: str = "") -> bytes:
    """Put a head before a JSON body."""
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-parsec-tier: scale\r\n{headers}\r\n"
    )
    return head.encode() + body
