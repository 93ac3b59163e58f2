"""What a metavar stands for: the words to choose from, or the source of them, that TAB offers.

Declarations say it by themselves where they can: `eoa|safe|none` is a choice of three words.
"""

from __future__ import annotations

import re

from parsec_cli.cli.page import Source, Values
from parsec_cli.cli.topics import TOPICS
from parsec_cli.config.settings import FILE_KEYS, FORMATS, PROFILE_KEYS

_WORDS: dict[str, tuple[str, ...]] = {
    "FORMAT": FORMATS,
    "KEY": PROFILE_KEYS + FILE_KEYS,
    "METHOD": ("GET", "POST", "PATCH", "DELETE"),
    "TOPIC": tuple(TOPICS),
}
_SOURCES: dict[str, Source] = {
    "A,B.C": "fields",
    "FIELD": "words",
    "FILE": "files",
    "PLAN": "files",
    "PROFILE": "profiles",
    "USER": "users",
}
_LITERAL = re.compile(r"[a-z][a-z-]+")


def values_of(metavar: str, fields: tuple[str, ...]) -> Values:
    """Return what may be written for `metavar`; `fields` are those of the command's records."""
    parts = [part.split(" ")[0] for part in metavar.strip("[].").split("|")]
    words = [word for part in parts for word in _WORDS.get(part, ())]
    words += [part for part in parts if _LITERAL.fullmatch(part)]
    if words:
        return Values("words", tuple(words))
    source: Source = next((_SOURCES[part] for part in parts if part in _SOURCES), "text")
    if source in ("fields", "words"):
        return Values(source, fields) if fields else Values()
    return Values(source)


def listed(metavar: str) -> tuple[str, ...]:
    """Return the words behind a metavar that does not spell them out itself."""
    return _WORDS.get(metavar.strip("[]."), ())
