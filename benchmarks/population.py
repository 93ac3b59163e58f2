"""The users that the loopback server lists: the same in every run, pages made ready beforehand."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

PAGE = 100  # the API's maximum, and what every program of the benchmark asks for
QPS = 5
JsonObject = dict[str, Any]


def external_id(number: int) -> str:
    return f"user-{number:06d}"


def customer_id(number: int) -> str:
    # a UUID that shows its number: cheap to make and to read in a log
    return f"{number:08x}-5eed-4000-8000-{number:012x}"


def number_of(customer: str) -> int:
    return int(customer[:8], 16)


def user(number: int, qps_limit: int = QPS) -> JsonObject:
    """Return a user in the documented shape; as JSON some 440 bytes."""
    wallet = None
    if number % 2:
        wallet = {
            "eoa_address": f"0x{number:040x}",
            "privy_wallet_id": f"w{number}",
            "wallet_type": "safe",
            "safe_address": f"0x{number + (1 << 128):040x}",
            "chain_id": 137,
        }
    return {
        "customer_id": customer_id(number),
        "external_id": external_id(number),
        "api_key": f"pk_live_bench{number:020x}",
        "tier": "scale",
        "qps_limit": qps_limit,
        "created_at": f"2026-03-{number % 28 + 1:02d}T08:{number % 60:02d}:00Z",
        "linked_exchanges": ["polymarket"] if wallet else ["kalshi", "polymarket"],
        "wallet": wallet,
        "fee_escrow_enabled": False,
        "fee_bps": None,
        "affiliate_address": None,
    }


def cursor_before(number: int) -> str:
    """Return the cursor of the page that begins with user `number`."""
    return base64.b64encode(b'{"from":%d}' % number).decode()


def start_of(cursor: str) -> int:
    start = json.loads(base64.b64decode(cursor, validate=True))["from"]
    if not isinstance(start, int):
        raise TypeError("a cursor holds a whole number")
    return start


class Population:
    """So many users, and the answers that list them."""

    def __init__(self, size: int) -> None:
        self.size = size

    @cached_property
    def pages(self) -> Mapping[str, bytes]:
        """Every full page by its cursor, as JSON; "" is the first."""
        return dict(self._rendered())

    def page(self, cursor: str, limit: int) -> bytes | None:
        """Return a page as JSON, or None where the cursor is none of ours."""
        if limit == PAGE:
            return self.pages.get(cursor)
        try:
            return self._page(start_of(cursor) if cursor else 0, limit)
        except (ValueError, KeyError, TypeError):
            return None

    def _rendered(self) -> Iterator[tuple[str, bytes]]:
        for start in range(0, max(self.size, 1), PAGE):
            yield cursor_before(start) if start else "", self._page(start, PAGE)

    def _page(self, start: int, limit: int) -> bytes:
        end = min(start + limit, self.size)
        users = [user(number) for number in range(start, end)]
        cursor = cursor_before(end) if end < self.size else None
        return json.dumps({"users": users, "next_cursor": cursor, "count": len(users)}).encode()
