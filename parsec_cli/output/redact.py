"""Masks secrets: fields by their name, and known key values wherever they appear.

Reading is by field name at any depth, as the API and its headers spell them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from parsec_cli.models import mask
from parsec_cli.redaction import is_secret

_REVEALED = "api_key"
_HIDDEN = "****"
# a shorter value is no key, and replacing it would shred ordinary words
_SHORTEST_KEY = 6
_CUT = "…"  # ends a shortened text

_KEY_LIKE = r"(?i)\b[ps]k_(?:live|test)_[A-Za-z0-9_-]{4,}"  # compiled when an error is worded


def without_keys(text: str) -> str:
    """Return `text` with all that looks like an API key masked, known or not."""
    return re.sub(_KEY_LIKE, lambda found: mask(found[0]), text)


class Redaction:
    """What may not be shown in this command; `secrets()` gives the key values known by now."""

    def __init__(self, secrets: Callable[[], Sequence[str]], *, reveal_keys: bool = False) -> None:
        self._secrets = secrets
        self._reveal_keys = reveal_keys
        self._ordered: tuple[Sequence[str], tuple[str, ...]] = ((), ())

    def hides(self, name: str) -> bool:
        """Tell whether the field of this name is masked here."""
        return is_secret(name) and not self.reveals(name)

    def reveals(self, name: str) -> bool:
        return self._reveal_keys and name.lower() == _REVEALED

    def known(self) -> tuple[str, ...]:
        """Return the key values to look for, the longest first, as one may contain another."""
        secrets = self._secrets()
        seen, ordered = self._ordered
        # asked for with every text, while new keys are rare
        if seen != secrets:
            keys = {key for key in secrets if len(key) >= _SHORTEST_KEY}
            ordered = tuple(sorted(keys, key=lambda key: (-len(key), key)))
            self._ordered = [*secrets], ordered
        return ordered

    def text(self, text: str) -> str:
        """Return `text` with every known key masked."""
        return _masked(text, self.known())

    def value(self, value: Any) -> Any:
        """Return a copy of a JSON value with secrets masked; null stays null."""
        return self._value(value, self.known())

    def _value(self, value: Any, known: tuple[str, ...]) -> Any:
        if isinstance(value, str):
            return _masked(value, known)
        if isinstance(value, dict):
            return {
                _masked(name, known): self._value(hide(inner) if self.hides(name) else inner, known)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._value(inner, known) for inner in value]
        return value


def _masked(text: str, known: tuple[str, ...]) -> str:
    for key in known:
        if key in text:
            text = text.replace(key, mask(key))
        if _CUT in text and key[:_SHORTEST_KEY] in text:
            text = _CUT.join(_without_start(part, key) for part in text.split(_CUT))
    return text


def _without_start(text: str, key: str) -> str:
    """Mask the start of a key at the end of `text`, where a long text was shortened."""
    for length in range(min(len(key), len(text)), _SHORTEST_KEY - 1, -1):
        if text.endswith(key[:length]):
            return text[:-length] + mask(key)
    return text


def hide(value: Any) -> Any:
    """Mask the value of a secret field, whatever its type."""
    if isinstance(value, str):
        return mask(value) if value else value
    if value is None:
        return None
    if isinstance(value, dict) and set(value) in ({"value", "source"}, {"value"}):
        # a setting and where it came from, as `config show` tells it, or as `--fields` narrowed
        # it: the source is no secret
        return {**value, "value": hide(value["value"])}
    return _HIDDEN
