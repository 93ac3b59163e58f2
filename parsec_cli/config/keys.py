"""Find the key in effect, check it, and identify it by a fingerprint; never quote it.

A stored key is sent only to the origin of its profile.
"""

from __future__ import annotations

import re
from pathlib import Path

from parsec_cli.base_url import BaseUrl
from parsec_cli.config.settings import BY_NAME, SANDBOX, Sources, stored_origin
from parsec_cli.errors import GuardRefused, NoKey, UsageFault
from parsec_cli.models import Secret
from parsec_cli.next_command import NextCommand, run
from parsec_cli.records import record
from parsec_cli.redaction import mask

COMMAND_TIMEOUT = 60.0  # seconds that `api_key_command` may take
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
# bytes that are not UTF-8 become lone surrogates: this and the byte
_SURROGATE = 0xDC00
_CONTROLS = {"\n": "line feed", "\r": "carriage return", "\t": "tab", "\x1b": "escape"}


def fingerprint(key: Secret | str) -> str:
    """Return 12 hex digits that identify a key without revealing any of it."""
    import hashlib

    value = key.reveal() if isinstance(key, Secret) else key
    digest = hashlib.sha256(b"parsec-key:" + value.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]


def checked(text: str, source: str) -> Secret:
    """Return the trimmed key; refuse a text that is more than a key without quoting it."""
    # files made on Windows and PowerShell's pipes begin with a byte order mark
    key = text.removeprefix("\ufeff").strip()
    if not key:
        raise UsageFault(f"the key from {source} is empty")
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


@record
class KeySource:
    """The place of a profile's key. It is found without looking at the key."""

    sources: Sources
    base_url: BaseUrl
    config_file: Path
    timeout: float

    @property
    def source(self) -> str:
        """Return the name of the place, or "" if there is no key."""
        if not self.sources.explicit and self._in_environment:
            return f"environment {BY_NAME['api_key'].env}"
        if self._stored:
            return f"profile {self.sources.name}"
        if "api_key_command" in self.sources.stored:
            return f"api_key_command of profile {self.sources.name}"
        return ""

    @property
    def _in_environment(self) -> str:
        return self.sources.from_environment(BY_NAME["api_key"]) or ""

    @property
    def _stored(self) -> str:
        return self.sources.stored.get("api_key", "").strip()

    def take(self) -> Secret:
        source = self.source
        if not source:
            raise self._no_key()
        if source.startswith("environment"):
            return checked(self._in_environment, source)
        self._guard()
        if self._stored:
            return checked(self._stored, source)
        command = self.sources.stored["api_key_command"]
        from parsec_cli.config.key_command import from_command

        return from_command(command, source, self.sources.environ, self.timeout)

    def masked(self) -> str | None:
        """Return the masked key without running a command; a malformed key is wholly masked."""
        source = self.source
        text = self._in_environment if source.startswith("environment") else self._stored
        if not text:
            return None
        try:
            return mask(checked(text, source).reveal())
        except UsageFault:
            return mask("")

    def _guard(self) -> None:
        """Refuse to send a stored key to another origin than that of its profile."""
        home = stored_origin(self.sources.stored, self.sources.name)
        if home.origin != self.base_url.origin:
            _, url_source = self.sources.find("base_url")
            raise GuardRefused(
                f"the key of profile `{self.sources.name}` belongs to {home.display};"
                f" it is not sent to {self.base_url.display}, which {url_source} names",
                hint="make a profile for that host with",
                command=self._new_profile,
            )

    @property
    def _new_profile(self) -> NextCommand:
        return run("config", "init", "--base-url", self.base_url.text, profile="NAME")

    def _no_key(self) -> NoKey:
        name, variable = self.sources.name, BY_NAME["api_key"].env
        elsewhere = stored_origin(self.sources.stored, name).origin != self.base_url.origin
        # a stored key would not be sent to another host than that of its profile
        command = self._new_profile if elsewhere else run("config", "set", "api_key", profile=name)
        if not self.sources.explicit:
            return NoKey(
                f"no API key: neither {variable} nor profile `{name}` of {self.config_file}"
                " has one",
                hint=f"set {variable}, try without a key with `-p {SANDBOX}`, or store one with",
                command=command,
            )
        unsent = f"; the one in {variable} is not sent to its host" if self._in_environment else ""
        return NoKey(
            f"no API key: profile `{name}` has none{unsent}", hint="store one with", command=command
        )
