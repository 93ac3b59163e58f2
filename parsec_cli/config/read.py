"""Read `config.toml`: the profiles as text values, or an error with file and line.

Errors never quote the file's content, which may be a key. Nothing is written here; see `editing`.
"""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parsec_cli.config.settings import BY_NAME, FILE_KEYS, PROFILE_KEYS, SANDBOX
from parsec_cli.errors import UsageFault
from parsec_cli.files.save import fault
from parsec_cli.next_command import run
from parsec_cli.records import record

_OTHERS_MAY = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
# compiled when a place in a broken file is looked for
_LARGEST = 1024 * 1024
_HEADER = r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?"
_KEY = r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*="


@record
class Config:
    """What the file says. `profiles` holds the known keys of each profile as text."""

    path: Path
    exists: bool = False
    default_profile: str | None = None
    profiles: Mapping[str, Mapping[str, str]] = {}
    mode: int = 0

    def __repr__(self) -> str:
        return f"Config({str(self.path)!r})"  # a profile may hold a key

    @property
    def warning(self) -> str:
        """Say that others can read or change a file with a key in it, or nothing."""
        if not any("api_key" in profile for profile in self.profiles.values()):
            return ""
        if not self.mode & _OTHERS_MAY:
            return ""
        return (
            f"`{self.path}` holds a key and other users have access to it"
            f" (mode {self.mode:04o}): run `chmod 600 {self.path}`"
        )


def read(path: Path) -> Config:
    """Return the config; a file that does not exist is an empty one.

    A file that cannot be read, is not TOML, has no byte at all (what a crash leaves; never a
    reason to fall back to defaults) or has values of a wrong type is a UsageFault.
    """
    found = _read_bytes(path)
    if found is None:
        return Config(path)
    data, mode = found
    if not data and stat.S_ISREG(mode):
        raise UsageFault(
            f"`{path}` is empty, as after a crash",
            hint="remove it, or write it again with",
            command=run("config", "init"),
        )
    text = _decoded(data, path)
    document = _parsed(text, path)
    _Check(path, text).document(document)
    profiles = {
        name: {key: _text(table[key]) for key in PROFILE_KEYS if key in table}
        for name, table in document.get("profiles", {}).items()
    }
    return Config(path, True, document.get("default_profile"), profiles, stat.S_IMODE(mode))


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_bytes(path: Path) -> tuple[bytes, int] | None:
    import os

    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode if sys.platform != "win32" else stat.S_IFREG
            data = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        # a dangling link too: `config init` makes its target
        return None
    except OSError as error:
        raise UsageFault(
            fault("read", path, error).message,
            hint="make it readable for you, or name another file with PARSEC_CONFIG",
        ) from None
    if len(data) > _LARGEST:
        raise UsageFault(
            f"`{path}` is larger than 1 MiB, so it is not a configuration",
            hint="name another file with PARSEC_CONFIG",
        )
    return data, mode


def _decoded(data: bytes, path: Path) -> str:
    try:
        # editors on Windows put a byte order mark in front
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _broken(path, line, "is not UTF-8 text") from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError as error:  # also for a number of too many digits
        # the parser's own words may quote a part of the line
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
        raise _broken(path, line, "is not valid TOML") from None
    except RecursionError:
        raise _broken(path, 1, "is nested too deeply") from None


def _broken(path: Path, line: int, what: str) -> UsageFault:
    return UsageFault(
        f"`{path}` line {line} {what}", hint="repair that line, or move the file away and run again"
    )


@record
class _Check:
    """Refuses what would otherwise be ignored in silence."""

    path: Path
    text: str

    def document(self, document: dict[str, Any]) -> None:
        for key in FILE_KEYS:
            if not isinstance(document.get(key, ""), str):
                raise self._wrong(None, key, f"`{key}` must be text in quotes")
        for key in PROFILE_KEYS:
            if key in document:
                raise self._wrong(
                    None, key, f"`{key}` stands outside a profile: put `[profiles.NAME]` above it"
                )
        profiles = document.get("profiles", {})
        if not isinstance(profiles, dict):
            raise self._wrong(None, "profiles", "`profiles` must be tables, `[profiles.NAME]`")
        for name, table in profiles.items():
            self._profile(name, table)

    def _profile(self, name: str, table: object) -> None:
        if not isinstance(table, dict):
            raise self._wrong("profiles", name, "a profile must be a table, `[profiles.NAME]`")
        if name == SANDBOX:
            raise self._wrong(
                name, None, f"`[profiles.{SANDBOX}]` is the built-in sandbox: take another name"
            )
        for key in PROFILE_KEYS:
            value = table.get(key, "")
            number = key == "rate" and isinstance(value, int | float) and value is not True
            if BY_NAME[key].kind is bool:
                if key in table and not isinstance(value, bool):
                    raise self._wrong(name, key, f"`{key}` must be true or false, without quotes")
            elif not isinstance(value, str) and not number:
                raise self._wrong(name, key, f"`{key}` must be text in quotes")
        if "api_key" in table and "api_key_command" in table:
            raise self._wrong(name, "api_key_command", "has `api_key` and `api_key_command`")

    def _wrong(self, profile: str | None, key: str | None, what: str) -> UsageFault:
        return UsageFault(
            f"`{self.path}` line {self._line(profile, key)}: {what}", hint="repair that line"
        )

    def _line(self, profile: str | None, key: str | None) -> int:
        """Find the line of `key` in `[profiles.profile]`; written oddly, the header's or 1."""
        best, here = 1, profile is None
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.fullmatch(_HEADER, line)
            if header:
                last = header[1].rpartition(".")[2].strip(" \t\"'")
                here = last == profile
                if here or (profile is None and last == key):
                    best = number
                    if key is None or last == key:
                        return number
            elif here and key is not None and (found := re.match(_KEY, line)) and found[1] == key:
                return number
        return best


def key_kept(profile: Mapping[str, str]) -> str:
    """Return how a profile of the file keeps its key: `stored`, `command` or `none`."""
    if profile.get("api_key", "").strip():
        return "stored"
    return "command" if "api_key_command" in profile else "none"
