"""Suggest words for TAB from local files: profiles, remembered users and runs.

A shell calls it on a key press. It reads local files only, sends no request, runs no program and
prints nothing on stderr. On any error it suggests nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from parsec_cli.config import profiles, read
from parsec_cli.config.settings import SANDBOX, Places, fingerprint
from parsec_cli.errors import ParsecError
from parsec_cli.memory.user_index import Index
from parsec_cli.models import user_argument
from parsec_cli.redaction import looks_like_key


def write(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Write suggestions to stdout, one per line."""
    # in the C locale the interpreter reads arguments as ASCII; ids are UTF-8 everywhere
    words = [os.fsencode(word).decode("utf-8", "surrogateescape") for word in words]
    lines = "".join(f"{word}\n" for word in suggest(words, environ))
    with suppress(OSError):
        os.write(1, lines.encode("utf-8", "surrogateescape"))


def suggest(words: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the completions for `KIND:PREFIX`, followed by what was typed after `parsec`."""
    kind, _, prefix = words[0].partition(":") if words else ("", "", "")
    profile = _typed(words[1:], r"--profile(?:=(.*))?|-[hnqv]*p(.+)?")
    base_url = _typed(words[1:], r"--base-url(?:=(.*))?")
    places = Places(environ)
    found: Iterable[str] = ()
    with suppress(ParsecError, OSError, ValueError):
        if kind == "profiles":
            found = (SANDBOX,)
            found = profiles.known(read.read(places.config_file))
        elif kind == "users":
            found = _users(places, prefix, profile, base_url)
        elif kind == "runs":
            found = sorted(path.stem for path in places.runs_dir.glob("r-*.jsonl"))
    return [word for word in found if word.startswith(prefix)]


def _typed(words: Sequence[str], pattern: str) -> str | None:
    """Return the last value of an option, which is attached or the next word."""
    value = None
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == "--":
            break
        if named := re.fullmatch(pattern, word, re.DOTALL):
            value = next((text for text in named.groups() if text is not None), following)
    return value or None


def note_key(index_file: Path, host: str, profile: str, fingerprint: str) -> None:
    """Remember which key the command of a profile printed, so that TAB need not run it."""
    keys = _keys_of(index_file, host, profile)
    keys.remember([(fingerprint, "key")])
    keys.close()


def _keys_of(index_file: Path, host: str, profile: str) -> Index:
    # a separate scope in the same file; no fingerprint looks like this
    return Index(index_file, host, f"profile {profile}")


def _users(places: Places, prefix: str, profile: str | None, base_url: str | None) -> list[str]:
    chosen = profiles.resolve(places, profile=profile, base_url=base_url)
    host = chosen.base_url.origin
    if chosen.key_source.startswith("api_key_command"):
        fingerprints = _keys_of(places.index_file, host, chosen.name).lookup("key")
    else:
        fingerprints = [fingerprint(chosen.key())]
    forced = prefix.startswith("ext:")
    found: dict[str, None] = {}
    for key in fingerprints:
        index = Index(places.index_file, host, key)
        for name in index.external_ids(prefix.removeprefix("ext:"), limit=1000):
            if name.strip() and name not in (".", "..") and not looks_like_key(name):
                found[f"ext:{name}" if forced else user_argument(name)] = None
    return list(found)
