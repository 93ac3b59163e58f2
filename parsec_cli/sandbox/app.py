"""The imitated Builder API as one WSGI application: key, limits, faults, then the route's handler.

Nothing is created or opened before the first request. A request is one transaction, so its counter
and its effect are stored together, even if other processes use the file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from parsec_cli.sandbox import calls, end_users, impersonated, metering, onboarding, seed
from parsec_cli.sandbox.calls import Call
from parsec_cli.sandbox.injected_faults import Fault
from parsec_cli.sandbox.responses import INVALID_KEY, Refusal, Response, of_json, rate_limited
from parsec_cli.sandbox.store import State, Store

KEY = "pk_live_sandbox"
PREFIX = "/api/v1"
# the largest valid body, an onboarding with an RSA key, has a few kilobytes
MAX_BODY = 64 * 1024
# by path below `/api/v1`; all below `/builder` is for builder keys only. A handler returns an
# Response, or what is the JSON of a 200.
ROUTES: dict[str, dict[str, Callable[[Call], object]]] = {
    "/builder/users": {"POST": end_users.create, "GET": end_users.list_page},
    "/builder/users/{customer_id}": {
        "GET": Call.addressed_user,
        "PATCH": end_users.update,
        "DELETE": end_users.deactivate,
    },
    "/builder/onboard": {"POST": onboarding.onboard},
    "/builder/pool": {"GET": lambda call: call.state.pool()},
    "/builder/escrow/config": {"GET": lambda _: end_users.ESCROW},
    "/usage": {"GET": impersonated.usage},
    "/ping": {"GET": impersonated.ping},
    "/balance": {"GET": impersonated.balance},
    "/positions": {"GET": impersonated.positions},
    "/fills": {"GET": impersonated.fills},
    "/orders": {"GET": impersonated.orders},
    "/wallet": {"GET": impersonated.wallet},
}


class Sandbox:
    """The WSGI callable over the state in `db_path`; safe with several threads.

    `latency` is in milliseconds, before each response. LocalFault when the file cannot be used.
    """

    def __init__(
        self,
        db_path: Path,
        *,
        clock: Callable[[], float] = time.time,
        faults: Sequence[Fault] = (),
        rate_limit: metering.RateLimit = metering.UNLIMITED,
        latency: float = 0.0,
        random: Random | None = None,
        sleep: Callable[[float], object] = time.sleep,
        monthly_limit: int = metering.MONTHLY_LIMIT,
    ) -> None:
        self.store = Store(db_path, seed.first_dozen)
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
            with self.store.transaction() as state:
                response = self._respond(self._admitted(environ, state))
        except Refusal as refusal:
            response = refusal.response
        start_response(response.status, response.headers)
        return [response.body]

    def _admitted(self, environ: dict[str, Any], state: State) -> Call:
        """Read the request, and check path and key; raises Refusal 401, 404 or 413."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(f"{PREFIX}/"):
            raise Refusal(404, "no such endpoint")
        key = calls.header(environ, "X-API-Key")
        if not key:
            raise Refusal(401, "missing X-API-Key header")
        caller = calls.BUILDER if key == KEY else state.user(key, "api_key")
        if caller is None:
            raise Refusal(401, INVALID_KEY)
        # both servers have the whole body, and end the stream where it ends
        body = environ["wsgi.input"].read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise Refusal(413, f"the body is larger than {MAX_BODY} bytes", "bad_request")
        path, now = path.removeprefix(PREFIX), self._clock()
        return Call(environ, path, body, caller, state, self._limits, now, self._random, [])

    def _respond(self, call: Call) -> Response:
        """Apply rate, faults and quota, and add the headers about them."""
        caller, limits, method = call.caller, call.limits, call.environ["REQUEST_METHOD"]
        month, reset = metering.billing_period(call.now)
        fault = None
        try:
            if wait := limits.wait(call.now):
                raise rate_limited(caller["tier"], limits.rate.qps, wait)
            struck = (each for each in self._faults if each.strikes(method, call.random))
            fault = next(struck, None)
            if fault is None or fault.after:
                response = _handled(call, month)
        except Refusal as refusal:
            response = refusal.response
        if fault is not None:
            response = fault.response()
        left = max(0, limits.monthly - call.state.requests(caller["customer_id"], month))
        response.headers += [
            *call.headers,
            ("x-parsec-tier", caller["tier"]),
            ("x-ratelimit-monthly-limit", str(limits.monthly)),
            ("x-ratelimit-monthly-remaining", str(left)),
            ("x-ratelimit-monthly-reset", str(reset)),
        ]
        return response


def _handled(call: Call, month: int) -> Response:
    """Count the call against the quota, and run its route's handler; raises Refusal."""
    caller, path, method = call.caller, call.path, call.environ["REQUEST_METHOD"]
    if call.state.requests(caller["customer_id"], month) >= call.limits.monthly:
        error, code = "monthly request limit exceeded", "monthly_limit_exceeded"
        raise Refusal(429, error, code, tier=caller["tier"])
    call.state.count_request(caller["customer_id"], month)
    methods = ROUTES.get(re.sub(r"^(/builder/users/)[^/]+\Z", r"\1{customer_id}", path))
    if methods is None:
        raise Refusal(404, "no such endpoint")
    if method not in methods:
        refusal = Refusal(405, "method not allowed", "bad_request")
        refusal.response.headers.append(("Allow", ", ".join(sorted(methods))))
        raise refusal
    if path.startswith("/builder/") and caller is not calls.BUILDER:
        raise Refusal(403, "builder access required")
    result = methods[method](call)
    return result if isinstance(result, Response) else of_json(200, result)
