"""Rank the places that a setting may come from: option, profile file, environment, default."""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli.config.settings import BY_NAME, Setting
from parsec_cli.records import record

DEFAULT_SOURCE = "default"


@record
class Sources:
    """The places that one profile's settings may come from, asked in order of precedence."""

    name: str
    explicit: bool
    options: Mapping[str, str]
    environ: Mapping[str, str]
    stored: Mapping[str, str]

    def find(self, key: str) -> tuple[str | None, str]:
        """Return the value and where it came from; an unset one is its default or None."""
        setting = BY_NAME[key]
        if key in self.options:
            return self.options[key], setting.option
        in_file = (self.stored.get(key), f"profile {self.name}")
        in_environment = (self.from_environment(setting), f"environment {setting.env}")
        ranked = (in_file, in_environment) if self.explicit else (in_environment, in_file)
        for value, source in ranked:
            if value is not None:
                return value, source
        return setting.default or None, DEFAULT_SOURCE

    def from_environment(self, setting: Setting) -> str | None:
        value = self.environ.get(setting.env, "") if setting.env else ""
        return value if value.strip() else None

    def checked(self, key: str) -> tuple[str | None, str]:
        value, source = self.find(key)
        check = BY_NAME[key].check
        if value is not None and check is not None:
            check(value.strip(), source)
            return value.strip(), source
        return value, source
