"""Streams, screens and records for the tests of drawing."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from typing import Any

from support.records import new_user, wallet

from parsec_cli.next_command import Completed
from parsec_cli.output.screen import Screen
from parsec_cli.results import Column, Listing, Record

USER_COLUMNS = (
    Column("external_id", "external id", rank=0),
    Column("customer_id", "customer id", "id", rank=0),
    Column("qps_limit", "qps", "number", rank=1),
    Column("tier", "tier", rank=2),
    Column("linked_exchanges", "exchanges", "list", rank=3),
    Column("wallet.wallet_type", "wallet", rank=4),
    Column("created_at", "created", "time", rank=5),
    Column("fee_escrow_enabled", "escrow", "yesno", rank=6),
    Column("wallet.safe_address", "safe", "id", rank=7, shown=False),
    Column("api_key", "key", "secret", rank=8, shown=False),
)
BUILDER_KEY = "pk_live_BUILDER_CANARY_42"
OWN_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# what Rich writes between two states of a display that is redrawn in place
_REDRAWN = re.compile(r"(?:\r|\x1b\[\d*[AK]|\x1b\[\?25[lh]|\n(?=\x1b\[1A))+")


class Stream(io.TextIOWrapper):
    """A text stream into memory that can pass for a terminal and keeps its text when closed."""

    def __init__(self, text: str = "", *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(text.encode()), encoding=encoding, errors="strict", newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def close(self) -> None:
        """Close it even if a test made `flush` fail: the garbage collector calls this, too."""
        with suppress(OSError):
            super().close()

    @property
    def bytes(self) -> bytes:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue()

    @property
    def text(self) -> str:
        return self.bytes.decode(self.encoding)


class Shown:
    """A screen over streams in memory, and what came out of it."""

    def __init__(
        self,
        *,
        terminal: bool = False,
        answers: str = "",
        encoding: str = "utf-8",
        environ: dict[str, str] | None = None,
        clock: Any = None,
        **options: Any,
    ) -> None:
        self.stdin = Stream(answers, terminal=terminal)
        self.stdout = Stream(terminal=terminal, encoding=encoding)
        self.stderr = Stream(terminal=terminal, encoding=encoding)
        more = {"clock": clock} if clock else {}
        self.screen = Screen(
            stdin=options.pop("stdin", self.stdin),
            stdout=options.pop("stdout", self.stdout),
            stderr=options.pop("stderr", self.stderr),
            complete=lambda command: Completed(("parsec", *command.words)),
            environ={"COLUMNS": "200", "NO_COLOR": "1"} if environ is None else environ,
            secrets=options.pop("secrets", lambda: (BUILDER_KEY,)),
            **more,
            **options,
        )

    @property
    def out(self) -> str:
        return self.stdout.text

    @property
    def err(self) -> str:
        return self.stderr.text

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def user(external_id: str | None = "alice", number: int = 1, **fields: Any) -> dict[str, Any]:
    return {**new_user(external_id, number), **fields}


def safe_user(external_id: str = "bob", number: int = 2, **fields: Any) -> dict[str, Any]:
    return user(external_id, number, wallet=wallet("safe", "12.5"), **fields)


def listing(*pages: Any, **fields: Any) -> Listing:
    return Listing("users", USER_COLUMNS, pages, **fields)


def record(value: dict[str, Any], **fields: Any) -> Record:
    return Record(value, USER_COLUMNS, **fields)


def show(result: Any, format: str | None = None, **options: Any) -> Shown:  # noqa: A002
    """Show a result on a fresh screen."""
    shown = Shown(format=format, **options)
    shown.screen.show(result)
    return shown


def states(text: str) -> list[str]:
    """Return what a display that is redrawn in place showed, one state after the other."""
    found = [state.rstrip("\n") for state in _REDRAWN.split(text) if state.strip("\n")]
    return [state for before, state in zip([None, *found], found, strict=False) if state != before]
