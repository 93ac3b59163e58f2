"""A small imitation of the Builder API in memory, alone or on the scripted server with faults.

It keeps to the documented behaviour that commands rely on; `add` and `users` let a test arrange
and inspect the state, `fault` breaks the nth matching request before or after its effect.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import ssl
import threading
from collections.abc import Callable
from itertools import islice
from typing import Any
from urllib.parse import unquote

from support.actions import Action, error, held, json_response, response, slow, too_many
from support.bucket import Bucket
from support.faults import Fault
from support.records import JsonObject, escrow, new_user, wallet
from support.server import ScriptedServer
from support.wire import Request

BUILDER_KEY = "pk_live_TESTKEY_canary_0001"
_MAX_PAGE = 100
_MEMBER = re.compile(r"/builder/users/([^/]+)")
User = JsonObject


class Builder:
    """The Builder API without a server; a test may set the attributes before requests come."""

    def __init__(self) -> None:
        self.key = BUILDER_KEY
        self.prefix = "/api/v1"
        self.users: dict[str, User] = {}
        self.effects: list[tuple[str, str]] = []
        self.qps_pool = 1_000
        self.monthly_limit = 5_000_000
        self.monthly_used = 1_234
        self.rest_qps = 0
        self.max_page = _MAX_PAGE
        self.extra_pool: dict[str, Any] = {}
        # the responses to impersonated reads, by path and customer_id
        self.held: dict[str, dict[str, Any]] = {
            "/orders": {},
            "/positions": {},
            "/balance": {},
            "/ping": {},
        }
        # the headers of impersonated reads
        self.rate_headers: dict[str, str] = {}
        # every customer_id in the order of creation; a cursor is a position in it
        self._order: list[str] = []

    def add(self, external_id: str | None, qps_limit: int | None = 10, **fields: Any) -> User:
        """Put a user there; `fields` replace or add to what the server would send."""
        user = new_user(external_id, len(self._order))
        user["qps_limit"] = qps_limit
        user.update(fields)
        self.users[user["customer_id"]] = user
        self._order.append(user["customer_id"])
        return user

    def clear(self) -> None:
        """Remove all users and effects; the next users get the first ids again."""
        self.users.clear()
        self.effects.clear()
        self._order.clear()

    def add_many(self, count: int, qps_limit: int | None = 1) -> list[User]:
        return [self.add(f"user-{number:05d}", qps_limit) for number in range(count)]

    def by_external_id(self, external_id: str) -> User | None:
        return next((u for u in self.users.values() if u["external_id"] == external_id), None)

    def respond_to(self, request: Request) -> Action:
        if request.header("x-api-key") is None:
            return error(401, "missing X-API-Key header", "unauthorized")
        if request.header("x-api-key") != self.key:
            return error(401, "invalid API key", "unauthorized")
        self.monthly_used += 1
        path = request.path.removeprefix(self.prefix)
        member = _MEMBER.fullmatch(path)
        if member:
            return self._member(request, unquote(member[1]))
        routes: dict[tuple[str, str], Callable[[Request], Action]] = {
            ("GET", "/builder/users"): self._list,
            ("POST", "/builder/users"): self._create,
            ("POST", "/builder/onboard"): self._onboard,
            ("GET", "/builder/pool"): self._pool,
            ("GET", "/builder/escrow/config"): lambda _: json_response(200, escrow()),
            ("GET", "/usage"): self._usage,
            ("GET", "/balance"): self._balance,
            ("GET", "/ping"): self._ping,
            ("GET", "/orders"): self._held,
            ("GET", "/positions"): self._held,
        }
        route = routes.get((request.method, path))
        return route(request) if route else error(404, "not found", "not_found")

    def _member(self, request: Request, customer_id: str) -> Action:
        user = self.users.get(customer_id)
        if user is None:
            return error(404, "end-user not found", "not_found")
        if request.method == "GET":
            return json_response(200, user)
        if request.method == "PATCH":
            qps = request.json().get("qps_limit")
            if type(qps) is not int or qps < 1:
                return error(400, "qps_limit must be at least 1", "validation_error")
            user["qps_limit"] = qps
            self.effects.append(("PATCH", customer_id))
            return json_response(200, user)
        if request.method == "DELETE":
            del self.users[customer_id]
            self.effects.append(("DELETE", customer_id))
            return response(204)
        return error(404, "not found", "not_found")

    def _list(self, request: Request) -> Action:
        query = request.query
        assert set(query) <= {"limit", "cursor"}, query
        limit = int(query.get("limit", "50"))
        if not 1 <= limit <= _MAX_PAGE:
            return error(400, "limit must be between 1 and 100", "validation_error")
        after = -1
        if "cursor" in query:
            try:
                after = json.loads(base64.b64decode(query["cursor"], validate=True))["after"]
            except (binascii.Error, ValueError, KeyError, TypeError):
                return error(400, "invalid cursor", "bad_request")
        size = min(limit, self.max_page)
        places = (n for n in range(after + 1, len(self._order)) if self._order[n] in self.users)
        # one more place shows whether there is a next page
        found = list(islice(places, size + 1))
        page = [self.users[self._order[place]] for place in found[:size]]
        value: dict[str, Any] = {"users": page, "count": len(page)}
        if len(found) > size:
            value["next_cursor"] = base64.b64encode(b'{"after": %d}' % found[size - 1]).decode()
        return json_response(200, value)

    def _create(self, request: Request) -> Action:
        asked = request.json()
        external_id = asked.get("external_id")
        if not isinstance(external_id, str) or not external_id:
            return error(400, "external_id is required", "validation_error")
        existing = self.by_external_id(external_id)
        if existing:
            return json_response(200, existing)
        user = self.add(external_id, asked.get("qps_limit"))
        self.effects.append(("POST", user["customer_id"]))
        sent = {k: v for k, v in user.items() if k not in ("tier", "qps_limit", "created_at")}
        return json_response(201, {**sent, "status": "complete"})

    def _onboard(self, request: Request) -> Action:
        asked = request.json()
        user = self.users.get(asked.get("customer_id"))
        if user is None:
            return error(404, "end-user not found", "not_found")
        already = asked["exchange"] in user["linked_exchanges"]
        if not already:
            user["linked_exchanges"].append(asked["exchange"])
            if asked["mode"] == "managed":
                user["wallet"] = wallet(asked.get("wallet_type", "eoa"))
            self.effects.append(("ONBOARD", user["customer_id"]))
        value = {name: asked[name] for name in ("customer_id", "exchange", "mode")}
        return json_response(
            200,
            {
                **value,
                "status": "already_linked" if already else "complete",
                "linked_exchanges": user["linked_exchanges"],
                "steps_completed": [] if already else ["exchange_linked"],
                "wallet": user["wallet"],
                "fee_escrow_enabled": False,
            },
        )

    def _pool(self, _request: Request) -> Action:
        allocated = sum(user["qps_limit"] or 0 for user in self.users.values())
        return json_response(
            200,
            {
                "qps_pool": self.qps_pool,
                "end_user_count": len(self.users),
                "total_allocated_qps": allocated,
                **self.extra_pool,
            },
        )

    def _usage(self, _request: Request) -> Action:
        return json_response(
            200,
            {
                "tier": "pro",
                "billing_period_start": 1_788_220_800,
                "billing_period_end": 1_790_812_800,
                "limits": {
                    "monthly_requests": self.monthly_limit,
                    "rest_qps": self.rest_qps,
                    "rest_qps_burst": 2 * self.rest_qps,
                },
                "usage": {"monthly_requests": self.monthly_used},
            },
        )

    def hold(self, user: User, path: str, value: Any) -> User:
        """Let an impersonated GET of `path` respond with `value` for this user."""
        self.held[path][user["customer_id"]] = value
        return user

    def _balance(self, request: Request) -> Action:
        return self._held(
            request, {"raw": {"exchange": request.query["exchange"], "balance": "12.50"}}
        )

    def _ping(self, request: Request) -> Action:
        user = self.users.get(request.header("x-builder-customer-id") or "", {})
        linked = user.get("linked_exchanges") or ()
        listed = [
            {
                "exchange": exchange,
                "has_credentials": exchange in linked,
                "authenticated": exchange in linked,
                "message": "ok" if exchange in linked else f"no credentials for {exchange}",
            }
            for exchange in ("polymarket", "kalshi")
        ]
        return self._held(request, listed)

    def _held(self, request: Request, usual: Any = ()) -> Action:
        customer_id = request.header("x-builder-customer-id")
        if customer_id not in self.users:
            text = "end-user not found or not owned by this builder"
            return json_response(403, {"error": text})
        path = request.path.removeprefix(self.prefix)
        return json_response(200, self.held[path].get(customer_id, usual), self.rate_headers)


class BuilderServer(Builder, ScriptedServer):
    """The Builder API on a socket, with faults, a rate limit and latency to order."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        Builder.__init__(self)
        self.latency = 0.0
        # responses to changes wait for this event
        self.release: threading.Event | None = None
        self.bucket: Bucket | None = None
        self._faults: list[Fault] = []
        self._state = threading.Lock()
        ScriptedServer.__init__(self, host=host, tls=tls)
        self.respond(self._handle)

    def limit(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        """Respond with the documented 429 beyond `rate` a second on the given clock."""
        self.bucket = Bucket(rate, burst, clock)

    def fault(
        self,
        method: str,
        path: str = "",
        *,
        action: Action,
        nth: int = 1,
        times: int = 1,
        after_effect: bool = False,
    ) -> None:
        """Do `action` instead of the response; with `after_effect` the change was made before."""
        self._faults.append(Fault(method, re.compile(path), nth, times, after_effect, action))

    def check(self) -> None:
        super().check()
        unused = [str(fault) for fault in self._faults if fault.used < fault.times]
        assert not (unused and self.strict), f"faults that never came true: {unused}"

    def _handle(self, request: Request) -> Action:
        with self._state:
            # every matching fault counts the request, even if an earlier one is due
            due = [fault for fault in self._faults if fault.due(request)]
            if due and not due[0].after_effect:
                return due[0].action
            if self.bucket is not None and not self.bucket.take():
                return too_many()
            action = self.respond_to(request)
        action = due[0].action if due else action
        if self.release is not None and request.method != "GET":
            action = held(self.release, action)
        return slow(self.latency, action) if self.latency else action
