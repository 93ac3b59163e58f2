"""Read and change the sandbox's users, pool and request counters inside one transaction.

How the file is opened and shared is `store.py`'s; what the API allows is the handlers'.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from parsec_cli.models import JsonObject

SCHEMA = """
CREATE TABLE users (
    external_id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL UNIQUE,
    api_key TEXT NOT NULL UNIQUE,
    qps_limit INTEGER,
    document TEXT NOT NULL
);
CREATE TABLE pool (
    qps_pool INTEGER NOT NULL,
    end_user_count INTEGER NOT NULL,
    total_allocated_qps INTEGER NOT NULL
);
CREATE TABLE requests (
    caller TEXT NOT NULL,
    period INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (caller, period)
);
INSERT INTO pool VALUES (0, 0, 0);
"""  # `document` is the user as the API shows it, so that a page is joined, not built


class State:
    """What one transaction may read and change; the pool's sums are updated, never recomputed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def user(self, customer_id: str) -> JsonObject | None:
        return self._one("customer_id", customer_id)

    def user_by_external_id(self, external_id: str) -> JsonObject | None:
        return self._one("external_id", external_id)

    def user_by_key(self, api_key: str) -> JsonObject | None:
        return self._one("api_key", api_key)

    def _one(self, column: str, value: str) -> JsonObject | None:
        row = self._connection.execute(
            f"SELECT document FROM users WHERE {column} = ?",  # noqa: S608  # a literal above
            (value,),
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def page(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Return up to `limit` pairs of external_id and JSON text, in order, beyond `after`."""
        return self._connection.execute(
            "SELECT external_id, document FROM users"
            " WHERE external_id > ? ORDER BY external_id LIMIT ?",
            (after, limit),
        ).fetchall()

    def add(self, users: Iterable[JsonObject]) -> None:
        """Insert users whose external_id, customer_id and api_key are all new."""
        count = allocated = 0

        def rows() -> Iterator[tuple[str, str, str, int | None, str]]:
            nonlocal count, allocated
            for user in users:
                count += 1
                allocated += user["qps_limit"] or 0
                yield _row(user)

        self._connection.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?)", rows())
        self._shift_pool(count, allocated)

    def save(self, user: JsonObject) -> None:
        """Write back a user that exists, found by its customer_id."""
        external_id, customer_id, _, qps_limit, document = _row(user)
        self._shift_pool(0, (qps_limit or 0) - self._allocated(customer_id))
        self._connection.execute(
            "UPDATE users SET qps_limit = ?, document = ? WHERE external_id = ?",
            (qps_limit, document, external_id),
        )

    def remove(self, customer_id: str) -> bool:
        """Remove the user; False if there is none."""
        allocated = self._allocated(customer_id)
        gone = self._connection.execute("DELETE FROM users WHERE customer_id = ?", (customer_id,))
        self._shift_pool(-gone.rowcount, -allocated)
        return gone.rowcount == 1

    def pool(self) -> JsonObject:
        cursor = self._connection.execute("SELECT * FROM pool")
        names = (column[0] for column in cursor.description)
        return dict(zip(names, cursor.fetchone(), strict=True))

    def count_request(self, caller: str, period: int) -> int:
        """Count one request of `caller` in the billing period; return the new count."""
        self._connection.execute(
            "INSERT INTO requests VALUES (?, ?, 1)"
            " ON CONFLICT (caller, period) DO UPDATE SET count = count + 1",
            (caller, period),
        )
        return self.requests(caller, period)

    def requests(self, caller: str, period: int) -> int:
        row = self._connection.execute(
            "SELECT count FROM requests WHERE caller = ? AND period = ?", (caller, period)
        ).fetchone()
        return row[0] if row else 0

    def start_over(self) -> None:
        """Empty everything: users, pool and counters."""
        for table in ("users", "requests"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608  # literals
        self._connection.execute(
            "UPDATE pool SET qps_pool = 0, end_user_count = 0, total_allocated_qps = 0"
        )

    def set_pool(self, qps_pool: int) -> None:
        self._connection.execute("UPDATE pool SET qps_pool = ?", (qps_pool,))

    def _allocated(self, customer_id: str) -> int:
        row = self._connection.execute(
            "SELECT qps_limit FROM users WHERE customer_id = ?", (customer_id,)
        ).fetchone()
        return row[0] or 0 if row else 0

    def _shift_pool(self, users: int, allocated: int) -> None:
        self._connection.execute(
            "UPDATE pool SET end_user_count = end_user_count + ?,"
            " total_allocated_qps = total_allocated_qps + ?",
            (users, allocated),
        )


def _row(user: JsonObject) -> tuple[str, str, str, int | None, str]:
    document = json.dumps(user, separators=(",", ":"))
    return user["external_id"], user["customer_id"], user["api_key"], user["qps_limit"], document
