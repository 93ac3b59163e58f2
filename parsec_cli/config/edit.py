"""Change `config.toml` as its owner would: one value, comments and unknown keys untouched.

Reading, changing and saving happen under one lock. What may be stored is decided here; asking for
it is the commands' part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parsec_cli.config import keys
from parsec_cli.config import read as configfile
from parsec_cli.config.key_source import stored_origin
from parsec_cli.config.profiles import known
from parsec_cli.config.read import Config
from parsec_cli.config.rewriting import rewritten, toml_values
from parsec_cli.config.settings import (
    BY_NAME,
    DEFAULT_PROFILE,
    FILE_KEYS,
    PROFILE_KEYS,
    SANDBOX,
    Setting,
    check_base_url,
    quoted,
)
from parsec_cli.errors import GuardRefused, UsageFault
from parsec_cli.files import save
from parsec_cli.files.lock import directory_lock
from parsec_cli.models import Secret
from parsec_cli.next_command import run

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RIVALS = {"api_key": "api_key_command", "api_key_command": "api_key"}
# what looks like a key is never a name, least of all by accident
_KEYS = ("pk_", "sk_")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Editor:
    """The config file at `path`; `environ` may name the profile that is meant."""

    path: Path
    environ: Mapping[str, str]

    def read(self) -> Config:
        """Return the config; here, and only here, an empty file is as good as none."""
        try:
            if self.path.is_file() and self.path.stat().st_size == 0:
                return Config(self.path)
        except OSError:
            pass  # `configfile.read` says what is wrong
        return configfile.read(self.path)

    def target(self, profile: str | None) -> str:
        """Return the profile that a change is for: the named one, or the default one."""
        config = self.read()
        named = profile if profile is not None else self.environ.get("PARSEC_PROFILE", "").strip()
        name = named or ("" if profile is not None else config.default_profile or DEFAULT_PROFILE)
        if name == SANDBOX:
            raise UsageFault(
                "the sandbox is built in and has no settings",
                hint="name another profile with `-p NAME`",
            )
        if name not in config.profiles and (not _NAME.fullmatch(name) or name.startswith(_KEYS)):
            raise UsageFault(
                f"{quoted(name)} is no name for a profile",
                hint="use letters, digits, dots, dashes and underscores",
            )
        return name

    def set(self, profile: str | None, key: str, value: str) -> str:
        """Store a value and return the profile that has it now, or "" for the whole file.

        A key is trimmed and checked. `base_url` is not moved to another origin under a stored key.
        """
        setting = setting_of(key)
        if setting.scope == "file":
            self.use(value)
            return ""
        name = self.target(profile)
        stored = checked_value(setting, value)

        def change(values: Values, config: Config) -> None:
            old = config.profiles.get(name, {})
            if key == "base_url":
                _guard_origin(name, old, stored)
            check_rival(name, old, key)
            _profile(values, name)[key] = stored == "true" if setting.kind is bool else stored

        self._edit(change)
        return name

    def unset(self, profile: str | None, key: str) -> tuple[str, bool]:
        """Remove a value; return the profile, "" for the whole file, and whether it was there."""
        setting = setting_of(key)
        name = "" if setting.scope == "file" else self.target(profile)
        present = False

        def change(values: Values, config: Config) -> None:
            nonlocal present
            if name and name not in config.profiles:
                raise unknown(name, config)
            if key == "base_url":
                _guard_origin(name, config.profiles[name], setting.default)
            table = values if not name else _profile(values, name)
            present = table.pop(key, None) is not None

        self._edit(change)
        return name, present

    def use(self, name: str) -> None:
        """Make `name` the default profile."""

        def change(values: Values, config: Config) -> None:
            if name not in known(config):
                raise unknown(name, config)
            values["default_profile"] = name

        self._edit(change)

    def init(self, name: str, base_url: str, key: Secret) -> None:
        """Store host and key of a profile at once, in place of what it had.

        The first profile of a file becomes its default one.
        """

        def change(values: Values, config: Config) -> None:
            table = _profile(values, name)
            table.pop("api_key_command", None)
            table["base_url"] = base_url
            table["api_key"] = key.reveal()
            only = not set(config.profiles) - {name}
            if only and not config.default_profile and name != DEFAULT_PROFILE:
                values["default_profile"] = name

        self._edit(change)

    def _edit(self, change: Callable[[Values, Config], None]) -> None:
        """Apply `change` to the file's values, then to its text, and save if they differ."""
        with directory_lock(self.path):
            config = self.read()
            text = _text(self.path)
            before, after = toml_values(text), toml_values(text)
            change(after, config)
            if before == after:
                return
            save.sweep(self.path)
            save.save(self.path, rewritten(text, before, after, self.path).encode())


def check_rival(name: str, stored: Mapping[str, str], key: str) -> None:
    """Refuse a key beside a command that prints one, and the other way round."""
    rival = _RIVALS.get(key, "")
    if rival in stored:
        raise UsageFault(
            f"profile `{name}` has `{rival}` already",
            hint="remove it first with",
            command=run("config", "unset", rival, profile=name),
        )


def setting_of(key: str) -> Setting:
    """Return the setting of this name; another name is a UsageFault that lists them."""
    if key not in (*PROFILE_KEYS, *FILE_KEYS):
        raise UsageFault(
            f"no setting {quoted(key)}",
            hint=f"settings: {', '.join((*PROFILE_KEYS, *FILE_KEYS))}",
        )
    return BY_NAME[key]


def checked_value(setting: Setting, value: str) -> str:
    """Return `value` as it is stored, or raise a UsageFault that tells what is wrong with it."""
    if setting.name == "api_key":
        return keys.checked(value, "the input").reveal()
    text = value.strip()
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageFault(f"`{setting.name}` must be valid Unicode text") from None
    if setting.name == "api_key_command":
        keys.split_command(text, "`api_key_command`")
    elif setting.check is not None:
        setting.check(text, f"`{setting.name}`")
    return text


def unknown(name: str, config: Config) -> UsageFault:
    return UsageFault(
        f"no profile {quoted(name)}",
        hint=f"known profiles: {', '.join(known(config))}; make one with",
        command=run("config", "init", profile="NAME"),
    )


def _guard_origin(name: str, old: Mapping[str, str], base_url: str) -> None:
    """A stored key belongs to its host: who changes the host must take the key away first."""
    kept = next((key for key in _RIVALS if old.get(key, "").strip()), None)
    if kept is None:
        return
    home, new = stored_origin(old, name), check_base_url(base_url, "`base_url`")
    if home.origin != new.origin:
        raise GuardRefused(
            f"the key of profile `{name}` belongs to {home.display} and is not taken to"
            f" {new.display}",
            hint="make another profile with `config init`, or remove the key first with",
            command=run("config", "unset", kept, profile=name),
        )


def _profile(values: Values, name: str) -> Values:
    table: Values = values.setdefault("profiles", {}).setdefault(name, {})
    return table


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
