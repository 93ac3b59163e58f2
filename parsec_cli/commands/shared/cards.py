"""What people see: values, commands to type, and the request that a dry run does not send."""

from __future__ import annotations

from typing import Any

from parsec_cli import exact_json
from parsec_cli.base_url import API_PREFIX
from parsec_cli.models import Applied, JsonObject
from parsec_cli.next_command import NextCommand
from parsec_cli.redaction import Redaction, is_secret
from parsec_cli.results import Card, Column, Line, Record
from parsec_cli.runtime import Runtime

# a card masks by label, and fields inside a value have none
_INSIDE = Redaction(lambda: ())


def shown(value: object) -> str:
    """Write a JSON value for people: null is "", an object JSON without its secrets."""
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(shown(item) for item in value)
        case dict():
            return exact_json.dumps(_INSIDE.value(value), ensure_ascii=False, separators=(",", ":"))
        case _:
            return str(value)


def on_off(value: object) -> str:
    return "on" if value is True else "off" if value is False else shown(value)


def limit_text(limit: object) -> str:
    return "none" if limit is None else f"{limit:,}" if type(limit) is int else shown(limit)


def reread_text(applied: Applied) -> str:
    """Say why the user was read again after a change."""
    status = applied.http_status or 0
    fault = "not as the API promises" if 200 <= status < 300 else "lost"  # noqa: PLR2004
    return f"the response was {fault}; a read shows that"


def short_address(address: str) -> str:
    """Shorten an address for people, who know it by its ends."""
    start, end = 6, 4
    return address if len(address) <= start + end else f"{address[:start]}…{address[-end:]}"


def command_lines(runtime: Runtime, *commands: NextCommand) -> list[Line]:
    """Return the lines of a command to type, or of several in a pipe."""
    pipe = " | ".join(map(runtime.screen.shell_line, commands))
    return [Line(f"  {line}", "command") for line in pipe.splitlines()]


def not_sent(method: str, path: str, body: JsonObject | None, **more: Any) -> Record:
    """Show the request that a dry run does not send, with `more` members of the JSON."""
    full = API_PREFIX + path
    value = {"dry_run": True, "method": method, "path": full, "body": body, **more}
    columns = tuple(
        Column(name, name.upper().replace("_", " "), "holdings" if name == "holdings" else "text")
        for name in value
    )
    # a card shows no part of a secret
    shown = {name: "****" if is_secret(name) else text for name, text in (body or {}).items()}
    pairs = tuple((name, str(text)) for name, text in shown.items())
    return Record(value, columns, (Line(f"dry run: would send {method} {full}"), Card(pairs)))
