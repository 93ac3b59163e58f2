"""Carry changed values into the text of a TOML file, so that everything else in it stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsec_cli.errors import LocalFault

Values = dict[str, Any]


def toml_values(text: str) -> Values:
    import tomllib

    return tomllib.loads(text)


def rewritten(text: str, before: Values, after: Values, path: Path) -> str:
    """Return `text`, which says `before`, changed to say `after`.

    The result is read again before it is trusted: a file written in a way that cannot be edited
    without harm is a LocalFault that names `path`.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        _carry(document, before, after)
        new = _ended_alike(tomlkit.dumps(document), text)
        faithful = toml_values(new) == after
    except (TOMLKitError, ValueError, TypeError, KeyError):
        faithful = False
    if not faithful:
        raise LocalFault(
            f"cannot change `{path}` without harm to the rest of it", hint="change it by hand"
        )
    return new


def _ended_alike(new: str, old: str) -> str:
    """Let all lines end with CR LF where the old ones did."""
    if "\r\n" not in old or old.count("\n") != old.count("\r\n"):
        return new
    return new.replace("\r\n", "\n").replace("\n", "\r\n")


def _carry(into: Any, before: Values, after: Values) -> None:
    """Bring a TOML table from the values `before` to those `after`."""
    import tomlkit

    for key in before.keys() - after.keys():
        into.remove(key)
    for key, value in after.items():
        if isinstance(value, dict):
            if key not in before:
                # a table that only holds tables, such as `profiles`, needs no header of its own
                headless = bool(value) and all(isinstance(inner, dict) for inner in value.values())
                into[key] = tomlkit.table(is_super_table=headless)
            _carry(into[key], before.get(key, {}), value)
        elif key not in before:
            _add(into, key, value)
        elif before[key] != value:
            into[key] = value


def _add(into: Any, key: str, value: Any) -> None:
    """Put a new key behind the last one, not behind the comment that leads in the next table."""
    from tomlkit.items import Table

    tail = []
    if isinstance(into, Table):
        body = into.value.body
        while body and body[-1][0] is None:
            tail.append(body.pop())
    into[key] = value
    if tail:
        into.value.body.extend(reversed(tail))
