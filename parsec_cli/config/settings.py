"""Declare each setting once: name, variable, option, default and check; and find directories.

Config file, environment, options, help and `config show` all use this table.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.models import Secret
from parsec_cli.records import record
from parsec_cli.redaction import shown
from parsec_cli.results import EXTRA_FORMATS, FORMATS

Scope = Literal["profile", "file", "environment"]

DEFAULT_PROFILE = "default"
DEFAULT_SOURCE = "default"
SANDBOX = "sandbox"
_RATE = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_HIGHEST_RATE = 100_000
_FINGERPRINT_DIGITS = 12
# each matches at a character that shows that a text is not just a key
_NOT_A_KEY = (
    r"[^\x21-\x7e]",
    r"^[\"'`]|[\"'`,;]$",
    r"^\$(?=\{?\w+\}?$)",  # of a variable that no shell replaced
    r"\*{3}",  # of a masked key
    r"\\[nrt]?$",
    r"(?i)(?<=key|ken|ret|rer|ion)[=:](?!=*$)",  # of key= token= secret= bearer: authorization:
    r".(?=[ps]k_(?:live|test)_)",
)
# what a whole text is that cannot be a key, though it is one word
_ANOTHER_THING = {
    r".*://.*": "is a URL",
    r"(?i)null|nil|none|undefined|nan|n/a|x{3,}": "is a word for a missing value",
    r"-.*": "begins with `-`, as an option does",
}
# bytes that are not UTF-8 become lone surrogates: this and the byte
_SURROGATE = 0xDC00
_CONTROLS = {"\n": "line feed", "\r": "carriage return", "\t": "tab", "\x1b": "escape"}


@record
class Setting:
    """One setting. `scope` "profile" is kept per profile, "file" once in the config file.

    `check` raises a UsageFault for an invalid text, `check_option` for one of the option, if that
    allows more. `kind` is the type of the value in the file.
    """

    name: str
    scope: Scope
    env: str = ""
    option: str = ""
    default: str = ""
    secret: bool = False
    check: Callable[[str], object] | None = None
    check_option: Callable[[str], object] | None = None
    kind: type[bool | str] = str

    def checked(self, text: str, source: str) -> str:
        """Return the trimmed text, or raise a UsageFault that names its source."""
        text = text.strip()
        if self.kind is bool and text not in ("true", "false"):
            raise UsageFault(f"{source}: `{shown(text)}` is not `true` or `false`")
        check = self.check_option if source == self.option and self.check_option else self.check
        try:
            if check is not None:
                check(text)
        except UsageFault as fault:
            raise fault.but(f"{source}: {fault.message}") from None
        return text


def check_format(text: str) -> str:
    """Accept all formats, even those that only some commands support."""
    if text not in FORMATS and text not in EXTRA_FORMATS:
        raise unknown("output format", shown(text), tuple(FORMATS), tuple(EXTRA_FORMATS))
    return text


def check_output(text: str) -> str:
    """Accept the formats that every command supports."""
    if text in EXTRA_FORMATS:
        raise UsageFault(
            f"output format `{text}` cannot be a setting, because few commands support it",
            hint=f"use `-o {text}` on each command line",
        )
    return check_format(text)


def check_rate(text: str) -> str:
    """Accept `max` or requests per second above 0, such as `5` or `0.5`."""
    if text != "max" and not (re.fullmatch(_RATE, text) and 0 < float(text) <= _HIGHEST_RATE):
        raise UsageFault(
            f"`{shown(text)}` is not a rate", hint="write requests per second, such as 5, or `max`"
        )
    return text


def fingerprint(key: Secret | str) -> str:
    """Return 12 hex digits that identify a key without revealing any of it."""
    import hashlib

    value = key.reveal() if isinstance(key, Secret) else key
    digest = hashlib.sha256(b"parsec-key:" + value.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]


def checked_key(text: str, source: str) -> Secret:
    """Return the trimmed key; refuse a text that is more than a key without quoting it."""
    # files made on Windows and PowerShell's pipes begin with a byte order mark
    key = text.removeprefix("\ufeff").strip()
    if not key:
        raise UsageFault(f"the key from {source} is empty")
    for rule, what in _ANOTHER_THING.items():
        if re.fullmatch(rule, key):
            raise UsageFault(
                f"the key from {source} {what}", hint="check where the key was copied from"
            )
    places = [found.start() for rule in _NOT_A_KEY if (found := re.search(rule, key))]
    if places:
        at = min(places)
        raise UsageFault(
            f"the key from {source} contains {_code_point(key[at])} at character {at + 1},"
            " where no key has it",
            hint="copy only the key: one word, without quotes and without a name before it",
        )
    return Secret(key)


def _code_point(character: str) -> str:
    """Return `U+0022 (quotation mark)`, or the byte that was not UTF-8."""
    import unicodedata

    code = ord(character)
    if 0x80 <= code - _SURROGATE <= 0xFF:  # noqa: PLR2004
        return f"the byte 0x{code - _SURROGATE:02X} (not UTF-8)"
    name = _CONTROLS.get(character) or unicodedata.name(character, "")
    return f"U+{code:04X}" + (f" ({name.lower()})" if name else "")


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
    Setting(
        "output",
        "profile",
        env="PARSEC_OUTPUT",
        option="--output",
        check=check_output,
        check_option=check_format,
    ),
    Setting("rate", "profile", option="--rate", check=check_rate),
    Setting("protected", "profile", default="false", kind=bool),
    Setting("default_profile", "file", "PARSEC_PROFILE", "--profile", DEFAULT_PROFILE),
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


# names that people give the variable of the host
_OTHER_NAMES = ("PARSEC_BASE_URL", "PARSEC_API_URL", "PARSEC_URL", "PARSEC_API_HOST", "PARSEC_HOST")


def misnamed_host(environ: Mapping[str, str], source: str) -> str:
    """Return a warning about a variable that seems to name the host but is not read, or "".

    `source` is where the base URL comes from.
    """
    if source.startswith(("--", "environment")):
        return ""
    name = next((name for name in _OTHER_NAMES if environ.get(name, "").strip()), "")
    return name and f"{name} is ignored (did you mean `{BY_NAME['base_url'].env}`?)"


_APP = "parsec"
# no file can exist below this: reads find none, and `save.fault` explains failed saves
_NOWHERE = Path(os.devnull) / "no-home"


@record
class Places:
    """The paths of one environment. Empty and relative variables count as unset."""

    environ: Mapping[str, str]

    @property
    def config_file(self) -> Path:
        chosen = self.environ.get("PARSEC_CONFIG", "")
        if chosen.strip():
            # expanded here, because a variable may be set without a shell
            home = _home(self.environ) if chosen.startswith("~/") else None
            path = Path(chosen) if home is None else home / chosen[2:]
            with suppress(OSError):  # the working directory no longer exists
                return path.absolute()
            return path
        return self._directory("config", ".config") / "config.toml"

    @property
    def config_variable(self) -> str:
        """The PARSEC_CONFIG that names the file in a shell without these variables, or ""."""
        chosen = self.environ.get("PARSEC_CONFIG", "")
        if chosen.strip():
            return chosen
        kept = {name: v for name, v in self.environ.items() if name != "XDG_CONFIG_HOME"}
        here = self.config_file
        return "" if here == Places(kept).config_file else str(here)

    @property
    def state_dir(self) -> Path:
        return self._directory("state", ".local/state")

    @property
    def history_file(self) -> Path:
        return self.state_dir / "history.jsonl"

    @property
    def runs_dir(self) -> Path:
        return self.state_dir / "runs"

    @property
    def index_file(self) -> Path:
        return self.state_dir / "index"

    @property
    def sandbox_db(self) -> Path:
        return self.state_dir / "sandbox.sqlite3"

    def _directory(self, kind: str, below_home: str) -> Path:
        """Return the user's `config` or `state` directory for the tool.

        platformdirs knows the rules of Windows and macOS. The XDG rule is here, because
        platformdirs reads the environment of the process and once accepted relative variables.
        """
        chosen = self.environ.get(f"XDG_{kind.upper()}_HOME", "")
        if Path(chosen).is_absolute():
            return Path(chosen) / _APP
        if sys.platform in ("win32", "darwin"):
            import platformdirs

            return Path(getattr(platformdirs, f"user_{kind}_path")(_APP, appauthor=False))
        home = _home(self.environ)
        return home / below_home / _APP if home else _NOWHERE


def _home(environ: Mapping[str, str]) -> Path | None:
    """Return the home directory, or None without HOME and without a passwd entry."""
    home = Path(environ.get("HOME", ""))
    if not home.is_absolute():
        try:
            import pwd

            home = Path(pwd.getpwuid(os.getuid()).pw_dir)
        except (ImportError, KeyError):  # Windows has no passwd file
            return None
    return home if home.is_absolute() else None
