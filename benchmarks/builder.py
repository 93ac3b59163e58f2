"""The tests' imitation of the API, set up for one run after the other, with counters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from support.actions import Action, too_many
from support.bucket import Bucket
from support.builder import Builder
from support.records import wallet
from support.wire import Request

KEY = "pk_live_bench_0000000001"
QPS = 5
MEMBER = "/builder/users/"


def external_id(number: int) -> str:
    return f"user-{number:06d}"


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


class MeasuredBuilder(Builder):
    """`settle` begins a new measurement. Pages are kept ready, so no program waits for them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.key, self.qps_pool, self.monthly_limit = KEY, 10_000_000, 0
        self._clock = clock
        self._pages: dict[str, Action] = {}
        self.settle()

    def settle(
        self, users: int = 0, latency: float = 0.0, rate: float = 0.0, burst: int = 0
    ) -> None:
        """Set the number of users, seconds of latency and the limit; a rate of 0 is none."""
        self.latency = latency
        self.rest_qps = int(rate)
        self.bucket = Bucket(rate, burst, self._clock) if rate else None
        self.counters = Counters()
        if self.effects or len(self.users) != users:
            self._populate(users)

    def _populate(self, count: int) -> None:
        self.clear()
        self._pages.clear()
        safe = wallet("safe")
        for number in range(count):
            exchanges = ["polymarket"] if number % 2 else ["kalshi", "polymarket"]
            own = {name: f"0x{number:039x}{name[0]}" for name in ("eoa_address", "safe_address")}
            owned = {**safe, **own} if number % 2 else None
            self.add(external_id(number), QPS, linked_exchanges=exchanges, wallet=owned)

    def report(self) -> bytes:
        # a repeated write is not a second effect
        self.counters.effects = len(set(self.effects))
        return json.dumps(asdict(self.counters)).encode()

    def action(self, request: Request) -> Action:
        """Say what happens to a request, and count it."""
        path, counters = request.path.removeprefix(self.prefix), self.counters
        route = f"{request.method} {f'{MEMBER}ID' if path.startswith(MEMBER) else path}"
        counters.requests[route] = counters.requests.get(route, 0) + 1
        writes = request.method != "GET"
        if writes and counters.first_write is None:
            counters.first_write = self._clock()
            counters.tokens = self.bucket.refill() if self.bucket else 0.0
        if self.bucket and not self.bucket.take():
            counters.too_many += 1
            return too_many(limit_qps=self.rest_qps)
        if path == "/builder/users" and not writes:
            if request.target not in self._pages:
                self._pages[request.target] = self.respond_to(request)
            return self._pages[request.target]
        action = self.respond_to(request)
        if writes and action.status < 300:
            self._pages.clear()
            counters.writes += 1
            counters.last_write = self._clock()
        return action
