"""Change `config.toml` in place: comments, order and unknown keys stay.

Reading, changing and saving happen under one lock. Every value is checked here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from parsec_cli.base_url import BaseUrl
from parsec_cli.config.profiles import known, named, unknown_profile
from parsec_cli.config.read import Config, read
from parsec_cli.config.settings import (
    DEFAULT_PROFILE,
    SANDBOX,
    Setting,
    checked_key,
    setting_of,
    stored_origin,
)
from parsec_cli.errors import GuardRefused, LocalFault, UsageFault
from parsec_cli.files import save
from parsec_cli.files.lock import directory_lock
from parsec_cli.models import Secret
from parsec_cli.next_command import run
from parsec_cli.records import record
from parsec_cli.redaction import looks_like_key, shown

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_RIVALS = {"api_key": "api_key_command", "api_key_command": "api_key"}
# a TOML document: of tomllib, or of tomlkit, which keeps the original text
Document = Any


@record
class Editor:
    """The config file at `path`; `environ` may name the profile to change."""

    path: Path
    environ: Mapping[str, str]

    def read(self) -> Config:
        """Return the config; only for a change is an empty file the same as none."""
        with suppress(OSError):  # `read` reports it
            if self.path.is_file() and self.path.stat().st_size == 0:
                return Config(self.path)
        return read(self.path)

    def target(self, profile: str | None) -> str:
        """Return the profile to change: the named one, or the default one."""
        config = self.read()
        name, _ = named(config, self.environ, profile)
        if name == SANDBOX:
            raise UsageFault(
                "the sandbox is built in and has no settings",
                hint="name another profile with `-p NAME`",
            )
        if name not in config.profiles and (not re.fullmatch(_NAME, name) or looks_like_key(name)):
            raise UsageFault(
                f"`{shown(name)}` is not a valid profile name",
                hint="use letters, digits, dots, dashes and underscores",
            )
        return name

    def set(self, profile: str | None, key: str, value: str) -> str:
        """Store a value; return the profile that has it now, or "" for the whole file.

        The value is trimmed and checked. `base_url` cannot leave the origin of a stored key.
        """
        setting = setting_of(key)
        if setting.scope == "file":
            self.use(value)
            return ""
        name = self.target(profile)
        text = checked_value(setting, value)

        def change(document: Document, config: Config) -> None:
            old = config.profiles.get(name, {})
            if key == "base_url":
                _guard_origin(name, old, text)
            check_rival(name, old, key)
            _put(_profile(document, name), key, text == "true" if setting.kind is bool else text)

        self._edit(change)
        return name

    def unset(self, profile: str | None, key: str) -> tuple[str, bool]:
        """Remove a value; return the profile, "" for the whole file, and whether it was there."""
        setting = setting_of(key)
        name = "" if setting.scope == "file" else self.target(profile)
        present = False

        def change(document: Document, config: Config) -> None:
            nonlocal present
            if name and name not in config.profiles:
                raise unknown_profile(name, config)
            if key == "base_url":
                _guard_origin(name, config.profiles[name], setting.default)
            present = (_profile(document, name) if name else document).pop(key, None) is not None

        self._edit(change)
        return name, present

    def use(self, name: str) -> None:
        """Make `name` the default profile."""

        def change(document: Document, config: Config) -> None:
            if name not in known(config):
                raise unknown_profile(name, config)
            document["default_profile"] = name

        self._edit(change)

    def init(self, name: str, base_url: str, key: Secret) -> None:
        """Store host and key of a profile at once, replacing its old ones.

        The first profile of a file becomes its default.
        """

        def change(document: Document, config: Config) -> None:
            table = _profile(document, name)
            table.pop("api_key_command", None)
            _put(table, "base_url", base_url)
            _put(table, "api_key", key.reveal())
            only = not set(config.profiles) - {name}
            if only and not config.default_profile and name != DEFAULT_PROFILE:
                document["default_profile"] = name

        self._edit(change)

    def _edit(self, change: Callable[[Document, Config], None]) -> None:
        """Apply `change` to the file, and save it if that changes a value.

        LocalFault if the result would not be exactly what was requested.
        """
        with directory_lock(self.path):
            config = self.read()
            text = self.path.read_bytes().decode("utf-8-sig") if config.exists else ""
            wanted = tomllib.loads(text)
            change(wanted, config)
            if wanted == tomllib.loads(text):
                return
            import tomlkit
            from tomlkit.exceptions import TOMLKitError

            try:
                document = tomlkit.parse(text)
                change(document, config)
                new = tomlkit.dumps(document)
                if "\r\n" in text and text.count("\n") == text.count("\r\n"):
                    new = new.replace("\r\n", "\n").replace("\n", "\r\n")
                faithful = tomllib.loads(new) == wanted
            except (TOMLKitError, ValueError, TypeError, KeyError):
                faithful = False
            if not faithful:
                raise LocalFault(
                    f"cannot change `{self.path}` without damage to the rest of it",
                    hint="change it by hand",
                )
            save.sweep(self.path)
            save.save(self.path, new.encode())


def _profile(document: Document, name: str) -> Document:
    return document.setdefault("profiles", {}).setdefault(name, {})


def _put(table: Document, key: str, value: str | bool) -> None:
    """Set a value; a new key goes before the comment that introduces the next table."""
    body = getattr(getattr(table, "value", None), "body", [])  # of a table of tomlkit
    tail = []
    while key not in table and body and body[-1][0] is None:
        tail.append(body.pop())
    table[key] = value
    body += reversed(tail)


def check_rival(name: str, stored: Mapping[str, str], key: str) -> None:
    """Refuse a key together with a command that prints one."""
    rival = _RIVALS.get(key, "")
    if rival in stored:
        raise UsageFault(
            f"profile `{name}` has `{rival}` already",
            hint="remove it first with",
            command=run("config", "unset", rival, profile=name),
        )


def checked_value(setting: Setting, value: str) -> str:
    """Return `value` as it is stored, or raise a UsageFault."""
    if setting.name == "api_key":
        return checked_key(value, "the input").reveal()
    text = setting.checked(value, f"`{setting.name}`")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageFault(f"`{setting.name}` must be valid Unicode text") from None
    if setting.name == "api_key_command":
        from parsec_cli.config.key_command import split_command

        split_command(text, "`api_key_command`")
    return text


def _guard_origin(name: str, old: Mapping[str, str], base_url: str) -> None:
    """Refuse to change the host of a stored key: the operator must remove the key first."""
    stored = next((key for key in _RIVALS if old.get(key, "").strip()), None)
    if stored is None:
        return
    home, new = stored_origin(old, name), BaseUrl.parse(base_url)
    if home.origin != new.origin:
        raise GuardRefused(
            f"the key of profile `{name}` belongs to {home.display} and is not sent to"
            f" {new.display}",
            hint="make another profile with `-p NAME`, or remove the key first with",
            command=run("config", "unset", stored, profile=name),
        )
