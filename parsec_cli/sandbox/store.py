"""Keep the sandbox's state in one SQLite file, shared by threads and processes.

The in-process profile and `sandbox serve` may hold the same file at once, each with many threads:
a request is one immediate transaction, threads of a process take turns on one connection, and
processes wait for each other. The file appears on first use, whole and already filled, by linking
a finished temporary file into place; so no process ever meets a half-made one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.models import JsonObject
from parsec_cli.next_command import run

VERSION = 1
# a `seed` of 100,000 users locks the file for some seconds; others wait instead of failing
BUSY_SECONDS = 30.0
# `document` is the user as the API shows it, so that a page is joined, not built;
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

    def add(self, users: Iterable[JsonObject]) -> None:
        """Insert users whose external_id, customer_id and api_key are all new."""
        self._run_many("INSERT INTO users VALUES (?, ?, ?, ?, ?)", map(_row, users))

    def save(self, user: JsonObject) -> None:
        """Write back a user that exists, found by its external_id."""
        self._run("REPLACE INTO users VALUES (?, ?, ?, ?, ?)", _row(user))

    def remove(self, customer_id: str) -> None:
        self._run("DELETE FROM users WHERE customer_id = ?", (customer_id,))

    def pool(self) -> JsonObject:
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

    def count_request(self, caller: str, period: int) -> int:
        """Count one request of `caller` in the billing period; return the new count."""
        self._run(
            "INSERT INTO requests VALUES (?, ?, 1)"
            " ON CONFLICT (caller, period) DO UPDATE SET count = count + 1",
            (caller, period),
        )
        return self.requests(caller, period)

    def requests(self, caller: str, period: int) -> int:
        row = self._run(
            "SELECT count FROM requests WHERE caller = ? AND period = ?", (caller, period)
        ).fetchone()
        return row[0] if row else 0

    def start_over(self) -> None:
        """Remove all users and counters."""
        self._run("DELETE FROM users")
        self._run("DELETE FROM requests")


def _row(user: JsonObject) -> tuple[str, str, str, int | None, str]:
    document = json.dumps(user, separators=(",", ":"))
    return user["external_id"], user["customer_id"], user["api_key"], user["qps_limit"], document


class BrokenFile(LocalFault):
    """The file is not a sandbox of this version and must be replaced."""


class Store:
    """The file, opened at the first transaction; `fill` writes the first users of a new one."""

    def __init__(
        self,
        path: Path,
        fill: Callable[[State], None],
        link: Callable[[Path, Path], object] = os.link,
    ) -> None:
        self._path = path
        self._fill = fill
        self._link = link
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._close = weakref.finalize(self, lambda: None)

    @contextmanager
    def transaction(self) -> Iterator[State]:
        """Yield the state; keep its changes unless the block raises. Raises LocalFault."""
        with self._turn, _naming_the_file(self._path):
            connection = self._opened()
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
            self._close()
            self._connection = None

    def remake(self) -> None:
        """Replace the file, whatever it contains. Raises LocalFault."""
        self.close()
        with self._turn, _naming_the_file(self._path):
            _remove(self._path)
            self._create()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if not self._path.exists():
                self._create()
            connection = _connect(self._path)
            # also when nobody closes the sandbox: the write-ahead log is then folded into the file
            self._close = weakref.finalize(self, connection.close)
            try:
                if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                    raise sqlite3.DatabaseError("it is not a sandbox of this version of parsec")
            except sqlite3.Error:
                self._close()
                raise
            self._connection = connection
        return self._connection

    def _create(self) -> None:
        """Create the file 0600 in a 0700 directory, unless another process was faster."""
        path = self._path
        save.make_private_directory(path.parent)
        made = save.temporary_beside(path)
        try:
            save.replace(made, b"")
            with closing(_connect(made)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(SCHEMA)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("BEGIN")
                self._fill(State(connection))
                connection.commit()
            try:
                self._link(made, path)
            except FileExistsError:
                pass
            except OSError:
                # a file system without hard links: the later of two first users then wins
                made.replace(path)
        finally:
            # a disk that is full leaves the log beside it, which a close would have folded in
            _remove(made)


def _remove(path: Path) -> None:
    """Remove a SQLite file with its log and index."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        # a rehearsal need not survive a power cut, and each command would wait for the disk
        connection.execute("PRAGMA synchronous = OFF")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


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
