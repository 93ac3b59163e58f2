"""Writes one JSON value as one cell: exact for machines (`plain`), short for people (`shown`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from parsec_cli import exact_json
from parsec_cli.results import ColumnKind

_MINUTE = "%Y-%m-%d %H:%MZ"


def plain(value: Any, kind: ColumnKind) -> str:
    """Write for tsv and csv: full values, RFC 3339 times, true and false."""
    if isinstance(value, str):
        return value
    if kind == "holdings":
        return _holdings(value)
    if kind == "time":
        moment = _moment(value)
        if moment is not None:
            return moment.isoformat().replace("+00:00", "Z")
    return _written(value)


def shown(value: Any, kind: ColumnKind) -> str | None:
    """Write for a table: times to the minute in UTC, yes and no; None for a list of nothing."""
    if value == []:
        return None
    if value == "":
        return '""'  # which is not the same as no text
    if kind == "holdings":
        return _holdings(value) or None
    if value is True or value is False:
        return "yes" if value else "no"
    if kind == "time":
        moment = _moment(value)
        if moment is not None:
            return moment.strftime(_MINUTE)
    return value if isinstance(value, str) else _written(value)


def _holdings(value: Any) -> str:
    from parsec_cli.holdings import Holdings

    return Holdings.parse(value).text


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(inner, (dict, list)) for inner in value):
        return ",".join(i if isinstance(i, str) else _written(i) for i in value if i is not None)
    if isinstance(value, (dict, list)) or value is None:
        return exact_json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _moment(value: Any) -> datetime | None:
    """Read RFC 3339 text or Unix seconds, or None where it is neither."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
