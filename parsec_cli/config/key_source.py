"""Find where the key in effect is kept, and refuse to send a stored one to a foreign origin."""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli.base_url import BaseUrl
from parsec_cli.config import keys
from parsec_cli.config.precedence import Sources
from parsec_cli.config.read import Config
from parsec_cli.config.settings import BY_NAME, SANDBOX, check_base_url
from parsec_cli.errors import GuardRefused, NoKey, UsageFault
from parsec_cli.models import Secret
from parsec_cli.next_command import run
from parsec_cli.records import record
from parsec_cli.redaction import mask

_KEY = BY_NAME["api_key"]


@record
class KeyPlace:
    """Where the key of a profile is, found without looking at it."""

    sources: Sources
    base_url: BaseUrl
    config: Config
    timeout: float

    @property
    def source(self) -> str:
        if not self.sources.explicit and self._in_environment is not None:
            return f"environment {_KEY.env}"
        if self._stored:
            return f"profile {self.sources.name}"
        if "api_key_command" in self.sources.stored:
            return f"api_key_command of profile {self.sources.name}"
        return ""

    @property
    def _in_environment(self) -> str | None:
        return self.sources.from_environment(_KEY)

    @property
    def _stored(self) -> str:
        return self.sources.stored.get("api_key", "").strip()

    def take(self) -> Secret:
        source = self.source
        if not source:
            raise self._none()
        if source.startswith("environment"):
            return keys.checked(self._in_environment or "", source)
        self._guard()
        if self._stored:
            return keys.checked(self._stored, source)
        command = self.sources.stored["api_key_command"]
        return keys.from_command(command, source, self.sources.environ, self.timeout)

    def masked(self) -> str | None:
        """Return the key masked, without running a command; of a malformed one not even a tail."""
        source = self.source
        text = self._in_environment if source.startswith("environment") else self._stored
        if not source or not text:
            return None
        try:
            return mask(keys.checked(text, source).reveal())
        except UsageFault:
            return mask("")

    def _guard(self) -> None:
        """Refuse to send a stored key anywhere but to the origin of its profile."""
        home = stored_origin(self.sources.stored, self.sources.name)
        if home.origin == self.base_url.origin:
            return
        _, url_source = self.sources.find("base_url")
        raise GuardRefused(
            f"the key of profile `{self.sources.name}` belongs to {home.display};"
            f" it is not sent to {self.base_url.display}, which {url_source} names",
            hint="make a profile for that host with",
            command=run("config", "init", "--base-url", self.base_url.text, profile="NAME"),
        )

    def _none(self) -> NoKey:
        name, variable = self.sources.name, _KEY.env
        command = run("config", "set", "api_key", profile=name)
        if not self.sources.explicit:
            return NoKey(
                f"no API key: neither {variable} nor profile `{name}` of"
                f" {self.config.path} has one",
                hint=f"set {variable}, try without a key with `-p {SANDBOX}`, or store one with",
                command=command,
            )
        unsent = f"; the one in {variable} is not sent to its host" if self._in_environment else ""
        return NoKey(
            f"no API key: profile `{name}` has none{unsent}", hint="store one with", command=command
        )


def stored_origin(stored: Mapping[str, str], name: str) -> BaseUrl:
    """Return the base URL that a profile's stored key belongs to."""
    text = stored.get("base_url", BY_NAME["base_url"].default)
    return check_base_url(text, f"profile {name}")
