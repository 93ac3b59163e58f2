"""Keep the sandbox's state in one SQLite file, shared by threads and processes.

The in-process profile and `sandbox serve` may hold the same file at once, each with many threads:
a request is one immediate transaction, threads of a process take turns on one connection, and
processes wait for each other. The file appears on first use, whole and already filled, by linking
a finished temporary file into place; so no process ever meets a half-made one.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.next_command import run
from parsec_cli.sandbox.state import SCHEMA, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSION = 1
# a `seed` of 100,000 users locks the file for some seconds; others wait instead of failing
BUSY_SECONDS = 30.0


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
                _check_version(connection)
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
            self._write(made)
            self._put(made)
        finally:
            # a disk that is full leaves the log beside it, which a close would have folded in
            _remove(made)

    def _write(self, made: Path) -> None:
        with closing(_connect(made)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("BEGIN")
            self._fill(State(connection))
            connection.commit()

    def _put(self, made: Path) -> None:
        try:
            self._link(made, self._path)
        except FileExistsError:
            return
        except OSError:
            # a file system without hard links: the later of two first users then wins
            made.replace(self._path)


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


def _check_version(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        raise sqlite3.DatabaseError("it is not a sandbox of this version of parsec")


@contextmanager
def _naming_the_file(path: Path) -> Iterator[None]:
    """Turn an error of the disk or the file into a LocalFault that names the file."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        busy = getattr(fault, "sqlite_errorname", "").startswith("SQLITE_BUSY")
        raise LocalFault(
            f"cannot use the sandbox file `{path}`: {reason}",
            hint="wait until the other `parsec` has ended"
            if busy
            else f"make room for it, and make `{path.parent}` writable",
        ) from fault
    except sqlite3.Error as fault:
        raise BrokenFile(
            f"cannot read the sandbox file `{path}`: {fault}",
            hint="start over with",
            command=run("sandbox", "reset"),
        ) from fault
