"""The imitated Builder API as one WSGI application: key, limits, faults, then the route's handler.

Nothing is created or opened before the first request. A request is one transaction, so its
counter and its effect are kept together, whoever else uses the same file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from parsec_cli.sandbox import end_users, impersonated, injected_faults, metering, onboarding, seed
from parsec_cli.sandbox.calls import Call, Caller, Request
from parsec_cli.sandbox.responses import (
    Answer,
    Refusal,
    forbidden,
    injected,
    not_found,
    rate_limited,
    unauthorized,
)
from parsec_cli.sandbox.store import State, Store

KEY = "pk_live_sandbox"
NO_CONTENT = 204
_USERS = "/builder/users"
# by path below `/api/v1`; all below `/builder` is for builder keys only
ROUTES: dict[str, dict[str, Callable[[Call], Answer]]] = {
    _USERS: {"POST": end_users.create, "GET": end_users.list_page},
    f"{_USERS}/{{customer_id}}": {
        "GET": end_users.get,
        "PATCH": end_users.update,
        "DELETE": end_users.deactivate,
    },
    "/builder/onboard": {"POST": onboarding.onboard},
    "/builder/pool": {"GET": end_users.pool},
    "/builder/escrow/config": {"GET": end_users.escrow_config},
    "/usage": {"GET": metering.usage},
    "/ping": {"GET": impersonated.ping},
    "/balance": {"GET": impersonated.balance},
    "/positions": {"GET": impersonated.positions},
    "/fills": {"GET": impersonated.fills},
    "/orders": {"GET": impersonated.orders},
    "/wallet": {"GET": impersonated.wallet},
}


class Sandbox:
    """The WSGI callable over the state in `db_path`; safe with several threads.

    `latency` is in milliseconds, slept before each response. A request raises LocalFault when the
    file cannot be used.
    """

    def __init__(
        self,
        db_path: Path,
        *,
        clock: Callable[[], float] = time.time,
        faults: Sequence[injected_faults.Fault] = (),
        rate_limit: metering.RateLimit | None = None,
        latency: float = 0.0,
        random: Random | None = None,
        sleep: Callable[[float], object] = time.sleep,
        monthly_limit: int = metering.MONTHLY_LIMIT,
    ) -> None:
        self._store = Store(db_path, seed.first_dozen)
        self._clock = clock
        self._faults = tuple(faults)
        self._delay = latency / 1000
        self._random = random or Random()
        self._sleep = sleep
        self._limits = metering.Limits(monthly_limit, rate_limit)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        if self._delay:
            self._sleep(self._delay)
        try:
            request = Request.read(environ)
            with self._store.transaction() as state:
                answer = self._answer(request, state)
        except Refusal as refusal:
            answer = refusal.answer()
        headers = list(answer.headers)
        if answer.status != NO_CONTENT:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(answer.status_line, headers)
        return [answer.body]

    def _answer(self, request: Request, state: State) -> Answer:
        """Apply key, rate, faults and quota; raises Refusal 401 for a wrong key."""
        now, limits = self._clock(), self._limits
        caller = _authenticated(request, state)
        fault = None
        try:
            if wait := limits.wait(now):
                raise rate_limited(caller.tier, limits.rate.qps if limits.rate else 0, wait)
            fault = injected_faults.draw(self._faults, request.method, self._random)
            if fault is None or fault.after:
                answer = self._handled(request, state, caller, now)
        except Refusal as refusal:
            answer = refusal.answer()
        if fault is not None:
            answer = injected(fault.status)
        month, reset = metering.billing_period(now)
        left = max(0, limits.monthly - state.requests(caller.name, month))
        return answer.with_headers(
            (
                ("x-parsec-tier", caller.tier),
                ("x-ratelimit-monthly-limit", str(limits.monthly)),
                ("x-ratelimit-monthly-remaining", str(left)),
                ("x-ratelimit-monthly-reset", str(reset)),
            )
        )

    def _handled(self, request: Request, state: State, caller: Caller, now: float) -> Answer:
        month, _ = metering.billing_period(now)
        if state.requests(caller.name, month) >= self._limits.monthly:
            error, more = "monthly request limit exceeded", {"tier": caller.tier}
            raise Refusal(429, error, "monthly_limit_exceeded", more=more)
        used = state.count_request(caller.name, month)
        handler, customer_id = _route(request.method, request.path)
        if request.path.startswith("/builder/") and caller.user is not None:
            raise forbidden("builder access required")
        return handler(
            Call(request, state, caller, now, self._random, self._limits, used, customer_id)
        )

    def open(self) -> None:
        """Open the file, or create it; raises LocalFault."""
        with self._store.transaction():
            pass

    def close(self) -> None:
        """Close the file; a later request reopens it."""
        self._store.close()


def _authenticated(request: Request, state: State) -> Caller:
    """Return the owner of `X-API-Key`; raises Refusal 401."""
    key = request.header("X-API-Key")
    if not key:
        raise unauthorized("missing X-API-Key header")
    if key == KEY:
        return Caller()
    user = state.user(key, "api_key")
    if user is None:
        raise unauthorized("invalid API key")
    return Caller(user)


def _route(method: str, path: str) -> tuple[Callable[[Call], Answer], str]:
    """Return the handler and the customer_id in the path, if any; raises Refusal 404 or 405."""
    customer_id = ""
    if path.startswith(f"{_USERS}/"):
        customer_id = path.removeprefix(f"{_USERS}/")
        path = f"{_USERS}/{{customer_id}}" if customer_id and "/" not in customer_id else ""
    methods = ROUTES.get(path)
    if methods is None:
        raise not_found("no such endpoint")
    if method not in methods:
        allowed = (("Allow", ", ".join(sorted(methods))),)
        raise Refusal(405, "method not allowed", "bad_request", headers=allowed)
    return methods[method], customer_id
