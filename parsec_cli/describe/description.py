"""A command as data: what it takes, what it can do, how it ends, and what it writes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from parsec_cli.cli.help_pages import Page
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.describe.outputs import output_of
from parsec_cli.models import JsonObject

KEYS = (
    *("path", "summary", "effect", "arguments", "options", "consent", "exit_codes", "examples"),
    "output",
)
# done, a fault of the tool, a wrong command line, interrupted, reader gone, terminated
_ALWAYS = {0, 1, 2, 130, 141, 143}
# the API's responses and the key's host
_OF_API = frozenset((3, 4, 5, 6, 7, 10))
_ROWS, _CONSENT, _FOUND, _UNKNOWN = 8, 9, 11, 12
_OF_EFFECT: dict[str, frozenset[int]] = {
    "read": _OF_API,
    "local": frozenset(),
    "change": _OF_API | {_UNKNOWN},
    "irreversible": _OF_API | {_CONSENT, _UNKNOWN},
}
# of commands that run rows, or find something
_MORE: dict[str, int] = {
    **dict.fromkeys(("users set-qps", "users deactivate", "users apply"), _ROWS),
    **dict.fromkeys(("users plan", "users diff", "users audit", "pool check"), _FOUND),
    "usage check": _FOUND,
}
# of commands that send no request though they read, or send some though they are local
_OTHERS: dict[str, frozenset[int]] = {
    **dict.fromkeys(("config init", "config set"), _OF_API | {_CONSENT}),
    **dict.fromkeys(("config show", "runs list"), frozenset((4, 10))),
    **dict.fromkeys(("history list", "history show"), frozenset((3, 4, 10))),
    "runs show": frozenset((3,)),
    **dict.fromkeys(("config path", "config profiles", "sandbox path"), frozenset()),
    **dict.fromkeys(("credentials encode", "completion", "help"), frozenset()),
}
_CONSENTS = {
    "users deactivate": {
        "needed_for": "every deactivation, but not a dry run",
        "terminal": "type the external_id, or the count for several users",
        "script": "--confirm with the external_id, or with the count for several users;"
        " --allow-holdings N if N of them hold something",
    },
    "users apply": {
        "needed_for": "every plan with changes, but not a dry run",
        "terminal": "answer y, or type the count if users are deactivated",
        "script": "--yes without deactivations; with them, --confirm with their count,"
        " and --allow-holdings N if N of these users hold something",
    },
    "api": {
        "needed_for": "a DELETE of a user, but not a dry run",
        "terminal": "type the external_id",
        "script": "--confirm with the external_id; --allow-holdings 1 if the user holds something",
    },
}


def described(root: Page) -> list[JsonObject]:
    """Return every command below `root`, in the order in which help lists them."""
    return [describe(page) for page in root.walk() if not page.pages]


def describe(page: Page) -> JsonObject:
    path = " ".join(page.path[1:])
    return {
        "path": path,
        "summary": page.summary,
        "effect": page.effect,
        "arguments": [_described(argument) for argument in page.arguments],
        "options": [
            {"names": list(one.all_names), **_described(one), "default": _default(one)}
            for one in page.options
        ],
        "consent": _CONSENTS.get(path),
        "exit_codes": sorted(_exit_codes(path, page.effect)),
        "examples": list(page.examples),
        "output": output_of(path),
    }


def _exit_codes(path: str, effect: str) -> set[int]:
    codes = _ALWAYS | _OTHERS.get(path, _OF_EFFECT[effect])
    return codes | {_MORE[path]} if path in _MORE else codes


def _described(one: Parameter) -> JsonObject:
    return {
        "metavar": one.metavar or None,
        "choices": _choices(one),
        "required": one.required,
        "repeatable": one.repeatable,
        "help": one.with_notes(*filter(None, [one.limits])),
    }


def _choices(one: Parameter) -> Sequence[str] | None:
    """Return the only values, or None if there are others."""
    source, *words = one.values.split()
    parts = one.metavar.strip("[].").split("|")
    listed = len(parts) == 1 or all(re.fullmatch(r"[a-z][a-z-]+", part) for part in parts)
    return words if source == "words" and listed else None


def _default(one: Parameter) -> str | float | bool | None:
    """Return the value without the option; False for a flag, None if there are several."""
    if not one.metavar:
        return None if one.off else False
    if re.fullmatch(r"\w+", stated := one.default_in_text):
        return int(stated) if stated.isdecimal() else stated
    return one.default if isinstance(one.default, str | int | float) else None
