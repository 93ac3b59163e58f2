"""Declare each setting once: name, variable, option, default and check; and rank its sources.

Config file, environment, options, help and `config show` all use this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.records import record
from parsec_cli.redaction import shown

Scope = Literal["profile", "file", "environment"]

DEFAULT_PROFILE = "default"
DEFAULT_SOURCE = "default"
SANDBOX = "sandbox"
FORMATS = ("table", "tsv", "csv", "json", "jsonl", "ids")
_RATE = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_HIGHEST_RATE = 100_000


@record
class Setting:
    """One setting. `scope` "profile" is kept per profile, "file" once in the config file.

    `check` raises a UsageFault for a text that the setting cannot have. `kind` is the type of the
    value in the config file.
    """

    name: str
    scope: Scope
    env: str = ""
    option: str = ""
    default: str = ""
    secret: bool = False
    check: Callable[[str], object] | None = None
    kind: type[bool | str] = str

    def checked(self, text: str, source: str) -> str:
        """Return the trimmed text, or raise a UsageFault that names its source."""
        try:
            if self.check is not None:
                self.check(text.strip())
        except UsageFault as fault:
            raise fault.but(f"{source}: {fault.message}") from None
        return text.strip()


def check_output(text: str) -> str:
    if text not in FORMATS:
        raise unknown("output format", shown(text), FORMATS)
    return text


def check_rate(text: str) -> str:
    """Accept `max` or requests per second above 0, such as `5` or `0.5`."""
    if text != "max" and not (re.fullmatch(_RATE, text) and 0 < float(text) <= _HIGHEST_RATE):
        raise UsageFault(
            f"`{shown(text)}` is not a rate", hint="write requests per second, such as 5, or `max`"
        )
    return text


def check_switch(text: str) -> None:
    if text not in ("true", "false"):
        raise UsageFault(f"`{shown(text)}` is not `true` or `false`")


SETTINGS = (
    Setting(
        "base_url",
        "profile",
        env="PARSEC_API_BASE_URL",
        option="--base-url",
        default=DEFAULT_BASE_URL,
        check=BaseUrl.parse,
    ),
    Setting("api_key", "profile", env="PARSEC_API_KEY", secret=True),
    Setting("api_key_command", "profile"),
    Setting("output", "profile", env="PARSEC_OUTPUT", option="--output", check=check_output),
    Setting("rate", "profile", option="--rate", check=check_rate),
    Setting("protected", "profile", default="false", check=check_switch, kind=bool),
    Setting(
        "default_profile",
        "file",
        env="PARSEC_PROFILE",
        option="--profile",
        default=DEFAULT_PROFILE,
    ),
    Setting("config", "environment", env="PARSEC_CONFIG"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
PROFILE_KEYS = tuple(setting.name for setting in SETTINGS if setting.scope == "profile")
FILE_KEYS = tuple(setting.name for setting in SETTINGS if setting.scope == "file")


def setting_of(key: str) -> Setting:
    """Return the setting of this name that a file can contain, or raise a UsageFault."""
    if key not in (*PROFILE_KEYS, *FILE_KEYS):
        raise unknown("setting", shown(key), (*PROFILE_KEYS, *FILE_KEYS))
    return BY_NAME[key]


def stored_origin(stored: Mapping[str, str], name: str) -> BaseUrl:
    """Return the base URL that the stored key of a profile belongs to."""
    setting = BY_NAME["base_url"]
    text = stored.get(setting.name, setting.default)
    return BaseUrl.parse(setting.checked(text, f"profile {name}"))


@record
class Sources:
    """The places that a setting of one profile may come from."""

    name: str
    explicit: bool
    options: Mapping[str, str]
    environ: Mapping[str, str]
    stored: Mapping[str, str]

    def find(self, key: str) -> tuple[str | None, str]:
        """Return the checked value and its source; an unset one has its default or None.

        Order: option, explicit `--profile`, environment, profile in the file, default.
        """
        setting = BY_NAME[key]
        in_file = (self.stored.get(key), f"profile {self.name}")
        in_environment = (self.from_environment(setting), f"environment {setting.env}")
        ranked = (in_file, in_environment) if self.explicit else (in_environment, in_file)
        for value, source in ((self.options.get(key), setting.option), *ranked):
            if value is not None:
                return setting.checked(value, source), source
        return setting.default or None, DEFAULT_SOURCE

    def from_environment(self, setting: Setting) -> str | None:
        value = self.environ.get(setting.env, "") if setting.env else ""
        return value if value.strip() else None
