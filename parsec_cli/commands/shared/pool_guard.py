"""What must hold before a change is sent, and how a change that is not sent is shown."""

from __future__ import annotations

from typing import Any

from parsec_cli.base_url import API_PREFIX
from parsec_cli.errors import GuardRefused
from parsec_cli.models import JsonObject, Pool
from parsec_cli.next_command import again
from parsec_cli.redaction import is_secret
from parsec_cli.results import Card, Column, Line, Record


def pool_guard(pool: Pool, more: int, *, allow_overcommit: bool) -> None:
    """Refuse to raise the sum of limits by `more` beyond the pool; what lowers it may always go."""
    after = pool.total_allocated_qps + more
    if more > 0 and after > pool.qps_pool and not allow_overcommit:
        raise GuardRefused(
            f"the QPS pool would be overcommitted: {pool.total_allocated_qps} -> {after} "
            f"of {pool.qps_pool}, {pool.free} free",
            hint="lower another user's limit, or allow it with",
            command=again(allow_overcommit=True),
        )


def not_sent(method: str, path: str, body: JsonObject | None, **more: Any) -> Record:
    """Show the request that a dry run would have sent; secrets are masked by name at the print.

    `more` are further members of the JSON.
    """
    full = API_PREFIX + path
    value = {"dry_run": True, "method": method, "path": full, "body": body, **more}
    columns = tuple(_column(name) for name in value)
    # for people a secret is not even there in part
    shown = {name: "****" if is_secret(name) else text for name, text in (body or {}).items()}
    pairs = tuple((name, str(text)) for name, text in shown.items())
    return Record(value, columns, (Line(f"dry run: would send {method} {full}"), Card(pairs)))


def _column(name: str) -> Column:
    title = name.upper().replace("_", " ")
    return Column(name, title, "holdings" if name == "holdings" else "text")
