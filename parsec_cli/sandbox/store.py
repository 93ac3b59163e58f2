"""Keep the sandbox's state in one SQLite file, shared by threads and processes.

The in-process profile and `sandbox serve` may use the same file at the same time, each with many
threads: a request is one immediate transaction, threads of a process take turns on one connection,
and processes wait for each other. The first transaction creates tables and users.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.models import JsonObject
from parsec_cli.next_command import run

# a `seed` of 100,000 users locks the file for some seconds; others wait instead of failing
BUSY_SECONDS = 30.0
# `document` is the user as the API shows it, so a page only joins texts;
# the index makes the sum of 100,000 limits quick
SCHEMA = """
CREATE TABLE users (
    external_id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL UNIQUE,
    api_key TEXT NOT NULL UNIQUE,
    qps_limit INTEGER,
    document TEXT NOT NULL
);
CREATE INDEX limits ON users (qps_limit);
CREATE TABLE pool (qps_pool INTEGER NOT NULL);
CREATE TABLE requests (
    caller TEXT NOT NULL,
    period INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (caller, period)
);
INSERT INTO pool VALUES (0);
PRAGMA user_version = 1;
"""


class State:
    """The users, pool and request counters that one transaction may read and change."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._run_many = connection.executemany

    def user(self, value: str, column: str = "customer_id") -> JsonObject | None:
        """Return the user with this customer_id, or external_id or api_key, as `column` says."""
        query = f"SELECT document FROM users WHERE {column} = ?"  # noqa: S608  # a literal
        row = self._run(query, (value,)).fetchone()
        return None if row is None else json.loads(row[0])

    def page(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Return up to `limit` pairs of external_id and JSON text, in order, beyond `after`."""
        return self._run(
            "SELECT external_id, document FROM users"
            " WHERE external_id > ? ORDER BY external_id LIMIT ?",
            (after, limit),
        ).fetchall()

    def save(self, users: Iterable[JsonObject]) -> None:
        """Write users back, found by their external_id, or add them."""
        rows = ({**user, "document": json.dumps(user, separators=(",", ":"))} for user in users)
        self._run_many(
            "REPLACE INTO users VALUES"
            " (:external_id, :customer_id, :api_key, :qps_limit, :document)",
            rows,
        )

    def replace_all(self, users: Iterable[JsonObject]) -> None:
        """Replace all users by these, and remove the counted requests."""
        self._run("DELETE FROM users")
        self._run("DELETE FROM requests")
        self.save(users)

    def remove(self, customer_id: str) -> None:
        self._run("DELETE FROM users WHERE customer_id = ?", (customer_id,))

    def pool(self) -> JsonObject:
        """Return the pool as the API shows it."""
        count, allocated = self._run(
            "SELECT count(*), ifnull(sum(qps_limit), 0) FROM users"
        ).fetchone()
        pool = {"qps_pool": self.qps_pool(), "end_user_count": count}
        return {**pool, "total_allocated_qps": allocated}

    def qps_pool(self) -> int:
        size: int = self._run("SELECT qps_pool FROM pool").fetchone()[0]
        return size

    def set_pool(self, qps_pool: int) -> None:
        self._run("UPDATE pool SET qps_pool = ?", (qps_pool,))

    def count_request(self, caller: str, period: int) -> None:
        """Count one request of `caller` in the billing period."""
        self._run(
            "INSERT INTO requests VALUES (?, ?, 1)"
            " ON CONFLICT (caller, period) DO UPDATE SET count = count + 1",
            (caller, period),
        )

    def requests(self, caller: str, period: int) -> int:
        """Return the number of counted requests of `caller` in the billing period."""
        row = self._run(
            "SELECT count FROM requests WHERE caller = ? AND period = ?", (caller, period)
        ).fetchone()
        return row[0] if row else 0


class BrokenFile(LocalFault):
    """The file is not a sandbox of this version and must be replaced."""


class Store:
    """The file, opened at the first transaction; `fill` writes the first users of a new one."""

    def __init__(self, path: Path, fill: Callable[[State], None]) -> None:
        self._path = path
        self._fill = fill
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[State]:
        """Yield the state; keep its changes unless the block raises. Raises LocalFault."""
        with self._turn, _naming_the_file(self._path):
            connection = self._connection or self._connect()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield State(connection)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close the file; the next transaction reopens it."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def remove(self) -> None:
        """Remove the file, with any content. Raises LocalFault."""
        self.close()
        with _naming_the_file(self._path):
            for end in ("", "-wal", "-shm", "-journal"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        """Open the file; a new one has mode 0600, in a directory of mode 0700."""
        save.make_private_directory(self._path.parent)
        self._path.touch(save.PRIVATE_FILE)
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # closing merges the write-ahead log into the file, even if nobody closes the sandbox
        weakref.finalize(self, connection.close)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Check the version of the file, after filling an empty one."""
        execute = connection.execute
        # a rehearsal need not survive a power cut, and waiting for the disk slows each command
        execute("PRAGMA synchronous = OFF")
        execute("BEGIN IMMEDIATE")
        if execute("PRAGMA schema_version").fetchone() == (0,):
            for statement in SCHEMA.split(";"):
                execute(statement)
            self._fill(State(connection))
        if execute("PRAGMA user_version").fetchone() != (1,):
            raise sqlite3.DatabaseError("it is not a sandbox of this version of parsec")
        connection.commit()
        with suppress(sqlite3.OperationalError):  # it works without the log, but takes longer
            execute("PRAGMA journal_mode = WAL")


@contextmanager
def _naming_the_file(path: Path) -> Iterator[None]:
    """Turn an error of the disk or the file into a LocalFault that names the file."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        hint = f"make room for it, and make `{path.parent}` writable"
        if getattr(fault, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            hint = "wait until the other `parsec` has ended"
        raise LocalFault(f"cannot use the sandbox file `{path}`: {reason}", hint=hint) from fault
    except sqlite3.Error as fault:
        message = f"cannot read the sandbox file `{path}`: {fault}"
        reset = run("sandbox", "reset")
        raise BrokenFile(message, hint="start over with", command=reset) from fault
