"""Ways to look at what the tool wrote, and the config it reads."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import unicodedata
from pathlib import Path
from typing import Any

from support.runner import Completed

STORED_KEY = "pk_live_STOREDCANARY_a001"
# the formats of every listing
FORMATS = ["table", "tsv", "csv", "json", "jsonl", "ids"]
# colours, cursor movement, line erasure: what a drawing library sends on its own account
_STYLING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text: str) -> str:
    """Take the styling away that the tool itself adds on a terminal."""
    return _STYLING.sub("", text)


def masked(user: dict[str, Any]) -> dict[str, Any]:
    """Return the user as every format shows it: the key by its kind and last four characters."""
    key = user["api_key"]
    return {**user, "api_key": f"pk_live_****{key[-4:]}"}


def cells(text: str) -> int:
    """Count the terminal cells that `text` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def rows(completed: Completed) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(completed.out, newline="")))


def mode(path: Path) -> int:
    """Return the permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def profile(url: str | None = None, key: str | None = STORED_KEY, name: str = "default") -> str:
    """Return the text of a config file with one profile."""
    lines = [f"[profiles.{name}]"]
    lines += [f"api_key = {json.dumps(key)}"] if key else []
    lines += [f"base_url = {json.dumps(url)}"] if url else []
    return "\n".join(lines) + "\n"
