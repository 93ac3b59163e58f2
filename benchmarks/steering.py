"""Starts the loopback server, sets it up before a run and reads its counters after."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SERVER = Path(__file__).with_name("loopback.py")
# the imitation of the API that the tests have, too
TESTS = Path(__file__).parents[1] / "tests"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the server is like during a run; `latency` in seconds, a `rate` of 0 is no limit."""

    users: int = 100
    latency: float = 0.0
    rate: float = 0.0
    burst: int = 0


ANYTHING = Setting()


@dataclass(frozen=True, slots=True)
class Counted:
    """What the server saw of one run."""

    requests: dict[str, int]
    connections: int
    too_many: int
    writes: int
    effects: int
    first_write: float | None
    last_write: float | None
    tokens: float

    @property
    def total(self) -> int:
        return sum(self.requests.values())

    def permitted(self, rate: float) -> float:
        """Return the accepted writes as a share of those that the bucket permitted."""
        if self.first_write is None or self.last_write is None:
            return 0.0
        return self.writes / (self.tokens + rate * (self.last_write - self.first_write))


class Server:
    """The server as a process of its own, for a `with` block."""

    def __enter__(self) -> Self:
        read_end, write_end = os.pipe()
        # its stdin is the other end of a pipe that closes when this process ends, however it does
        stdin, self._life = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            stdin=stdin,
            stdout=write_end,
        )
        os.close(stdin)
        os.close(write_end)
        with os.fdopen(read_end, encoding="ascii") as told:
            self.port = int(told.readline())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._life)
        self._process.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settle(self, setting: Setting) -> None:
        """Set the server up and clear its counters."""
        fields = {name: getattr(setting, name) for name in Setting.__slots__}
        self._ask("POST", "/settings", json.dumps(fields))

    def counted(self) -> Counted:
        return Counted(**self._ask("GET", "/counters"))

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
