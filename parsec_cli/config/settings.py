"""Declare each setting once: its name, variable, option, default, whether it is a secret.

Config file, environment, help and `config show` all read this list; nothing is looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.records import record
from parsec_cli.redaction import mask

Scope = Literal["profile", "file", "environment"]

DEFAULT_PROFILE = "default"
SANDBOX = "sandbox"
FORMATS = ("table", "tsv", "csv", "json", "jsonl", "ids")
_RATE = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_HIGHEST_RATE = 100_000


@record
class Setting:
    """One setting. `scope` "profile" is kept per profile, "file" once in the config file.

    `check` takes a value and the name of its source and raises a UsageFault that names the source,
    never the value of a secret. `kind` is that of the value in the config file.
    """

    name: str
    help: str
    scope: Scope
    env: str = ""
    option: str = ""
    default: str = ""
    secret: bool = False
    check: Callable[[str, str], object] | None = None
    kind: type[bool | str] = str


def quoted(text: str) -> str:
    """Return `text` in backticks for a message, masked where a key stands in a wrong place."""
    return f"`{mask(text)}`" if text.strip().startswith(("pk_", "sk_")) else f"`{text}`"


def check_output(text: str, source: str) -> str:
    if text not in FORMATS:
        fault = unknown("output format", quoted(text).strip("`"), FORMATS)
        raise fault.but(f"{source}: {fault.message}")
    return text


def check_rate(text: str, source: str) -> str:
    """Take `max` or requests per second above 0, such as `5` or `0.5`."""
    if text != "max" and not (re.fullmatch(_RATE, text) and 0 < float(text) <= _HIGHEST_RATE):
        raise UsageFault(
            f"{source}: {quoted(text)} is no rate",
            hint="use requests per second, such as 5, or max",
        )
    return text


def check_switch(text: str, source: str) -> bool:
    if text not in ("true", "false"):
        raise UsageFault(f"{source} must be `true` or `false`, not {quoted(text)}")
    return text == "true"


def check_base_url(text: str, source: str) -> BaseUrl:
    return BaseUrl.parse(text, f"base URL from {source}")


SETTINGS = (
    Setting(
        "base_url",
        "where the API is, with or without /api/v1",
        "profile",
        env="PARSEC_API_BASE_URL",
        option="--base-url",
        default=DEFAULT_BASE_URL,
        check=check_base_url,
    ),
    Setting(
        "api_key", "the builder's key, for this host only", "profile", "PARSEC_API_KEY", secret=True
    ),
    Setting("api_key_command", "a program whose stdout is the key", "profile"),
    Setting(
        "output",
        "output format instead of table (terminal) and tsv",
        "profile",
        env="PARSEC_OUTPUT",
        option="--output",
        check=check_output,
    ),
    Setting(
        "rate",
        "requests per second of bulk runs, or max",
        "profile",
        option="--rate",
        check=check_rate,
    ),
    Setting(
        "protected",
        "true: a change needs `-p NAME` on the command line",
        "profile",
        default="false",
        check=check_switch,
        kind=bool,
    ),
    Setting(
        "default_profile",
        "the profile used when none is named",
        "file",
        env="PARSEC_PROFILE",
        option="--profile",
        default=DEFAULT_PROFILE,
    ),
    Setting("config", "another config file", "environment", env="PARSEC_CONFIG"),
    Setting("debug", "1 shows tracebacks of faults", "environment", env="PARSEC_DEBUG"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
PROFILE_KEYS = tuple(setting.name for setting in SETTINGS if setting.scope == "profile")
FILE_KEYS = tuple(setting.name for setting in SETTINGS if setting.scope == "file")
