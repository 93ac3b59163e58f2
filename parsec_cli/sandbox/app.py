"""The imitated Builder API as one WSGI application: key, limits, faults, then the route's handler.

Nothing is created or opened before the first request. A request is one transaction, so its
counter and its effect are kept together, whoever else uses the same file.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any

from parsec_cli.sandbox import injected_faults, routes, seed
from parsec_cli.sandbox.calls import BUILDER_KEY, Call, Caller, Request, authenticate
from parsec_cli.sandbox.metering import (
    MONTHLY_LIMIT,
    Bucket,
    RateLimit,
    Window,
    billing_period,
    quota_headers,
)
from parsec_cli.sandbox.responses import (
    Answer,
    Refusal,
    forbidden,
    injected,
    quota_used_up,
    rate_limited,
)
from parsec_cli.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from parsec_cli.sandbox.injected_faults import Fault
    from parsec_cli.sandbox.state import State

KEY = BUILDER_KEY

NO_CONTENT = 204


def build(
    db_path: Path,
    *,
    clock: Callable[[], float] = time.time,
    faults: Sequence[Fault] = (),
    rate_limit: RateLimit | None = None,
    latency: float = 0.0,
    random: Random | None = None,
    sleep: Callable[[float], object] = time.sleep,
    monthly_limit: int = MONTHLY_LIMIT,
) -> Sandbox:
    """Return the application over the state in `db_path`; the builder's key is `KEY`.

    `latency` is in milliseconds, slept before each answer. The application raises LocalFault when
    its file cannot be used, and has `close()`.
    """
    store = Store(db_path, seed.first_dozen)
    rules = Rules(clock, faults, rate_limit, monthly_limit, random or Random())
    return Sandbox(store, rules, latency / 1000, sleep)


class Rules:
    """What every request must pass before its handler: key, rate, faults, quota."""

    def __init__(
        self,
        clock: Callable[[], float],
        faults: Sequence[Fault],
        rate_limit: RateLimit | None,
        monthly_limit: int,
        random: Random,
    ) -> None:
        self._clock = clock
        self._faults = tuple(faults)
        self._rate_limit = rate_limit
        self._bucket = Bucket(rate_limit) if rate_limit else None
        self._window = Window()
        self._monthly_limit = monthly_limit
        self._random = random

    def answer(self, request: Request, state: State) -> Answer:
        """Answer within the transaction of `state`; raises Refusal 401 for a wrong key."""
        now = self._clock()
        caller = authenticate(request, state)
        fault = None
        try:
            self._keep_rate(caller, now)
            fault = injected_faults.draw(self._faults, request.method, self._random)
            if fault is None or fault.after:
                answer = self._handled(request, state, caller, now)
        except Refusal as refusal:
            answer = refusal.answer()
        if fault is not None:
            answer = injected(fault.status)
        used = state.requests(caller.name, billing_period(now)[0])
        return answer.with_headers(quota_headers(caller, used, self._monthly_limit, now))

    def _keep_rate(self, caller: Caller, now: float) -> None:
        if self._bucket is None:
            return
        wait = self._bucket.take(now)
        if wait:
            raise rate_limited(caller.tier, self._bucket.limit.qps, wait)

    def _handled(self, request: Request, state: State, caller: Caller, now: float) -> Answer:
        month, _ = billing_period(now)
        if state.requests(caller.name, month) >= self._monthly_limit:
            raise quota_used_up(caller.tier)
        used = state.count_request(caller.name, month)
        route, customer_id = routes.find(request.method, request.path)
        if route.for_builders and not caller.is_builder:
            raise forbidden("builder access required")
        call = Call(
            request=request,
            state=state,
            caller=caller,
            now=now,
            random=self._random,
            used=used,
            monthly_limit=self._monthly_limit,
            rate_limit=self._rate_limit,
            window=self._window,
            customer_id=customer_id,
        )
        return route.handler(call)


class Sandbox:
    """The WSGI callable; safe with several threads."""

    def __init__(
        self, store: Store, rules: Rules, delay: float, sleep: Callable[[float], object]
    ) -> None:
        self._store = store
        self._rules = rules
        self._delay = delay
        self._sleep = sleep

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        if self._delay:
            self._sleep(self._delay)
        answer = self._answer(environ)
        headers = list(answer.headers)
        if answer.status != NO_CONTENT:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(answer.status_line, headers)
        return [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        try:
            request = Request.read(environ)
            with self._store.transaction() as state:
                return self._rules.answer(request, state)
        except Refusal as refusal:
            return refusal.answer()

    def open(self) -> None:
        """Open the file, or create it; raises LocalFault."""
        with self._store.transaction():
            pass

    def close(self) -> None:
        """Close the file; a later request reopens it."""
        self._store.close()
