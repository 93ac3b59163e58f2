"""A fault ordered for certain requests of the imitated API."""

from __future__ import annotations

import re
from dataclasses import dataclass

from support.actions import Action
from support.wire import Request


@dataclass
class Fault:
    """Breaks the requests `nth` to `nth + times - 1` that match."""

    method: str
    path: re.Pattern[str]
    nth: int
    times: int
    after_effect: bool
    action: Action
    seen: int = 0
    used: int = 0

    def due(self, request: Request) -> bool:
        if request.method != self.method or not self.path.search(request.path):
            return False
        self.seen += 1
        hit = self.nth <= self.seen < self.nth + self.times
        self.used += hit
        return hit

    def __str__(self) -> str:
        return f"{self.method} {self.path.pattern} nth={self.nth}: {self.action}"
