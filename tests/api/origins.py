"""A client over a transport in this process: a function responds, and every request is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx  # noqa: TID253 - stands in for the network of the room that uses it
from support.clock import VirtualClock

from parsec_cli.api.client import Client
from parsec_cli.api.retry import RetryBudget, RetrySettings
from parsec_cli.base_url import BaseUrl
from parsec_cli.interrupts import Deadline, Interrupts
from parsec_cli.models import Secret

KEY = "pk_live_TESTKEY_canary_0001"
Respond = Callable[[httpx.Request], httpx.Response]


class Origin(httpx.BaseTransport):
    """Keeps each request's method, raw target and whole object."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._respond(request)

    @property
    def log(self) -> list[str]:
        return [f"{r.method} {r.url.raw_path.decode('ascii')}" for r in self.requests]


def client_of(origin: Origin, clock: VirtualClock | None = None) -> Client:
    clock = clock or VirtualClock()
    retry = RetrySettings(
        RetryBudget(), clock=clock, wall=clock, sleep=clock.sleep, random=lambda: 0.5
    )
    base = BaseUrl.parse("https://api.parsec.invalid")
    return Client(base, lambda: Secret(KEY), origin, Deadline(), retry, Interrupts())


def reply(value: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps(value).encode()))


def query(request: httpx.Request) -> dict[str, str]:
    return dict(request.url.params)
