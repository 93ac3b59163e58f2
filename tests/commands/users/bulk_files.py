"""Helpers for tests of bulk commands: files of users, results, journals and changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.builder import BuilderServer
from support.runner import Completed


def roster(path: Path, *rows: str, header: str = "external_id,qps_limit") -> str:
    """Write a CSV file and return its name for the command line."""
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return str(path)


def creates(path: Path, count: int) -> str:
    return roster(path, *(f"new-{number:05d},1" for number in range(count)))


def outcomes(completed: Completed) -> dict[str, str]:
    """Return external_id -> outcome of `--json` results, in their order."""
    return {row["external_id"]: row["outcome"] for row in completed.json["results"]}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def runs_dir(home: Path) -> Path:
    return home / ".local" / "state" / "parsec" / "runs"


def journals(home: Path) -> list[Path]:
    return sorted(runs_dir(home).glob("r-*.jsonl"))


def changes(builder: BuilderServer) -> list[str]:
    """Return `METHOD target` of every request that changes something."""
    return [str(request) for request in builder.mutations]


def delete_of(user: dict[str, Any]) -> str:
    return f"DELETE /api/v1/builder/users/{user['customer_id']}"
