"""The rate limits that an impersonated response reports: what is left in this second."""

from __future__ import annotations

import re
from collections.abc import Mapping

from parsec_cli.models import JsonObject
from parsec_cli.records import record

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@record
class LiveRates:
    """Requests per second of a user and of the pool; None if the response does not say."""

    user_limit: int | None = None
    user_remaining: int | None = None
    pool_limit: int | None = None
    pool_remaining: int | None = None

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> LiveRates:
        """Read the headers of a response; what is not a whole number counts as absent."""
        numbers = []
        for whose in ("user", "pool"):
            for name in ("limit", "remaining"):
                text = headers.get(f"x-ratelimit-{whose}-{name}", "").strip()
                numbers.append(int(text) if _NUMBER.fullmatch(text) else None)
        return cls(*numbers)

    def as_json(self) -> JsonObject:
        return dict(vars(self))

    @property
    def used_up(self) -> bool:
        """Whether the user or the pool has no request left in this second."""
        return 0 in (self.user_remaining, self.pool_remaining)

    @property
    def text(self) -> str:
        """`user 12 of 50 left · pool 400 of 2,500 left`, or "" if nothing is known."""
        parts = [
            f"{whose} {left:,}{'' if limit is None else f' of {limit:,}'} left"
            for whose, left, limit in (
                ("user", self.user_remaining, self.user_limit),
                ("pool", self.pool_remaining, self.pool_limit),
            )
            if left is not None
        ]
        return " · ".join(parts)
